"""What a hum search answers: found, maybe these, or please hum again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Verdict(StrEnum):
    """How far the first of the ranking can be trusted."""

    FOUND = "found"
    MAYBE = "maybe"
    HUM_AGAIN = "hum_again"


@dataclass(frozen=True, slots=True)
class HumMatch:
    """A melody that fits, and where.

    ``start_s`` and ``end_s`` are seconds of the melody's sound, from the first matched note's
    start to the last one's end. ``score`` 0..1 is how well the query fits there by itself.
    """

    key: int
    start_s: float
    end_s: float
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TuneRanking:
    """``ranking`` holds keys, best first; ``matches`` the same, with spans.

    ``confidence`` 0..1 is the calibrated chance that the first of the ranking is the tune
    that was meant. ``message`` says in a sentence what a person can do, "" when found.
    """

    verdict: Verdict
    confidence: float
    ranking: tuple[int, ...]
    matches: tuple[HumMatch, ...]
    n_notes: int
    message: str = ""


FOUND_FROM, MAYBE_FROM = 0.8, 0.3
FEWEST_NOTES = 4
# Logistic over nepers per note, the lead over the next melody, and the number of notes; fitted by
# training/melody/calibrate.py on generated queries, half of them for tunes not in the library
# (expected calibration error 0.02, cross-validated by query).
# Longer queries have larger leads by themselves, hence the negative last one.
_INTERCEPT, _PER_NOTE, _LEAD, _NOTES = -1.19, 1.60, 0.99, -0.246


def chance_of_first(best: float, second: float, n_notes: int) -> float:
    """Calibrated chance that the best alignment is the tune, from the two best scores in nepers."""
    lead = min(best - second, 12.0)
    odds = _INTERCEPT + _PER_NOTE * best / n_notes + _LEAD * lead + _NOTES * min(n_notes, 30)
    return float(1.0 / (1.0 + np.exp(-odds)))


def verdict_of(chance: float) -> Verdict:
    if chance >= FOUND_FROM:
        return Verdict.FOUND
    return Verdict.MAYBE if chance >= MAYBE_FROM else Verdict.HUM_AGAIN


_ADVICE = {
    Verdict.FOUND: "",
    Verdict.MAYBE: "Several tunes fit: hum a few notes more to tell them apart.",
    Verdict.HUM_AGAIN: "Nothing fits well: please hum again, a little longer and one note at a time.",
}
TOO_SHORT = "Too few notes were heard: please hum again, at least five seconds."


def advice(verdict: Verdict) -> str:
    return _ADVICE[verdict]
