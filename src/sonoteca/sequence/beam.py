"""Beam search for a set: many partial sets grow track by track, the most promising are kept.

A partial set is worth the mean of its transitions and its closeness to the energy curve, as a
whole one is. What is still to come counts where it is known: the transition into a locked track
that follows, and further off the tempo that has to be bridged until then, spread evenly over the
transitions that are left. Partial sets with different numbers of musts placed do not compete,
because whoever leaves the awkward ones for later always looks better until the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.sequence.axes import LOG2_PER_PCT, stretch
from sonoteca.sequence.energy_plan import fit_to_plan
from sonoteca.sequence.freshness import fresh_artists
from sonoteca.sequence.set_problem import SetProblem, TransitionRows, cliff_cost, within_tempo
from sonoteca.sequence.tracks import NO_ARTIST, FloatColumn
from sonoteca.sequence.weights import AXES

# Partial sets that grow out of one, and those that may end with the same track.
_BRANCHES = 8
_SAME_END = 2
# The first tracks tried, as a multiple of the beam.
_STARTS = 4


class DeadEnd(Exception):
    """No partial set can grow at ``position`` (from 0); ``before`` is one that came so far."""

    def __init__(self, position: int, before: tuple[int, ...]) -> None:
        super().__init__(position, before)
        self.position = position
        self.before = before


@dataclass(frozen=True, slots=True)
class _Partial:
    """A partial set and its sums."""

    order: tuple[int, ...]
    transitions: float
    fits: float
    n_fits: int
    preference: float
    elapsed_s: float
    n_musts: int

    @property
    def end(self) -> int:
        return self.order[-1]


def search(problem: SetProblem, rows: TransitionRows, *, seed: int = 0) -> list[tuple[int, ...]]:
    """Whole sets that the beam ends with, unordered.

    Parameters
    ----------
    rows : TransitionRows
        Of the problem's tracks; it keeps what it computes for the next search.
    seed : int
        Which first tracks are tried where none is asked for and no curve tells them apart.

    Raises
    ------
    DeadEnd
        The limits leave nothing to go on with.
    """
    return _Search(problem, rows, seed).run()


class _Search:
    def __init__(self, problem: SetProblem, rows: TransitionRows, seed: int) -> None:
        self.problem = problem
        self.rows = rows
        self.width = problem.weights.set.beam
        self.durations_s = problem.durations_s().astype(np.float64)
        self.mean_s = problem.mean_duration_s
        self.n_tracks = problem.n_tracks or max(2, round((problem.duration_s or 0.0) / self.mean_s))
        self.n_artists = int(problem.tracks.artist.max(initial=NO_ARTIST)) + 1
        self.has_artist = (problem.tracks.artist != NO_ARTIST).astype(np.float32)
        self.order_of_equals = np.random.default_rng(seed).permutation(len(problem.tracks))
        self.free = problem.choosable.copy()
        self.free[[*problem.locked.values(), *problem.musts, *([] if problem.last is None else [problem.last])]] = False
        self.last_lock = max(problem.locked, default=-1)
        axes = problem.weights.axes
        self.tempo_share = axes.tempo / sum(getattr(axes, axis) for axis in AXES)

    def run(self) -> list[tuple[int, ...]]:
        partials = self._starts()
        finished: list[_Partial] = []
        while True:
            going = []
            for partial in partials:
                if self._is_complete(partial):
                    finished.append(partial)
                else:
                    going.append(partial)
            if not going:
                break
            position = len(going[0].order)
            grown = self._grow(going, position)
            if not grown and not finished:
                raise DeadEnd(position, going[0].order)
            partials = grown
            if not partials:
                break
        return [self._with_last(partial) for partial in finished]

    # --- how long ---------------------------------------------------------------------------------

    def _is_complete(self, partial: _Partial) -> bool:
        """Whether nothing but ``last`` is to be added."""
        problem = self.problem
        if problem.n_tracks is not None:
            return len(partial.order) == problem.n_tracks - (problem.last is not None)
        if len(partial.order) <= self.last_lock or partial.n_musts < len(problem.musts):
            return not self._has_more(partial)
        assert problem.duration_s is not None
        return self._left_s(partial) < self.mean_s / 2.0 or not self._has_more(partial)

    def _has_more(self, partial: _Partial) -> bool:
        rest = self.free.sum() - sum(bool(self.free[index]) for index in partial.order)
        return bool(rest > 0 or partial.n_musts < len(self.problem.musts) or len(partial.order) <= self.last_lock)

    def _left_s(self, partial: _Partial) -> float:
        """Seconds that are still to be filled before ``last``."""
        assert self.problem.duration_s is not None
        last_s = 0.0 if self.problem.last is None else float(self.durations_s[self.problem.last])
        return self.problem.duration_s - last_s - partial.elapsed_s

    def _slots(self, partial: _Partial) -> int:
        """Places that are left from here on and not locked; at least 1."""
        position = len(partial.order)
        if self.problem.n_tracks is not None:
            stop = self.problem.n_tracks - (self.problem.last is not None)
            return stop - position - sum(1 for locked in self.problem.locked if locked >= position)
        return max(1, round(self._left_s(partial) / self.mean_s))

    def _with_last(self, partial: _Partial) -> tuple[int, ...]:
        return partial.order if self.problem.last is None else (*partial.order, self.problem.last)

    # --- growing ----------------------------------------------------------------------------------

    def _starts(self) -> list[_Partial]:
        allowed = self._allowed(_EMPTY, 0)
        candidates = np.flatnonzero(allowed)
        if not len(candidates):
            raise DeadEnd(0, ())
        fits = self._fits(candidates, 0.0, 0)
        weights = self.problem.weights.set
        lost_ahead = self._lost_ahead(candidates, 0, self._slots(_EMPTY) - 1)
        value = (weights.curve * np.nan_to_num(fits, nan=0.5) + self.problem.preference[candidates]) / self.n_tracks
        value = value - weights.transitions * lost_ahead / max(1, self.n_tracks - 1)
        best = np.lexsort((self.order_of_equals[candidates], -value))
        kept = [
            self._extended(_EMPTY, int(candidates[at]), 0.0, float(fits[at])) for at in best[: _STARTS * self.width]
        ]
        musts = [
            self._extended(_EMPTY, must, 0.0, float(self._fits(np.array([must]), 0.0, 0)[0]))
            for must in self.problem.musts
        ]
        return kept if 0 in self.problem.locked else [*kept, *(each for each in musts if each not in kept)]

    def _grow(self, partials: Sequence[_Partial], position: int) -> list[_Partial]:
        """The best partial sets that are one track longer."""
        problem = self.problem
        steps = self.rows.of([partial.end for partial in partials])
        fresh = np.stack([self._fresh(partial) for partial in partials]) * np.float32(problem.weights.axes.freshness)
        counted = steps.sums.weights + np.float32(problem.weights.axes.freshness) * self.has_artist
        scores = (steps.sums.scores + fresh) / np.maximum(counted, np.float32(1e-9)) - steps.cliff
        everything = np.arange(len(problem.tracks))
        limit = (
            within_tempo(problem, [each.end for each in partials], problem.tracks)
            if problem.widest_pct is not None
            else None
        )
        children: list[tuple[float, int, int, float, float]] = []
        for row, partial in enumerate(partials):
            allowed = self._allowed(partial, position)
            if limit is not None:
                allowed &= limit[row]
            if problem.widest_pct is not None:
                allowed &= self._reachable(position, self._slots(partial))
            candidates = np.flatnonzero(allowed) if allowed.sum() < len(everything) // 8 else everything
            if not allowed.any():
                continue
            fits = self._fits(candidates, partial.elapsed_s, position)
            value = self._values(partial, position, scores[row][candidates], fits, candidates)
            value = np.where(allowed[candidates], value, -np.inf)
            for at in self._best(value, candidates):
                track = int(candidates[at])
                children.append((float(value[at]), row, track, float(scores[row, track]), float(fits[at])))
        return self._kept(partials, children)

    def _allowed(self, partial: _Partial, position: int) -> NDArray[np.bool_]:
        """Which tracks may stand at ``position``."""
        problem = self.problem
        allowed = np.zeros(len(problem.tracks), bool)
        if position in problem.locked:
            allowed[problem.locked[position]] = True
            return allowed
        waiting = [must for must in problem.musts if must not in partial.order]
        if len(waiting) < self._slots(partial):
            allowed |= self.free
            allowed[list(partial.order)] = False
        allowed[waiting] = True
        return allowed

    def _fits(self, candidates: NDArray[np.intp], elapsed_s: float, position: int) -> FloatColumn:
        """Closeness to the energy curve of tracks at this place; NaN without a curve."""
        problem = self.problem
        if problem.plan is None:
            return np.full(len(candidates), np.nan, np.float32)
        share: float | NDArray[np.float64]
        if problem.n_tracks is not None:
            share = position / max(1, problem.n_tracks - 1)
        else:
            assert problem.duration_s is not None
            share = np.minimum((elapsed_s + self.durations_s[candidates] / 2.0) / problem.duration_s, 1.0)
        return fit_to_plan(problem.tracks.level[candidates], problem.plan.at(share), problem.weights.set.half_off_curve)

    def _fresh(self, partial: _Partial) -> FloatColumn:
        artists = self.problem.tracks.artist
        played = artists[list(partial.order[-self.problem.weights.freshness.artist_gap :])]
        fresh = fresh_artists(played, self.n_artists, self.problem.weights.freshness.artist_gap)
        return np.asarray(fresh[artists] * self.has_artist, np.float32)

    def _values(
        self, partial: _Partial, position: int, scores: FloatColumn, fits: FloatColumn, candidates: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """What the partial set is worth with each candidate added, and what is known to be ahead."""
        weights = self.problem.weights.set
        # Sums over what is known of the whole set: perfect but for this, it would be worth as much less.
        lost_ahead = self._lost_ahead(candidates, position, self._slots(partial) - 1)
        n_tracks = max(self.n_tracks, position + 1)
        value = weights.transitions * (partial.transitions + scores - lost_ahead) / (n_tracks - 1)
        if self.problem.plan is not None:
            # A track of unknown energy neither gains nor loses against the middle.
            value = value + weights.curve * (partial.fits + np.nan_to_num(fits, nan=0.5)) / n_tracks
        return value + (partial.preference + self.problem.preference[candidates]) / n_tracks

    def _best(self, value: NDArray[np.float64], candidates: NDArray[np.intp]) -> Iterator[int]:
        """Places of the best candidates, and of all musts that may stand here."""
        count = min(_BRANCHES, len(value))
        best = np.argpartition(-value, count - 1)[:count]
        musts = np.flatnonzero(np.isin(candidates, self.problem.musts)) if self.problem.musts else best[:0]
        for at in np.unique(np.concatenate([best, musts])):
            if np.isfinite(value[at]):
                yield int(at)

    def _kept(
        self, partials: Sequence[_Partial], children: Sequence[tuple[float, int, int, float, float]]
    ) -> list[_Partial]:
        """The best children: within the width per number of musts placed, no two of the same tracks and end."""
        quota = max(self.width // (len(self.problem.musts) + 1), min(self.width, 8))
        kept: list[_Partial] = []
        counts: dict[int, int] = {}
        ends: dict[tuple[int, int], int] = {}
        seen: set[tuple[frozenset[int], int]] = set()
        ranked = sorted(
            children, key=lambda child: (-child[0], self.order_of_equals[child[2]], partials[child[1]].order)
        )
        for _, row, track, score, fit in ranked:
            parent = partials[row]
            n_musts = parent.n_musts + (track in self.problem.musts)
            content = (frozenset((*parent.order, track)), track)
            if counts.get(n_musts, 0) >= quota or ends.get((n_musts, track), 0) >= self._same_end(len(parent.order)):
                continue
            if content in seen:
                continue
            seen.add(content)
            counts[n_musts] = counts.get(n_musts, 0) + 1
            ends[n_musts, track] = ends.get((n_musts, track), 0) + 1
            kept.append(self._extended(parent, track, score, fit))
        return kept

    def _same_end(self, position: int) -> int:
        """How many kept sets may end with one track: more where there are few tracks to end with."""
        if position in self.problem.locked:
            return self.width
        return max(_SAME_END, -(-self.width // max(1, int(self.free.sum()))))

    def _extended(self, partial: _Partial, track: int, score: float, fit: float) -> _Partial:
        has_fit = self.problem.plan is not None
        return _Partial(
            order=(*partial.order, track),
            transitions=partial.transitions + score,
            fits=partial.fits + ((0.5 if np.isnan(fit) else fit) if has_fit else 0.0),
            n_fits=partial.n_fits + has_fit,
            preference=partial.preference + float(self.problem.preference[track]),
            elapsed_s=partial.elapsed_s + float(self.durations_s[track]),
            n_musts=partial.n_musts + (track in self.problem.musts),
        )

    # --- what is ahead ----------------------------------------------------------------------------

    def _next_lock(self, position: int, slots_after: int) -> tuple[int, int] | None:
        """The next locked track after ``position`` and how many transitions lead there; None if there is none."""
        problem = self.problem
        later = [locked for locked in problem.locked if locked > position]
        if later:
            return problem.locked[min(later)], min(later) - position
        if problem.last is None:
            return None
        return problem.last, max(1, slots_after + 1)

    def _gap(self, candidates: NDArray[np.intp], target: int) -> FloatColumn:
        """log2 of the tempo to be bridged from candidates to a track; 0 where it is not known."""
        tracks = self.problem.tracks
        played = stretch(tracks.take(candidates), tracks.take([target]), double_time=self.problem.manner.double_time)
        return np.nan_to_num(np.abs(played.log2_ratio[:, 0]))

    def _lost_ahead(self, candidates: NDArray[np.intp], position: int, slots_after: int) -> FloatColumn | float:
        """What the way to the next locked track takes off the sum of transitions at least; 0 where none is locked."""
        found = self._next_lock(position, slots_after)
        if found is None:
            return 0.0
        target, n_transitions = found
        if n_transitions == 1:
            return np.asarray(np.float32(1.0) - self.rows.into(target)[candidates], np.float32)
        gap = self._gap(candidates, target)
        evenly = n_transitions * self._loss(gap / np.float32(n_transitions))
        # A leap may be cheaper than many steps.
        return np.minimum(evenly, self._loss(gap))

    def _loss(self, gap: FloatColumn) -> FloatColumn:
        """What a stretch, in log2, takes off a transition that is without fault otherwise."""
        weights = self.problem.weights
        halves = gap / np.float32(LOG2_PER_PCT * weights.tempo.half_pct)
        is_leap = gap > weights.lint.tempo_cliff_pct * LOG2_PER_PCT
        loss = np.float32(self.tempo_share) * (1.0 - np.exp2(-np.square(halves)))
        return np.asarray(loss + np.float32(cliff_cost(weights)) * is_leap, np.float32)

    def _reachable(self, position: int, slots: int) -> NDArray[np.bool_]:
        """From which tracks the next locked one can be reached within the limit of tempo."""
        found = self._next_lock(position, slots - 1)
        everything = np.arange(len(self.problem.tracks))
        if found is None:
            return np.ones(len(everything), bool)
        target, n_transitions = found
        assert self.problem.widest_pct is not None
        return self._gap(everything, target) <= n_transitions * self.problem.widest_pct * LOG2_PER_PCT + 1e-6


_EMPTY = _Partial((), 0.0, 0.0, 0, 0.0, 0.0, 0)
