"""The axis ``tempo``: how little a candidate has to be stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Stretch at which half of the score is lost: what DJs and stretchers bear without remark is a few percent.
_HALF_AT_PERCENT = 8.0


def tempo_scores(ratio: NDArray[np.float64]) -> NDArray[np.float32]:
    """1 where nothing is stretched, 0.5 at ``_HALF_AT_PERCENT``; NaN where ``ratio`` is.

    The cost is the same for faster and slower by the same factor.
    """
    percent = 100.0 * np.abs(np.log(ratio))
    return np.asarray(1.0 / (1.0 + np.square(percent / _HALF_AT_PERCENT)), np.float32)
