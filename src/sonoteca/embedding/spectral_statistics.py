"""Frames of a span to raw numbers in four aspects: timbre, rhythm, harmony, dynamics.

These are plain statistics; ``spectral.py`` projects them with a learned metric and makes the
vector. None depends on gain. An aspect that a sound does not have (the rhythm of a single
hit, the harmony of noise) is absent, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.embedding import spectral_harmony, spectral_rhythm
from sonoteca.embedding.spectral_harmony import harmony_profile, peak_semitones, tonal_traits
from sonoteca.embedding.spectral_onsets import Onsets, find_onsets
from sonoteca.embedding.spectral_rhythm import rhythm_profile
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import FLOOR_DB, cepstrum
from sonoteca.features.mel_traits import TRAIT_NAMES

# Frames this far below the loudest of the span are its silence and tail noise.
_RANGE_DB = 45.0
# Quieter than this is no part of a sound's character: low enough for tails, high enough that a quiet sound
# does not meet the floor of the log-mel spectrum.
_FLOOR_BELOW_PEAK_DB = np.float32(50.0)
_N_CEPSTRUM = 20
_N_DELTA = 9
_N_SLICE = 14
_N_LOUD = 13
# Stretches in which attack, body and tail are read, in frames of 23 ms after an onset.
_SLICE_STARTS = np.array([0, 1, 2, 4, 8, 16])
_SLICE_LENGTHS = np.array([1, 1, 2, 4, 8, 16], np.float32)
# Bands of the 40-band mel scale whose level movement is read: below 200 Hz, to 800 Hz, to 3 kHz, above.
_MOVEMENT_STARTS = np.array([0, 3, 11, 25])
_MOVEMENT_WIDTHS = np.array([3, 8, 14, 15], np.float32)
# Where the octaves of ``SpectralTraits`` begin on that scale, and where the last ends: 60, 250, 500 ... 8000 Hz.
_OCTAVE_STARTS = np.array([0, 3, 6, 11, 18, 26, 36])
N_OCTAVES = 6
# Peakedness of an octave of noise.
_NOISE_CREST_DB = np.float32(8.0)
# Spans over which levels are differenced, frames: movement at about 20, 10, 5 and 2.5 Hz.
_MOVEMENT_SPANS = (1, 2, 4, 8)
# Moments after the onset at which the level is read, seconds.
_ENVELOPE_S = np.array([0.0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6])
_LEVEL_SHARES = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9])
_SHAPE = ("centroid", "spread", "peakedness", "range", "roll-off", "roughness")
INPUTS = {
    "timbre": (
        *(f"mean cepstrum {n}" for n in range(1, _N_CEPSTRUM)), *(f"spread of cepstrum {n}" for n in range(1, _N_CEPSTRUM)),
        *(f"movement of cepstrum {n}" for n in range(1, _N_DELTA + 1)),
        *(f"cepstrum {n}, {start} frames after onsets" for start in _SLICE_STARTS for n in range(1, _N_SLICE + 1)),
        *(f"loud cepstrum {n}" for n in range(1, _N_LOUD + 1)),
        *(f"mean {name}" for name in TRAIT_NAMES), *(f"spread of {name}" for name in TRAIT_NAMES),
        *(f"{name} of the mean spectrum" for name in _SHAPE),
        *(f"movement over {span} frames from band {band}" for span in _MOVEMENT_SPANS for band in _MOVEMENT_STARTS),
    ),
    "rhythm": spectral_rhythm.INPUTS,
    "harmony": spectral_harmony.INPUTS,
    "dynamics": (
        *(f"level after {at_s:g} s" for at_s in _ENVELOPE_S), *(f"level {start} frames after onsets" for start in _SLICE_STARTS),
        *(f"level, {100 * share:.0f} %" for share in _LEVEL_SHARES),
        "level before onsets", "log duration", "log onsets per second", "mean step", "wide steps", "share above -20 dB",
        "share above -6 dB",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RawAspects:
    """Statistics of one span, each float32 (n,) as ``INPUTS`` names them, or None where the aspect is absent.

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
    peak = float(log_mel.values.max())
    if peak <= FLOOR_DB + 10.0:
        return None
    # Relative to the loudest band of the loudest frame, so that gain has no say. A frame on the floor of the
    # log-mel spectrum is silent however near to the peak that floor is.
    bands = np.maximum(log_mel.values - np.float32(peak), -_FLOOR_BELOW_PEAK_DB)
    bands[:, log_mel.values.max(axis=0) <= FLOOR_DB + 0.5] = -_FLOOR_BELOW_PEAK_DB
    level = bands.max(axis=0)
    heard = level > -_RANGE_DB
    onsets = find_onsets(bands, level)
    # Loud frames say more about what a sound is than its tail: weight by the fourth root of power.
    weight = np.where(heard, 10.0 ** (level / 40.0), 0.0).astype(np.float32)
    weight /= weight.sum()
    crests = _audible_traits(traits.values, bands)
    semitones = peak_semitones(pitch.values)
    return RawAspects(
        timbre=_timbre(bands, crests, heard, weight, onsets),
        rhythm=rhythm_profile(bands, onsets, log_mel.frame_rate, duration_s),
        harmony=harmony_profile(semitones),
        dynamics=_dynamics(level, onsets, log_mel.frame_rate, duration_s),
        tonal_traits=tonal_traits(semitones, pitch.values, crests, weight),
    )


