"""``sonoteca import melodies``: a list of melodies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("import melodies tunes.json"))(melodies)


def melodies(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON file, gzipped or not.")],
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over a list of melodies, so that hum finds them.

    The file holds {"songs": {ID: [[onset ms, duration ms, MIDI pitch], ...]}}.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_json

    request = sonoteca.ImportMelodiesRequest(file=file)
    with open_named_library(library, mode="create") as opened:
        answer = sonoteca.import_melodies(opened, request)
    if as_json:
        print_json(answer.as_json())
    else:
        found = counted(answer.found, "melody", "melodies")
        note(f"{found}, {answer.new} of them new" if answer.found else "The list holds no melody.")
