"""``sonoteca events export``: the words below ``events``."""

from __future__ import annotations

import typer

from sonoteca.cli.events.export import export
from sonoteca.cli.examples import examples


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="What was asked and chosen, for other programs."
    )
    group.command(name="export", epilog=examples("events export --since 7d", "events export -o events.jsonl"))(export)
    app.add_typer(group, name="events")
