"""Find a rhythm by tapping or beatboxing it, at any tempo.

A rhythm is a list of onset times with accents. Where in which rhythm, and how fast, the taps
may be is proposed twice: loops are gone round at every tempo (``loop_turns``), and in rhythms
of any length windows of six onsets, scaled to length one, are compared. Each proposal is then
judged by all its onsets: taps that meet one, and onsets that no tap met, as the harmonic mean
of precision and recall with a soft tolerance; who taps leaves out weak onsets before strong
ones. A loop is laid end to end, so that taps may run over its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from sonoteca.search.hum.loop_turns import LoopCircles

WINDOW_ONSETS = 6
FEWEST_TAPS = 5
# Taps slower or faster than this against the rhythm are another rhythm.
SLOWEST, FASTEST = 0.45, 2.2
# Taps this far (seconds of the tapping) from an onset count as half met.
TOLERANCE_S = 0.055
_NEIGHBOURS, _PLACES, _TURNS = 60, 150, 200
# What the weakest onset counts, for its loop when it is not tapped and for a tap that meets it, and what the score
# is worth: somebody taps kick and snare, or, less often, every stroke.
_READINGS = ((0.05, 0.4, 1.0), (1.0, 1.0, 0.9))
# Tempo and place are found in so many seconds of the tapping, where a guess of the tempo is not yet far off.
_FIRST_S = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """Onsets of one sound, rising; ``loop_s`` is its exact length if it is a loop, else None.

    ``accents`` 0..1 per onset, None where unknown: what is weak need not be tapped.
    """

    key: int
    onsets_s: NDArray[np.float32]
    loop_s: float | None = None
    accents: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.onsets_s.ndim != 1 or bool(np.any(np.diff(self.onsets_s) <= 0.0)):
            raise ValueError(f"onsets of rhythm {self.key} have to rise")
        if self.loop_s is not None and self.loop_s <= 0.0:
            raise ValueError(f"loop_s of rhythm {self.key} must be positive, got {self.loop_s}")
        if self.accents is not None and self.accents.shape != self.onsets_s.shape:
            raise ValueError(f"rhythm {self.key} needs an accent for each of its {len(self.onsets_s)} onsets")


@dataclass(frozen=True, slots=True)
class TapMatch:
    """``score`` 0..1; ``scale`` seconds of the rhythm per second tapped; the span is of the rhythm's sound."""

    key: int
    score: float
    start_s: float
    end_s: float
    scale: float


