"""Alignment lays two regions on one grid: at which tempo, over how many beats, which beat meets which.

A *unit* is a beat of the query. A candidate in double time has two of its beats in a unit, one in half time
half a beat. What is shorter repeats until the longer ends, as loops do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import REGISTERS, STEPS_PER_BEAT, notes_of_bytes, onsets_of_bytes
from sonoteca.domain.vocabulary import Kind
from sonoteca.match.region_table import MOST_BEATS, RegionTable

# Multiples of bars are that exact, in beats of the query over its length.
_EVEN = 0.02
# Rows in units of so many candidates fit into a processor's cache; those of ten thousand take 100 MB.
_AT_ONCE = 512
# In nepers: 20 %.
_LARGEST_CORRECTION = 0.18


@dataclass(frozen=True, slots=True, eq=False)
class TempoFit:
    """How candidates reach the query's tempo; NaN where a tempo is unknown.

    ``ratio`` float64 (n,) multiplies the candidate's tempo; ``level`` is its beats per beat of the query,
    2 in double time and 0.5 in half time.
    """

    ratio: NDArray[np.float64]
    level: NDArray[np.float64]


def fit_tempo(query_bpm: float, candidate_bpm: NDArray[np.float64]) -> TempoFit:
    """Find the nearest way from each candidate's tempo to the query's, its half or its double."""
    known = np.isfinite(candidate_bpm) & (candidate_bpm > 0) & (query_bpm > 0)
    quotient = np.where(known, candidate_bpm / query_bpm, np.nan)
    level = np.where(known, 2.0 ** np.round(np.log2(quotient)), np.nan)
    return TempoFit(level / quotient, level)


def fit_lengths(one: RegionTable, candidates: RegionTable, tempo: TempoFit) -> TempoFit:
    """Correct the tempi of loops whose bars do not add up: there the lengths are believed.

    A loop is a whole number of bars, mostly a power of two. If neither of two loops is a multiple of the other
    at the tempi that were heard, one of these is wrong more often than not; then the candidate is stretched
    until its length is that of the query, its half, its double and so on, if that takes less than
    ``_LARGEST_CORRECTION``.
    """
    beats = int(one.n_beats[0])
    if not beats or one.kinds[0] != Kind.LOOP:
        return tempo
    is_loop = np.array([kind == Kind.LOOP for kind in candidates.kinds], np.bool_) & (candidates.n_beats > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = candidates.n_beats / tempo.level / beats
        multiple = np.maximum(longer, 1.0 / longer)
        is_even = np.abs(multiple - np.round(multiple)) < _EVEN
        lengths = candidates.duration_s() / one.duration_s()[0]
        power = 2.0 ** np.round(np.log2(lengths))
        ratio = lengths / power
    corrected = is_loop & ~is_even & (np.abs(np.log(ratio)) < _LARGEST_CORRECTION)
    level = tempo.level.copy()
    level[corrected] = candidates.n_beats[corrected] / (beats * power[corrected])
    return TempoFit(np.where(corrected, ratio, tempo.ratio), level)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group holds candidates that meet the query in the same way.

    ``at`` are their numbers; ``beats`` the candidate's beats of one cycle, ``level`` its beats per unit.
    """

    at: NDArray[np.int64]
    beats: int
    level: float


def groups(n_beats: NDArray[np.int64], level: NDArray[np.float64]) -> Iterator[Group]:
    """Sort the candidates that have a profile and a tempo by number of beats and level, at most ``_AT_ONCE`` together."""
    usable = (n_beats > 0) & np.isfinite(level) & (level >= 0.25) & (level <= 4.0)
    at = np.flatnonzero(usable)
    kinds, which = np.unique(np.stack([n_beats[at], level[at]], axis=1), axis=0, return_inverse=True)
    for number, (beats, factor) in enumerate(kinds):
        alike = at[which.reshape(-1) == number]
        for first in range(0, len(alike), _AT_ONCE):
            yield Group(alike[first : first + _AT_ONCE], int(beats), float(factor))


def cells_in_units(beats: int, level: float, n_units: int, per_beat: int = 1) -> NDArray[np.int64]:
    """Number the cells of a candidate that sound in each cell of the query's units.

    Parameters
    ----------
    beats : int
        Of one cycle of the candidate.
    level : float
        Its beats per unit: a power of two, unless one of the tempi was heard wrongly.
    n_units : int
    per_beat : int
        Cells of a beat, and of a unit.

    Returns
    -------
    int64 (n_units * per_beat, m)
        Numbers of cells of the cycle; ``m`` of them fall into one in double time, else one.

    Examples
    --------
    >>> cells_in_units(4, 2.0, 3).tolist(), cells_in_units(2, 0.5, 5).tolist()
    ([[0, 1], [2, 3], [0, 1]], [[0], [0], [1], [1], [0]])
    """
    first = np.floor(np.arange(n_units * per_beat) * level + 1e-9).astype(np.int64)
    cells = first[:, None] + np.arange(max(1, round(level)))[None, :]
    return np.asarray(cells % (beats * per_beat), np.int64)


def common_units(query_beats: int, group: Group) -> int:
    """Count the units until the longer of the two ends, at most ``MOST_BEATS``."""
    own = max(1, round(group.beats / group.level))
    return min(MOST_BEATS, max(query_beats, own))


def notes_in_units(
    table: RegionTable, at: NDArray[np.int64], beats: int, level: float, n_units: int, note_group: int
) -> NDArray[np.float32]:
    """Lay the pitch classes of one of ``NOTE_GROUPS`` on the query's units, shape (len(at), n_units, 12)."""
    notes = notes_of_bytes(table.notes.padded(at, beats)[:, :, 12 * note_group : 12 * note_group + 12])
    return np.asarray(notes[:, cells_in_units(beats, level, n_units)].mean(axis=2), np.float32)


def onsets_in_units(
    table: RegionTable, at: NDArray[np.int64], beats: int, level: float, n_units: int
) -> NDArray[np.float32]:
    """Lay onset strength on the query's units, shape (len(at), n_units, registers, steps)."""
    stored = table.onsets.padded(at, beats).reshape(len(at), beats, len(REGISTERS), STEPS_PER_BEAT)
    # One timeline of steps per register.
    timeline = onsets_of_bytes(stored.transpose(0, 2, 1, 3).reshape(len(at), len(REGISTERS), -1))
    cells = cells_in_units(beats, level, n_units, STEPS_PER_BEAT)
    steps = timeline[:, :, cells].mean(axis=3).reshape(len(at), len(REGISTERS), n_units, STEPS_PER_BEAT)
    return np.ascontiguousarray(steps.transpose(0, 2, 1, 3))
