"""``sonoteca remove``: forget sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.asking import confirm
from sonoteca.cli.edit import QueryArgument
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library

if TYPE_CHECKING:
    from sonoteca import Library

_NAMED = 3


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("remove path:~/Samples/old"))(remove)


def remove(
    query: QueryArgument,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forget all sounds that QUERY finds; their files stay.

    What was heard and said of them is forgotten too; `sonoteca undo` brings it back.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    def ask(found: int) -> None:
        if found and not yes:
            what = "1 sound" if found == 1 else f"{found:,} sounds"
            confirm(
                f"Forget {what}, with analysis and edits: {_first_of(opened, request.query, found)}? "
                "The files stay where they are.",
                yes=False,
            )

    request = sonoteca.RemoveRequest(query=query_text(query))
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.remove_sounds(opened, request, approve=ask)
    if as_json:
        print_json(answer.as_json())
    else:
        told = "1 sound" if answer.removed == 1 else f"{answer.removed:,} sounds"
        note(
            f"forgot {told}, no file was touched; `sonoteca undo` brings back what was known"
            if answer.removed
            else "nothing was forgotten: no sound answers to that"
        )


def _first_of(library: Library, query: str, found: int) -> str:
    """Names and short ids of the first of the sounds that a query finds, and how many more there are."""
    import sonoteca
    from sonoteca.cli.output import printable
    from sonoteca.cli.sound_names import names_of

    rows = sonoteca.list_sounds(
        library, sonoteca.ListRequest(filter="" if query.strip() == "*" else query, limit=_NAMED)
    ).rows
    ids = sonoteca.short_ids(library, [row.id for row in rows])
    named = ", ".join(f"{printable(name)} ({ids[row.id]})" for row, name in zip(rows, names_of(rows), strict=True))
    return named + (f" and {found - len(rows):,} more" if found > len(rows) else "")
