"""Placements are matched with each other pair by pair, as they sound on the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.choose.place import Placements
from sonoteca.match.fit import Fits, fit
from sonoteca.match.region_table import RegionTable
from sonoteca.match.weights import Weights

# What a pair counts of which nothing is known: neither for nor against.
_UNKNOWN = 0.5
_KEPT_AXES = ("chord", "rhythm")


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseFit:
    """How well each of m placements goes with each other one.

    Attributes
    ----------
    total : float64 (m, m)
        Mean match score of both directions, 0..1; NaN for two of one role, which never sound together.
    axes : mapping of str to float32 (m, m)
        The axes that reasons speak of; NaN where evidence is missing.
    likeness : float64 (m, m)
        Closeness in sound, 0..1; 0.5 where it is not known.
    """

    total: NDArray[np.float64]
    axes: Mapping[str, NDArray[np.float32]]
    likeness: NDArray[np.float64]


def fit_pairs(placements: Placements, weights: Weights) -> PairwiseFit:
    """Match every placement with every one of another role.

    Costs one ``match.fit`` per placement: 3 ms for a hundred others.
    """
    m = len(placements)
    sounding = placements.as_they_sound()
    roles = np.array(placements.loops.roles)
    one_way = np.full((m, m), np.nan)
    axes = {name: np.full((m, m), np.nan, np.float32) for name in _KEPT_AXES}
    for i in range(m):
        others = np.flatnonzero(roles != roles[i])
        if len(others) == 0:
            continue
        fits = fit_beside(sounding, i, others, weights)
        one_way[i, others] = counted_scores(fits)
        for name in _KEPT_AXES:
            axes[name][i, others] = fits.axes[name]
    return PairwiseFit(0.5 * (one_way + one_way.T), axes, _likeness(sounding.vectors.astype(np.float32), m))


def fit_beside(sounding: RegionTable, number: int, others: Sequence[int] | NDArray[np.int64], weights: Weights) -> Fits:
    """Match others with one of the regions of a table, all as they sound: nothing is moved any more."""
    return fit(sounding.take([number]), sounding.take(others), weights, still=True)


def counted_scores(fits: Fits) -> NDArray[np.float64]:
    """Read the scores 0..1, with what a pair counts where nothing is known of it."""
    return np.where(np.isfinite(fits.total), fits.total, _UNKNOWN).astype(np.float64)


def standing_of(total: NDArray[np.float64], roles: Sequence[str]) -> NDArray[np.float64]:
    """Weigh how each pair stands among the pairs of its two roles, in units of their spread, within ±3; NaN where ``total`` is.

    Match scores of drums and bass, or by other weights, have another scale than those of bass and
    harmony: what is 0.9 there may be ordinary. Preferences are weighed against how a pair stands.
    """
    named = np.array(roles)
    standing = np.full(total.shape, np.nan)
    for one, other in combinations(dict.fromkeys(roles), 2):
        block = np.ix_(named == one, named == other)
        scores = total[block]
        spread = float(scores.std())
        standing[block] = np.clip((scores - scores.mean()) / spread, -3.0, 3.0) if spread > 1e-9 else 0.0
        standing[np.ix_(named == other, named == one)] = standing[block].T
    return standing


def _likeness(vectors: NDArray[np.float32], m: int) -> NDArray[np.float64]:
    if vectors.shape[1] == 0:
        return np.full((m, m), 0.5)
    return np.asarray(np.clip(0.5 + 0.5 * np.nan_to_num(vectors @ vectors.T), 0.0, 1.0), np.float64)
