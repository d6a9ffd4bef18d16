"""Measures what mel bands blur: how peaked each octave of the spectrum is, and where its lowest peak stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block, FeatureStream

# Octaves in which sounds of one pitch, of many and of none differ; edges in Hz.
OCTAVE_EDGES_HZ = (60.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
LOW_RANGE_HZ = (30.0, 400.0)
TRAIT_NAMES = (
    *(f"crest above {low_hz:g} Hz" for low_hz in OCTAVE_EDGES_HZ[:-1]), "lowest peak", "share of the lowest peak", "crossings",
)  # fmt: skip
N_TRAITS = len(TRAIT_NAMES)
# Below this share of the frame's largest magnitude (-90 dB) an octave counts as empty. It is a
# share, so that a gain changes nothing.
_EMPTY = np.float32(3e-5)
# Digital silence: -150 dB is below what 24 bits hold.
_SILENT = np.float32(3e-8)


@dataclass(frozen=True, slots=True)
class SpectralTraits:
    """Peakedness per octave and the lowest strong peak.

    ``values`` float32, shape (9, n_frames): six times the crest of an octave (largest over
    mean magnitude in dB; a sine gives 20 and more, noise 6 to 11), then the frequency of the
    largest magnitude between 30 and 400 Hz (octaves above 30 Hz), its share of the frame's
    magnitude, and the rate of zero crossings (share of samples, 0..1). Silence is all 0.
    """

    n_fft: int = 2048
    hop_length: int = 512

    def open(self, sample_rate: int) -> FeatureStream:
        return _TraitStream(self, sample_rate)


class _TraitStream:
    def __init__(self, settings: SpectralTraits, sample_rate: int) -> None:
        self._settings = settings
        per_hz = settings.n_fft / sample_rate
        self._edges = np.rint(np.array(OCTAVE_EDGES_HZ) * per_hz).astype(int)
        self._low = slice(round(LOW_RANGE_HZ[0] * per_hz), round(LOW_RANGE_HZ[1] * per_hz))
        self._octaves = np.log2(np.maximum(np.arange(self._low.start, self._low.stop), 1) / per_hz / LOW_RANGE_HZ[0])
        self._last = np.float32(0.0)

    def push(self, block: Block) -> NDArray[np.float32]:
        hop_length = self._settings.hop_length
        magnitude = block.magnitude(self._settings.n_fft, hop_length)
        values = np.zeros((N_TRAITS, len(magnitude)), np.float32)
        floor = np.maximum(_EMPTY * magnitude.max(axis=1), _SILENT)
        spans = zip(self._edges[:-1], self._edges[1:], strict=True)
        for row, (first, stop) in enumerate(spans):
            octave = magnitude[:, first:stop]
            largest, mean = octave.max(axis=1), octave.mean(axis=1)
            values[row] = 20.0 * np.log10(np.maximum(largest, floor) / np.maximum(mean, floor))
        low = magnitude[:, self._low]
        where = low.argmax(axis=1)
        total = magnitude.sum(axis=1)
        loud = total > _SILENT * magnitude.shape[1]
        values[-3] = np.where(loud, self._octaves[where], 0.0)
        values[-2] = np.where(loud, low[np.arange(len(low)), where] / np.maximum(total, _SILENT), 0.0)
        values[-1] = np.where(loud, self._crossings(block, len(magnitude)), 0.0)
        return values

    def _crossings(self, block: Block, n_frames: int) -> NDArray[np.float32]:
        hop_length = self._settings.hop_length
        half = hop_length // 2
        signs = np.signbit(block.samples(before=half + 1, after=2 * hop_length)[: n_frames * hop_length + 1])
        crossings = signs[1:] != signs[:-1]
        return np.asarray(crossings.reshape(n_frames, hop_length).mean(axis=1, dtype=np.float32), np.float32)
