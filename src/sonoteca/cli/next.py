"""``sonoteca next``: what comes after this."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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
    OffsetOption,
    open_named_library,
)
from sonoteca.cli.style_options import DoubleTimeOption, KeyLockOption
from sonoteca.cli.weights import WeightsOption, weights_text

if TYPE_CHECKING:
    from sonoteca import NextAnswer


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
    offset: OffsetOption = 0,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what may come next after a track, and say why.

    Tempo, key, energy, timbre, rhythm and freshness of the artist count. Limits and the filter are applied before ranking. Answers are of the kind of SOUND, unless the filter speaks of kinds.
    """
    import sonoteca
    from sonoteca.cli.answer_table import ids_of
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
        offset=offset,
    )
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.find_next(opened, request)
        ids = {} if as_json else ids_of(opened, [each.row for each in answer.rows])
    if as_json:
        print_json(answer.as_json())
    else:
        _print_next(answer, ids)


def _print_next(answer: NextAnswer, ids: Mapping[str, str]) -> None:
    """Tracks as a DJ reads them, and how many there were to choose from."""
    from sonoteca.cli.answer_table import note_rest
    from sonoteca.cli.output import clock, note, print_table
    from sonoteca.cli.sound_names import key_text, marked, names_of, tempo_text
    from sonoteca.cli.table import Column

    print_table(
        [
            ("score", "right"),
            Column("id", spare=1),
            ("bpm", "right"),
            "key",
            ("energy", "right"),
            ("length", "right"),
            ("sound", "name"),
            ("why", "below"),
        ],
        [
            (
                f"{each.row.score:.2f}",
                ids[each.row.id],
                tempo_text(each.tempo_bpm),
                marked(key_text(each.key), each.key_certainty),
                None if each.energy_level is None else f"{each.energy_level:.0f}",
                clock(each.duration_s),
                name,
                ", ".join(each.row.reasons),
            )
            for each, name in zip(answer.rows, names_of([each.row for each in answer.rows]), strict=True)
        ],
    )
    for text in answer.notes:
        note(f"{text} (--include-missing)" if text == answer.away_note else text)
    if answer.request.offset:
        note_rest(answer)
    elif not answer.rows and answer.away_note is None:
        note("No track may come next: none is within what was asked for.")
    elif answer.candidates > len(answer.rows):
        note(f"{len(answer.rows)} of {answer.candidates} tracks that may come next; -k or --offset shows more")
