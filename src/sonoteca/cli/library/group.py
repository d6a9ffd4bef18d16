"""``sonoteca library check|backup|restore|upgrade|map``: the words below ``library``."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.library.backup import backup
from sonoteca.cli.library.check import check
from sonoteca.cli.library.map import map_
from sonoteca.cli.library.restore import restore
from sonoteca.cli.library.upgrade import upgrade


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Check, back up, restore, upgrade or map the library."
    )
    for name, command, calls in (
        ("check", check, ["library check"]),
        ("backup", backup, ["library backup", "library backup -o /media/usb/mine.sonoteca"]),
        ("restore", restore, ["library restore", "library restore /media/usb/mine.sonoteca"]),
        ("upgrade", upgrade, ["library upgrade"]),
        ("map", map_, ["library map -o map.svg --colour class"]),
    ):
        group.command(name=name, epilog=examples(*calls))(command)
    app.add_typer(group, name="library")
