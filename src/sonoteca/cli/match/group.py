"""``sonoteca match``: a sound alone is matched, the words below it are about the weights of matches."""

from __future__ import annotations

import typer

from sonoteca.cli.examples import examples
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
        help="Find what goes with a sound, and by which weights.\n\n`sonoteca match SOUND|FILE` is short for `sonoteca match sound SOUND|FILE`.",
        epilog=examples("match break96.wav --role bass", "match sound --help"),
    )
    for name, command, calls in (
        (DEFAULT, match_sound, ["match break96.wav --role bass", "match hummed.wav --mode hum"]),
        ("weights", weights, ["match weights"]),
        ("accept", accept, ["match accept break96.wav bass.wav"]),
        ("reject", reject, ["match reject break96.wav bass.wav"]),
        ("versions", versions, ["match versions"]),
        ("use", use, ["match use 2", "match use shipped"]),
        ("tune", tune, ["match tune", "match tune pairs.csv --apply"]),
    ):
        group.command(name=name, epilog=examples(*calls))(command)
    app.add_typer(group, name="match")
