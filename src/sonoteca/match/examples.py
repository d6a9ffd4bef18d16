"""Examples are what tuning learns from: matches that somebody liked or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Matches that somebody liked or not.

    Attributes
    ----------
    axes : float64 (n, len(AXES))
        0..1, NaN where evidence is missing.
    cost : float64 (n,)
        What moving the candidate costs, in units of the weighted mean.
    roles : int64 (n,)
        Number in ``region_table.ROLES`` of the role that the candidate was judged in.
    liked : bool (n,)
    queries : int64 (n,)
        Equal where the query is: such choices are never parted between fitting and judging.
    """

    axes: Numbers
    cost: Numbers
    roles: NDArray[np.int64]
    liked: NDArray[np.bool_]
    queries: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.liked)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Examples:
        return Examples(
            self.axes[chosen], self.cost[chosen], self.roles[chosen], self.liked[chosen], self.queries[chosen]
        )
