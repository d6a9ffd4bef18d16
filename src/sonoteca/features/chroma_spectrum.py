"""Spectral peaks on a logarithmic pitch axis: what tuning, key and chords are heard from.

A bin of an 8192-point spectrum at 22,050 Hz is 2.7 Hz wide: at E1 that is more than a
semitone. The frequency of a *peak* is known far better than that, so peaks are located
between the bins and put, with their exact pitch, on an axis of three bins per semitone.
What is not a peak (drums, hiss, breath) leaves little trace there, and its energy is kept
in a few wide bands so that later stages can compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block

BINS_PER_SEMITONE = 3
# A0 to C#8: from the lowest bass to the last octave in which pitch carries harmony.
LOWEST_MIDI = 21
N_SEMITONES = 88
N_PITCH_BINS = N_SEMITONES * BINS_PER_SEMITONE
# Octave bands from 21.5 Hz up to 11 kHz for the energy of everything, peaks or not.
N_BANDS = 9
BAND_ROWS = slice(N_PITCH_BINS, N_PITCH_BINS + N_BANDS)
TUNING_ROWS = slice(N_PITCH_BINS + N_BANDS, N_PITCH_BINS + N_BANDS + 2)
N_ROWS = N_PITCH_BINS + N_BANDS + 2

# Peaks this far below the strongest of their frame are side lobes and codec noise.
PEAK_RANGE = 10.0 ** (-66.0 / 20.0)
# A peak has to stand out from the mean of the bins around it (±75 Hz): a sine does by far more,
# peaks of noise are mostly below twice the mean.
NOISE_FACTOR = 1.8
GROUP_BINS, SURROUND_GROUPS = 8, 3
# Tuning is read where partials are both narrow against a semitone and still harmonic.
TUNING_LOW_HZ, TUNING_HIGH_HZ = 110.0, 1800.0


@dataclass(frozen=True, slots=True)
class PitchSpectrum:
    """Square-root peak amplitudes per third of a semitone, band energies and a tuning phasor.

    Rows of the frames (float32, shape (``N_ROWS``, n_frames)):

    - ``0 .. N_PITCH_BINS - 1``: square root of the amplitude (full-scale sine = 1), above the
      noise around them, of the spectral peaks at MIDI pitch ``LOWEST_MIDI + row / 3``; a peak between two bins is
      shared linearly between them;
    - ``BAND_ROWS``: square root of the RMS-like amplitude of all bins in nine octave bands;
    - ``TUNING_ROWS``: cosine and sine sum of the peaks' deviations from the 440 Hz grid,
      weighted by square-root amplitude (a full turn is 100 cents).

    Notes
    -----
    Frequencies of peaks by the two-bin ratio that is exact for a steady sine in a Hann
    window (Grandke, "Interpolation algorithms for discrete Fourier transforms of weighted
    signals", IEEE Trans. Instrum. Meas. 32, 1983); peaks instead of bins as in Gómez,
    "Tonal description of music audio signals", PhD thesis, 2006.
    """

    n_fft: int = 8192
    hop_length: int = 2048

    def open(self, sample_rate: int) -> _PitchSpectrumStream:
        return _PitchSpectrumStream(self, sample_rate)


class _PitchSpectrumStream:
    """Frame-local: nothing is carried from block to block."""

    def __init__(self, feature: PitchSpectrum, sample_rate: int) -> None:
        self._n_fft = feature.n_fft
        self._hop_length = feature.hop_length
        self._bin_hz = sample_rate / feature.n_fft
        lowest_hz = 440.0 * 2.0 ** ((LOWEST_MIDI - 0.5 - 69) / 12.0)
        highest_hz = 440.0 * 2.0 ** ((LOWEST_MIDI + N_SEMITONES - 0.5 - 69) / 12.0)
        n_bins = feature.n_fft // 2 + 1
        self._first = max(1, int(np.floor(lowest_hz / self._bin_hz)))
        self._stop = min(n_bins - 1, int(np.ceil(highest_hz / self._bin_hz)) + 1)
        edges = np.unique(np.minimum(8 * 2 ** np.arange(N_BANDS), n_bins - 1) * 1)
        self._band_starts = edges.astype(np.intp)

    def push(self, block: Block) -> NDArray[np.float32]:
        spectrum = block.magnitude(self._n_fft, self._hop_length)
        rows = np.zeros((N_ROWS, spectrum.shape[0]), dtype=np.float32)
        rows[BAND_ROWS] = np.sqrt(_band_amplitudes(spectrum, self._band_starts)).T
        self._add_peaks(spectrum, rows)
        return rows

    def _add_peaks(self, spectrum: NDArray[np.float32], rows: NDArray[np.float32]) -> None:
        n_frames = spectrum.shape[0]
        middle = spectrum[:, self._first : self._stop]
        left = spectrum[:, self._first - 1 : self._stop - 1]
        right = spectrum[:, self._first + 1 : self._stop + 1]
        floor = np.maximum(middle.max(axis=1, keepdims=True) * np.float32(PEAK_RANGE), np.float32(1e-6))
        floor = np.maximum(floor, np.float32(NOISE_FACTOR) * self._surroundings(spectrum))
        found = np.flatnonzero((middle > left) & (middle >= right) & (middle > floor))
        frame, bin_ = np.divmod(found, middle.shape[1])
        amplitude = middle[frame, bin_]
        below, above = left[frame, bin_], right[frame, bin_]
        ratio = np.maximum(below, above) / amplitude
        # A Hann-windowed sine has ratio 0.5 in the middle of a bin and 1 half way between two.
        offset = np.clip((2.0 * ratio - 1.0) / (ratio + 1.0), 0.0, 0.5)
        hz = (bin_ + self._first + np.where(above > below, offset, -offset)) * self._bin_hz
        midi = 69.0 + 12.0 * np.log2(np.maximum(hz, 1.0) / 440.0)
        amplitude = amplitude - floor[frame, bin_]

        position = (midi - LOWEST_MIDI) * BINS_PER_SEMITONE
        lower = np.floor(position).astype(np.intp)
        share = (position - lower).astype(np.float32)
        for row, part in ((lower, amplitude * (1.0 - share)), (lower + 1, amplitude * share)):
            inside = (row >= 0) & (row < N_PITCH_BINS)
            flat = np.bincount(
                row[inside] * n_frames + frame[inside], weights=part[inside], minlength=N_PITCH_BINS * n_frames
            )
            rows[:N_PITCH_BINS] += flat.reshape(N_PITCH_BINS, n_frames)
        np.sqrt(rows[:N_PITCH_BINS], out=rows[:N_PITCH_BINS])

        tunable = (hz > TUNING_LOW_HZ) & (hz < TUNING_HIGH_HZ)
        phase, weight = 2.0 * np.pi * midi[tunable], np.sqrt(amplitude[tunable])
        cosine, sine = rows[TUNING_ROWS]
        cosine[:] = np.bincount(frame[tunable], weights=weight * np.cos(phase), minlength=n_frames)
        sine[:] = np.bincount(frame[tunable], weights=weight * np.sin(phase), minlength=n_frames)

    def _surroundings(self, spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean magnitude of the bins around each bin of the pitch range, shape (n_frames, n_bins)."""
        n_groups = -(-self._stop // GROUP_BINS) + SURROUND_GROUPS
        n_groups = min(n_groups, spectrum.shape[1] // GROUP_BINS)
        groups = spectrum[:, : n_groups * GROUP_BINS].reshape(len(spectrum), n_groups, GROUP_BINS).sum(axis=2)
        total = np.zeros((len(spectrum), n_groups + 1), dtype=np.float64)
        np.cumsum(groups, axis=1, out=total[:, 1:])
        low = np.maximum(np.arange(n_groups) - SURROUND_GROUPS, 0)
        high = np.minimum(np.arange(n_groups) + SURROUND_GROUPS + 1, n_groups)
        mean = (total[:, high] - total[:, low]) / ((high - low) * GROUP_BINS)
        return np.repeat(mean.astype(np.float32), GROUP_BINS, axis=1)[:, self._first : self._stop]


def _band_amplitudes(spectrum: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    """Root of the summed power of the octave bands that begin at ``starts``, shape (n_frames, n_bands)."""
    power = np.add.reduceat(np.square(spectrum), starts, axis=1)
    return np.asarray(np.sqrt(power), dtype=np.float32)
