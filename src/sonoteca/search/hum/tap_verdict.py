"""How far the first of the rhythms that a tapping finds can be trusted: found, maybe these, or please tap again."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from sonoteca.search.hum.answer import FOUND_FROM, MAYBE_FROM
from sonoteca.search.hum.tap import FEWEST_TAPS


class TapVerdict(StrEnum):
    """How far the first of the ranking can be trusted."""

    FOUND = "found"
    MAYBE = "maybe"
    TAP_AGAIN = "tap_again"


# Logistic over the best score, its lead over the next and the number of taps; fitted by
# training/rhythm/calibrate_taps.py on generated loops and taps, half of them for loops not in the library (expected
# calibration error 0.05, cross-validated by loop). Of 1,200 answers 22 were found, all of them rightly; of 227 that
# were maybe 61 in 100 were right, of the others 11 in 100.
_INTERCEPT, _SCORE, _LEAD, _TAPS = -5.53, 6.89, 25.5, -0.113
_MOST_TAPS = 40

_ADVICE = {
    TapVerdict.FOUND: "",
    TapVerdict.MAYBE: "Several rhythms fit: tap a bar or two more to tell them apart.",
    TapVerdict.TAP_AGAIN: "Nothing fits well: please tap again, kick and snare, at least two bars.",
}


def chance_of_first(scores: Sequence[float], n_taps: int) -> float:
    """The calibrated chance that the best of these scores, which come best first, is the rhythm that was meant.

    >>> round(chance_of_first([0.95, 0.8], 16), 2), round(chance_of_first([0.6, 0.59], 16), 2), chance_of_first([], 3)
    (0.95, 0.05, 0.0)
    """
    if not scores:
        return 0.0
    # Of a single rhythm nothing says that another would not fit as well.
    lead = scores[0] - scores[1] if len(scores) > 1 else 0.0
    odds = _INTERCEPT + _SCORE * scores[0] + _LEAD * lead + _TAPS * min(n_taps, _MOST_TAPS)
    return float(1.0 / (1.0 + np.exp(-odds)))


def verdict_of(chance: float) -> TapVerdict:
    if chance >= FOUND_FROM:
        return TapVerdict.FOUND
    return TapVerdict.MAYBE if chance >= MAYBE_FROM else TapVerdict.TAP_AGAIN


def advice(verdict: TapVerdict, n_taps: int) -> str:
    """What a person can do, "" where the rhythm is found."""
    if n_taps < FEWEST_TAPS:
        return f"Only {n_taps} taps were heard: tap at least two bars."
    return _ADVICE[verdict]