def _timbre(
    bands: NDArray[np.float32],
    crests: NDArray[np.float32],
    heard: NDArray[np.bool_],
    weight: NDArray[np.float32],
    onsets: Onsets,
) -> NDArray[np.float32]:
    """Cepstral mean and spread, movement, attack to tail around onsets, peakedness, shape of the mean spectrum."""
    cepstra = cepstrum(bands, _N_CEPSTRUM)[1:]
    mean, spread = _weighted(cepstra, weight)
    sounding = bands[:, heard]
    steps = np.diff(cepstra[:_N_DELTA, heard], axis=1)
    slices = _around_onsets(bands, onsets)
    attack = cepstrum(slices, _N_SLICE + 1)[1:]
    rank = round(0.9 * (sounding.shape[1] - 1))
    loud = cepstrum(np.partition(sounding, rank, axis=1)[:, rank], _N_LOUD + 1)[1:]
    return np.concatenate(
        [
            mean,
            spread,
            np.abs(steps).sum(axis=1) / max(steps.shape[1], 1),
            attack.T.ravel(),
            loud,
            *_weighted(crests, weight),
            _shape(bands @ weight),
            _movement(bands, heard),
        ]
    ).astype(np.float32)


def _weighted(
    values: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation over frames."""
    mean = values @ weight
    return mean, np.sqrt(np.square(values - mean[:, None]) @ weight)


def _audible_traits(traits: NDArray[np.float32], bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Traits whose peakedness of an octave fades to that of noise where the octave is too quiet to hear.

    How peaked inaudible octaves are is a matter of the number format, and changes with gain.
    """
    loudest = np.maximum.reduceat(bands, _OCTAVE_STARTS, axis=0)[:N_OCTAVES]
    audible = np.clip((loudest + np.float32(50.0)) / np.float32(15.0), 0.0, 1.0)
    crests = traits.copy()
    crests[:N_OCTAVES] = _NOISE_CREST_DB + audible * (traits[:N_OCTAVES] - _NOISE_CREST_DB)
    return crests


def _around_onsets(values: NDArray[np.float32], onsets: Onsets) -> NDArray[np.float32]:
    """Mean over onsets of ``values`` in the stretches after each; float32 (n_rows, n_slices).

    What lies after the end of the span counts as silent, as the tail of a short sound is.
    """
    n_rows, n_frames = values.shape
    longest = int(_SLICE_STARTS[-1] + _SLICE_LENGTHS[-1])
    padded = np.full((n_frames + longest, n_rows), -_FLOOR_BELOW_PEAK_DB, np.float32)
    padded[:n_frames] = values.T
    taken = padded[onsets.frames[:, None] + np.arange(longest)]
    aligned = (onsets.weights @ taken.reshape(len(taken), -1)).reshape(longest, n_rows)
    return np.asarray((np.add.reduceat(aligned, _SLICE_STARTS, axis=0) / _SLICE_LENGTHS[:, None]).T, np.float32)


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
    rows = np.add.reduceat(bands, _MOVEMENT_STARTS, axis=0) / _MOVEMENT_WIDTHS[:, None]
    out = np.zeros((len(_MOVEMENT_SPANS), len(_MOVEMENT_STARTS)), np.float32)
    for number, span in enumerate(_MOVEMENT_SPANS):
        if len(heard) > span:
            both = (heard[span:] & heard[:-span]).astype(np.float32)
            out[number] = np.abs(rows[:, span:] - rows[:, :-span]) @ both / max(float(both.sum()), 1.0)
    return out.ravel()


def _dynamics(level: NDArray[np.float32], onsets: Onsets, frame_rate: float, duration_s: float) -> NDArray[np.float32]:
    """Level after the first and after all onsets, its distribution, and how much it moves; dB below the loudest."""
    first = int(np.argmax(level > -20.0))
    after = level[first:]
    envelope = np.interp(_ENVELOPE_S * frame_rate, np.arange(len(after)), after, right=-float(_FLOOR_BELOW_PEAK_DB))
    aligned = _around_onsets(level[None], onsets)[0]
    before = level[np.maximum(onsets.frames - 2, 0)] @ onsets.weights
    steps = np.sort(np.abs(np.diff(level))) if len(level) > 1 else np.zeros(1, np.float32)
    extra = [
        float(before),
        4.0 * np.log2(max(duration_s, 0.02)),
        4.0 * np.log2(onsets.per_second + 0.1),
        float(steps.mean()) * 4.0,
        float(steps[round(0.95 * (len(steps) - 1))]) * 2.0,
        20.0 * float((level > -20.0).mean()),
        20.0 * float((level > -6.0).mean()),
    ]
    ordered = np.sort(level)
    percentiles = ordered[np.rint(_LEVEL_SHARES * (len(ordered) - 1)).astype(int)]
    return np.concatenate([envelope, aligned, percentiles, extra]).astype(np.float32)
