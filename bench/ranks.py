"""Ranks of one right answer among many: ties shared fairly, intervals by resampling whole songs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


@dataclass(frozen=True)
class Rank:
    """``above`` others are better than the right answer, ``tied`` (itself included) as good."""

    above: int
    tied: int

    def reciprocal(self) -> float:
        """Mean of 1 / rank over the orders in which the tied may stand."""
        return float(np.mean(1.0 / np.arange(self.above + 1, self.above + self.tied + 1)))

    def within(self, k: int) -> float:
        """Share of those orders in which it is among the first ``k``."""
        return float(np.clip(k - self.above, 0, self.tied) / self.tied)


def rank_of(scores: NDArray[np.floating], right: int) -> Rank:
    """Rank of the candidate ``right``; higher is better, NaN is worse than any number."""
    filled = np.where(np.isnan(scores), -np.inf, scores)
    return Rank(int(np.sum(filled > filled[right])), int(np.sum(filled == filled[right])))


def interval(values: Sequence[float], groups: Sequence[Hashable], *, seed: int = 0) -> tuple[float, float]:
    """95 % of the means of ``values`` when whole groups are drawn anew with replacement."""
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    at = np.array([names[each] for each in groups])
    sums = np.bincount(at, weights=np.asarray(values, float))
    counts = np.bincount(at).astype(float)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
