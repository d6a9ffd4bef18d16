"""``sonoteca knowledge import``: entries from JSON Lines or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.export import FormatOption
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(name="import", epilog=examples("knowledge import advice.jsonl", "knowledge import table.csv"))(
        import_
    )


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines or CSV, in UTF-8.")],
    format: FormatOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over entries from JSON Lines or CSV.

    As `sonoteca knowledge export` or a `music_knowledge` table writes them.

    An entry whose id is there already says what the file says afterwards. Rows that are no entries are named by their
    lines and left out; then it ends with 1. `sonoteca undo` takes the import back.
    """
    import sonoteca
    from sonoteca.cli.output import counted, note, print_json, print_table

    request = sonoteca.ImportKnowledgeRequest(file=file, format=format)
    with open_named_library(library, mode="create") as opened:
        answer = sonoteca.import_knowledge(opened, request)
    if as_json:
        print_json(answer.as_json())
    else:
        if answer.refused:
            rows = [(each.line, each.message) for each in answer.refused]
            print_table([("line", "right"), "why it was left out"], rows)
        if answer.unread_columns:
            note(f"columns that were not read: {', '.join(answer.unread_columns)}")
        note(
            f"{counted(answer.rows, 'row')}: {answer.added} added, {answer.changed} changed, "
            f"{answer.unchanged} as before, {len(answer.refused)} left out"
        )
    if answer.refused:
        raise typer.Exit(1)
