"""The axis ``tempo``: how little a candidate has to be stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# No more than a hearing error apart: parts that were made together share their tempo exactly, so this says
# much more than being near.
_SAME_PERCENT = 0.6
_SAME_SHARE = 0.4
# Stretchers are asked for no more than this (the gate of ``weights.toml``).
_WIDEST_PERCENT = 25.0


def tempo_scores(ratio: NDArray[np.float64]) -> NDArray[np.float32]:
    """1 where nothing has to be stretched, 0.6 just beside it, then falling evenly to 0 at 25 %; NaN where unknown.

    Faster and slower by the same factor cost the same.
    """
    percent = 100.0 * np.abs(np.log(ratio))
    same = _SAME_SHARE * np.exp(-np.square(percent / _SAME_PERCENT))
    near = (1.0 - _SAME_SHARE) * np.clip(1.0 - percent / _WIDEST_PERCENT, 0.0, 1.0)
    return np.asarray(same + near, np.float32)
