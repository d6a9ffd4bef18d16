"""The group ``sonoteca knowledge``: its verbs in the order that help shows them."""

from __future__ import annotations

import typer

from sonoteca.cli.knowledge import add, backfill, edit, export, import_, list, search


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Advice about working with sound: search, read and write it."
    )
    for verb in (search, list, add, edit, export, import_, backfill):
        verb.register(group)
    app.add_typer(group, name="knowledge")
