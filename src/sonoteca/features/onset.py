"""Band spectra for rhythm, and onset strength derived from them.

The stored feature is the *linear* band magnitude, because how strongly to compress it can
only be said once the loudest moment of the whole sound is known: that makes every rhythm
value independent of gain. Onset strength is computed from it per region in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import Block, FeatureStream
from sonoteca.features.frame_series import FrameSeries

N_BANDS = 36
# Bands 3 bins wide or less at the low end overlap in the Hann main lobe anyway.
_LOWEST_HZ, _HIGHEST_HZ = 32.0, 10_500.0
# Upper band numbers of the groups: kick/bass < 130 Hz, < 320, < 1,000, < 3,200, snare/hat above.
GROUP_EDGES = (0, 8, 14, 21, 28, 36)
GROUPS = ("low", "low_mid", "mid", "high_mid", "high")
# Magnitudes this far below the loudest band magnitude of the sound (60 dB) count as nothing.
_COMPRESSION = 1000.0
# Frames (a quarter of an hour) whose logarithms are held at once.
_STRETCH = 40_000
# The rise is taken over two frames (46 ms): an onset fills a 93 ms Hann window gradually.
_LAG = 2


@dataclass(frozen=True, slots=True)
class BandMagnitude:
    """Sums of spectral magnitude in ``N_BANDS`` bands spaced evenly in log frequency, 32 Hz to 10.5 kHz.

    Frames have shape (N_BANDS, n_frames); a full-scale sine gives about 2 in its band.
    """

    n_fft: int = 2048
    hop_length: int = 512

    def open(self, sample_rate: int) -> FeatureStream:
        return _BandStream(self, sample_rate)


class _BandStream:
    def __init__(self, feature: BandMagnitude, sample_rate: int) -> None:
        self._feature = feature
        self._edges = band_edges(feature.n_fft, sample_rate)

    def push(self, block: Block) -> NDArray[np.float32]:
        spectrum = block.magnitude(self._feature.n_fft, self._feature.hop_length)
        sums = np.add.reduceat(spectrum[:, : self._edges[-1]], self._edges[:-1], axis=1)
        return np.ascontiguousarray(sums.T)


def band_edges(n_fft: int, sample_rate: int) -> NDArray[np.intp]:
    """First bin of each band and one past the last, shape (N_BANDS + 1,), strictly rising."""
    top_hz = min(_HIGHEST_HZ, 0.48 * sample_rate)
    edges = np.round(np.geomspace(_LOWEST_HZ, top_hz, N_BANDS + 1) * n_fft / sample_rate).astype(np.intp)
    for i in range(1, len(edges)):
        edges[i] = max(edges[i], edges[i - 1] + 1)
    return edges


def log_bands(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Band magnitudes compressed relative to the loudest, 0 (silence) to about 7 nepers, same shape.

    The reference is the 99.5th percentile of the frame maxima, so that one click does not hide the music.
    """
    scale = _compression(bands)
    return np.zeros_like(bands) if scale is None else _compressed(bands, scale)


def _compression(bands: NDArray[np.float32]) -> np.float32 | None:
    loudest = np.percentile(bands.max(axis=0), 99.5)
    # -100 dB full scale: below the noise of 16-bit files there is nothing to find.
    return None if loudest < 1e-5 else np.float32(_COMPRESSION / loudest)


def _compressed(bands: NDArray[np.float32], scale: np.float32) -> NDArray[np.float32]:
    return np.asarray(np.log1p(bands * scale), np.float32)


def band_flux(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """``group_flux(log_bands(bands))``, stretch by stretch: three hours of logarithms would take 300 MB.

    Parameters
    ----------
    bands : float32 (N_BANDS, n_frames)
        ``BandMagnitude`` frames.

    Returns
    -------
    float32 (len(GROUPS), n_frames)
    """
    n_frames = bands.shape[1]
    flux = np.zeros((len(GROUPS), n_frames), np.float32)
    scale = _compression(bands)
    if scale is None:
        return flux
    for start in range(0, n_frames, _STRETCH):
        first, stop = max(0, start - _LAG), min(n_frames, start + _STRETCH)
        flux[:, start:stop] = group_flux(_compressed(bands[:, first:stop], scale))[:, start - first :]
    return flux


def group_flux(log_magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
    """Onset strength in ``GROUPS``: the rise of log magnitude over 46 ms, averaged over the bands of a group.

    Parameters
    ----------
    log_magnitude : float32 (N_BANDS, n_frames)
        From ``log_bands``.

    Returns
    -------
    float32 (len(GROUPS), n_frames)
        In nepers, never negative. The sound counts as silent before its start, so a sound
        that begins at once has its first onset in the first frames.

    Notes
    -----
    Log spectral flux whose reference is the maximum over neighbouring bands, so that vibrato
    is no onset (Böck & Widmer, "Maximum Filter Vibrato Suppression for Onset Detection", DAFx 2013).
    """
    n_bands, n_frames = log_magnitude.shape
    padded = np.zeros((n_bands + 2, n_frames + _LAG), np.float32)
    padded[1:-1, _LAG:] = log_magnitude
    reference = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])[:, :n_frames]
    rise = np.maximum(log_magnitude - reference, 0.0)
    sums = np.add.reduceat(rise, np.asarray(GROUP_EDGES[:-1]), axis=0)
    return np.asarray(sums / np.diff(GROUP_EDGES)[:, None], np.float32)


