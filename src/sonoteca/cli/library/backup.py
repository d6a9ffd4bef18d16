"""``sonoteca library backup``: a verified copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def backup(
    target: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A file or folder. Default: the library's own backups.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the copy here; the same as FILE.")
    ] = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the library and verify the copy.

    Others may use the library meanwhile.
    """
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="read") as opened:
        written = opened.backup(output or target)
    if as_json:
        print_json({"backup": str(written), "bytes": written.stat().st_size})
    else:
        note(f"backup written and verified: {written}")
