"""``sonoteca gaps``: what is on disk but not yet heard, as paths files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("gaps ~/Music -o todo", "add --paths-file todo/gaps-0001.txt"))(gaps)


def gaps(
    roots: Annotated[list[Path], typer.Argument(metavar="ROOTS", help="Folders to look through.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Write the paths files here.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", hidden=True)] = None,
    chunk: Annotated[int, typer.Option("--chunk", min=1, metavar="N", help="Put so many paths into each file.")] = 1000,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write down which files are not heard yet, for add to read.

    They go into paths files, which `add --paths-file` takes one after the other.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_json
    from sonoteca.errors import RequestError

    folder = output or out
    if folder is None:
        raise RequestError("No folder for the paths files was named.", "Name one with --output FOLDER.")
    request = sonoteca.GapsRequest(roots=tuple(roots), out=folder, chunk=chunk)
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.write_gaps(opened, request)
    if as_json:
        print_json(answer.as_json())
    else:
        paths, files = counted(answer.n_paths, "path"), counted(len(answer.files), "file")
        note(
            f"{paths} in {files} in {folder}" if answer.n_paths else "All that is there is heard: no file was written."
        )
