"""Measures at which lags onsets repeat, by autocorrelation."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.embedding.spectral_onsets import Onsets

# Bands of the onset curves on the 40-band mel scale: below 200 Hz, 200 Hz to 2 kHz, above.
_BAND_STARTS = np.array([0, 3, 21])
_BAND_WIDTHS = np.array([3, 18, 19], np.float32)
# Lags of 0.1 to 2.4 s; a step is a tempo ratio of 1.12, so tempos a few per cent apart share a place.
_N_LAGS = 28
_LAGS_S = np.geomspace(0.1, 2.4, _N_LAGS)
_BANDS = ("low", "middle", "high")
INPUTS = (
    *(f"{band} repeat after {lag_s:.2f} s" for band in _BANDS for lag_s in _LAGS_S),
    *(f"share of {band} onsets" for band in _BANDS), "log onsets per second",
)  # fmt: skip
# Fewer onsets do not repeat; shorter sounds have too few lags.
LEAST_ONSETS = 3
_LEAST_S = 1.0


def rhythm_profile(
    bands: NDArray[np.float32], onsets: Onsets, frame_rate: float, duration_s: float
) -> NDArray[np.float32] | None:
    """Autocorrelation per band, the bands' shares of the onsets, and onsets per second; float32 (88,): ``INPUTS``.

    None where fewer than `LEAST_ONSETS` onsets are found or the span is shorter than a second.
    """
    n_frames = bands.shape[1]
    if duration_s < _LEAST_S or n_frames < 16 or onsets.count < LEAST_ONSETS:
        return None
    curves = np.add.reduceat(onsets.rise, _BAND_STARTS, axis=0) / _BAND_WIDTHS[:, None]
    curves -= curves.mean(axis=1, keepdims=True)
    size = scipy.fft.next_fast_len(2 * n_frames, real=True)
    spectrum = scipy.fft.rfft(curves, size, axis=1)
    lags = scipy.fft.irfft(np.square(spectrum.real) + np.square(spectrum.imag), size, axis=1)[:, :n_frames]
    power = lags[:, :1].copy()
    if float(power.max()) <= 1e-6:
        return None
    # Divide by the number of terms, so that long lags of short sounds are not weaker.
    terms = np.maximum(1, n_frames - np.arange(n_frames)) / n_frames
    normalised = lags / np.maximum(power, 1e-6) / terms
    # Each place hears the lags around it, 3 % to either side.
    at = np.minimum(np.multiply.outer([0.97, 1.0, 1.03], _LAGS_S * frame_rate), 0.75 * n_frames)
    below = at.astype(np.intp)
    above = np.minimum(below + 1, n_frames - 1)
    share_above = (at - below).astype(np.float32)
    sampled = (normalised[:, below] * (1 - share_above) + normalised[:, above] * share_above).max(axis=1)
    # A band without onsets has no say.
    share = np.sqrt(power / power.sum())
    extra = [np.log2(onsets.per_second)]
    return np.concatenate([(sampled * share).ravel(), share.ravel(), extra]).astype(np.float32)
