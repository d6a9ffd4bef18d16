"""``sonoteca match``: what goes with this sound, in which role, at which stretch and shift."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.default_command import DEFAULT, DefaultCommandGroup
from sonoteca.cli.options import JsonOption, LibraryOption, allowed_regions, analysis_settings, open_named_library
from sonoteca.domain.vocabulary import Role

if TYPE_CHECKING:
    from sonoteca.catalogue.store.library import Library
    from sonoteca.match.find_matches import MatchAnswer
    from sonoteca.match.region_table import RegionTable
    from sonoteca.match.weights import Weights

# Others add their words to it.
match_app = typer.Typer(
    cls=DefaultCommandGroup,
    no_args_is_help=True,
    help="What goes with a sound: `sonoteca match SOUND|FILE` (see `sonoteca match sound --help`), and by which weights.",
)


class Mode(StrEnum):
    """What the query is."""

    LOOP = "loop"
    HUM = "hum"


WeightsOption = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Weights for this call; see `sonoteca match weights`."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(match_app, name="match")


@match_app.command(DEFAULT)
def match_sound(
    sound: Annotated[
        str, typer.Argument(metavar="SOUND|FILE", help="An id, unique prefix, path, external:ID, or a file not in it.")
    ],
    mode: Annotated[Mode, typer.Option(help="Whether it is a loop or stem, or a hummed tune.")] = Mode.LOOP,
    role: Annotated[Role | None, typer.Option(help="What the answers shall play.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Reject what would only lose score.")] = False,
    only: Annotated[
        str | None, typer.Option("--filter", "-f", help="Only sounds that this query finds, e.g. 'kind:loop'.")
    ] = None,
    count: Annotated[int, typer.Option("-k", "--count", min=1, max=1000, help="How many.")] = 10,
    region: Annotated[int, typer.Option("--within", min=0, help="Match this region of the sound, not the whole.")] = 0,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what goes with a sound, and say at which stretch and shift, and why."""
    from sonoteca.cli.output import print_json
    from sonoteca.match.find_matches import find_matches

    with open_named_library(library, mode="read") as opened:
        chosen = weights_in_use(opened, weights)
        query = _hummed(sound) if mode is Mode.HUM else query_evidence(opened, sound, region)
        answer = find_matches(
            opened,
            query,
            role=role,
            mode=mode.value,
            strict=strict,
            where=allowed_regions(opened, only),
            k=count,
            weights=chosen,
            question={"sound": sound, "region": region, "filter": only},
        )
    if as_json:
        print_json(answer.as_json())
    else:
        _print_matches(answer)


@match_app.command("weights")
def print_weights(
    weights: WeightsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the weights in use as TOML: the shipped ones, the library's own, or those of --weights FILE."""
    import sys

    from sonoteca.cli.output import print_json
    from sonoteca.errors import LibraryMissing

    try:
        with open_named_library(library, mode="read") as opened:
            used = weights_in_use(opened, weights)
    except LibraryMissing:
        from sonoteca.match.weights import default_weights, parse_weights

        used = parse_weights(_text_of(weights)) if weights is not None else default_weights()
    if as_json:
        print_json(used.as_json())
    else:
        sys.stdout.write(used.as_toml())


def weights_in_use(library: Library, file: Path | None) -> Weights:
    """The weights of a file a person names, else the library's own, else the shipped ones."""
    from sonoteca.match.library_weights import library_weights
    from sonoteca.match.weights import parse_weights

    return library_weights(library) if file is None else parse_weights(_text_of(file))


def _text_of(file: Path) -> str:
    from sonoteca.errors import RequestError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"The weights {file} cannot be read ({error}).") from error


def _hummed(file: str) -> RegionTable:
    """A recording of somebody humming, heard in a worker."""
    from sonoteca.match.hum_regions import regions_of_hum
    from sonoteca.search.hum.hear_query import hear_queries

    (heard,) = hear_queries([Path(file)])
    if isinstance(heard, Exception):
        raise heard
    return regions_of_hum(heard)


def query_evidence(library: Library, name: str, region: int) -> RegionTable:
    """A region of a sound of the library by any of its names, else of a file, which a worker listens to."""
    from sonoteca.catalogue.identity.sounds import resolve_sound
    from sonoteca.errors import RequestError, SoundNotFound
    from sonoteca.match.load_regions import regions_of_sound

    try:
        with library.read() as connection:
            sound = resolve_sound(connection, name)
        found = regions_of_sound(library, sound.id)
    except SoundNotFound:
        if not Path(name).is_file():
            raise
        from sonoteca.ingest.inspect import analyze_file
        from sonoteca.match.file_regions import regions_of_file

        found = regions_of_file(analyze_file(name, ears=analysis_settings()))
    chosen = found.take(found.numbers == region)
    if not len(chosen):
        raise RequestError(f"{name} has no region {region} that was analysed.", "`sonoteca show` lists its regions.")
    return chosen


def _print_matches(answer: MatchAnswer) -> None:
    """Rows as a table; what was rejected as a sentence."""
    from sonoteca.cli.output import note, print_table

    print_table(
        [("score", "right"), "role", ("stretch", "right"), ("shift", "right"), "sound", "why", "but"],
        [
            (
                f"{match.total_score:.2f}",
                match.role,
                None if match.tempo_ratio is None else f"{100.0 * (match.tempo_ratio - 1.0):+.1f} %",
                f"{match.semitone_shift:+d}" if match.semitone_shift else "0",
                match.row.path or match.row.title or match.row.id,
                " ".join(match.row.reasons),
                ", ".join(match.risk_reasons),
            )
            for match in answer.matches
        ],
    )
    if any(answer.rejected.values()):
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in answer.rejected.items() if count)
        note(f"not ranked: {counts}")