def onset_strength(bands: FrameSeries) -> FrameSeries:
    """One onset curve: the groups' flux, each scaled by its own root mean square, averaged.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude`` frames.

    Returns
    -------
    FrameSeries
        ``values`` float32, shape (n_frames,), >= 0; all zero for silence.
    """
    flux = band_flux(bands.values)
    total = np.asarray(flux.mean(axis=0), np.float32)
    return FrameSeries(total, bands.sample_rate, bands.hop_length, bands.first_frame)


def onset_times(bands: FrameSeries) -> NDArray[np.float64]:
    """Times (s of the sound, rising) of single onsets; empty for silence, noise floors and steady tones.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude`` frames.

    Returns
    -------
    float64 (n_onsets,)
        Peaks of onset strength that stand 0.12 nepers above the mean of the surrounding 0.4 s
        and are the largest within 50 ms.
    """
    is_onset, _ = _peaks(onset_strength(bands))
    return np.asarray(bands.times_s[is_onset], np.float64)


def onset_peaks(bands: FrameSeries) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The same onsets between the frames, and how strong they are.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude`` frames.

    Returns
    -------
    times_s : float64 (n_onsets,)
        Tops of parabolas through each peak and its neighbours: frames lie 23 ms apart, groove is finer.
    strength : float32 (n_onsets,)
        Nepers above the mean of the surrounding 0.4 s.
    """
    strength = onset_strength(bands)
    is_onset, above = _peaks(strength)
    at = np.flatnonzero(is_onset)
    values = strength.values
    before, here, after = values[np.maximum(at - 1, 0)], values[at], values[np.minimum(at + 1, len(values) - 1)]
    curvature = before - 2.0 * here + after
    offset = np.clip(0.5 * (before - after) / np.where(curvature < 0.0, curvature, -np.inf), -0.5, 0.5)
    inside = (at > 0) & (at < len(values) - 1)
    times_s = bands.times_s[at] + np.where(inside, offset, 0.0) / bands.frame_rate
    return np.asarray(times_s, np.float64), np.asarray(above[at], np.float32)


def _peaks(onsets: FrameSeries) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which frames are onsets, and how far each stands above the mean around it, shape (n_frames,) both."""
    strength = onsets.values
    n = len(strength)
    if n < 3:
        return np.zeros(n, np.bool_), np.zeros(n)
    half = max(1, round(0.2 * onsets.frame_rate))
    sums = np.concatenate([[0.0], np.cumsum(strength, dtype=np.float64)])
    low, high = np.maximum(np.arange(n) - half, 0), np.minimum(np.arange(n) + half + 1, n)
    above = strength - (sums[high] - sums[low]) / (high - low)
    padded = np.pad(strength, 2)
    around = np.max([padded[i : i + n] for i in (0, 1, 3, 4)], axis=0)
    is_onset = (above > 0.12) & (strength >= around)
    # Of two equal neighbours only the first counts.
    is_onset[1:] &= ~(is_onset[:-1])
    return is_onset, above


def onset_accents(bands: FrameSeries, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """How strongly each onset rises below 1 kHz, where kick, snare and toms have their body and hats have none.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude`` frames.
    times_s : float64 (n_onsets,)
        From ``onset_times``.

    Returns
    -------
    float32 (n_onsets,)
        0..1: square root of the rise of magnitude, relative to the 90th percentile of the sound's own onsets.
    """
    if not len(times_s):
        return np.zeros(0, np.float32)
    body = bands.values[: GROUP_EDGES[GROUPS.index("high_mid")]].sum(axis=0)
    frames = np.rint(times_s * bands.frame_rate).astype(np.intp) - bands.first_frame
    around = body[np.clip(frames[:, None] + np.arange(-_LAG - 1, _LAG + 1), 0, len(body) - 1)]
    before = np.where(frames > _LAG, around[:, :2].min(axis=1), 0.0)
    rises = np.maximum(around[:, 2:].max(axis=1) - before, 0.0)
    strongest = float(np.percentile(rises, 90.0))
    return np.asarray(np.sqrt(np.clip(rises / max(strongest, 1e-9), 0.0, 1.0)), np.float32)
