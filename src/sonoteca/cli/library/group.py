"""``sonoteca library check|backup|restore|upgrade|map``: the words below ``library``."""

from __future__ import annotations

import typer

from sonoteca.cli.library.backup import backup
from sonoteca.cli.library.check import check
from sonoteca.cli.library.map import map_
from sonoteca.cli.library.restore import restore
from sonoteca.cli.library.upgrade import upgrade


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Check, back up, restore, upgrade or map the library."
    )
    for name, command in (
        ("check", check),
        ("backup", backup),
        ("restore", restore),
        ("upgrade", upgrade),
        ("map", map_),
    ):
        group.command(name=name)(command)
    app.add_typer(group, name="library")
