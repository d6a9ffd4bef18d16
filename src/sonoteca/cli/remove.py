"""``sonoteca remove``: forget sounds."""

from __future__ import annotations

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.asking import confirm
from sonoteca.cli.edit import QueryArgument
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library
from sonoteca.domain.answer import MeantSounds


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

    def ask(meant: MeantSounds) -> None:
        if meant.count:
            confirm(f"Forget {meant.told}? Analysis and edits go too; the files stay where they are.", yes=yes)

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
