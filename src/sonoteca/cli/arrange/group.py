"""``sonoteca arrange``: the word alone makes an arrangement, the words below it work with what was made."""

from __future__ import annotations

import typer

from sonoteca.cli.arrange.edit import edit
from sonoteca.cli.arrange.export import export
from sonoteca.cli.arrange.import_ import import_
from sonoteca.cli.arrange.list_ import list_
from sonoteca.cli.arrange.make import make
from sonoteca.cli.arrange.remove import remove
from sonoteca.cli.arrange.render import render
from sonoteca.cli.arrange.show import show


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(make)
    for name, command in (
        ("edit", edit),
        ("show", show),
        ("list", list_),
        ("remove", remove),
        ("export", export),
        ("render", render),
        ("import", import_),
    ):
        group.command(name=name)(command)
    app.add_typer(group, name="arrange")
