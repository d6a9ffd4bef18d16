"""Native measurements, block by block: what is known about a sound before it is resampled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.audio.kweighting import KWeighting, channel_weights
from sonoteca.audio.recording import NativeMeasurements
from sonoteca.audio.true_peak import TruePeak

STEPS_PER_S = 10
# Blocks hold a whole number of steps, so that steps never straddle blocks.
STEPS_PER_BLOCK = 16
# About 10 Hz wide bins at the usual rates; a quarter at rates whose blocks are shorter than that.
SPECTRUM_N_FFT = 4096
_LOW_RATE = 8_000
# A sound that is shorter than a spectrum is padded to one, down to this length.
_SHORTEST_SPECTRUM = 64
# A sound has a ceiling when its largest samples reach this; 16-bit clipping rests at 0.99997.
CLIP_LEVEL = 0.999
# Samples this close to the ceiling rest on it: three steps of a 16-bit word.
_CLIP_TOLERANCE = 1e-4
_CLIP_RUN = 3
# Larger floats are no sound (the largest 32-bit integer left unscaled is 2**31), and their squares overflow.
LARGEST_SAMPLE = 2.0**32
# Smaller ones are below the noise of any converter by 300 dB, and slow to calculate with.
SMALLEST_SAMPLE = 1e-20


def step_boundary(step: int, sample_rate: int) -> int:
    """First sample of a 100 ms step."""
    return (step * sample_rate + STEPS_PER_S // 2) // STEPS_PER_S


def steps_per_block(sample_rate: int, n_channels: int) -> int:
    """How many steps a block holds: fewer for many channels or a very high rate, to bound memory."""
    samples_per_step = max(1, sample_rate // STEPS_PER_S) * n_channels
    return max(1, min(STEPS_PER_BLOCK, 2**19 // samples_per_step))


def sanitize(block: NDArray[np.float32]) -> int:
    """Replace in place what is not a number or absurdly large by 0, and denormals; count the former."""
    magnitude = np.abs(block)
    is_tiny = magnitude < SMALLEST_SAMPLE
    is_valid = magnitude <= LARGEST_SAMPLE
    n_invalid = int(block.size - np.count_nonzero(is_valid))
    if n_invalid:
        block[~is_valid] = 0.0
    block[is_tiny] = 0.0
    return n_invalid


class NativeMeter:
    """Feeds on consecutive blocks of a sound; every block but the last holds whole steps.

    Parameters
    ----------
    sample_rate : int [Hz]
    channel_names : tuple of str
        FFmpeg's short names, for the weights of BS.1770.
    """

    def __init__(self, sample_rate: int, channel_names: tuple[str, ...]) -> None:
        n_channels = len(channel_names)
        self._sample_rate = sample_rate
        self._weights = channel_weights(channel_names)
        self._kweighting = KWeighting(sample_rate, n_channels)
        self._true_peak = TruePeak(sample_rate, n_channels)
        self._n_samples = 0
        self._n_steps = 0
        self._kpower: list[NDArray[np.float64]] = []
        self._step_peak: list[NDArray[np.float32]] = []
        self._step_power: list[NDArray[np.float64]] = []
        self._clipped: list[NDArray[np.int64]] = []
        self._ceiling = 0.0
        self._clip_run = np.zeros(n_channels, dtype=np.int64)
        self._sums = np.zeros(n_channels)
        self._squares = np.zeros(n_channels)
        self._cross = 0.0
        self._n_fft = SPECTRUM_N_FFT if sample_rate >= _LOW_RATE else SPECTRUM_N_FFT // 4
        self._spectrum = np.zeros(self._n_fft // 2 + 1)
        self._n_spectra = 0
        self._short_sound: NDArray[np.float32] | None = None
        self.n_invalid_samples = 0

    def push(self, block: NDArray[np.float32]) -> None:
        """Measure the next samples (n_channels, n)."""
        n = block.shape[1]
        if n == 0:
            return
        starts = self._step_starts(n)
        peaks = _step_max(block, starts)
        step_peak = peaks.max(axis=0)
        self._step_peak.append(step_peak)
        block_peak = float(step_peak.max())
        self._true_peak.push(block, block_peak)
        self._count_clipping(block, starts, peaks, block_peak)

        energy = _step_energy(block, starts)
        lengths = np.diff(starts, append=n)
        self._step_power.append((energy / lengths).T)
        self._squares += energy.sum(axis=1)
        self._sums += np.add.reduceat(block, starts, axis=1).sum(axis=1, dtype=np.float64)
        if len(block) >= 2:
            # Step by step: float32 sums over short stretches lose nothing that matters.
            self._cross += sum(
                float(np.dot(left, right))
                for left, right in zip(np.split(block[0], starts[1:]), np.split(block[1], starts[1:]), strict=True)
            )
        self._kpower.append(self._weights @ (_step_energy(self._kweighting.push(block), starts) / lengths))

        self._add_spectrum(block)
        self._n_samples += n

    def finish(self) -> NativeMeasurements:
        """The measurements of everything pushed."""
        self._true_peak.finish()
        if self._n_spectra == 0 and self._short_sound is not None and self._n_samples >= _SHORTEST_SPECTRUM:
            self._add_frames(self._short_sound, len(self._short_sound))
            self._n_spectra = 1
        n_channels = len(self._weights)
        n = max(1, self._n_samples)
        true_peak = self._true_peak.linear
        return NativeMeasurements(
            sample_rate=self._sample_rate,
            kweighted_power=_joined(self._kpower, np.float64),
            step_peak=_joined(self._step_peak, np.float32),
            true_peak_dbtp=float(20.0 * np.log10(true_peak)) if true_peak > 0 else None,
            step_power=_joined(self._step_power, np.float64).reshape(-1, n_channels),
            clipped_samples=_joined(self._clipped, np.int64),
            dc_offset=self._sums / n,
            stereo_correlation=self._correlation(n),
            spectrum=self._spectrum / self._n_spectra if self._n_spectra else np.zeros(0),
            n_invalid_samples=self.n_invalid_samples,
        )

    def _step_starts(self, n: int) -> NDArray[np.intp]:
        """Where the steps of this block begin, from 0."""
        first = self._n_steps
        offset = step_boundary(first, self._sample_rate)
        assert offset == self._n_samples, "only the last block may hold a partial step"
        starts = []
        while (start := step_boundary(self._n_steps, self._sample_rate) - offset) < n:
            starts.append(start)
            self._n_steps += 1
        return np.array(starts, dtype=np.intp)

    def _count_clipping(
        self,
        block: NDArray[np.float32],
        starts: NDArray[np.intp],
        peaks: NDArray[np.float32],
        block_peak: float,
    ) -> None:
        counts = np.zeros(len(starts), dtype=np.int64)
        if block_peak > self._ceiling * (1.0 + _CLIP_TOLERANCE):
            # What looked like the ceiling before was below it.
            for earlier in self._clipped:
                earlier[:] = 0
        self._ceiling = max(self._ceiling, block_peak)
        if self._ceiling >= CLIP_LEVEL:
            level = self._ceiling * (1.0 - _CLIP_TOLERANCE)
            stops = np.append(starts[1:], block.shape[1])
            for channel, step in np.argwhere(peaks >= level):
                counts[step] += _samples_in_runs(np.abs(block[channel, starts[step] : stops[step]]) >= level)
        self._clipped.append(counts)

    def _add_spectrum(self, block: NDArray[np.float32]) -> None:
        n_frames = block.shape[1] // self._n_fft
        if n_frames:
            self._add_frames(block[:, : n_frames * self._n_fft].reshape(-1, self._n_fft), len(block))
            self._n_spectra += n_frames
        elif self._n_samples == 0:
            self._short_sound = block.copy()

    def _add_frames(self, frames: NDArray[np.float32], n_channels: int) -> None:
        """Add the Hann-windowed power spectra of frames of any length up to n_fft."""
        window = _hann(frames.shape[1])
        spectra = scipy.fft.rfft(frames * window, self._n_fft, axis=-1, overwrite_x=True)
        flat = spectra.view(np.float32)
        power = np.einsum("ij,ij->j", flat, flat).reshape(-1, 2).sum(axis=1)
        self._spectrum += power * ((2.0 / float(window.sum())) ** 2 / n_channels)

    def _correlation(self, n: int) -> float | None:
        if len(self._sums) < 2:
            return None
        means = self._sums[:2] / n
        variances = self._squares[:2] / n - means**2
        # 1e-14 is -140 dB: below it a channel is silent, or constant up to rounding.
        if variances.min() <= 1e-14:
            return None
        covariance = self._cross / n - means[0] * means[1]
        return float(np.clip(covariance / np.sqrt(variances.prod()), -1.0, 1.0))


@lru_cache(maxsize=4)
def _hann(n_samples: int) -> NDArray[np.float32]:
    return np.hanning(n_samples + 1)[:-1].astype(np.float32)


def _step_max(block: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    return np.maximum(np.maximum.reduceat(block, starts, axis=1), -np.minimum.reduceat(block, starts, axis=1))


def _step_energy(block: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sum of squares per channel and step."""
    n_channels, n = block.shape
    stops = np.append(starts[1:], n)
    energy = np.empty((n_channels, len(starts)))
    for channel in range(n_channels):
        row = block[channel]
        for step, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            energy[channel, step] = np.dot(row[start:stop], row[start:stop])
    return energy


def _samples_in_runs(flags: NDArray[np.bool_]) -> int:
    """How many True stand in runs of at least ``_CLIP_RUN``."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _CLIP_RUN].sum())


def _joined(parts: tuple[NDArray, ...] | list[NDArray], dtype: type) -> NDArray:  # type: ignore[type-arg]
    return np.concatenate(parts) if len(parts) else np.zeros(0, dtype=dtype)
