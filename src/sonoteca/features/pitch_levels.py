"""Level per semitone over time: the strongest spectral line within half a semitone of each note.

The maximum, not the sum, is taken over the lines of a band: a partial of a note is one
line, while noise fills a band with many, and high bands are dozens of lines wide. It also
makes the level independent of a tuning up to ± 40 cents from A4 = 440 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block

# 16-bit quantisation noise in a 2,048 sample Hann window has lines of about -125 dB.
FLOOR_DB = -120.0
# Below this many lines a band is read between the lines instead of from whole lines.
_MIN_LINES = 5.0
_BETWEEN_SEMITONES = (-0.4, -0.2, 0.0, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class NoteLevels:
    """Decibels (0 = full-scale sine, at least ``FLOOR_DB``) per note and frame, shape (n_notes, n_frames).

    Row ``i`` is MIDI note ``low_midi + i``; the last is ``high_midi``. Rows above the
    Nyquist frequency hold ``FLOOR_DB``.
    """

    n_fft: int
    hop_length: int
    low_midi: int
    high_midi: int

    def __post_init__(self) -> None:
        if not 0 <= self.low_midi <= self.high_midi <= 135:
            raise ValueError(f"notes must rise within 0..135, got {self.low_midi}..{self.high_midi}")

    @property
    def n_notes(self) -> int:
        return self.high_midi - self.low_midi + 1

    def open(self, sample_rate: int) -> _NoteLevelsStream:
        return _NoteLevelsStream(self, sample_rate)


class _NoteLevelsStream:
    def __init__(self, feature: NoteLevels, sample_rate: int) -> None:
        self._feature = feature
        bin_hz = sample_rate / feature.n_fft
        notes = np.arange(feature.low_midi, feature.high_midi + 1)
        edges = _midi_to_bin(np.arange(len(notes) + 1) + feature.low_midi - 0.5, bin_hz)
        last_bin = feature.n_fft // 2
        self._n_audible = int(np.searchsorted(edges[1:], last_bin, side="right"))
        self._n_low = int(np.searchsorted(np.diff(edges), _MIN_LINES)) if len(notes) else 0
        self._n_low = min(self._n_low, self._n_audible)
        points = _midi_to_bin(notes[: self._n_low, None] + np.array(_BETWEEN_SEMITONES), bin_hz).reshape(-1)
        self._below = points.astype(np.intp)
        self._share = (points - self._below).astype(np.float32)
        self._edges = np.round(edges[self._n_low : self._n_audible + 1]).astype(np.intp)

    def push(self, block: Block) -> NDArray[np.float32]:
        magnitude = block.magnitude(self._feature.n_fft, self._feature.hop_length)
        level = np.full((self._feature.n_notes, len(magnitude)), 10.0 ** (FLOOR_DB / 20.0), dtype=np.float32)
        if self._n_low:
            low, high = magnitude[:, self._below], magnitude[:, self._below + 1]
            between = low + self._share * (high - low)
            level[: self._n_low] = between.reshape(len(magnitude), self._n_low, -1).max(axis=2).T
        if len(self._edges) > 1:
            first, stop = self._edges[0], self._edges[-1]
            bands = np.maximum.reduceat(magnitude[:, first:stop], self._edges[:-1] - first, axis=1)
            level[self._n_low : self._n_audible] = bands.T
        return np.maximum(np.float32(20.0) * np.log10(np.maximum(level, 1e-9)), np.float32(FLOOR_DB))


def _midi_to_bin(midi: NDArray[np.floating] | NDArray[np.integer], bin_hz: float) -> NDArray[np.float64]:
    hz = 440.0 * 2.0 ** ((np.asarray(midi, np.float64) - 69.0) / 12.0)
    return np.asarray(hz / bin_hz, np.float64)
