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
from sonoteca.cli.examples import examples


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(
        invoke_without_command=True, epilog=examples("arrange --bpm 96 --key Am --form intro:8,verse:16,outro:8")
    )(make)
    for name, command, calls in (
        ("edit", edit, ["arrange edit 4f2a --other bass@verse", "arrange edit 4f2a --undo"]),
        ("show", show, ["arrange show 4f2a"]),
        ("list", list_, ["arrange list"]),
        ("remove", remove, ["arrange remove 4f2a"]),
        ("export", export, ["arrange export 4f2a -o song.dawproject"]),
        ("render", render, ["arrange render 4f2a -o song.wav --stems"]),
        ("import", import_, ["arrange import song.json"]),
    ):
        group.command(name=name, epilog=examples(*calls))(command)
    app.add_typer(group, name="arrange")
