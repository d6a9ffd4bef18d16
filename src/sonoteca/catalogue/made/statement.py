"""What a person can say of a region: a value, that there is none, or a change of what is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sonoteca.domain.believed import SAME_CUE_S
from sonoteca.domain.descriptor import CUES, GRID, GRID_SHIFT, OWN_CUES, TEMPO, Descriptor
from sonoteca.domain.moment_words import moment_text
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.tempo_words import FASTEST_BPM, SLOWEST_BPM
from sonoteca.domain.vocabulary import Source
from sonoteca.errors import RequestError

# A shift of a grid is a correction, not another grid: a slow bar is this long.
MOST_SHIFT_S = 10.0
# Cues that the program finds as well; whoever names one so means one of that type.
CUE_TYPES: Mapping[str, str] = {
    "start": "start", "intro ends": "intro_end", "intro_end": "intro_end", "drop": "drop", "outro": "outro",
}  # fmt: skip
OTHER_CUE = "cue"


class Withdraw:
    """The type of ``WITHDRAW``."""

    def __repr__(self) -> str:
        return "WITHDRAW"


WITHDRAW: Final = Withdraw()
Statement: TypeAlias = "JsonValue | Withdraw"
# From what is believed of a region, by descriptor name, what the person said before (WITHDRAW: nothing), and where
# in the sound the region ends, in seconds.
Change: TypeAlias = Callable[[Mapping[str, Observation], Statement, float], Statement]


@dataclass(frozen=True, slots=True)
class Revision:
    """A statement that depends on what is believed; ``reads`` is what it asks for.

    ``change`` raises RequestError where nothing is known that could be changed.
    """

    change: Change
    reads: tuple[Descriptor, ...]


def scaled_tempo(factor: float) -> Revision:
    """The tempo that is believed, ``factor`` times as fast."""

    def change(believed: Mapping[str, Observation], own: Statement, end_s: float) -> Statement:
        tempo = believed.get(TEMPO.name)
        bpm = tempo.value.get("bpm") if tempo is not None and isinstance(tempo.value, dict) else None
        if not isinstance(bpm, int | float):
            word = "halved" if factor < 1 else "doubled"
            raise RequestError(f"No tempo is known that could be {word}.", "Say which it is, in beats per minute.")
        scaled = round(bpm * factor, 4)
        if not SLOWEST_BPM <= scaled <= FASTEST_BPM:
            raise RequestError(
                f"{scaled:g} beats per minute is no tempo: one is from {SLOWEST_BPM:g} to {FASTEST_BPM:g}."
            )
        return {"bpm": scaled, "alternatives_bpm": []}

    return Revision(change, (TEMPO,))


def shifted_grid(by_s: float) -> Revision:
    """Every beat ``by_s`` seconds later than it is believed to be."""

    def change(believed: Mapping[str, Observation], own: Statement, end_s: float) -> Statement:
        if GRID.name not in believed:
            raise RequestError("No beat is known that could be shifted.", "Say the tempo first.", field="shift_grid")
        before = own if isinstance(own, int | float) else 0.0
        shift_s = round(before + by_s, 4)
        if abs(shift_s) > MOST_SHIFT_S:
            raise RequestError(
                f"The grid would be shifted by {shift_s:g} s altogether: at most {MOST_SHIFT_S:g} s is a shift.",
                field="shift_grid",
            )
        return shift_s or WITHDRAW

    return Revision(change, (GRID, GRID_SHIFT))


@dataclass(frozen=True, slots=True)
class Cue:
    """A moment in the sound, in seconds, and what it is called."""

    at_s: float
    name: str


def changed_cues(added: Sequence[Cue], removed: Sequence[float | str]) -> Revision:
    """More cues of a person, and those taken away that stand at a moment or bear a name, heard ones as well."""

    def change(believed: Mapping[str, Observation], own: Statement, end_s: float) -> Statement:
        mine = [dict(each) for each in own if isinstance(each, dict)] if isinstance(own, list) else []
        found = believed.get(CUES.name)
        shown = (
            [each for each in found.value if isinstance(each, dict)] if found and isinstance(found.value, list) else []
        )
        for which in removed:
            gone = [each for each in shown if _is_meant(each, which)]
            if not gone:
                known = ", ".join(f"{moment_text(_at(each))} {each.get('name')}" for each in shown) or "none"
                told = f"{which:g} s" if isinstance(which, float) else repr(which)
                raise RequestError(f"There is no cue {told}.", f"Its cues are: {known}.", field="remove_cues")
            for each in gone:
                was_mine = any(_is_near(old, _at(each)) and old.get("present", True) for old in mine)
                mine = [old for old in mine if not _is_near(old, _at(each))]
                # Only one that was heard has to be denied; one of a person is no more.
                if not was_mine or each.get("source", str(Source.USER)) != str(Source.USER):
                    mine.append({"at_s": _at(each), "type": None, "name": None, "present": False})
            shown = [each for each in shown if not _is_meant(each, which)]
        for cue in added:
            if cue.at_s >= end_s:
                # As short as tells them apart.
                at, end = next(
                    pair
                    for decimals in (1, 2, 3, 6)
                    if len(set(pair := (moment_text(cue.at_s, decimals), moment_text(end_s, decimals)))) == 2
                    or decimals == 6
                )
                raise RequestError(
                    f"There is no moment {at}: the sound ends at {end}.", "Put the cue before the end.", field="cues"
                )
            mine = [old for old in mine if not _is_near(old, cue.at_s)]
            kind = CUE_TYPES.get(cue.name.strip().lower(), OTHER_CUE)
            mine.append({"at_s": round(cue.at_s, 4), "type": kind, "name": cue.name})
        ordered: list[JsonValue] = [*sorted(mine, key=_at)]
        return ordered or WITHDRAW

    return Revision(change, (CUES, OWN_CUES))


def _is_meant(cue: Mapping[str, JsonValue], which: float | str) -> bool:
    if isinstance(which, str):
        return str(cue.get("name")).lower() == which.lower()
    return _is_near(cue, which)


def _is_near(cue: Mapping[str, JsonValue], at_s: float) -> bool:
    return abs(_at(cue) - at_s) <= SAME_CUE_S + 1e-9


def _at(cue: Mapping[str, JsonValue]) -> float:
    at_s = cue.get("at_s")
    return float(at_s) if isinstance(at_s, int | float) else math.inf


def parse_moment(text: str) -> float:
    """Seconds from the start, as ``12.5``, ``1:02.5`` or ``1:02:03``; ValueError for anything else.

    >>> parse_moment("1:02.5")
    62.5
    """
    seconds = 0.0
    parts = text.strip().split(":")
    if len(parts) > 3:
        raise ValueError(f"{text!r} is no moment")
    for part in parts:
        number = float(part)
        if not 0 <= number < math.inf:
            raise ValueError(f"{text!r} is no moment")
        seconds = 60.0 * seconds + number
    return seconds
