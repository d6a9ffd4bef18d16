"""True peak: the largest value between the samples, by oversampling (ITU-R BS.1770-4 annex 2).

Oversampling everything would cost more than decoding an MP3, and is not needed to be exact.
A band-limited interpolation is the straight line between two samples plus a filtered second
difference, so a point between samples is at most

    largest sample around + ``_bend`` x largest second difference within the filter's reach,

and only cells whose bound exceeds the largest value found so far are oversampled, the most
promising first.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_HALF_TAPS = 12
_TAPS = 2 * _HALF_TAPS
_CELL = 64
# How many cells are oversampled before the running maximum is compared again.
_BATCH = 16


@cache
def _phases(factor: int) -> tuple[NDArray[np.float32], float]:
    """Interpolation filters (taps, factor - 1) for the points between samples, and ``_bend``.

    Output ``k`` of a filter lies between the samples ``k + _HALF_TAPS - 1`` and ``k + _HALF_TAPS``.
    """
    # Kaiser beta 6: images below -63 dB, flat within 0.01 dB up to 0.8 of Nyquist.
    n_taps = _TAPS * factor - 1
    taps = np.sinc((np.arange(n_taps) - n_taps // 2) / factor) * np.kaiser(n_taps, 6.0)
    filters, bend = [], 0.0
    for phase in range(1, factor):
        weights = np.append(taps, 0.0)[phase - 1 :: factor][:_TAPS][::-1]
        weights = weights / weights.sum()
        # A straight line has to pass exactly (the window leaves an error of 0.001 samples): then
        # the difference to linear interpolation is a filter of second differences.
        position = phase / factor
        error = float(np.arange(_TAPS) @ weights) - (_HALF_TAPS - 1 + position)
        weights[_HALF_TAPS - 1] += error
        weights[_HALF_TAPS] -= error
        difference = weights.copy()
        difference[_HALF_TAPS - 1] -= 1.0 - position
        difference[_HALF_TAPS] -= position
        bend = max(bend, float(np.abs(np.cumsum(np.cumsum(difference))).sum()))
        filters.append(weights)
    return np.stack(filters, axis=1).astype(np.float32), bend


def oversampling_factor(sample_rate: int) -> int:
    """Enough to bring the rate to about 192 kHz, as annex 2 asks."""
    return 4 if sample_rate < 96_000 else 2 if sample_rate < 192_000 else 1


class TruePeak:
    """Running true peak (linear) over all channels of a sound; samples before and after it are zero."""

    def __init__(self, sample_rate: int, n_channels: int) -> None:
        self._factor = oversampling_factor(sample_rate)
        self._n_channels = n_channels
        self._tail = np.zeros((n_channels, _TAPS - 1), dtype=np.float32)
        self._tail_peak = 0.0
        self.linear = 0.0
        if self._factor > 1:
            self._filters, self._bend = _phases(self._factor)

    def push(self, block: NDArray[np.float32], block_peak: float) -> None:
        """Take the next samples (n_channels, n), whose largest magnitude is ``block_peak``."""
        self.linear = max(self.linear, block_peak)
        if self._factor == 1 or block.shape[1] == 0:
            return
        largest = max(block_peak, self._tail_peak)
        # The largest second difference there can be is four times the largest sample.
        may_exceed = largest * (1.0 + 4.0 * self._bend) > self.linear
        if may_exceed or block.shape[1] < _TAPS:
            stretch = np.concatenate([self._tail, block], axis=1)
            self._tail = stretch[:, 1 - _TAPS :].copy()
            if may_exceed:
                self._search(stretch)
        else:
            self._tail = block[:, 1 - _TAPS :].copy()
        self._tail_peak = float(np.abs(self._tail).max())

    def finish(self) -> None:
        """The sound is over: look at its last samples, with silence behind them."""
        if self._factor > 1:
            self.push(np.zeros((self._n_channels, _TAPS - 1), dtype=np.float32), 0.0)

    def _search(self, stretch: NDArray[np.float32]) -> None:
        n_windows = stretch.shape[1] - _TAPS + 1
        n_cells = -(-n_windows // _CELL)
        # One cell more than needed: every cell has a neighbour that its windows reach into.
        padded = np.zeros((len(stretch), (n_cells + 1) * _CELL + 2), dtype=np.float32)
        padded[:, : stretch.shape[1]] = stretch
        bends = np.diff(padded, n=2, axis=1)
        bound = _reach(padded[:, :-2]) + np.float32(self._bend) * _reach(bends)
        windows_of = np.lib.stride_tricks.sliding_window_view(padded, _CELL + _TAPS - 1, axis=1)[:, ::_CELL]
        channels, cells = np.nonzero(bound > self.linear)
        order = np.argsort(bound[channels, cells])[::-1]
        for first in range(0, len(order), _BATCH):
            chosen = order[first : first + _BATCH]
            if bound[channels[chosen[0]], cells[chosen[0]]] <= self.linear:
                return
            windows = np.lib.stride_tricks.sliding_window_view(
                windows_of[channels[chosen], cells[chosen]], _TAPS, axis=1
            )
            between = np.abs(windows @ self._filters)
            # The last cell is filled up with zeros; what lies there is for the next block to see.
            between[cells[chosen] == n_cells - 1, n_windows - (n_cells - 1) * _CELL :] = 0.0
            self.linear = max(self.linear, float(between.max()))


def _reach(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Largest magnitude in each cell and the one after it, shape (n_channels, n_cells)."""
    starts = np.arange(0, values.shape[1], _CELL)
    # Twice as fast as a reduction over the last of three axes.
    peaks = np.maximum(np.maximum.reduceat(values, starts, axis=1), -np.minimum.reduceat(values, starts, axis=1))
    return np.maximum(peaks[:, :-1], peaks[:, 1:])
