"""``sonoteca library upgrade``: an older library, brought to this version."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def upgrade(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Derive summaries and words anew as well.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring an older library to this version, after a backup."""
    import sonoteca
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="write") as opened:
        rebuilt = sonoteca.rebuild_summaries(opened) if rebuild else None
        if as_json:
            print_json({"library": opened.location, "schema": opened.schema_revision, "rebuilt": rebuilt})
            return
        if rebuilt is not None:
            note(f"derived the summaries of {rebuilt} sounds anew")
        note(f"{opened.location} is at schema {opened.schema_revision}")
