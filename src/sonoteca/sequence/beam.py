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
_BLOCK = 64
_TINY = np.float32(1e-9)


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
    preference: float
    elapsed_s: float
    n_musts: int

    @property
    def end(self) -> int:
        return self.order[-1]


@dataclass(frozen=True, slots=True)
class _Child:
    """A partial set, by its row, with a track more; ``value`` is what it adds to the whole and what is known to be ahead."""

    value: float
    row: int
    track: int
    score: float
    fit: float


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """Per track closeness to the curve at a place, and all that it adds by standing there."""

    fits: FloatColumn
    value: FloatColumn


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
        fixed = [*problem.locked.values(), *problem.musts, *([] if problem.last is None else [problem.last])]
        self.free[[*fixed, *(copy for index in fixed for copy in rows.copies.of(index))]] = False
        self.n_free = int(self.free.sum())
        self._standings: dict[tuple[int, float, int], _Standing] = {}
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
        ended = [partial.order for partial in finished if self._may_end(partial)]
        if not ended:
            raise DeadEnd(len(finished[0].order), finished[0].order)
        return ended if self.problem.last is None else [(*order, self.problem.last) for order in ended]

    def _may_end(self, partial: _Partial) -> bool:
        """Whether the last track may follow: a set that fills a time ends sooner or later than was guessed."""
        problem = self.problem
        if problem.last is None or problem.widest_pct is None:
            return True
        return bool(within_tempo(problem, [partial.end], problem.tracks.take([problem.last]))[0, 0])

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
        rest = self.n_free - int(self.free[self._taken(partial)].sum())
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

    # --- growing ----------------------------------------------------------------------------------

    def _starts(self) -> list[_Partial]:
        allowed = np.flatnonzero(self._allowed(_EMPTY, 0))
        if not len(allowed):
            raise DeadEnd(0, ())
        standing = self._standing(_EMPTY, 0)
        best = allowed[np.lexsort((self.order_of_equals[allowed], -standing.value[allowed]))]
        firsts = dict.fromkeys(best[: _STARTS * self.width].tolist())
        if 0 not in self.problem.locked:
            firsts |= dict.fromkeys(self.problem.musts)
        return [self._extended(_EMPTY, track, 0.0, float(standing.fits[track])) for track in firsts]

    def _grow(self, partials: Sequence[_Partial], position: int) -> list[_Partial]:
        """The best partial sets that are one track longer."""
        problem = self.problem
        ends = [partial.end for partial in partials]
        steps = self.rows.of(ends)
        weight = np.float32(problem.weights.axes.freshness)
        fresh = np.stack([self._fresh(partial) for partial in partials])
        scores = (steps.sums.scores + weight * fresh) / (steps.sums.weights + weight * self.has_artist + _TINY)
        scores -= steps.cliff
        per_score = np.float32(problem.weights.set.transitions / (max(self.n_tracks, position + 1) - 1))
        limit = within_tempo(problem, ends, problem.tracks) if problem.widest_pct is not None else None
        children: list[_Child] = []
        for row, partial in enumerate(partials):
            allowed = self._allowed(partial, position)
            if limit is not None:
                allowed &= limit[row] & self._reachable(position, self._slots(partial))
            standing = self._standing(partial, position)
            value = np.where(allowed, per_score * scores[row] + standing.value, np.float32(-np.inf))
            before = self._value_of(partial)
            for track in self._best(value):
                fit = float(standing.fits[track])
                children.append(_Child(before + float(value[track]), row, track, float(scores[row, track]), fit))
        return self._kept(partials, children)

    def _value_of(self, partial: _Partial) -> float:
        """What the tracks of a partial set add to the whole."""
        weights, n_tracks = self.problem.weights.set, max(self.n_tracks, len(partial.order) + 1)
        return (
            weights.transitions * partial.transitions / (n_tracks - 1)
            + (weights.curve * partial.fits + partial.preference) / n_tracks
        )

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
            allowed[self._taken(partial)] = False
        allowed[waiting] = True
        return allowed

    def _taken(self, partial: _Partial) -> list[int]:
        """The tracks of a partial set, and other encodings of them: each once."""
        return list({each for index in partial.order for each in (index, *self.rows.copies.of(index))})

    def _standing(self, partial: _Partial, position: int) -> _Standing:
        """What every track adds by standing at ``position``, whatever it follows."""
        problem, slots_after = self.problem, self._slots(partial) - 1
        if problem.duration_s is None:
            share = position / max(1, self.n_tracks - 1)
        else:
            share = min(1.0, (partial.elapsed_s + self.mean_s / 2.0) / problem.duration_s)
        key = (position, share, slots_after)
        if key not in self._standings:
            self._standings = {held: each for held, each in self._standings.items() if held[0] == position}
            self._standings[key] = self._compute_standing(position, share, slots_after)
        return self._standings[key]

    def _compute_standing(self, position: int, share: float, slots_after: int) -> _Standing:
        problem, weights, n_tracks = self.problem, self.problem.weights.set, max(self.n_tracks, position + 1)
        fits = np.zeros(len(problem.tracks), np.float32)
        if problem.plan is not None:
            fits = fit_to_plan(problem.tracks.level, problem.plan.at(share), weights.half_off_curve)
            # A track of unknown energy neither gains nor loses against the middle.
            fits = np.nan_to_num(fits, nan=0.5)
        value = (weights.curve * fits + problem.preference) / n_tracks
        # Sums over what is known of the whole set: perfect but for this, it would be worth as much less.
        lost = self._lost_ahead(position, slots_after)
        if lost is not None:
            value = value - weights.transitions * lost / max(1, n_tracks - 1)
        return _Standing(fits, value.astype(np.float32))

    def _fresh(self, partial: _Partial) -> FloatColumn:
        artists = self.problem.tracks.artist
        played = artists[list(partial.order[-self.problem.weights.freshness.artist_gap :])]
        fresh = fresh_artists(played, self.n_artists, self.problem.weights.freshness.artist_gap)
        return np.asarray(fresh[artists] * self.has_artist, np.float32)

    def _best(self, value: FloatColumn) -> Iterator[int]:
        """The best tracks, and all musts that may stand here."""
        for track in sorted({*largest(value, _BRANCHES).tolist(), *self.problem.musts}):
            if np.isfinite(value[track]):
                yield int(track)

    def _kept(self, partials: Sequence[_Partial], children: Sequence[_Child]) -> list[_Partial]:
        """The best children: within the width per number of musts placed, no two of the same tracks and end."""
        quota = max(self.width // (len(self.problem.musts) + 1), min(self.width, 8))
        kept: list[_Partial] = []
        counts: dict[int, int] = {}
        ends: dict[tuple[int, int], int] = {}
        seen: set[tuple[frozenset[int], int]] = set()
        ranked = sorted(
            children, key=lambda child: (-child.value, self.order_of_equals[child.track], partials[child.row].order)
        )
        for child in ranked:
            parent, track = partials[child.row], child.track
            n_musts = parent.n_musts + (track in self.problem.musts)
            content = (frozenset((*parent.order, track)), track)
            if counts.get(n_musts, 0) >= quota or ends.get((n_musts, track), 0) >= self._same_end(len(parent.order)):
                continue
            if content in seen:
                continue
            seen.add(content)
            counts[n_musts] = counts.get(n_musts, 0) + 1
            ends[n_musts, track] = ends.get((n_musts, track), 0) + 1
            kept.append(self._extended(parent, track, child.score, child.fit))
        return kept

    def _same_end(self, position: int) -> int:
        """How many kept sets may end with one track: more where there are few tracks to end with."""
        if position in self.problem.locked:
            return self.width
        return max(_SAME_END, -(-self.width // max(1, self.n_free)))

    def _extended(self, partial: _Partial, track: int, score: float, fit: float) -> _Partial:
        return _Partial(
            order=(*partial.order, track),
            transitions=partial.transitions + score,
            fits=partial.fits + fit,
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

    def _gap(self, target: int) -> FloatColumn:
        """log2 of the tempo to be bridged from every track to this one; 0 where it is not known."""
        tracks = self.problem.tracks
        played = stretch(tracks, tracks.take([target]), double_time=self.problem.style.double_time)
        return np.nan_to_num(np.abs(played.log2_ratio[:, 0]))

    def _lost_ahead(self, position: int, slots_after: int) -> FloatColumn | None:
        """What the way from every track to the next locked one takes off the sum of transitions at least; None without one."""
        found = self._next_lock(position, slots_after)
        if found is None:
            return None
        target, n_transitions = found
        if n_transitions == 1:
            return np.asarray(np.float32(1.0) - self.rows.into(target), np.float32)
        gap = self._gap(target)
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
        if found is None:
            return np.ones(len(self.problem.tracks), bool)
        target, n_transitions = found
        assert self.problem.widest_pct is not None
        # Slowing down by a percent is the longer way on the log scale.
        widest = -np.log2(max(1.0 - self.problem.widest_pct / 100.0, 1e-3))
        return np.asarray(self._gap(target) <= n_transitions * widest + 1e-6)


def largest(values: FloatColumn, count: int) -> NDArray[np.intp]:
    """Where the ``count`` largest values stand, unordered; all places where there are no more.

    Exact, and much faster than a partition of everything: the largest stand in the blocks with the
    largest maxima.

    >>> sorted(largest(np.array([3.0, 9.0, 1.0, 7.0], np.float32), 2).tolist())
    [1, 3]
    """
    n_blocks = len(values) // _BLOCK
    if n_blocks <= count:
        return np.argsort(-values, kind="stable")[:count]
    whole = values[: n_blocks * _BLOCK].reshape(n_blocks, _BLOCK)
    blocks = np.argpartition(-whole.max(axis=1), count - 1)[:count]
    places = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
    places = np.concatenate([places, np.arange(n_blocks * _BLOCK, len(values))])
    return places[np.argpartition(-values[places], count - 1)[:count]]


_EMPTY = _Partial((), 0.0, 0.0, 0.0, 0.0, 0)
