"""``sonoteca undo``: take back what was said last."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("undo"))(undo)


def undo(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Take back the last edit, and say what it was.

    A change of a playlist and a removal of sounds are edits too; the last one that was not taken back yet is.

    Nothing is taken back where the last edit changed nothing.
    """
    import sonoteca
    from sonoteca.cli.changes import tell_changes
    from sonoteca.cli.output import note, print_json

    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.undo(opened)
    if as_json:
        print_json(answer.as_json())
    elif answer.is_empty:
        note("the last edit changed nothing, so nothing was taken back; once more takes back the one before it")
    elif answer.batch is None:
        note("there is no edit to take back")
    else:
        are = "1 sound is as it was" if answer.changed == 1 else f"{answer.changed} sounds are as they were"
        note(f"took back edit {answer.batch}" + (f": {are}" if answer.changed else ""))
        tell_changes(answer.changes, answer.changed)
