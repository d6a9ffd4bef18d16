"""The axis ``rhythm``: onsets of both on the common bar grid, register by register.

The mean bar of each is compared at the same step and a step earlier and later, and so is what departs from it:
fills, breaks and the bars in which a part is silent. What interlocks in different registers and what collides
in the same one is weighed by a profile learned per pair of parts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import STEPS_PER_BEAT
from sonoteca.match.profiles import RhythmProfile

# Logits at which the score is 0 and 1.
REACH = 6.0
LAGS = (-1, 0, 1)
# Steps in which an off-beat eighth may fall: straight in the middle of the beat, swung up to two thirds.
_OFFBEAT = slice(4, 10)
# Logits lost by loops whose lengths are no multiples of each other: their bar lines never meet again as they should.
_UNEVEN_LENGTHS = 4.0


def patterns_of(onsets: NDArray[np.float32], beats_per_bar: int) -> NDArray[np.float32]:
    """The mean bar and the departures from it, per register scaled to length 1.

    Parameters
    ----------
    onsets : float32 (n, n_units, registers, steps)
    beats_per_bar : int >= 1
        Of the query.

    Returns
    -------
    float32 (n, 2, registers, n_steps)
        Mean bar repeated over all bars, then what departs from it; an unfinished last bar is left out.
    """
    n, n_units, n_registers, n_steps = onsets.shape
    per_bar = min(beats_per_bar, n_units)
    n_bars = n_units // per_bar
    bars = onsets[:, : n_bars * per_bar].reshape(n, n_bars, per_bar, n_registers, n_steps)
    mean = np.broadcast_to(bars.mean(axis=1, keepdims=True), bars.shape)
    both = np.stack([mean, bars - mean], axis=1)
    rows = both.transpose(0, 1, 4, 2, 3, 5).reshape(n, 2, n_registers, -1)
    rows = rows - rows.mean(axis=3, keepdims=True)
    length = np.linalg.norm(rows, axis=3, keepdims=True)
    loudest = np.sqrt(np.square(rows).sum(axis=(2, 3), keepdims=True))
    plain = np.sqrt(np.square(bars).sum(axis=(1, 2, 3, 4)))[:, None, None, None]
    return np.asarray(rows / (length + 0.02 * loudest + 0.05 * plain + 1e-6), np.float32)


def swing_of(onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean step of what sounds around the off-beat, shape (n,): 6 straight, 8 a triplet."""
    steps = onsets.mean(axis=(1, 2))[:, _OFFBEAT]
    places = np.arange(STEPS_PER_BEAT)[_OFFBEAT]
    total = steps.sum(axis=1)
    middle = 0.5 * (places[0] + places[-1])
    # Little weight of nothing sounding: then the middle of the window.
    return np.asarray((steps @ places + 1e-3 * middle) / (total + 1e-3), np.float32)


def rhythm_scores(
    query: NDArray[np.float32],
    candidates: NDArray[np.float32],
    profile: RhythmProfile,
    *,
    beats_per_bar: int,
    penalties: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float32]:
    """Scores 0..1 of candidates, shape (n,).

    Parameters
    ----------
    query : float32 (n_units, registers, steps)
        Onset strength on the grid.
    candidates : float32 (n, n_units, registers, steps)
    profile : RhythmProfile
    beats_per_bar : int >= 1
        Of the query.
    penalties : float64 (n,)
        Logits to take off, from ``length_penalty``.
    """
    one = patterns_of(query[None], beats_per_bar)[0]
    expected = np.zeros_like(one)
    for number, lag in enumerate(LAGS):
        # What the candidate plays `lag` steps later is held against what the query plays now.
        weighed = np.einsum("cit,cij->cjt", one, profile.places[:, number])
        expected += np.roll(weighed, lag, axis=2)
    logits = patterns_of(candidates, beats_per_bar).reshape(len(candidates), -1) @ expected.reshape(-1)
    logits = logits - profile.swing * np.abs(swing_of(candidates) - swing_of(query[None])[0]) - penalties
    return np.asarray(np.clip(0.5 + 0.5 * logits / REACH, 0.0, 1.0), np.float32)


def length_penalty(query_beats: int, candidate_beats: float) -> float:
    """Logits that two loops lose if neither length is a multiple of the other.

    >>> length_penalty(32, 8), length_penalty(32, 24) > 0
    (0.0, True)
    """
    ratio = max(query_beats, candidate_beats) / min(query_beats, candidate_beats)
    return _UNEVEN_LENGTHS if abs(ratio - round(ratio)) > 0.05 else 0.0
