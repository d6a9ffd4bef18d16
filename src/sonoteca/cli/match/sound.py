"""``sonoteca match SOUND``: what goes with this sound, in which role, at which stretch and shift."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.options import (
    CountOption,
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    OffsetOption,
    open_listener,
    open_named_library,
)
from sonoteca.cli.weights import WeightsOption, weights_text
from sonoteca.domain.vocabulary import Role

if TYPE_CHECKING:
    from sonoteca import MatchAnswer, MatchRow

_NOT_RANKED = {
    "failed": "could not be analysed",
    "other_role": "of another role",
    "stretch": "too far to stretch",
    "shift": "too far to shift",
    "flagged": "with a flag",
    "nothing_known": "with nothing to compare",
    "copy": "copies of what is ranked",
}


class Mode(StrEnum):
    """What the query is."""

    LOOP = "loop"
    HUM = "hum"


def match_sound(
    sound: Annotated[
        str,
        typer.Argument(metavar="SOUND|FILE", help="An id, a unique prefix of one, a path, external:ID, or any file."),
    ],
    mode: Annotated[Mode, typer.Option(help="Take it as a loop or stem, or as a hummed tune.")] = Mode.LOOP,
    role: Annotated[
        Role | None, typer.Option(metavar="ROLE", help="Find drums, bass, harmony, melody, vocal, fx or mix.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Reject what else would only lose score.")] = False,
    only: FilterOption = None,
    count: CountOption = 10,
    offset: OffsetOption = 0,
    region: Annotated[
        int, typer.Option("--within", min=0, metavar="N", help="Match this region of the sound, not the whole.")
    ] = 0,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what goes with a sound, and say why.

    It also says at which stretch and shift.
    """
    import sonoteca
    from sonoteca.cli.answer_table import ids_of
    from sonoteca.cli.output import print_json

    request = sonoteca.MatchRequest(
        sound=sound,
        mode=mode.value,
        role=role,
        strict=strict,
        filter=filter_text(only),
        k=count,
        offset=offset,
        region=region,
        weights=weights_text(weights),
    )
    with open_named_library(library, mode="read") as opened, open_listener() as listener:
        answer = sonoteca.find_matches(opened, request, listener=listener)
        ids = {} if as_json else ids_of(opened, [match.row for match in answer.rows])
    if as_json:
        print_json(answer.as_json())
    else:
        _print_matches(answer, ids)


def _print_matches(answer: MatchAnswer, ids: Mapping[str, str]) -> None:
    """Rows as a table; what was rejected as a sentence."""
    from collections import Counter

    from sonoteca.cli.answer_table import note_rest
    from sonoteca.cli.output import clock, note, print_table
    from sonoteca.cli.sound_names import marked, names_of

    # Moments of one sound are told by when they are.
    several = {each for each, count in Counter(match.row.id for match in answer.rows).items() if count > 1}
    print_table(
        [
            ("score", "right"),
            "id",
            "role",
            ("stretch", "right"),
            ("shift", "right"),
            ("sound", "name"),
            ("why", "below"),
        ],
        [
            (
                f"{match.row.score:.2f}",
                ids[match.row.id],
                marked(match.role, match.role_certainty),
                None if match.tempo_ratio is None else _stretch_text(match.tempo_ratio),
                f"{match.semitone_shift:+d}" if match.semitone_shift else "0",
                f"{name} {clock(match.row.start_s)}-{clock(match.row.end_s)}" if match.row.id in several else name,
                _why(match),
            )
            for match, name in zip(answer.rows, names_of([match.row for match in answer.rows]), strict=True)
        ],
        empty="" if answer.request.offset else "Nothing goes with it.",
    )
    note_rest(answer)
    if any(answer.rejected.values()):
        words = _NOT_RANKED if answer.request.role is not None else _NOT_RANKED | {"other_role": "of no known role"}
        counts = ", ".join(f"{count} {words.get(name, name)}" for name, count in answer.rejected.items() if count)
        note(f"not ranked: {counts}")


def _why(match: MatchRow) -> str | None:
    """What speaks for it, and in one sentence what speaks against it."""
    from sonoteca.cli.text_width import NO_BREAK

    doubts = [f"But:{NO_BREAK}{'; '.join(match.risk_reasons)}."] if match.risk_reasons else []
    return " ".join([*match.row.reasons, *doubts]) or None


def _stretch_text(tempo_ratio: float) -> str:
    """How much faster it has to be played; what rounds to nothing has no sign.

    >>> _stretch_text(1.05), _stretch_text(0.9999)
    ('+5.0 %', '0.0 %')
    """
    percent = round(100.0 * (tempo_ratio - 1.0), 1)
    return f"{percent:+.1f} %" if percent else "0.0 %"
