"""The axis ``tempo``: how little a candidate has to be stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Stretchers are asked for no more than this (the gate of ``weights.toml``).
_WIDEST_PERCENT = 25.0
# No more than a hearing error apart.
_SAME_PERCENT = 0.6


def tempo_scores(ratio: NDArray[np.float64]) -> NDArray[np.float32]:
    """1 where nothing has to be stretched, falling evenly to 0 at 25 %; NaN where unknown.

    Faster and slower by the same factor cost the same.
    """
    return np.asarray(np.clip(1.0 - _percent(ratio) / _WIDEST_PERCENT, 0.0, 1.0), np.float32)


def sameness(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where two tempi are one, near 0 from 1 % of difference on; 1 where a tempo is unknown."""
    return np.asarray(np.where(np.isfinite(ratio), np.exp(-np.square(_percent(ratio) / _SAME_PERCENT)), 1.0))


def _percent(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(100.0 * np.abs(np.log(ratio)))
