"""``sonoteca match``: a sound alone is matched, the words below it are about the weights of matches."""

from __future__ import annotations

import typer

from sonoteca.cli.match.accept import accept
from sonoteca.cli.match.default_command import DEFAULT, DefaultCommandGroup
from sonoteca.cli.match.reject import reject
from sonoteca.cli.match.sound import match_sound
from sonoteca.cli.match.tune import tune
from sonoteca.cli.match.use import use
from sonoteca.cli.match.versions import versions
from sonoteca.cli.match.weights import weights


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        cls=DefaultCommandGroup,
        no_args_is_help=True,
        help="What goes with a sound: `sonoteca match SOUND|FILE` (see `sonoteca match sound --help`), and by which weights.",
    )
    for name, command in (
        (DEFAULT, match_sound),
        ("weights", weights),
        ("accept", accept),
        ("reject", reject),
        ("versions", versions),
        ("use", use),
        ("tune", tune),
    ):
        group.command(name=name)(command)
    app.add_typer(group, name="match")
