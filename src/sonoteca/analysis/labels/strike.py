"""A one-shot as one vector: its spectrum in time slices that widen, its envelope, its low pitch.

The vector does not change with gain or polarity, and lead silence is cut off first. Time
resolution is fine where ears are (the first milliseconds tell a clap from a snare) and
coarse in the tail.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.features.feature import hann
from sonoteca.features.mel import mel_filters

N_FFT = 1024
HOP_LENGTH = 128
N_BANDS = 28
# Longest stretch looked at; what a one-shot does later does not change its class.
LONGEST_S = 3.0
# Edges of the time slices, in frames of 5.8 ms after the onset: 0, 17, 41, 81, 163 ms ... 2.6 s.
SLICE_EDGES = (0, 3, 7, 14, 28, 56, 112, 224, 448)
RANGE_DB = 60.0
_N_SLICES = len(SLICE_EDGES) - 1
_SHAPE = ("centroid", "spread", "roll-off 10 %", "roll-off 50 %", "roll-off 85 %", "flatness", "crest")
INPUTS = (
    *(f"slice {number}, band {band}" for number in range(_N_SLICES) for band in range(N_BANDS)),
    *(f"level of slice {number}" for number in range(_N_SLICES)),
    "log time of the peak", *(f"log time to -{decibels} dB" for decibels in (6, 12, 20, 40)), "log time of the centre",
    "log duration", "dips", "depth of dips", "hills", "roughness of the decay",
    *(f"{name} of the {part}" for part in ("attack", "body", "tail") for name in _SHAPE),
    "low pitch 1", "low pitch 2", "low pitch 3", "fall 1", "fall 2", "low share 1", "low share 2", "low share 3",
    *(f"class of rank {rank}" for rank in range(2, 8)), *(f"pitches above {share}" for share in (0.5, 0.2, 0.05)),
    "lowest pitch", "strongest pitch", "harmonicity", "crest",
)  # fmt: skip
_ENVELOPE_STEP = 44  # samples, 2 ms
_LOW_BINS = 40
_LEAD = 32  # samples kept before the onset, 1.5 ms


def describe(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32] | None:
    """The vector of a one-shot, or None for silence and direct current.

    Parameters
    ----------
    samples : float32, shape (n_samples,), mono
    sample_rate : int [Hz]
        22,050, the rate of analysis; others shift the vector.

    Returns
    -------
    float32, shape (n,): ``INPUTS``
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < 1e-5 or _is_direct_current(samples):
        return None
    samples = samples / np.float32(peak)
    loud = np.abs(samples) > 0.02
    onset = int(loud.argmax())
    stop = len(samples) - int(loud[::-1].argmax())
    last = min(stop + sample_rate // 20, onset - _LEAD + int(LONGEST_S * sample_rate), len(samples))
    # A sound that starts at its first sample gets the lead that others have.
    body = np.pad(samples[max(0, onset - _LEAD) : last], (max(0, _LEAD - onset), 0))
    spectrum = _power(body)
    slices, levels = _slices(spectrum)
    return np.concatenate(
        [
            slices,
            levels,
            _envelope(body, sample_rate),
            _shape(spectrum),
            _low_pitch(spectrum),
            _peaks(body, sample_rate),
        ]
    ).astype(np.float32)


def _is_direct_current(samples: NDArray[np.float32]) -> bool:
    """A constant with hardly anything on it is no sound."""
    mean = float(samples.mean())
    return float(np.abs(samples - mean).mean()) < 0.02 * abs(mean)


def _power(body: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power spectra, shape (n_frames, N_FFT // 2 + 1); frame 0 starts at the onset."""
    n_frames = min(max(1, -(-len(body) // HOP_LENGTH)), SLICE_EDGES[-1])
    padded = np.zeros((n_frames - 1) * HOP_LENGTH + N_FFT, np.float32)
    # The first window is centred a quarter of its length after the onset.
    lead = N_FFT // 4
    kept = min(len(body), len(padded) - lead)
    padded[lead : lead + kept] = body[:kept]
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH] * hann(N_FFT)
    spectra = scipy.fft.rfft(windows, axis=-1)
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag), np.float32)


def _slices(power: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shape of the spectrum per slice (dB against the slice's own level) and the level of each slice."""
    bands = power @ mel_filters(22_050, N_FFT, N_BANDS, 30.0, 11_025.0)
    n_slices = len(SLICE_EDGES) - 1
    mean = np.zeros((n_slices, N_BANDS), np.float32)
    for index in range(n_slices):
        part = bands[SLICE_EDGES[index] : SLICE_EDGES[index + 1]]
        if len(part):
            # A slice the sound does not fill counts as partly silent.
            mean[index] = part.sum(axis=0) / (SLICE_EDGES[index + 1] - SLICE_EDGES[index])
    decibels = 10.0 * np.log10(np.maximum(mean, mean.max() * 10.0 ** (-RANGE_DB / 10.0)))
    levels = 10.0 * np.log10(np.maximum(mean.sum(axis=1), mean.sum(axis=1).max() * 1e-6))
    relative = decibels - decibels.max(axis=1, keepdims=True)
    return (relative.ravel() / 10.0).astype(np.float32), ((levels - levels.max()) / 10.0).astype(np.float32)


def _envelope(body: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    n_steps = max(1, len(body) // _ENVELOPE_STEP)
    padded = np.zeros(n_steps * _ENVELOPE_STEP, np.float32)
    padded[: min(len(body), len(padded))] = body[: len(padded)]
    energy = np.square(padded).reshape(n_steps, _ENVELOPE_STEP).mean(axis=1) + 1e-10
    step_s = _ENVELOPE_STEP / sample_rate
    top = int(energy.argmax())
    level = 10.0 * np.log10(energy / energy[top])
    after = level[top:]

    def time_below(decibels: float) -> float:
        below = after < -decibels
        return float(below.argmax() if below.any() else len(after)) * step_s

    centroid = float((energy * np.arange(n_steps)).sum() / energy.sum()) * step_s
    smooth = np.convolve(level, np.ones(3) / 3.0, mode="same") if n_steps >= 3 else level
    early = smooth[:60]
    dips = (early[1:-1] < early[:-2]) & (early[1:-1] <= early[2:]) if len(early) > 2 else np.zeros(1, bool)
    hills = (
        (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & (smooth[1:-1] > -20.0) if n_steps > 2 else dips
    )
    depth = float(np.maximum.accumulate(early).max() - early[1:-1][dips].min(initial=0.0)) if dips.any() else 0.0
    times = [
        top * step_s,
        time_below(6),
        time_below(12),
        time_below(20),
        time_below(40),
        centroid,
        len(body) / sample_rate,
    ]
    return np.array(
        [
            *np.log(np.array(times) + 0.002),
            float(dips.sum()) / 5.0,
            depth / 10.0,
            float(hills.sum()) / max(n_steps, 1) * 10.0,
            float(np.std(np.diff(level[top : top + 200]))) if len(after) > 2 else 0.0,
        ],
        np.float32,
    )


def _shape(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centroid, spread, roll-off, flatness and peakedness of the attack and of the body."""
    out: list[float] = []
    axis = np.arange(power.shape[1]) * (22_050 / N_FFT)
    for part in (power[:6], power[6:40], power[40:]):
        mean = part.mean(axis=0) if len(part) else power[-1]
        total = float(mean.sum()) + 1e-12
        share = mean / total
        centroid = float((share * axis).sum())
        spread = float(np.sqrt((share * np.square(axis - centroid)).sum()))
        cumulative = np.cumsum(share)
        rolloff = [float(axis[np.searchsorted(cumulative, q).clip(0, len(axis) - 1)]) for q in (0.1, 0.5, 0.85)]
        flat = float(np.log(mean + 1e-12 * total + 1e-20).mean() - np.log(total / len(mean) + 1e-20))
        crest = float(np.log(mean.max() / (total / len(mean)) + 1e-20))
        out += [*np.log(np.array([centroid, spread, *rolloff]) + 20.0), flat / 4.0, crest]
    return np.array(out, np.float32)


def _low_pitch(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the strongest low bin stands at three moments, and how far it falls: kicks and toms slide."""
    moments = [power[:5], power[5:16], power[16:60]]
    bins = [int(m[:, 1:_LOW_BINS].mean(axis=0).argmax()) + 1 if len(m) else 0 for m in moments]
    low_share = [float(m[:, :_LOW_BINS].sum() / (m.sum() + 1e-12)) if len(m) else 0.0 for m in moments]
    octaves = [np.log2(b + 0.5) for b in bins]
    return np.array([*octaves, octaves[0] - octaves[1], octaves[1] - octaves[2], *low_share], np.float32)


@lru_cache(maxsize=1)
def _peak_bands() -> NDArray[np.int64]:
    edges_midi = 27.5 + np.arange(73)
    return np.ceil(440.0 * 2.0 ** ((edges_midi - 69.0) / 12.0) / 22_050 * 8192).astype(np.int64)


def _peaks(body: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """How many pitches stand in the body of the sound, and how harmonic they are: one voice or a chord."""
    start = min(len(body) // 4, sample_rate // 20)
    part = body[start : start + 8192]
    window = hann(len(part)) if len(part) > 1 else np.ones(len(part), np.float32)
    magnitude = np.abs(scipy.fft.rfft(part * window, 8192))
    edges = _peak_bands()
    semitones = np.maximum.reduceat(magnitude[: edges[-1]], edges[:-1])
    semitones = semitones / (semitones.max() + 1e-12)
    chroma = semitones.reshape(6, 12).max(axis=0)
    ranked = np.sort(chroma)[::-1]
    inner = semitones[1:-1]
    peaks = (inner > semitones[:-2]) & (inner >= semitones[2:])
    counts = [float((peaks & (inner > threshold)).sum()) / 5.0 for threshold in (0.5, 0.2, 0.05)]
    lowest = np.flatnonzero(peaks & (inner > 0.15))
    first = float(lowest[0]) / 12.0 if len(lowest) else 6.0
    strongest = float(semitones.argmax()) / 12.0
    # Harmonics of the lowest peak against everything: near 1 for a single pitched voice.
    root = int(lowest[0]) + 1 if len(lowest) else int(semitones.argmax())
    series = root + np.array([0, 12, 19, 24, 28, 31, 34, 36])
    series = series[series < len(semitones)]
    near = np.zeros(len(semitones), bool)
    for offset in (-1, 0, 1):
        near[np.clip(series + offset, 0, len(semitones) - 1)] = True
    harmonic = float(np.square(semitones[near]).sum() / (np.square(semitones).sum() + 1e-12))
    crest = float(np.log(np.square(magnitude).max() / (np.square(magnitude).mean() + 1e-20) + 1e-20))
    return np.array([*ranked[1:7], *counts, first, strongest, harmonic, crest / 3.0], np.float32)
