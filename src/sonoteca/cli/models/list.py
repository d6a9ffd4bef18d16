"""``sonoteca models list``: which models are known, and whether they are here."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import JsonOption


def register(group: typer.Typer) -> None:
    group.command(name="list", epilog=examples("models list"))(list_)


def list_(as_json: JsonOption = False) -> None:
    """List the models that can be pulled, and whether they can run here."""
    from pathlib import Path

    import sonoteca
    from sonoteca.cli.output import print_json, print_table
    from sonoteca.settings import load_settings

    answer = sonoteca.list_models(Path(load_settings().models_dir))
    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        ["for", "model", "version", "here", "runs", "licence"],
        [
            (each.purpose, each.name, each.version, each.is_here, each.lacks or "yes", each.licence)
            for each in answer.rows
        ],
    )
