"""Where in a drum loop, and how fast, taps may begin: every place of every loop at every tempo.

A loop is a circle with a hill at each onset, as high as its accent. Taps, laid around it at a
tempo, are worth the heights they meet; the circular correlation by Fourier transform says so for
all places at once. What is compared is how far that exceeds what as many taps would meet by
chance, in standard deviations: a loop of nothing but sixteenths is met everywhere and says little.
Unsteady, missing and additional taps move single taps and not the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Points of a circle: the fewest of these that are closer together than this many seconds.
_SIZES, _POINT_S = (64, 128, 256, 512, 1024, 2048), 0.02
# Width of a hill: as unsteady as taps are.
_SPREAD_S = 0.025
# Seconds of the loop per second tapped; neighbours differ by 2.5 %, 50 ms after four seconds.
SCALES = np.geomspace(0.45, 2.2, 64)
_LONGEST_LOOP_S = _SIZES[-1] * _POINT_S
_PLACES_PER_LOOP = 4
_AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Likely places, arrays (n,): ``loop`` numbers a loop, ``origin_s`` is its clock at the first tap."""

    loop: NDArray[np.intp]
    origin_s: NDArray[np.float64]
    scale: NDArray[np.float64]
    excess: NDArray[np.float64]


class LoopCircles:
    """Loops as circles of heights, made once, asked by many taps."""

    def __init__(
        self, onsets_s: Sequence[NDArray[np.floating]], weights: Sequence[NDArray[np.floating]], loop_s: Sequence[float]
    ) -> None:
        self._loop_s = np.array(loop_s, np.float64)
        self._groups: list[tuple[int, NDArray[np.intp], NDArray[np.complexfloating]]] = []
        sizes = np.array([_size(length) for length in loop_s], np.intp)
        for size in sorted(set(sizes.tolist()) - {0}):
            members = np.flatnonzero(sizes == size)
            heights = np.stack([_heights(onsets_s[k], weights[k], loop_s[k], size) for k in members.tolist()])
            heights -= heights.mean(axis=1, keepdims=True)
            heights /= heights.std(axis=1, keepdims=True) + 1e-6
            self._groups.append((size, members, np.fft.rfft(heights.astype(np.float32), axis=1)))

    def places(self, taps_s: NDArray[np.floating], usable: NDArray[np.bool_]) -> Turns:
        """The best places of each usable loop; ``usable`` bool (n_loops,)."""
        since = (taps_s - taps_s[0]).astype(np.float64)
        found = []
        for size, members, spectra in self._groups:
            rows = np.flatnonzero(usable[members])
            for low in range(0, len(rows), _AT_ONCE):
                some = rows[low : low + _AT_ONCE]
                found.append(self._best(since, size, members[some], spectra[some]))
        columns = zip(*found, strict=True) if found else ([np.zeros(0)],) * 4
        loop, origin, scale, excess = (np.concatenate(column) for column in columns)
        return Turns(loop.astype(np.intp), origin, scale, excess)

    def _best(
        self, since: NDArray[np.float64], size: int, members: NDArray[np.intp], spectra: NDArray[np.complexfloating]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        point_s = self._loop_s[members] / size
        at = np.rint(since * SCALES[:, None] / point_s[:, None, None]).astype(np.intp) % size
        n_loops, n_scales, n_taps = at.shape
        circle = np.zeros((n_loops, n_scales, size), np.float32)
        cell = np.arange(n_loops)[:, None, None], np.arange(n_scales)[None, :, None], at
        np.add.at(circle, cell, np.float32(1.0))
        met = np.fft.irfft(spectra[:, None, :] * np.conj(np.fft.rfft(circle, axis=2)), n=size, axis=2)
        # Of the places of a tempo the best one, and of the tempos the best few.
        place = met.argmax(axis=2)
        excess = np.take_along_axis(met, place[:, :, None], axis=2)[:, :, 0] / np.sqrt(n_taps)
        best = np.argsort(-excess, axis=1)[:, :_PLACES_PER_LOOP]
        rows = np.arange(n_loops)[:, None]
        origin = place[rows, best] * point_s[:, None]
        repeated = np.repeat(members, best.shape[1])
        return repeated, origin.ravel(), SCALES[best].ravel(), excess[rows, best].astype(np.float64).ravel()


def _size(loop_s: float) -> int:
    """Points of the circle of a loop, 0 for one that is too long to be gone round."""
    if loop_s > _LONGEST_LOOP_S:
        return 0
    return next(size for size in _SIZES if loop_s <= size * _POINT_S)


def _heights(
    onsets_s: NDArray[np.floating], weights: NDArray[np.floating], loop_s: float, size: int
) -> NDArray[np.float64]:
    points = np.arange(size) * (loop_s / size)
    apart = np.abs(points[:, None] - onsets_s[None, :])
    apart = np.minimum(apart, loop_s - apart)
    return np.asarray((weights * np.exp(-0.5 * np.square(apart / _SPREAD_S))).sum(axis=1), np.float64)
