"""The group ``sonoteca playlist``: its verbs in the order that help shows them."""

from __future__ import annotations

import typer

from sonoteca.cli.playlist import add, create, list, move, remove, rename, show, smart


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make, show and change playlists.")
    for verb in (create, rename, smart, list, show, add, remove, move):
        verb.register(group)
    app.add_typer(group, name="playlist")
