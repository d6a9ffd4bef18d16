"""``sonoteca preview``: hear two sounds together, or one going over into the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import sonoteca
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_listener, open_named_library

SOUND = "An id, unique prefix, path, external:ID, or a file not in the library."


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("preview break96.wav bass.wav -o together.wav"))(preview)


def preview(
    a: Annotated[str, typer.Argument(metavar="A", help=f"What stays as it is. {SOUND}")],
    b: Annotated[str, typer.Argument(metavar="B", help="What is stretched and shifted to it.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write this .wav, .flac or .mp3; it is replaced if it exists."
        ),
    ],
    b_region: Annotated[
        int,
        typer.Option(
            min=0, metavar="NUMBER", help="Hear this region of B, as `match --json` tells it; 0 is the whole."
        ),
    ] = 0,
    mode: Annotated[
        sonoteca.PreviewMode | None,
        typer.Option("--as", help="Layer them, or let one go over into the other, as is done with two tracks."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin B there in A: seconds (95.5, 1:35.5) or a bar (bar:17).")
    ] = None,
    bars: Annotated[
        int | None, typer.Option(min=1, max=64, metavar="N", help="Let both be heard for so many bars. Default: 8.")
    ] = None,
    tempo_ratio: Annotated[
        float | None,
        typer.Option(metavar="RATIO", help="Multiply the tempo of B by this. Default: what `match` finds."),
    ] = None,
    semitones: Annotated[
        int | None,
        typer.Option(metavar="SEMITONES", help="Shift B by so many. Default: what `match` finds, 0 in a transition."),
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a file in which two sounds are heard together.

    B is put on A as `match` would, or A goes over into B bar line on bar line.
    """
    from sonoteca.cli.output import print_json

    request = sonoteca.PreviewRequest(
        a=a,
        b=b,
        b_region=b_region,
        output=str(output),
        mode=mode,
        at=at,
        bars=bars,
        tempo_ratio=tempo_ratio,
        semitones=semitones,
    )
    with open_named_library(library, mode="read") as opened, open_listener() as listener:
        answer = sonoteca.preview(opened, request, listener=listener)
    if as_json:
        print_json(answer.as_json())
    else:
        _print(answer)


def _print(answer: sonoteca.PreviewAnswer) -> None:
    from sonoteca.cli.output import clock, note

    made = answer.preview
    rendering, down = made.rendering, made.rendering.down
    for sentence in made.notes:
        note(sentence)
    peak = "silence" if down.true_peak_dbtp is None else f"{down.true_peak_dbtp:.1f} dBTP"
    note(
        f"{made.mode}: B at {100.0 * (made.tempo_ratio - 1.0):+.1f} % tempo, {made.semitone_shift:+d} semitones, "
        f"from {clock(made.at_s)} on"
    )
    note(f"wrote {rendering.path} ({clock(rendering.duration_s)}, {peak})")
