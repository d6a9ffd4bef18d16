"""Frames of a span to raw numbers in four aspects: timbre, rhythm, harmony, dynamics.

These are plain statistics; ``spectral.py`` projects them with a learned metric and makes the
vector. None depends on gain. An aspect that a sound does not have (the rhythm of a single
hit, the harmony of noise) is absent, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.embedding.spectral_harmony import harmony_profile, tonal_traits
from sonoteca.embedding.spectral_onsets import Onsets, find_onsets
from sonoteca.embedding.spectral_rhythm import rhythm_profile
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import FLOOR_DB, cepstrum

# Frames this far below the loudest of the span are its silence and tail noise.
_RANGE_DB = 50.0
_FLOOR_BELOW_PEAK_DB = 70.0
_N_CEPSTRUM = 20
_N_DELTA = 9
_N_SLICE = 14
_N_LOUD = 13
# Bounds, in frames of 23 ms after an onset, of the stretches in which attack, body and tail are read.
_SLICES = ((0, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 32))
# Bands of the 40-band mel scale whose level movement is read: below 200 Hz, to 800 Hz, to 3 kHz, above.
_MOVEMENT_BANDS = (slice(0, 3), slice(3, 11), slice(11, 25), slice(25, 40))
# Spans over which levels are differenced, frames: movement at about 20, 10, 5 and 2.5 Hz.
_MOVEMENT_SPANS = (1, 2, 4, 8)
# Moments after the onset at which the level is read, seconds.
_ENVELOPE_S = np.array([0.0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6])
_LEVEL_PERCENTILES = (5, 10, 25, 50, 75, 90)


@dataclass(frozen=True, slots=True, eq=False)
class RawAspects:
    """Statistics of one span, each float32 (n,), or None where the aspect is absent.

    ``tonal_traits`` float32 (N_TONAL_TRAITS,) tells whether ``harmony`` is one: the metric's owner decides.
    """

    timbre: NDArray[np.float32]
    rhythm: NDArray[np.float32] | None
    harmony: NDArray[np.float32] | None
    dynamics: NDArray[np.float32]
    tonal_traits: NDArray[np.float32]


def raw_aspects(log_mel: FrameSeries, pitch: FrameSeries, traits: FrameSeries, duration_s: float) -> RawAspects | None:
    """Statistics of the frames given, or None where nothing sounds.

    Parameters
    ----------
    log_mel : FrameSeries
        ``LogMel()`` frames of the span, (40, n_frames) in dB.
    pitch : FrameSeries
        ``PitchSpectrum()`` frames of the span.
    traits : FrameSeries
        ``SpectralTraits()`` frames of the span; as many as ``log_mel`` has.
    duration_s : float
        Length of the span.
    """
    level = log_mel.values.max(axis=0)
    peak = float(level.max())
    if peak <= FLOOR_DB + 10.0:
        return None
    # Relative to the loudest band of the loudest frame, so that gain has no say.
    bands = np.maximum(log_mel.values - np.float32(peak), np.float32(-_FLOOR_BELOW_PEAK_DB))
    level = level - np.float32(peak)
    heard = level > -_RANGE_DB
    onsets = find_onsets(bands, level)
    # Loud frames say more about what a sound is than its tail: weight by the fourth root of power.
    weight = np.where(heard, 10.0 ** (level / 40.0), 0.0).astype(np.float32)
    weight /= weight.sum()
    tonal = tonal_traits(pitch.values, traits.values, weight)
    return RawAspects(
        timbre=_timbre(bands, traits.values, level, heard, weight, onsets),
        rhythm=rhythm_profile(bands, onsets, log_mel.frame_rate, duration_s),
        harmony=harmony_profile(pitch.values),
        dynamics=_dynamics(level, onsets, log_mel.frame_rate, duration_s),
        tonal_traits=tonal,
    )


def _timbre(
    bands: NDArray[np.float32],
    traits: NDArray[np.float32],
    level: NDArray[np.float32],
    heard: NDArray[np.bool_],
    weight: NDArray[np.float32],
    onsets: Onsets,
) -> NDArray[np.float32]:
    """Cepstral mean and spread, movement, attack to tail around onsets, peakedness, shape of the mean spectrum."""
    cepstra = cepstrum(bands, _N_CEPSTRUM)[1:]
    mean = cepstra @ weight
    spread = np.sqrt(np.square(cepstra - mean[:, None]) @ weight)
    sounding = cepstra[:_N_DELTA, heard]
    steps = np.abs(np.diff(sounding, axis=1)).mean(axis=1) if sounding.shape[1] > 1 else np.zeros(_N_DELTA, np.float32)
    slices = _around_onsets(bands, onsets, -_FLOOR_BELOW_PEAK_DB)
    attack = cepstrum(slices, _N_SLICE + 1)[1:]
    loud = cepstrum(np.percentile(bands[:, heard], 90, axis=1).astype(np.float32), _N_LOUD + 1)[1:]
    crest = traits @ weight
    crest_spread = np.sqrt(np.square(traits - crest[:, None]) @ weight)
    return np.concatenate(
        [
            mean,
            spread,
            steps,
            attack.T.ravel(),
            loud,
            crest,
            crest_spread,
            _shape(bands @ weight),
            _movement(bands, heard),
        ]
    ).astype(np.float32)


def _around_onsets(values: NDArray[np.float32], onsets: Onsets, beyond: float) -> NDArray[np.float32]:
    """Mean over onsets of ``values`` in the stretches after each; float32 (n_rows, n_slices).

    What lies after the end of the span counts as ``beyond``: a short sound has a silent tail.
    """
    frames = onsets.frames[:, None] + np.arange(_SLICES[-1][1])
    inside = frames < values.shape[1]
    taken = values[:, np.minimum(frames, values.shape[1] - 1)]
    taken = np.where(inside, taken, np.float32(beyond))
    aligned = np.tensordot(taken, onsets.weights, axes=(1, 0))
    return np.stack([aligned[:, start:stop].mean(axis=1) for start, stop in _SLICES], axis=1).astype(np.float32)


def _shape(mean_bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centroid, spread, peakedness, range, roll-off and roughness of the mean spectrum."""
    position = np.linspace(0.0, 1.0, len(mean_bands), dtype=np.float32)
    power = 10.0 ** (mean_bands / 10.0)
    power /= power.sum()
    centroid = float(position @ power)
    ordered = np.sort(mean_bands)
    return np.array(
        [
            centroid,
            np.sqrt(np.square(position - centroid) @ power),
            np.log(power.max() * len(power)),
            ordered[-4] - ordered[4],
            position[min(int(np.searchsorted(np.cumsum(power), 0.85)), len(position) - 1)],
            np.abs(np.diff(mean_bands)).mean(),
        ],
        np.float32,
    )


