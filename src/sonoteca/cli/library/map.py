"""``sonoteca library map``: a place for every region, near those that sound like it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.options import DataDirOption, FilterOption, JsonOption, LibraryOption, open_named_library


def map_(
    method: Annotated[
        Literal["pca", "umap", "tsne"] | None,
        typer.Option(help="Lay it out so. Default: as before; at first tsne if installed, else pca."),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit anew to all sounds of today; every place changes.")
    ] = False,
    only: FilterOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.svg", help="Write a picture of the map.")
    ] = None,
    colour: Annotated[
        Literal["kind", "role", "class", "key"], typer.Option(help="Colour the dots of the picture by this.")
    ] = "role",
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay all sounds out on a plane: what sounds alike is near.

    New sounds get a place, the others keep theirs.
    """
    import sonoteca
    from sonoteca.cli.output import messages, note, print_json

    if output is not None:
        sonoteca.check_picture_file(output)
    request = sonoteca.MapRequest(filter=filter_text(only), method=method, refit=refit)
    with open_named_library(library, mode="write") as opened, messages().status("laying out the map"):
        answer = sonoteca.place_sounds(opened, request)
    if as_json:
        print_json(answer.as_json())
    if output is not None:
        sonoteca.write_map_picture(output, answer.rows, coloured_by=colour)
        note(f"picture of {len(answer.rows)} regions written: {output}")
    if answer.is_new:
        note(f"map fitted to {answer.fitted_to} regions by {answer.method}")
    else:
        note(
            f"map by {answer.method} of {answer.fitted_at[:10]}: {answer.placed} regions were new, "
            "the others kept their places"
        )
    if answer.fitted_to * 2 < len(answer.rows):
        note(
            f"it was fitted to {answer.fitted_to} regions, and there are more than twice as many now: "
            "--refit moves all of them"
        )