class RhythmIndex:
    """Rhythms by key, searched by taps."""

    def __init__(self, rhythms: Sequence[Rhythm]) -> None:
        keys = [rhythm.key for rhythm in rhythms]
        if len(set(keys)) < len(keys):
            raise ValueError("each key may stand for one rhythm only")
        self._keys = np.array(keys, np.int64)
        unrolled = [_unrolled(rhythm) for rhythm in rhythms]
        self._onsets = [onsets for onsets, _ in unrolled]
        self._accents = [accents for _, accents in unrolled]
        self._loops = [rhythm.loop_s for rhythm in rhythms]
        vectors, owners, firsts = [np.zeros((0, WINDOW_ONSETS - 2), np.float32)], list[int](), list[int]()
        for number, onsets in enumerate(self._onsets):
            loop_s = self._loops[number]
            # Every place of a loop is reached from its first round.
            limit = len(onsets) if loop_s is None else int(np.searchsorted(onsets, loop_s))
            windows = _windows(onsets)[:limit]
            vectors.append(windows)
            owners += [number] * len(windows)
            firsts += range(len(windows))
        self._owners, self._firsts = np.array(owners, np.int64), np.array(firsts, np.int64)
        self._index = faiss.IndexFlatL2(WINDOW_ONSETS - 2)
        self._index.add(np.concatenate(vectors))
        loops = [rhythm for rhythm in rhythms if rhythm.loop_s is not None]
        self._loop_numbers = np.flatnonzero([rhythm.loop_s is not None for rhythm in rhythms])
        self._circles = LoopCircles(
            [rhythm.onsets_s for rhythm in loops],
            [_weight(_READINGS[0][0], _accents(rhythm)) for rhythm in loops],
            [rhythm.loop_s for rhythm in loops if rhythm.loop_s is not None],
        )

    def __len__(self) -> int:
        return len(self._keys)

    def search(
        self, taps_s: NDArray[np.float32], k: int = 10, *, where: Iterable[int] | None = None
    ) -> tuple[TapMatch, ...]:
        """The ``k`` rhythms that fit the taps best, best first; empty for fewer than ``FEWEST_TAPS`` taps."""
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if len(taps_s) < FEWEST_TAPS or not self._index.ntotal:
            return ()
        taps = taps_s.astype(np.float32)
        usable = np.ones(len(self), bool) if where is None else np.isin(self._keys, np.fromiter(where, np.int64))
        best: dict[int, TapMatch] = {}
        for number, origin, scale in self._turns(taps, usable) + self._proposals(taps, usable):
            match = self._judged(number, taps, origin, scale)
            if match.key not in best or match.score > best[match.key].score:
                best[match.key] = match
        return tuple(sorted(best.values(), key=lambda match: (-match.score, match.key))[:k])

    def _turns(self, taps: NDArray[np.float32], usable: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
        """(rhythm number, time of its clock at the first tap, scale) of loops gone round, likeliest first."""
        turns = self._circles.places(taps[taps - taps[0] < _FIRST_S], usable[self._loop_numbers])
        best = np.argsort(-turns.excess, kind="stable")[:_TURNS]
        numbers = self._loop_numbers[turns.loop[best]]
        return list(zip(numbers.tolist(), turns.origin_s[best].tolist(), turns.scale[best].tolist(), strict=True))

    def _proposals(self, taps: NDArray[np.float32], usable: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
        """The same for rhythms of any length, by windows of onsets."""
        asked = _windows(taps)
        parameters = None
        if not usable.all():
            rows = usable[self._owners]
            if not rows.any():
                return []
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(rows, bitorder="little")))
        neighbours = min(_NEIGHBOURS, self._index.ntotal)
        distances, found = self._index.search(asked, neighbours, params=parameters)
        places: dict[tuple[int, int, int], tuple[float, float, float]] = {}
        for tap, (row_distances, row) in enumerate(zip(distances, found, strict=True)):
            last = min(tap + WINDOW_ONSETS, len(taps)) - 1
            for distance, window in zip(row_distances, row, strict=True):
                if window < 0:
                    continue
                number, first = int(self._owners[window]), int(self._firsts[window])
                onsets = self._onsets[number]
                final = min(first + (last - tap), len(onsets) - 1)
                scale = float((onsets[final] - onsets[first]) / max(taps[last] - taps[tap], 1e-3))
                if not SLOWEST <= scale <= FASTEST:
                    continue
                origin = float(onsets[first]) - scale * float(taps[tap] - taps[0])
                place = (number, round(origin / 0.25), round(12.0 * np.log2(scale)))
                weight = float(np.exp(-distance / 0.01))
                total = places.get(place, (0.0, origin, scale))[0]
                places[place] = (total + weight, origin, scale)
        ranked = sorted(places.items(), key=lambda item: -item[1][0])[:_PLACES]
        return [(place[0], origin, scale) for place, (_, origin, scale) in ranked]

    def _judged(self, number: int, taps: NDArray[np.float32], origin: float, scale: float) -> TapMatch:
        onsets, loop_s = self._onsets[number], self._loops[number]
        if loop_s is not None and origin < 0.0:
            origin += loop_s
        # Met taps say better where and how fast: the first ones, then all, whose last is the farthest off.
        for until_s in (_FIRST_S, np.inf):
            since = (taps - taps[0])[taps - taps[0] < until_s].astype(np.float64)
            at = origin + scale * since
            nearest = _nearest(onsets, at)
            met = np.exp2(-np.square((onsets[nearest] - at) / (scale * TOLERANCE_S)))
            if met.sum() > 2.0:
                slope, level = np.polyfit(since, onsets[nearest], 1, w=met + 1e-3)
                if 0.8 * scale < slope < 1.25 * scale:
                    origin, scale = float(level), float(slope)
        at = origin + scale * (taps - taps[0]).astype(np.float64)
        nearest = _nearest(onsets, at)
        met = np.exp2(-np.square((onsets[nearest] - at) / (scale * TOLERANCE_S)))
        accents = self._accents[number]
        between = (onsets > at[0] - scale * TOLERANCE_S) & (onsets < at[-1] + scale * TOLERANCE_S)
        inside = onsets[between]
        heard = np.exp2(-np.square((at[_nearest(at, inside)] - inside) / (scale * TOLERANCE_S)))
        score = 0.0
        for least_missed, least_met, worth in _READINGS if len(inside) else ():
            precision = float((met * _weight(least_met, accents[nearest])).mean())
            recall = float(np.average(heard, weights=_weight(least_missed, accents[between])))
            score = max(score, worth * 2.0 * precision * recall / max(precision + recall, 1e-9))
        start, end = float(max(at[0], 0.0)), float(at[-1])
        if loop_s is not None:
            length, start = end - start, start % loop_s
            # Taps that run over the end of a loop go round it.
            start, end = (
                (start, min(start + length, loop_s)) if start + length <= loop_s + TOLERANCE_S else (0.0, loop_s)
            )
        return TapMatch(int(self._keys[number]), score, start, max(end, start), scale)


