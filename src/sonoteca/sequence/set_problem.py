"""A set as a problem over columns: what is wished, what is locked, and what an order of tracks is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoteca.sequence.axes import Axis, Stretch, stretch, stretches_beyond
from sonoteca.sequence.energy_plan import EnergyPlan, fit_to_plan
from sonoteca.sequence.freshness import fresh_artists
from sonoteca.sequence.recordings import Copies
from sonoteca.sequence.tracks import NO_ARTIST, FloatColumn, Tracks
from sonoteca.sequence.transition import Sums, Transitions, TransitionStyle, axes_of, transitions, weighted_sums
from sonoteca.sequence.weights import Weights

# Rows of transitions that are kept between steps; one of 20,000 tracks takes 160 kB.
_KEPT_ROWS = 600
SET_PARTS = ("transitions", "mixable", "curve", "length")


@dataclass(frozen=True, slots=True, eq=False)
class SetProblem:
    """All that a search needs to know; tracks are named by their place in ``tracks``.

    Attributes
    ----------
    tracks : Tracks
    choosable : bool (n,)
        Which may be chosen freely; locked tracks and musts need not be among them.
    n_tracks : int or None
        Length of the set; exactly one of ``n_tracks`` and ``duration_s`` is given.
    duration_s : float or None [s]
    locked : mapping of position (from 0) to track
    last : int or None
        The track that ends the set.
    musts : sequence of int
        Tracks that have to be somewhere.
    plan : EnergyPlan, optional
    weights, style
        How transitions are scored.
    widest_pct : float or None
        No stretch beyond this.
    preference : float32 (n,)
        Added to the worth of a set as a mean over its tracks, while searching only.
    """

    tracks: Tracks
    choosable: NDArray[np.bool_]
    n_tracks: int | None
    duration_s: float | None
    locked: Mapping[int, int]
    last: int | None
    musts: tuple[int, ...]
    plan: EnergyPlan | None
    weights: Weights
    style: TransitionStyle
    widest_pct: float | None
    preference: FloatColumn

    @property
    def mean_duration_s(self) -> float:
        """Of the tracks that may be chosen, overlaps taken off: how far one more track leads."""
        durations = self.tracks.duration_s[self.choosable]
        known = durations[~np.isnan(durations)]
        mean = float(known.mean()) if len(known) else 180.0
        return max(1.0, mean - self.weights.set.overlap_s)

    def durations_s(self) -> FloatColumn:
        """Length of every track in a set, overlap taken off; the mean where it is not known."""
        lengths = self.tracks.duration_s - np.float32(self.weights.set.overlap_s)
        return np.maximum(np.where(np.isnan(lengths), np.float32(self.mean_duration_s), lengths), np.float32(0.0))


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order of tracks is worth: 0..1, and its parts; None where a part does not apply or nothing is known."""

    total: float
    parts: Mapping[str, float | None]
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Transitions as a search needs them, each (m, n): sums without freshness, and what a cliff takes off."""

    sums: Sums
    cliff: FloatColumn

    def value(self) -> FloatColumn:
        """What transitions add to a set, freshness left out."""
        return np.asarray(self.sums.mean() - self.cliff, np.float32)


@dataclass(slots=True)
class TransitionRows:
    """Transitions from single tracks to all of them, computed once per track, as are other encodings of them."""

    tracks: Tracks
    weights: Weights
    style: TransitionStyle
    _rows: dict[int, Steps] = field(default_factory=dict)
    _columns: dict[int, FloatColumn] = field(default_factory=dict)
    copies: Copies = field(init=False)

    def __post_init__(self) -> None:
        self.copies = Copies(self.tracks, self.weights.lint.same_sound)

    def of(self, ends: Sequence[int]) -> Steps:
        """The transitions (len(ends), n) from these tracks."""
        wanted = list(dict.fromkeys(ends))
        new = [end for end in wanted if end not in self._rows]
        if len(self._rows) + len(new) > _KEPT_ROWS:
            self._rows = {end: self._rows[end] for end in wanted if end in self._rows}
        if new:
            steps = self._steps(self.tracks.take(new), self.tracks)
            for row, end in enumerate(new):
                self._rows[end] = Steps(Sums(steps.sums.scores[row], steps.sums.weights[row]), steps.cliff[row])
        rows = [self._rows[end] for end in ends]
        return Steps(
            Sums(np.stack([row.sums.scores for row in rows]), np.stack([row.sums.weights for row in rows])),
            np.stack([row.cliff for row in rows]),
        )

    def into(self, start: int) -> FloatColumn:
        """What the transitions from every track into this one add to a set (n,), freshness left out."""
        if start not in self._columns:
            if len(self._columns) > _KEPT_ROWS:
                self._columns.clear()
            self._columns[start] = self._steps(self.tracks, self.tracks.take([start])).value()[:, 0]
        return self._columns[start]

    def _steps(self, ends: Tracks, starts: Tracks) -> Steps:
        axes, played = axes_of(ends, starts, self.weights, self.style)
        cost = np.float32(cliff_cost(self.weights))
        return Steps(weighted_sums(axes, self.weights), cost * is_cliff(played, self.weights))


def cliff_cost(weights: Weights) -> float:
    """Say what a cliff takes off beside its score, where a transition without fault is worth 1."""
    return weights.set.mixable / max(weights.set.transitions, 1e-9)


def within_tempo(problem: SetProblem, ends: Sequence[int], starts: Tracks) -> NDArray[np.bool_]:
    """Mark transitions (m, n) that stretch no more than is allowed; unknown tempi pass."""
    assert problem.widest_pct is not None
    played = stretch(problem.tracks.take(list(ends)), starts, double_time=problem.style.double_time)
    return ~stretches_beyond(played.log2_ratio, problem.widest_pct)


def is_cliff(played: Stretch, weights: Weights) -> NDArray[np.bool_]:
    """Mark transitions that stretch more than can be mixed; unknown ones do not."""
    return stretches_beyond(played.log2_ratio, weights.lint.tempo_cliff_pct)


def scored_chain(tracks: Tracks, order: Sequence[int], weights: Weights, style: TransitionStyle) -> Transitions:
    """Score the transitions within an order of N tracks: entry (i, i) of the (N - 1, N - 1) is that into track i + 1.

    Freshness is that after all tracks before. Computing the square at once is faster than its
    diagonal one by one.
    """
    ends, starts = tracks.take(list(order[:-1])), tracks.take(list(order[1:]))
    artists = tracks.artist[list(order)]
    gap, n_artists = weights.freshness.artist_gap, int(tracks.artist.max(initial=NO_ARTIST)) + 1
    fresh = np.array(
        [fresh_artists(artists[max(0, at - gap) : at], n_artists, gap)[artists[at]] for at in range(1, len(order))],
        np.float32,
    )
    has_artist = starts.artist != NO_ARTIST
    return transitions(ends, starts, weights, style, freshness=Axis(fresh[None, :], has_artist[None, :]))


def worth_of(problem: SetProblem, order: Sequence[int], chain: Transitions | None = None) -> Worth:
    """Say what an order is worth; the parts are those of ``[set]`` in ``weights.toml``.

    Parts that do not apply (a set of one track has no transition) are left out of the total.
    """
    weights = problem.weights.set
    chain = scored_chain(problem.tracks, order, problem.weights, problem.style) if chain is None else chain
    durations = problem.durations_s()[list(order)].astype(np.float64)
    duration_s = float(durations.sum())
    parts: dict[str, float | None] = dict.fromkeys(SET_PARTS)
    if len(order) > 1:
        parts["transitions"] = float(np.mean(np.diagonal(chain.total)))
        parts["mixable"] = float(1.0 - is_cliff(chain.played, problem.weights).diagonal().mean())
    if problem.plan is not None:
        wished = problem.plan.at(shares_of(problem, durations))
        fits = fit_to_plan(problem.tracks.level[list(order)], wished, weights.half_off_curve)
        if not np.isnan(fits).all():
            parts["curve"] = float(np.nanmean(fits))
    if problem.duration_s is not None:
        parts["length"] = length_fit(duration_s, problem.duration_s)
    counted = [(getattr(weights, name), value) for name, value in parts.items() if value is not None]
    total = sum(weight for weight, _ in counted)
    worth = sum(weight * value for weight, value in counted) / total if total else 0.0
    return Worth(worth, parts, duration_s)


def shares_of(problem: SetProblem, durations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where on the curve each track of a whole order stands: by number, or by the middle of its time."""
    if problem.duration_s is None:
        return np.linspace(0.0, 1.0, len(durations)) if len(durations) > 1 else np.zeros(len(durations))
    middles = np.cumsum(durations) - durations / 2.0
    return np.clip(middles / problem.duration_s, 0.0, 1.0)


def length_fit(duration_s: float, wished_s: float) -> float:
    """1 at the wished length, 0 at half or one and a half of it.

    >>> length_fit(3600, 3600), length_fit(3240, 3600)
    (1.0, 0.8)
    """
    return max(0.0, 1.0 - 2.0 * abs(duration_s - wished_s) / wished_s)
