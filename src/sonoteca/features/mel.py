"""Log-mel spectrum and cepstrum: the coarse shape of the spectrum, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.features.feature import Block, FeatureStream

# Power of 16-bit quantisation noise in one band is near -110 dB: what is quieter is silence.
FLOOR_DB = -110.0
_FLOOR_POWER = np.float32(10.0 ** (FLOOR_DB / 10.0))


def hz_to_mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mel scale of O'Shaughnessy, "Speech Communication", 1987: 1000 Hz is 1000 mel."""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, np.float64) / 700.0)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel, np.float64) / 2595.0) - 1.0))


@lru_cache(maxsize=16)
def mel_filters(sample_rate: int, n_fft: int, n_bands: int, lowest_hz: float, highest_hz: float) -> NDArray[np.float32]:
    """Triangles of equal width in mel whose weights sum to 1.

    Parameters
    ----------
    sample_rate : int [Hz]
    n_fft : int [samples]
    n_bands : int > 0
    lowest_hz, highest_hz : float
        Outer feet of the first and last triangle; above Nyquist counts as Nyquist.

    Returns
    -------
    float32, shape (n_fft // 2 + 1, n_bands)
        Columns sum to 1. A band narrower than a bin takes the bin nearest to its centre,
        so no band is empty.

    Notes
    -----
    Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic
    Word Recognition", IEEE TASSP 28(4), 1980.
    """
    nyquist = sample_rate / 2.0
    lowest, highest = hz_to_mel(np.array([lowest_hz, min(highest_hz, nyquist)])).tolist()
    feet = mel_to_hz(np.linspace(lowest, highest, n_bands + 2))
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    rising = (bins[:, None] - feet[None, :-2]) / (feet[1:-1] - feet[:-2])
    falling = (feet[None, 2:] - bins[:, None]) / (feet[2:] - feet[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    nearest = np.rint(feet[1:-1] / sample_rate * n_fft).astype(int)
    empty = weights.sum(axis=0) < 1e-9
    weights[nearest[empty], np.flatnonzero(empty)] = 1.0
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def to_decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """``10 log10(power)``, never below `FLOOR_DB`; same shape."""
    return np.float32(10.0) * np.log10(np.maximum(power, _FLOOR_POWER))


@dataclass(frozen=True, slots=True)
class LogMel:
    """Mean power in bands of equal width in mel, in decibels.

    ``values`` float32, shape (n_bands, n_frames), from `FLOOR_DB` to about 0: a full-scale
    sine in a band of one bin is 0 dB.
    """

    n_bands: int = 40
    lowest_hz: float = 30.0
    highest_hz: float = 11_025.0
    n_fft: int = 2048
    hop_length: int = 512

    def open(self, sample_rate: int) -> FeatureStream:
        filters = mel_filters(sample_rate, self.n_fft, self.n_bands, self.lowest_hz, self.highest_hz)
        return _LogMelStream(self, filters)


class _LogMelStream:
    def __init__(self, settings: LogMel, filters: NDArray[np.float32]) -> None:
        self._settings = settings
        self._filters = filters

    def push(self, block: Block) -> NDArray[np.float32]:
        power = np.square(block.magnitude(self._settings.n_fft, self._settings.hop_length))
        return to_decibels(np.ascontiguousarray((power @ self._filters).T))


@lru_cache(maxsize=8)
def _cosines(n_bands: int, n_coefficients: int) -> NDArray[np.float32]:
    basis = scipy.fft.dct(np.eye(n_bands), type=2, norm="ortho", axis=0)[:n_coefficients]
    return np.asarray(basis, np.float32)


def cepstrum(log_mel: NDArray[np.float32], n_coefficients: int = 13) -> NDArray[np.float32]:
    """Cosine transform of a log-mel spectrum over its bands (MFCC).

    Parameters
    ----------
    log_mel : float32, shape (n_bands, ...) [dB]
    n_coefficients : int, 1 to n_bands

    Returns
    -------
    float32, shape (n_coefficients, ...)
        Coefficient 0 is the level times the root of ``n_bands``; a gain moves only it.
    """
    n_bands = log_mel.shape[0]
    if not 1 <= n_coefficients <= n_bands:
        raise ValueError(f"n_coefficients must be 1 to {n_bands}, got {n_coefficients}")
    return np.asarray(np.tensordot(_cosines(n_bands, n_coefficients), log_mel, axes=1), np.float32)
