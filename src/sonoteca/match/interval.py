"""The axis ``interval``: all that sounds in the one against all that sounds in the other, after the shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.match.profiles import by_shift

# Logits at which the score is 0 and 1.
REACH = 8.0
UNISON = np.array([REACH, *[0.0] * 11], np.float32)


def content_of(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean pitch classes (n, 12) as departures from their own mean, scaled to length 1; 0 where all sound alike."""
    centred = mean - mean.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / (length + 0.02 * np.linalg.norm(mean, axis=1, keepdims=True) + 1e-6), np.float32)


def interval_scores(
    query: NDArray[np.float32], candidates: NDArray[np.float32], profile: NDArray[np.float32] = UNISON
) -> NDArray[np.float32]:
    """Scores 0..1 for each shift of each candidate by 0..11 semitones, shape (n, 12); NaN where a row is.

    Parameters
    ----------
    query : float32 (12,)
        Mean pitch class energy, of any scale.
    candidates : float32 (n, 12)
    profile : float32 (12,)
        Worth of each interval in logits; by default only equal pitch classes count.
    """
    expected = by_shift(content_of(query[None]), profile).reshape(12, 12)
    return np.asarray(np.clip(0.5 + 0.5 * (content_of(candidates) @ expected.T) / REACH, 0.0, 1.0), np.float32)