def _movement(bands: NDArray[np.float32], heard: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mean change of level in four bands over four spans of time, dB; (16,)."""
    rows = np.stack([bands[band].mean(axis=0) for band in _MOVEMENT_BANDS])
    out = np.zeros((len(_MOVEMENT_SPANS), len(_MOVEMENT_BANDS)), np.float32)
    for number, span in enumerate(_MOVEMENT_SPANS):
        both = heard[span:] & heard[:-span] if len(heard) > span else heard[:0]
        if both.any():
            out[number] = np.abs(rows[:, span:] - rows[:, :-span])[:, both].mean(axis=1)
    return out.ravel()


def _dynamics(level: NDArray[np.float32], onsets: Onsets, frame_rate: float, duration_s: float) -> NDArray[np.float32]:
    """Level after the first and after all onsets, its distribution, and how much it moves; dB below the loudest."""
    floored = np.maximum(level, -60.0)
    first = int(np.argmax(floored > -20.0))
    after = floored[first:]
    envelope = np.interp(_ENVELOPE_S * frame_rate, np.arange(len(after)), after, right=-60.0)
    aligned = _around_onsets(floored[None], onsets, -60.0)[0]
    before = floored[np.maximum(onsets.frames - 2, 0)] @ onsets.weights
    steps = np.abs(np.diff(floored)) if len(floored) > 1 else np.zeros(1, np.float32)
    extra = [
        float(before),
        4.0 * np.log2(max(duration_s, 0.02)),
        4.0 * np.log2(onsets.per_second + 0.1),
        float(steps.mean()) * 4.0,
        float(np.percentile(steps, 95)) * 2.0,
        20.0 * float((floored > -20.0).mean()),
        20.0 * float((floored > -6.0).mean()),
    ]
    return np.concatenate([envelope, aligned, np.percentile(floored, _LEVEL_PERCENTILES), extra]).astype(np.float32)
