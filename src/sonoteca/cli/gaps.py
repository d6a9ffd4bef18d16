"""``sonoteca gaps``: what is on disk but not yet heard, as paths files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command()(gaps)


def gaps(
    roots: Annotated[list[Path], typer.Argument(help="Folders to look through.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the paths files.")],
    chunk: Annotated[int, typer.Option("--chunk", min=1, help="Paths per file.")] = 1000,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what is on disk but not analysed or not embedded, as paths files for `add --paths-file`."""
    import sonoteca
    from sonoteca.cli.output import note, print_json

    request = sonoteca.GapsRequest(roots=tuple(roots), out=out, chunk=chunk)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.write_gaps(opened, request)
    if as_json:
        print_json(answer.as_json())
    else:
        note(f"{answer.n_paths} paths in {len(answer.files)} files in {out}")
