"""The group ``sonoteca import``: what other programs know, and tunes that were never sound."""

from __future__ import annotations

import typer

from sonoteca.cli.import_ import csv, melodies, midi


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Take over what other programs know.")
    for verb in (melodies, midi, csv):
        verb.register(group)
    app.add_typer(group, name="import")