def _accents(rhythm: Rhythm) -> NDArray[np.float64]:
    return np.ones(len(rhythm.onsets_s)) if rhythm.accents is None else rhythm.accents.astype(np.float64)


def _weight(least: float, accents: NDArray[np.float64]) -> NDArray[np.float64]:
    return least + (1.0 - least) * accents


def _unrolled(rhythm: Rhythm) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Onsets and accents, of a loop laid end to end."""
    onsets, accents = rhythm.onsets_s.astype(np.float64), _accents(rhythm)
    if rhythm.loop_s is None or not len(onsets):
        return onsets, accents
    inside = onsets < rhythm.loop_s - 1e-3
    # Taps of a short loop run through it several times.
    rounds = max(2, int(np.ceil(16.0 / rhythm.loop_s)))
    laid = np.concatenate([onsets[inside] + rhythm.loop_s * k for k in range(rounds)])
    return laid, np.tile(accents[inside], rounds)


def _windows(onsets: NDArray[np.floating]) -> NDArray[np.float32]:
    """Inner onsets of each window as parts of its length, float32 (n_windows, WINDOW_ONSETS - 2)."""
    if len(onsets) < 3:
        return np.zeros((0, WINDOW_ONSETS - 2), np.float32)
    if len(onsets) < WINDOW_ONSETS:
        onsets = np.concatenate([onsets, onsets[-1] + np.diff(onsets).mean() * np.arange(1, WINDOW_ONSETS)])
        onsets = onsets[:WINDOW_ONSETS]
    windows = np.lib.stride_tricks.sliding_window_view(onsets, WINDOW_ONSETS).astype(np.float64)
    span = np.maximum(windows[:, -1:] - windows[:, :1], 1e-3)
    return np.ascontiguousarray((windows[:, 1:-1] - windows[:, :1]) / span, np.float32)


def _nearest(sorted_values: NDArray[np.floating], wanted: NDArray[np.floating]) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(sorted_values, wanted), 1, max(len(sorted_values) - 1, 1))
    if len(sorted_values) < 2:
        return np.zeros(len(wanted), np.intp)
    return after - (wanted - sorted_values[after - 1] < sorted_values[after] - wanted)
