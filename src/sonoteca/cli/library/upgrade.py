"""``sonoteca library upgrade``: an older library, brought to this version."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, LibraryOption, open_named_library


def upgrade(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Also derive summaries and words anew.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Bring an older library to this version, after a backup."""
    import sonoteca
    from sonoteca.cli.output import note

    with open_named_library(library, mode="write") as opened:
        if rebuild:
            note(f"derived the summaries of {sonoteca.rebuild_summaries(opened)} sounds anew")
        note(f"{opened.location} is at schema {opened.schema_revision}")
