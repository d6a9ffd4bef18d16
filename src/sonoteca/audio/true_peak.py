"""True peak: the largest value between the samples, by oversampling (ITU-R BS.1770-4 annex 2).

Oversampling everything costs more than decoding an MP3. A point between two samples cannot
exceed the largest sample within the filter's reach by more than the filter's gain, so only
places that could exceed the largest value found so far are oversampled.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

_HALF_TAPS = 12
_CELL = 64
# How many cells are looked at before the running maximum is compared again.
_BATCH = 32


@cache
def _phases(factor: int) -> NDArray[np.float32]:
    """Interpolation filters for the points between samples, shape (2 * _HALF_TAPS, factor - 1)."""
    # Kaiser beta 6: ripple and images below -63 dB, far finer than the 0.2 dB the measure promises.
    taps = signal.firwin(2 * _HALF_TAPS * factor - 1, 1.0 / factor, window=("kaiser", 6.0)) * factor
    columns = [np.concatenate([taps, [0.0]])[phase - 1 :: factor][: 2 * _HALF_TAPS] for phase in range(1, factor)]
    # Newest sample last; each phase passes DC exactly.
    return np.stack([column[::-1] / column.sum() for column in columns], axis=1).astype(np.float32)


def oversampling_factor(sample_rate: int) -> int:
    """Enough to bring the rate to about 192 kHz."""
    return 4 if sample_rate < 96_000 else 2 if sample_rate < 192_000 else 1


class TruePeak:
    """Running true peak (linear) over all channels of a sound."""

    def __init__(self, sample_rate: int, n_channels: int) -> None:
        self._factor = oversampling_factor(sample_rate)
        self._n_channels = n_channels
        self._tail = np.zeros((n_channels, 2 * _HALF_TAPS), dtype=np.float32)
        self.linear = 0.0
        if self._factor > 1:
            self._filters = _phases(self._factor)
            self._reach = float(np.abs(self._filters).sum(axis=0).max())

    def push(self, block: NDArray[np.float32], block_peak: float) -> None:
        """Take the next samples (n_channels, n), whose largest magnitude is ``block_peak``."""
        self.linear = max(self.linear, block_peak)
        if self._factor == 1 or block.shape[1] == 0:
            return
        # The place between the last block and this one, and then this one, as one stretch.
        stretch = np.concatenate([self._tail, block], axis=1)
        self._tail = stretch[:, -2 * _HALF_TAPS :].copy()
        if max(block_peak, float(np.abs(stretch[:, : 2 * _HALF_TAPS]).max())) * self._reach <= self.linear:
            return
        for channel in stretch:
            self._search(channel)

    def finish(self) -> None:
        """The sound is over: look at its last samples, with silence behind them."""
        if self._factor > 1:
            self.push(np.zeros((self._n_channels, 2 * _HALF_TAPS), dtype=np.float32), 0.0)

    def _search(self, samples: NDArray[np.float32]) -> None:
        n_windows = len(samples) - 2 * _HALF_TAPS + 1
        n_cells = -(-n_windows // _CELL)
        width = _CELL + 2 * _HALF_TAPS - 1
        padded = np.zeros(n_cells * _CELL + 2 * _HALF_TAPS, dtype=np.float32)
        padded[: len(samples)] = samples
        cells = np.lib.stride_tricks.sliding_window_view(padded, width)[::_CELL]
        own_peaks = np.abs(padded[: (len(padded) // _CELL) * _CELL].reshape(-1, _CELL)).max(axis=1)
        following = np.append(own_peaks[1:], np.abs(padded[len(own_peaks) * _CELL :]).max(initial=0.0))
        bound = np.maximum(own_peaks, following)[:n_cells] * self._reach
        order = np.argsort(bound)[::-1]
        for first in range(0, n_cells, _BATCH):
            chosen = order[first : first + _BATCH]
            chosen = chosen[bound[chosen] > self.linear]
            if not len(chosen):
                return
            windows = np.lib.stride_tricks.sliding_window_view(cells[chosen], 2 * _HALF_TAPS, axis=1)
            self.linear = max(self.linear, float(np.abs(windows @ self._filters).max()))
