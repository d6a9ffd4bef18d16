"""``sonoteca next``: what comes after this."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import (
    CountOption,
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    MissingOption,
    open_named_library,
)
from sonoteca.cli.style_options import DoubleTimeOption, KeyLockOption
from sonoteca.cli.weights import WeightsOption, weights_text


class Direction(StrEnum):
    """Where energy goes."""

    UP = "up"
    DOWN = "down"
    HOLD = "hold"


def register(app: typer.Typer) -> None:
    app.command(name="next", epilog=examples("next now.mp3 --energy up", "next now.mp3 --keys compatible -k 5"))(next_)


def next_(
    sound: Annotated[
        str,
        typer.Argument(metavar="SOUND", help="What plays now: an id, a unique prefix of one, a path, or external:ID."),
    ],
    tempo_pct: Annotated[
        float,
        typer.Option(
            "--tempo-pct", min=0, max=100, metavar="PERCENT", help="Stretch no track by more than so many percent."
        ),
    ] = 6.0,
    double_time: DoubleTimeOption = True,
    keys: Annotated[
        str,
        typer.Option(
            metavar="compatible|any|LIST", help="Start in one of these keys, e.g. 8A,9A; with any, keys only count."
        ),
    ] = "any",
    energy: Annotated[
        Direction | None, typer.Option(help="Offer only livelier, calmer, or equally lively tracks.")
    ] = None,
    played: Annotated[
        str | None,
        typer.Option(metavar="PLAYLIST|FILE", help="Offer nothing of this again, nor its artists soon."),
    ] = None,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    include_missing: MissingOption = False,
    count: CountOption = 10,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what may come next after a track, and say why.

    Tempo, key, energy, timbre, rhythm and freshness of the artist count. Limits and the filter are applied before ranking. Answers are of the kind of SOUND, unless the filter speaks of kinds.
    """
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, print_results
    from sonoteca.cli.output import print_json

    request = sonoteca.NextRequest(
        sound=sound,
        tempo_pct=tempo_pct,
        doubletime=double_time,
        keys=keys,
        energy=None if energy is None else energy.value,
        played=played or None,
        key_lock=key_lock,
        filter=filter_text(only),
        weights=weights_text(weights),
        include_missing=include_missing,
        k=count,
    )
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.find_next(opened, request)
        rows = [each.row for each in answer.rows]
        ids = ids_of(opened, rows)
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(rows, ids, notes=answer.notes)
