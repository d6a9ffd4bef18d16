"""``sonoteca library backup``: a verified copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def backup(
    target: Annotated[
        Path | None, typer.Argument(help="File to write; default: a dated one in LIBRARY.d/backups.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the library, in use or not, and verify the copy."""
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="read") as opened:
        written = opened.backup(target)
    if as_json:
        print_json({"backup": str(written), "bytes": written.stat().st_size})
    else:
        note(f"backup written and verified: {written}")
