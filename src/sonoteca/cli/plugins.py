"""``sonoteca plugins``: which analyzers and embedders this installation has."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import JsonOption


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("plugins"))(plugins)


def plugins(as_json: JsonOption = False) -> None:
    """List what listens: the analyzers and embedders installed.

    Some ship with the program, others come from packages; what cannot be loaded is named.
    """
    import sonoteca
    from sonoteca.cli.output import print_error, print_json, print_table

    answer = sonoteca.list_plugins()
    if as_json:
        print_json(answer.as_json())
    else:
        print_table(
            ["id", ("version", "right"), "says", "package"],
            [(row["id"], row["version"], ", ".join(row["produces"]), row["package"]) for row in answer.rows],
        )
        for error in answer.broken:
            print_error(error)
    if answer.broken:
        raise typer.Exit(1)
