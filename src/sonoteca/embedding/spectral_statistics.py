"""Frames of a span to raw numbers in four aspects: timbre, rhythm, harmony, dynamics.

These are plain statistics; ``spectral.py`` whitens them and makes the vector. None depends
on gain. An aspect that a sound does not have (the rhythm of a short hit, the harmony of
noise) is absent, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.chroma_spectrum import BAND_ROWS, BINS_PER_SEMITONE, LOWEST_MIDI, N_PITCH_BINS, N_SEMITONES
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import FLOOR_DB, cepstrum

# Frames this far below the loudest of the span are its silence and tail noise.
_RANGE_DB = 50.0
_N_CEPSTRUM = 20
_N_DELTA = 9
_N_ONSET = 12
# Lags of the onset autocorrelation, 0.1 to 2 s: 24 to an octave and a third would be finer than frames.
_N_LAGS = 24
_LAGS_S = np.geomspace(0.1, 2.0, _N_LAGS)
# Bands of the onset curves on the 40-band mel scale: below 200 Hz, 200 Hz to 2 kHz, above.
_ONSET_BANDS = (slice(0, 3), slice(3, 21), slice(21, 40))
# Moments after the onset at which the level is read, seconds.
_ENVELOPE_S = np.array([0.0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6])
_LEVEL_PERCENTILES = (5, 10, 25, 50, 75, 90)
# Shorter than this there are too few lags for a rhythm.
_RHYTHM_MIN_S = 1.5
# Share of peak energy in all energy; below it there is no harmony to compare (white noise: 0.05).
_TONAL_MIN = 0.12
_BASS_BELOW_MIDI = 52

N_TIMBRE = 2 * (_N_CEPSTRUM - 1) + _N_DELTA + 2 * _N_ONSET + 6
N_RHYTHM = len(_ONSET_BANDS) * _N_LAGS
N_HARMONY = 24
N_DYNAMICS = len(_ENVELOPE_S) + len(_LEVEL_PERCENTILES) + 4


@dataclass(frozen=True, slots=True, eq=False)
class RawAspects:
    """Statistics of one span; each float32 (N_...,), or None where the aspect is absent."""

    timbre: NDArray[np.float32]
    rhythm: NDArray[np.float32] | None
    harmony: NDArray[np.float32] | None
    dynamics: NDArray[np.float32]


def raw_aspects(log_mel: FrameSeries, pitch: FrameSeries, duration_s: float) -> RawAspects | None:
    """Statistics of the frames given, or None where nothing sounds.

    Parameters
    ----------
    log_mel : FrameSeries
        ``LogMel()`` frames of the span, (40, n_frames) in dB.
    pitch : FrameSeries
        ``PitchSpectrum()`` frames of the span.
    duration_s : float
        Length of the span.
    """
    bands = log_mel.values
    level = bands.max(axis=0)
    peak = float(level.max())
    if peak <= FLOOR_DB + 10.0:
        return None
    floored = np.maximum(bands, peak - 80.0)
    sounding = level > peak - _RANGE_DB
    return RawAspects(
        timbre=_timbre(floored, level, sounding),
        rhythm=_rhythm(floored, log_mel.frame_rate, duration_s),
        harmony=_harmony(pitch.values),
        dynamics=_dynamics(level - peak, log_mel.frame_rate, duration_s),
    )


def _timbre(bands: NDArray[np.float32], level: NDArray[np.float32], sounding: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Cepstral mean and spread, movement, and how onset and tail differ from the mean."""
    cepstra = cepstrum(np.ascontiguousarray(bands), _N_CEPSTRUM)[1:]
    heard = cepstra[:, sounding]
    # Loud frames say more about what a sound is than its tail: weight by the fourth root of power.
    weight = 10.0 ** ((level[sounding] - level.max()) / 40.0)
    weight /= weight.sum()
    mean = heard @ weight
    spread = np.sqrt(np.maximum(np.square(heard - mean[:, None]) @ weight, 0.0))
    if heard.shape[1] > 1:
        movement = np.abs(np.diff(heard[:_N_DELTA], axis=1)).mean(axis=1)
    else:
        movement = np.zeros(_N_DELTA, np.float32)
    loudest = int(level.argmax())
    onset = cepstra[:_N_ONSET, max(0, loudest - 1) : loudest + 2].mean(axis=1) - mean[:_N_ONSET]
    after = heard[:_N_ONSET, -max(1, heard.shape[1] // 3) :]
    tail = after.mean(axis=1) - mean[:_N_ONSET]
    mean_bands = bands[:, sounding].mean(axis=1)
    position = np.linspace(0.0, 1.0, len(mean_bands), dtype=np.float32)
    power = 10.0 ** (mean_bands / 10.0)
    power /= power.sum()
    centroid = float(position @ power)
    shape = np.array(
        [
            centroid,
            np.sqrt(np.square(position - centroid) @ power),
            np.log(power.max() * len(power)),
            np.percentile(mean_bands, 90) - np.percentile(mean_bands, 10),
            position[np.searchsorted(np.cumsum(power), 0.85)],
            np.abs(np.diff(mean_bands)).mean(),
        ]
    )
    return np.concatenate([mean, spread, movement, onset, tail, shape]).astype(np.float32)


def _rhythm(bands: NDArray[np.float32], frame_rate: float, duration_s: float) -> NDArray[np.float32] | None:
    """Autocorrelation of onset curves of three bands at log-spaced lags."""
    n_frames = bands.shape[1]
    if duration_s < _RHYTHM_MIN_S or n_frames < 8:
        return None
    rise = np.maximum(0.0, bands[:, 2:] - bands[:, :-2])
    curves = np.stack([rise[rows].mean(axis=0) for rows in _ONSET_BANDS])
    curves -= curves.mean(axis=1, keepdims=True)
    size = 1 << int(2 * curves.shape[1] - 1).bit_length()
    spectrum = np.fft.rfft(curves, size)
    lags = np.fft.irfft(np.abs(spectrum) ** 2, size)[:, : curves.shape[1]]
    power = lags[:, :1]
    if float(power.max()) <= 1e-6:
        return None
    # Divide by the number of terms, so that long lags of short sounds are not weaker.
    terms = np.maximum(1, curves.shape[1] - np.arange(curves.shape[1])) / curves.shape[1]
    normalised = lags / np.maximum(power, 1e-6) / terms
    at = np.minimum(_LAGS_S * frame_rate, 0.75 * curves.shape[1])
    grid = np.arange(curves.shape[1])
    sampled = np.stack([np.interp(at, grid, row) for row in normalised])
    # A band without onsets has no say.
    share = np.sqrt(power / power.max())
    return np.asarray(sampled * share, np.float32).ravel()


def _harmony(pitch: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Pitch-class profile of the bass and of the rest, each relative to its mean; loud frames count more."""
    energy = np.square(pitch[:N_PITCH_BINS])
    total = np.square(pitch[BAND_ROWS]).sum()
    if total <= 0 or energy.sum() / total < _TONAL_MIN:
        return None
    semitones = energy.reshape(N_SEMITONES, BINS_PER_SEMITONE, -1).sum(axis=1)
    profile = np.sqrt(semitones).mean(axis=1)
    midi = LOWEST_MIDI + np.arange(N_SEMITONES)
    folded = np.zeros((2, 12), np.float32)
    np.add.at(folded, ((midi >= _BASS_BELOW_MIDI).astype(int), midi % 12), profile)
    norm = np.linalg.norm(folded - folded.mean(axis=1, keepdims=True))
    if norm <= 1e-9:
        return None
    return np.asarray((folded - folded.mean(axis=1, keepdims=True)).ravel() / norm, np.float32)


def _dynamics(level: NDArray[np.float32], frame_rate: float, duration_s: float) -> NDArray[np.float32]:
    """Level after the onset, its distribution, and how much it moves. ``level`` is in dB below the loudest."""
    floored = np.maximum(level, -60.0)
    first = int(np.argmax(floored > -20.0))
    after = floored[first:]
    at = _ENVELOPE_S * frame_rate
    envelope = np.interp(at, np.arange(len(after)), after, right=-60.0)
    percentiles = np.percentile(floored, _LEVEL_PERCENTILES)
    steps = np.abs(np.diff(floored)) if len(floored) > 1 else np.zeros(1, np.float32)
    extra = [
        4.0 * np.log2(max(duration_s, 0.02)),
        float(steps.mean()) * 4.0,
        float(np.percentile(steps, 95)) * 2.0,
        20.0 * float((floored > -20.0).mean()),
    ]
    return np.concatenate([envelope, percentiles, extra]).astype(np.float32)
