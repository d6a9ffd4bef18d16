"""The axis ``rhythm``: onsets of both on the common bar grid, register by register.

The mean bar of each is compared at the same step and a step earlier and later, and so is what departs from it:
fills, breaks and the bars in which a part is silent. What interlocks in different registers and what collides
in the same one is weighed by a profile learned per pair of parts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.match.profiles import RhythmProfile

# Logits at which the score is 0 and 1.
REACH = 6.0
LAGS = (-1, 0, 1)
# Logits lost by loops whose lengths are no multiples of each other: their bar lines never meet again as they should.
_UNEVEN_LENGTHS = 4.0


def patterns_of(onsets: NDArray[np.float32], beats_per_bar: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean bar, and how the bars depart from it, per register scaled to length 1.

    Parameters
    ----------
    onsets : float32 (n, n_units, registers, steps)
    beats_per_bar : int >= 1
        Of the query.

    Returns
    -------
    mean : float32 (n, registers, steps of a bar)
    departures : float32 (n, registers, steps of all bars)
        An unfinished last bar is left out.
    """
    n, n_units, n_registers, n_steps = onsets.shape
    per_bar = min(beats_per_bar, n_units)
    n_bars = n_units // per_bar
    bars = onsets[:, : n_bars * per_bar].reshape(n, n_bars, per_bar, n_registers, n_steps)
    bars = bars.transpose(0, 3, 1, 2, 4).reshape(n, n_registers, n_bars, -1)
    mean = bars.mean(axis=2)
    departures = (bars - mean[:, :, None]).reshape(n, n_registers, -1)
    plain = np.sqrt(np.einsum("nrbs,nrbs->n", bars, bars) / n_bars)
    return _scaled(mean, plain), _scaled(departures, plain * np.float32(np.sqrt(n_bars)))


def _scaled(rows: NDArray[np.float32], plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, registers, steps) around 0 at length 1, but near 0 where a register hardly sounds or nothing departs."""
    rows = rows - rows.mean(axis=2, keepdims=True)
    power = np.einsum("nrs,nrs->nr", rows, rows)
    floor = 0.02 * np.sqrt(power.sum(axis=1)) + 0.05 * plain + 1e-6
    return np.asarray(rows / (np.sqrt(power) + floor[:, None])[:, :, None], np.float32)


def rhythm_scores(
    query: NDArray[np.float32],
    candidates: NDArray[np.float32],
    profile: RhythmProfile,
    *,
    beats_per_bar: int,
    beside: NDArray[np.floating] | float = 0.0,
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
    beside : float (n,)
        Logits of what is known beside the onsets on the grid: ``match.swing``, less ``length_penalty``.
    """
    logits = np.zeros(len(candidates), np.float32)
    ours, theirs = patterns_of(query[None], beats_per_bar), patterns_of(candidates, beats_per_bar)
    for one, others, places in zip(ours, theirs, profile.places, strict=True):
        expected = np.zeros_like(one[0])
        for lag, worth in zip(LAGS, places, strict=True):
            # What the candidate plays `lag` steps later is held against what the query plays now.
            expected += np.roll(worth.T @ one[0], lag, axis=1)
        logits += others.reshape(len(others), -1) @ expected.reshape(-1)
    logits = logits + beside
    return np.asarray(np.clip(0.5 + 0.5 * logits / REACH, 0.0, 1.0), np.float32)


def length_penalty(query_beats: int, candidate_beats: float) -> float:
    """Logits that two loops lose if neither length is a multiple of the other.

    >>> length_penalty(32, 8), length_penalty(32, 24) > 0
    (0.0, True)
    """
    ratio = max(query_beats, candidate_beats) / min(query_beats, candidate_beats)
    return _UNEVEN_LENGTHS if abs(ratio - round(ratio)) > 0.05 else 0.0
