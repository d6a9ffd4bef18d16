"""Roughness: how much the partials of a sound beat against each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.descriptor import ROUGHNESS, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature, hann

# 186 ms: partials 22 Hz apart are two; closer ones beat too slowly to be rough.
_N_FFT = 4096
_MAX_FRAMES = 32
_N_PARTIALS = 24
# Above, critical bands are wider than the distance of most partials, and little energy is left.
_HIGHEST_HZ = 6000.0
_PEAK_DEPTH = 10.0 ** (-50.0 / 20.0)
# Where the difference of Sethares' two exponentials is largest it has this value.
_LARGEST_DISSONANCE = 0.1808
_SILENT_PEAK = 3e-5


class Roughness:
    """Sensory dissonance summed over pairs of partials, weighted by their amplitudes.

    Plomp and Levelt's curve as parametrised by Sethares, "Local consonance and the
    relationship between timbre and scale", JASA 94(3), 1993. Up to 32 frames spread over the
    region are looked at. The sum over pairs of ``a_i a_j d(f_i, f_j)`` over the sum of
    ``a_i ** 2`` has no upper bound (noise is all pairs), so ``1 - exp(-x)`` maps it to 0..1:
    a pure tone has 0, a fifth below 0.1, a minor second about 0.4, pink noise 0.8.
    """

    id: ClassVar[str] = "timbre.roughness.partials"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (ROUGHNESS,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        spectra = _spectra(region.recording, region.region.start_s, region.region.end_s)
        loudest = float(spectra.max())
        if loudest < _SILENT_PEAK:
            return
        hz, amplitude = _partials(spectra)
        weights = np.square(amplitude).sum(axis=1)
        sounding = weights > weights.max() * 1e-4
        if not sounding.any():
            return  # direct current has no partials
        dissonance = _dissonance(hz[sounding], amplitude[sounding])
        # Loud frames count more, by amplitude.
        mean = float(np.average(1.0 - np.exp(-dissonance), weights=np.sqrt(weights[sounding])))
        yield Observation(ROUGHNESS, round(min(max(mean, 0.0), 1.0), 4), provenance=measured_by(self))


def _spectra(recording: Recording, start_s: float, end_s: float) -> NDArray[np.float32]:
    """Magnitudes of frames spread evenly over the span, shape (n_frames, n_bins)."""
    first, stop = int(start_s * ANALYSIS_RATE), min(round(end_s * ANALYSIS_RATE), recording.n_samples)
    n_frames = int(np.clip((stop - first) // (_N_FFT // 2), 1, _MAX_FRAMES))
    starts = np.linspace(first, max(first, stop - _N_FFT), n_frames).astype(int)
    frames = np.zeros((n_frames, _N_FFT), np.float32)
    for frame, start in zip(frames, starts, strict=True):
        n_samples = min(_N_FFT, stop - int(start))
        if n_samples > 0:
            frame[:n_samples] = recording.read(int(start), n_samples)
            # The window shrinks to a short sound: zeros behind a rectangular end would splatter.
            frame[:n_samples] *= hann(_N_FFT) if n_samples == _N_FFT else np.hanning(n_samples).astype(np.float32)
    spectra = scipy.fft.rfft(frames, axis=-1)[:, : int(_HIGHEST_HZ * _N_FFT / ANALYSIS_RATE)]
    return np.asarray(np.abs(spectra) * np.float32(4.0 / _N_FFT), np.float32)


def _partials(spectra: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and amplitudes of the strongest peaks, shape (n_frames, _N_PARTIALS); absent ones have 0."""
    middle = spectra[:, 1:-1]
    is_peak = (middle > spectra[:, :-2]) & (middle >= spectra[:, 2:])
    is_peak &= middle > spectra.max(axis=1, keepdims=True) * np.float32(_PEAK_DEPTH)
    # Below 40 Hz partials are felt as pulses, not heard as tones.
    is_peak[:, : int(40.0 * _N_FFT / ANALYSIS_RATE)] = False
    heights = np.where(is_peak, middle, 0.0)
    chosen = np.argpartition(heights, -_N_PARTIALS, axis=1)[:, -_N_PARTIALS:]
    amplitude = np.take_along_axis(heights, chosen, axis=1).astype(np.float64)
    left = np.take_along_axis(spectra, chosen, axis=1).astype(np.float64)
    right = np.take_along_axis(spectra, chosen + 2, axis=1).astype(np.float64)
    # A parabola through three magnitudes places the peak between bins.
    curvature = np.minimum(left - 2.0 * amplitude + right, -1e-12)
    offset = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    hz = (chosen + 1 + offset) * (ANALYSIS_RATE / _N_FFT)
    return hz, amplitude


def _dissonance(hz: NDArray[np.float64], amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Per frame; each pair once."""
    lower = np.minimum(hz[:, :, np.newaxis], hz[:, np.newaxis, :])
    apart = np.abs(hz[:, :, np.newaxis] - hz[:, np.newaxis, :])
    scaled = apart * 0.24 / (0.0207 * lower + 18.96)
    curve = (np.exp(-3.51 * scaled) - np.exp(-5.75 * scaled)) / _LARGEST_DISSONANCE
    pairs = amplitude[:, :, np.newaxis] * amplitude[:, np.newaxis, :]
    return np.asarray(0.5 * (pairs * curve).sum(axis=(1, 2)) / np.maximum(np.square(amplitude).sum(axis=1), 1e-20))
