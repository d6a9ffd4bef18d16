"""``sonoteca arrange import``: an arrangement from a JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON file as `arrange export` writes it.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an arrangement from a JSON file.

    Sounds that this library does not have are named.
    """
    import sonoteca
    from sonoteca.cli.arrange.table import print_arrangement

    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.import_arrangement(opened, file)
    print_arrangement(answer, as_json=as_json)
