"""A coarse trail of pitch classes over time; bars tend to begin where it changes.

Half of the frames' values are the bass (55 to 262 Hz), half the range above it (to 2.1 kHz).
No tuning, no peaks: the trail is only ever compared with itself a few beats earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block, FeatureStream

N_ROWS = 24
_LOWEST_HZ, _SPLIT_HZ, _HIGHEST_HZ = 52.0, 262.0, 2100.0


@dataclass(frozen=True, slots=True)
class HarmonyTrail:
    """Square-root magnitude per pitch class; rows 0..11 bass from C, rows 12..23 above, shape (24, n_frames)."""

    n_fft: int = 8192
    hop_length: int = 2048

    def open(self, sample_rate: int) -> FeatureStream:
        return _TrailStream(self, sample_rate)


class _TrailStream:
    def __init__(self, feature: HarmonyTrail, sample_rate: int) -> None:
        self._feature = feature
        hz = np.arange(feature.n_fft // 2 + 1) * (sample_rate / feature.n_fft)
        inside = np.flatnonzero((hz >= _LOWEST_HZ) & (hz < _HIGHEST_HZ))
        self._first, self._stop = int(inside[0]), int(inside[-1]) + 1
        midi = 69.0 + 12.0 * np.log2(hz[inside] / 440.0)
        row = np.round(midi).astype(np.intp) % 12 + np.where(hz[inside] < _SPLIT_HZ, 0, 12)
        self._rows = np.zeros((len(inside), N_ROWS), np.float32)
        self._rows[np.arange(len(inside)), row] = 1.0

    def push(self, block: Block) -> NDArray[np.float32]:
        spectrum = block.magnitude(self._feature.n_fft, self._feature.hop_length)
        return np.ascontiguousarray((np.sqrt(spectrum[:, self._first : self._stop]) @ self._rows).T)
