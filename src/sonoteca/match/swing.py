"""What it says for two parts that they swing alike.

Parts of one piece swing together, and most music is straight: two straight parts are no news, two that swing by
the same share speak for each other, a swung one against a straight one clashes at every off-beat.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.swing import STRAIGHT
from sonoteca.match.region_table import Numbers, RegionTable

# One piece in four swings, by any share up to a little past triplets; the others lie this closely around straight.
_SWUNG = 0.25
_STRAIGHT_SD = 0.006
_SWUNG_SHARES = (0.52, 0.68)
# Error of a heard share of the beat: of the onsets of one part together, and of each of them.
_PART_SD, _ONSET_SD = 0.01, 0.06
# Chance that something else than the swing was heard, at any place of the window.
_OUTLIERS = 0.1
_WINDOW = (0.3, 0.4)
_SHARES = np.arange(0.44, 0.72, 0.004)
# Eighths are 0, sixteenths 1: which of the query meet which of the candidate at its beats per beat of the query.
_PAIRS_AT_LEVEL = {1.0: ((0, 0), (1, 1)), 2.0: ((1, 0),), 0.5: ((0, 1),)}


def swing_of_pairs(
    one: RegionTable, candidates: RegionTable, at: NDArray[np.int64], level: float
) -> NDArray[np.float32]:
    """``swing_logits`` of one region with those candidates ``at`` these numbers, all of one ``level``."""
    return swing_logits(
        (one.swing_shares[0], one.swing_onsets[0]), (candidates.swing_shares[at], candidates.swing_onsets[at]), level
    )


def swing_logits(
    query: tuple[Numbers, Numbers], candidates: tuple[Numbers, Numbers], level: float
) -> NDArray[np.float32]:
    """Log of how much more probable both shares are if the parts swing alike than if they know nothing of each other.

    Parameters
    ----------
    query : shares float64 (2,), onsets float64 (2,)
        Of its pairs of eighths and of sixteenths; NaN where not heard.
    candidates : shares float64 (n, 2), onsets float64 (n, 2)
    level : float
        Beats of the candidates per beat of the query: in double time their eighths are its sixteenths.

    Returns
    -------
    float32 (n,)
        In nepers (logits); 0 where nothing can be compared.
    """
    shares, onsets = candidates
    logits = np.zeros(len(shares), np.float32)
    for mine, theirs in _PAIRS_AT_LEVEL.get(level, ()):
        at = np.flatnonzero(np.isfinite(shares[:, theirs]))
        if not len(at) or not np.isfinite(query[0][mine]):
            continue
        one = _likelihood(query[0][None, mine], query[1][None, mine], mine)[0]
        others = _likelihood(shares[at, theirs], onsets[at, theirs], theirs)
        prior = _prior()
        alike = others @ (prior * one)
        logits[at] += np.log(alike / ((others @ prior) * (one @ prior))).astype(np.float32)
    return logits


def _likelihood(shares: Numbers, onsets: Numbers, pair: int) -> Numbers:
    """Chance density of each heard share for each of ``_SHARES``, shape (n, len(_SHARES)).

    A sixteenth's share is of half a beat, so the same error in time is twice as large.
    """
    deviation = np.sqrt(_PART_SD**2 + _ONSET_SD**2 / np.maximum(onsets, 1.0))[:, None] * (1.0, 2.0)[pair]
    near = np.exp(-0.5 * np.square((shares[:, None] - _SHARES) / deviation)) / (deviation * np.sqrt(2.0 * np.pi))
    return np.asarray((1.0 - _OUTLIERS) * near + _OUTLIERS / _WINDOW[pair], np.float64)


@cache
def _prior() -> Numbers:
    """Chance of each of ``_SHARES``; sums to 1."""
    straight = np.exp(-0.5 * np.square((_SHARES - STRAIGHT) / _STRAIGHT_SD))
    low, high = _SWUNG_SHARES
    swung = ((low < _SHARES) & (high > _SHARES)).astype(np.float64)
    return np.asarray((1.0 - _SWUNG) * straight / straight.sum() + _SWUNG * swung / swung.sum(), np.float64)
