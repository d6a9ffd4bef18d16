"""The axis ``interval``: all that sounds in the one against all that sounds in the other, after the shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def interval_scores(query: NDArray[np.float32], candidates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores 0..1 for each shift of each candidate by 0..11 semitones, shape (n, 12); NaN where a row is.

    Parameters
    ----------
    query : float32 (12,)
        Mean pitch class energy.
    candidates : float32 (n, 12)
    """
    one, others = _centred(query[None]), _centred(candidates)
    shifted = np.stack([np.roll(one[0], -shift) for shift in range(12)])
    return np.asarray(0.5 + 0.5 * others @ shifted.T, np.float32)


def _centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    roots = np.sqrt(np.maximum(rows, 0.0))
    roots = roots - roots.mean(axis=1, keepdims=True)
    return np.asarray(roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-6), np.float32)
