"""``sonoteca preview``: hear two sounds together, or one going over into the other."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, analysis_settings, open_named_library

if TYPE_CHECKING:
    from sonoteca.arrange.preview.make import Preview

SOUND = "An id, unique prefix, path, external:ID, or a file not in the library."


class PreviewMode(StrEnum):
    """How two sounds are heard."""

    MATCH = "match"
    TRANSITION = "transition"


def register(app: typer.Typer) -> None:
    app.command()(preview)


def preview(
    a: Annotated[str, typer.Argument(metavar="A", help=f"What stays as it is. {SOUND}")],
    b: Annotated[str, typer.Argument(metavar="B", help="What is stretched and shifted to it.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".wav, .flac or .mp3; replaced if it exists.")
    ],
    mode: Annotated[
        PreviewMode | None,
        typer.Option("--as", help="match: layered; transition: one after the other, the default for two tracks."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Where in A B begins: seconds (95.5, 1:35.5) or a bar (bar:17).")
    ] = None,
    bars: Annotated[
        int | None, typer.Option(min=1, max=64, help="For how many bars both are heard; default 8.")
    ] = None,
    tempo_ratio: Annotated[
        float | None, typer.Option(help="B's tempo is multiplied by it; default what `match` finds.")
    ] = None,
    semitones: Annotated[
        int | None, typer.Option(help="B is shifted by it; default what `match` finds, 0 in a transition.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hear B with A as `match` puts it, or A going over into B bar line on bar line."""
    from sonoteca.arrange.preview.make import DEFAULT_BARS, At, parse_at, render_preview
    from sonoteca.arrange.preview.sounds import load_preview_sound
    from sonoteca.cli.matching import weights_in_use
    from sonoteca.cli.output import print_json

    moment = At() if at is None else parse_at(at)
    with open_named_library(library, mode="read") as opened:
        ears = analysis_settings()
        made = render_preview(
            opened,
            load_preview_sound(opened, a, ears=ears),
            load_preview_sound(opened, b, ears=ears),
            output,
            mode=None if mode is None else mode.value,
            at=moment,
            bars=DEFAULT_BARS if bars is None else bars,
            tempo_ratio=tempo_ratio,
            semitones=semitones,
            weights=weights_in_use(opened, None),
            workers=2,
        )
    if as_json:
        print_json({"query": {"a": a, "b": b, "as": mode, "at": at, "bars": bars}, "results": [made.as_json()]})
    else:
        _print(made)


def _print(made: Preview) -> None:
    from sonoteca.cli.output import clock, note

    rendering, down = made.rendering, made.rendering.down
    for sentence in made.notes:
        note(sentence)
    peak = "silence" if down.true_peak_dbtp is None else f"{down.true_peak_dbtp:.1f} dBTP"
    note(
        f"{made.mode}: B at {100.0 * (made.tempo_ratio - 1.0):+.1f} % tempo, {made.semitone_shift:+d} semitones, "
        f"from {clock(made.at_s)} on"
    )
    note(f"wrote {rendering.path} ({clock(rendering.duration_s)}, {peak})")
