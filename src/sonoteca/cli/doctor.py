"""``sonoteca doctor``: what is wrong with this machine, this installation or the library."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("doctor"))(doctor)


def doctor(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and the library, and name remedies."""
    import sonoteca
    from sonoteca.cli.hints import as_called
    from sonoteca.cli.options import library_location, named_data_dir
    from sonoteca.cli.output import print_json, print_table
    from sonoteca.settings import load_settings

    settings = load_settings()
    answer = sonoteca.examine(library_location(library, settings), data_dir=named_data_dir(settings))
    if as_json:
        print_json(answer.as_json())
    else:
        print_table(
            ["", "check", "found", "remedy"],
            [
                ("ok" if check.ok else "WRONG", check.name, as_called(check.found), as_called(check.remedy or ""))
                for check in answer.checks
            ],
        )
    if not answer.ok:
        raise typer.Exit(1)
