"""Two regions on one grid: at which tempo, over how many beats, and which beat of the one meets which of the other.

A *unit* is a beat of the query. A candidate in double time has two of its beats in a unit, one in half time
half a beat. What is shorter repeats until the longer ends, as loops do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.match.evidence import MOST_BEATS, Evidence


@dataclass(frozen=True, slots=True, eq=False)
class TempoFit:
    """How candidates reach the query's tempo; NaN where a tempo is unknown.

    ``ratio`` float64 (n,) multiplies the candidate's tempo; ``level`` is its beats per beat of the query.
    """

    ratio: NDArray[np.float64]
    level: NDArray[np.float64]


def fit_tempo(query_bpm: float, candidate_bpm: NDArray[np.float64]) -> TempoFit:
    """The nearest way from each candidate's tempo to the query's, its half or its double."""
    known = np.isfinite(candidate_bpm) & (candidate_bpm > 0) & (query_bpm > 0)
    quotient = np.where(known, candidate_bpm / query_bpm, np.nan)
    level = np.where(known, 2.0 ** np.round(np.log2(quotient)), np.nan)
    return TempoFit(level / quotient, level)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Candidates that meet the query in the same way.

    ``at`` are their numbers; ``beats`` the candidate's beats of one cycle, ``level`` its beats per unit.
    """

    at: NDArray[np.int64]
    beats: int
    level: float


def groups(candidates: Evidence, level: NDArray[np.float64]) -> Iterator[Group]:
    """The candidates that have a profile and a tempo, by number of beats and level."""
    usable = (candidates.n_beats > 0) & np.isfinite(level) & (level >= 0.25) & (level <= 4.0)
    at = np.flatnonzero(usable)
    kinds, which = np.unique(np.stack([candidates.n_beats[at], level[at]], axis=1), axis=0, return_inverse=True)
    for number, (beats, factor) in enumerate(kinds):
        yield Group(at[which.reshape(-1) == number], int(beats), float(factor))


def unit_rows(beats: int, level: float, n_units: int) -> tuple[NDArray[np.int64], int]:
    """Which beats of a cycle sound in each unit, shape (n_units, beats per unit), and how many there are.

    Half time repeats a beat over two units; double time has two beats in one.
    """
    per_unit = max(1, round(level))
    step = level if level < 1.0 else float(per_unit)
    first = np.floor(np.arange(n_units) * step + 1e-9).astype(np.int64)
    return (first[:, None] + np.arange(per_unit)[None, :]) % beats, per_unit


def common_units(query_beats: int, group: Group) -> int:
    """Units until the longer of the two ends, at most ``MOST_BEATS``."""
    own = max(1, round(group.beats / group.level))
    return min(MOST_BEATS, max(query_beats, own))
