"""What tempo, beats and bars are decided from: onset strength by band, its spectrum, and the harmony's trail.

All times in this package are seconds from the start of the *region*; the analyzers add the
region's own start when they speak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.onset import GROUPS, band_flux

N_GROUPS = len(GROUPS)
# A group whose mean flux is below this share of the strongest group's holds no evidence, only residue.
_SILENT_SHARE = 0.02
# Zero padding of the onset spectrum: a bin is 1/16 of the resolution the duration allows.
_PADDING = 16
_LARGEST_FFT = 2**22


@dataclass(frozen=True, slots=True, eq=False)
class RhythmEvidence:
    """Evidence of one region.

    Attributes
    ----------
    flux : float32 (N_GROUPS, n_frames)
        Onset strength per band group, each with mean 1 (or all 0), lightly smoothed.
    pulse : float32 (n_frames,)
        Mean of ``flux`` over the groups minus its mean: what periodicity is sought in.
    spectrum : complex64 (n_bins,)
        Fourier transform of ``pulse``; bin ``k`` is ``k * bin_hz`` Hz.
    trail_sums : float64 (24, n_trail + 1)
        Running sum of the harmony trail's frames.
    raw_flux_mean : float
        Mean flux before scaling, in nepers per 46 ms: how much happens at all.
    level_spread_db : float
        Standard deviation of the level over time: how much the sound moves at all.
    is_excerpt : bool
        The region was cut out of a longer sound without regard to bars: its ends say nothing.
    """

    flux: NDArray[np.float32]
    pulse: NDArray[np.float32]
    frame_rate: float
    spectrum: NDArray[np.complex64]
    bin_hz: float
    trail_sums: NDArray[np.float64]
    trail_rate: float
    duration_s: float
    raw_flux_mean: float
    level_spread_db: float
    is_excerpt: bool = False

    @property
    def n_frames(self) -> int:
        return int(self.flux.shape[1])


def gather_evidence(
    bands: FrameSeries, trail: FrameSeries, duration_s: float, *, is_excerpt: bool = False
) -> RhythmEvidence | None:
    """Prepare a region's frames; None where nothing ever changes (silence, DC, a single sample)."""
    flux = band_flux(bands.values)
    if flux.shape[1] < 8:
        return None
    flux = _tame_start(flux)
    raw_mean = float(flux.mean())
    means = flux.mean(axis=1)
    if means.max() < 1e-3:
        return None
    scale = np.where(means > _SILENT_SHARE * means.max(), 1.0 / np.maximum(means, 1e-9), 0.0).astype(np.float32)
    smooth = flux * 0.5
    smooth[:, 1:] += 0.25 * flux[:, :-1]
    smooth[:, :-1] += 0.25 * flux[:, 1:]
    smooth *= scale[:, None]
    pulse = smooth.mean(axis=0)
    pulse = np.asarray(pulse - pulse.mean(), np.float32)
    spectrum, bin_hz = onset_spectrum(pulse, bands.frame_rate)
    sums = np.concatenate([np.zeros((trail.values.shape[0], 1)), np.cumsum(trail.values, axis=1, dtype=np.float64)], 1)
    return RhythmEvidence(
        flux=smooth,
        pulse=pulse,
        frame_rate=bands.frame_rate,
        spectrum=spectrum,
        bin_hz=bin_hz,
        trail_sums=sums,
        trail_rate=trail.frame_rate,
        duration_s=duration_s,
        raw_flux_mean=raw_mean,
        level_spread_db=_level_spread_db(bands.values),
        is_excerpt=is_excerpt,
    )


def _level_spread_db(bands: NDArray[np.float32]) -> float:
    # The first and last frame are half outside the sound.
    total = bands.sum(axis=0)[1:-1]
    level = 20.0 * np.log10(np.maximum(total, 1e-3 * float(total.max())))
    return float(level.std())


def onset_spectrum(pulse: NDArray[np.float32], frame_rate: float) -> tuple[NDArray[np.complex64], float]:
    """Zero-padded Fourier transform of an onset curve, and the distance of its bins in Hz."""
    n_fft = min(_LARGEST_FFT, 2 ** int(np.ceil(np.log2(_PADDING * len(pulse)))))
    n_fft = max(n_fft, 2 ** int(np.ceil(np.log2(len(pulse)))))
    return np.asarray(scipy.fft.rfft(pulse, n_fft), np.complex64), frame_rate / n_fft


def _tame_start(flux: NDArray[np.float32]) -> NDArray[np.float32]:
    """Limit the first frames to the strongest later onset: a sound cut out of another one starts with a false one."""
    flux = flux.copy()
    ceiling = np.percentile(flux[:, 3:], 98, axis=1)
    flux[:, :3] = np.minimum(flux[:, :3], np.maximum(ceiling, 1e-6)[:, None])
    return flux


def autocorrelation(curve: NDArray[np.float32], n_lags: int) -> NDArray[np.float64]:
    """Normalised autocorrelation at lags ``0 .. n_lags - 1`` frames, shape (..., n_lags); 0 where nothing varies.

    Each lag is divided by the number of products in it; lags beyond 3/4 of the curve are 0.
    """
    n = curve.shape[-1]
    centred = curve - curve.mean(axis=-1, keepdims=True)
    size = scipy.fft.next_fast_len(n + min(n_lags, n), real=True)
    power = np.square(np.abs(scipy.fft.rfft(centred, size)))
    products = np.asarray(scipy.fft.irfft(power, size), np.float64)
    result = np.zeros((*curve.shape[:-1], n_lags))
    valid = min(n_lags, int(0.75 * n))
    counts = n - np.arange(valid)
    zero = products[..., :1]
    usable = np.maximum(zero, 1e-12)
    result[..., :valid] = np.where(zero > 1e-9, products[..., :valid] / usable * (n / counts), 0.0)
    return result


def count_onsets(evidence: RhythmEvidence) -> int:
    """How many onsets stand out of the mean."""
    return len(onset_frames(evidence))


def onset_frames(evidence: RhythmEvidence) -> NDArray[np.intp]:
    """Frames of onsets: peaks of the summed flux at half as much again as its mean, or more."""
    total = np.concatenate([[0.0], evidence.flux.mean(axis=0), [0.0]])
    is_peak = (total[1:-1] > 1.5) & (total[1:-1] >= total[:-2]) & (total[1:-1] > total[2:])
    return np.flatnonzero(is_peak[:-1])
