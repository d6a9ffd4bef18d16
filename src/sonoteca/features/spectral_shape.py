"""Octave band powers and the shape of the spectrum per frame: what regions, timbre and form are read from.

One squaring of the shared 2048-point spectra feeds all rows, so the feature costs a few
milliseconds a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block

N_FFT = 2048
# Octaves from 40 Hz. The lowest band has 11 bins at 22,050 Hz, enough for its power in noise to be steady.
BAND_EDGES_HZ = (40.0, 160.0, 320.0, 640.0, 1280.0, 2560.0, 5120.0, 11_025.0)
N_BANDS = len(BAND_EDGES_HZ) - 1
# Rows of the feature's values after the N_BANDS band powers.
CENTROID_ROW = N_BANDS
WARM_ROW = N_BANDS + 1
FLATNESS_ROW = N_BANDS + 2
N_ROWS = N_BANDS + 3

WARM_HZ = (100.0, 800.0)
# Brightness 0 and 1.
DARK_HZ, BRIGHT_HZ = 100.0, 10_000.0
# Bands in which flatness is judged, half octaves where they hold enough bins: within them noise of any
# colour is nearly flat.
_FLATNESS_EDGES_HZ = (40.0, *(160.0 * 2.0 ** (step / 2.0) for step in range(12)), 10_500.0)
# A periodogram of white noise has exponentially distributed bins: geometric over arithmetic mean
# is exp(-0.5772) = 0.561 (Euler's constant); a Hann window makes neighbours alike and lifts it a little.
_WHITE_NOISE_FLATNESS = 0.561
# Far below the quantisation noise of 16 bits spread over a thousand bins.
_POWER_FLOOR = 1e-16
# A Hann-windowed sine spreads over bins with squared magnitudes that sum to 1.5; its power is a half.
_TO_POWER = 1.0 / 3.0


@dataclass(frozen=True, slots=True)
class SpectralShape:
    """Values (N_ROWS, n_frames): band powers (mean square), centroid, warm share, flatness.

    ``values[:N_BANDS]`` sum to the frame's power between 40 Hz and 11 kHz (a full-scale
    sine gives 0.5). ``CENTROID_ROW`` is the magnitude-weighted mean log frequency mapped so
    that 100 Hz is 0 and 10 kHz is 1, ``WARM_ROW`` the share of power in 100 to 800 Hz,
    ``FLATNESS_ROW`` 0 for pure tones and 1 for noise. The three are 0 where a frame is silent.
    """

    hop_length: int = 512

    def open(self, sample_rate: int) -> _Stream:
        return _Stream(self.hop_length, sample_rate)


class _Stream:
    def __init__(self, hop_length: int, sample_rate: int) -> None:
        self._hop_length = hop_length
        self._rate = sample_rate

    def push(self, block: Block) -> NDArray[np.float32]:
        magnitude = block.magnitude(N_FFT, self._hop_length)
        power = np.square(magnitude)
        bounds, flat_bounds, weights = _layout(self._rate)
        out = np.empty((N_ROWS, len(power)), np.float32)
        # The last edge only closes the last band.
        out[:N_BANDS] = np.add.reduceat(power, bounds, axis=1)[:, :N_BANDS].T * np.float32(_TO_POWER)
        total = power @ weights[:, 2]
        sounding = total > _POWER_FLOOR
        safe_total = np.where(sounding, total, 1.0)
        magnitude_sum = magnitude @ weights[:, 2]
        centroid = (magnitude @ weights[:, 0]) / np.where(sounding, magnitude_sum, 1.0)
        out[CENTROID_ROW] = np.where(sounding, np.clip(centroid, 0.0, 1.0), 0.0)
        out[WARM_ROW] = np.where(sounding, np.clip((power @ weights[:, 1]) / safe_total, 0.0, 1.0), 0.0)
        out[FLATNESS_ROW] = np.where(sounding, _flatness(power, flat_bounds), 0.0)
        return out


def _flatness(power: NDArray[np.float32], bounds: NDArray[np.intp]) -> NDArray[np.float32]:
    """Geometric over arithmetic mean within half octaves, averaged with each band's power."""
    widths = np.diff(bounds).astype(np.float32)
    stretch = power[:, bounds[0] : bounds[-1]]
    starts = bounds[:-1] - bounds[0]
    arithmetic = np.add.reduceat(stretch, starts, axis=1) / widths
    geometric = np.exp(np.add.reduceat(np.log(stretch + np.float32(_POWER_FLOOR)), starts, axis=1) / widths)
    band_power = arithmetic * widths
    share = band_power / np.maximum(band_power.sum(axis=1, keepdims=True), _POWER_FLOOR)
    flatness = (share * geometric / np.maximum(arithmetic, _POWER_FLOOR)).sum(axis=1) / _WHITE_NOISE_FLATNESS
    return np.asarray(np.clip(flatness, 0.0, 1.0), np.float32)


@lru_cache(maxsize=4)
def _layout(sample_rate: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """First bins of the bands, of the flatness bands, and per bin (log position, is warm, counts)."""
    n_bins = N_FFT // 2 + 1
    hz = np.arange(n_bins) * (sample_rate / N_FFT)
    bounds = np.minimum(np.searchsorted(hz, BAND_EDGES_HZ), n_bins - 1)
    flat_bounds = np.minimum(np.searchsorted(hz, _FLATNESS_EDGES_HZ), n_bins)
    position = np.log(np.maximum(hz, 1.0) / DARK_HZ) / np.log(BRIGHT_HZ / DARK_HZ)
    counts = (hz >= BAND_EDGES_HZ[0]).astype(np.float64)
    warm = ((hz >= WARM_HZ[0]) & (hz < WARM_HZ[1])).astype(np.float64)
    weights = np.stack([np.clip(position, 0.0, 1.0) * counts, warm, counts], axis=1).astype(np.float32)
    return bounds, flat_bounds, weights
