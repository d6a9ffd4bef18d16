"""All channels to one, at the analysis rate."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.audio.signal import ANALYSIS_RATE

# The mean of the channels keeps at least this share of their mean power, else they cancel:
# two channels keep (1 + correlation) / 2, so this is a correlation of -0.9.
_CANCELS_BELOW = 0.05
# A block that is this quiet (-100 dB) decides nothing.
_SILENT_POWER = 1e-10
_FADE_SAMPLES = 1024


class MonoMix:
    """The mean of the channels; where they cancel, the louder channel, faded in and out.

    ``n_cancelled`` counts the samples for which one channel had to stand for all.
    """

    def __init__(self, n_channels: int) -> None:
        self._mean = np.full(n_channels, 1.0 / n_channels, dtype=np.float32)
        # The channel that stands for all, or None for the mean.
        self._chosen: int | None = None
        self._has_begun = False
        self.n_cancelled = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mono (n,) of the next samples (n_channels, n)."""
        n_channels, n = block.shape
        if n_channels == 1:
            return np.asarray(block[0])
        mean = self._mean @ block
        power = np.einsum("ij,ij->i", block, block) / max(1, n)
        before, has_begun = self._chosen, self._has_begun
        if power.mean() > _SILENT_POWER:
            self._has_begun = True
            cancels = float(np.dot(mean, mean)) / n < _CANCELS_BELOW * float(power.mean())
            self._chosen = self._loudest(power) if cancels else None
        mono = mean if self._chosen is None else block[self._chosen].copy()
        if self._chosen is not None:
            self.n_cancelled += n
        if self._chosen != before and has_begun:
            fade = min(_FADE_SAMPLES, n)
            earlier = mean if before is None else block[before]
            rise = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
            mono[:fade] = mono[:fade] * rise + earlier[:fade] * (1.0 - rise)
        return mono

    def _loudest(self, power: NDArray[np.float32]) -> int:
        loudest = int(np.argmax(power))
        # The channel chosen before stays unless another is twice as loud: every change is a seam.
        if self._chosen is not None and power[loudest] < 2.0 * power[self._chosen]:
            return self._chosen
        return loudest


class ToRate:
    """Streaming resampler of mono samples with exact length and no delay; to ``ANALYSIS_RATE`` unless told otherwise."""

    def __init__(self, sample_rate: int, target_rate: int = ANALYSIS_RATE) -> None:
        self._sample_rate, self._target_rate = sample_rate, target_rate
        self._n_in = self._n_out = 0
        self._stream = None
        if sample_rate != target_rate:
            self._stream = soxr.ResampleStream(sample_rate, target_rate, 1, dtype="float32", quality="HQ")

    def push(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        """What can be given of the sound so far."""
        self._n_in += len(mono)
        return self._give(mono if self._stream is None else self._stream.resample_chunk(mono, last=False))

    def finish(self) -> NDArray[np.float32]:
        """The rest: in total ``round(n_in * target_rate / sample_rate)`` samples."""
        n_total = resampled_length(self._n_in, self._sample_rate, self._target_rate)
        rest = np.zeros(0, dtype=np.float32)
        if self._stream is not None:
            rest = self._stream.resample_chunk(rest, last=True)
        rest = rest[: n_total - self._n_out]
        # soxr rounds the length its own way: at most a sample or two is missing.
        return self._give(np.pad(rest, (0, n_total - self._n_out - len(rest))))

    def _give(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        # Nothing beyond the exact length may leave, not even before the end is known.
        n_allowed = resampled_length(self._n_in, self._sample_rate, self._target_rate) - self._n_out
        given = samples[: max(0, n_allowed)]
        self._n_out += len(given)
        return given


def resampled_length(n_samples: int, sample_rate: int, target_rate: int = ANALYSIS_RATE) -> int:
    """Length at the target rate of ``n_samples`` at ``sample_rate``, rounded exactly (half to even)."""
    return round(Fraction(n_samples * target_rate, sample_rate))
