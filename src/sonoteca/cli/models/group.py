"""The group ``sonoteca models``: what other projects trained, on this machine or not."""

from __future__ import annotations

import typer

from sonoteca.cli.models import list, pull


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Models of other projects: which are here.")
    for verb in (list, pull):
        verb.register(group)
    app.add_typer(group, name="models")
