"""Energy per semitone: enough to tell one voice from a chord, without finding a pitch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block, FeatureStream


@dataclass(frozen=True, slots=True)
class SemitoneSpectrum:
    """Largest magnitude within each semitone, ``lowest_midi`` upwards.

    ``values`` float32, shape (n_semitones, n_frames), linear, a full-scale sine is 1.
    Equal temperament at A4 = 440 Hz; the bins of 8192 samples are narrower than a semitone
    from A1 (55 Hz) on.
    """

    lowest_midi: int = 33
    n_semitones: int = 60
    n_fft: int = 8192
    hop_length: int = 2048

    def open(self, sample_rate: int) -> FeatureStream:
        edges_midi = self.lowest_midi - 0.5 + np.arange(self.n_semitones + 1)
        edges_hz = 440.0 * 2.0 ** ((edges_midi - 69.0) / 12.0)
        edges = np.ceil(edges_hz / sample_rate * self.n_fft).astype(int)
        if edges[-1] > self.n_fft // 2 + 1 or np.any(np.diff(edges) < 1):
            raise ValueError(f"semitones {self.lowest_midi} to {edges_midi[-1]} do not fit n_fft {self.n_fft}")
        return _SemitoneStream(self, edges)


class _SemitoneStream:
    def __init__(self, settings: SemitoneSpectrum, edges: NDArray[np.int64]) -> None:
        self._settings = settings
        self._edges = edges

    def push(self, block: Block) -> NDArray[np.float32]:
        magnitude = block.magnitude(self._settings.n_fft, self._settings.hop_length)
        span = magnitude[:, self._edges[0] : self._edges[-1]]
        largest = np.maximum.reduceat(span, self._edges[:-1] - self._edges[0], axis=1)
        return np.ascontiguousarray(largest.T)
