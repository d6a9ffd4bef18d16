"""``sonoteca arrange render``: an arrangement as sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.arrange.arguments import IdArgument
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def render(
    arrangement: IdArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write this .wav, .flac or .mp3; it is replaced if it exists."
        ),
    ],
    stems: Annotated[bool, typer.Option("--stems", help="Write one file per role as well, beside FILE.")] = False,
    rate: Annotated[
        int, typer.Option(min=8_000, max=192_000, metavar="N", help="Write so many samples per second.")
    ] = 44_100,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave silence where a sound is missing.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Stretch sounds in so many processes.")] = 1,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an arrangement as sound.

    It is exact to the sample, below -1 dBTP, and the same bytes every time.
    """
    import sonoteca
    from sonoteca.cli.output import clock, note, print_json

    request = sonoteca.RenderRequest(
        arrangement=arrangement, output=str(output), stems=stems, rate=rate, allow_missing=allow_missing
    )
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.render(opened, request, workers=workers)
    if as_json:
        print_json(answer.as_json())
        return
    made = answer.rendering
    for sentence in made.missing:
        note(f"missing, so silent: {sentence}")
    loudness = "silent" if made.down.loudness_lufs is None else f"{made.down.loudness_lufs:.1f} LUFS"
    for path in (made.path, *made.stems.values()):
        note(f"wrote {path}")
    note(f"{clock(made.duration_s)}, {loudness}")
