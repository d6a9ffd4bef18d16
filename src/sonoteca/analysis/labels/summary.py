"""A region as one vector: mean spectrum and its movement, envelope, peaks and pitches.

What kind, role and instrument are decided from. No part changes with gain or polarity.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.analysis.labels.envelope import Envelope, trace
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import N_TRAITS, TRAIT_NAMES

N_BANDS = 40  # of the log-mel frames
# Loudness range that counts: below it codecs and noise floors decide, not the sound.
RANGE_DB = 60.0
ACTIVE_DB = 30.0
# Frames (a quarter of an hour) clipped at once: bounds memory on hour-long files.
_STRETCH = 40_000
_SPECTRUM = ("long-term level", "mean level", "spread of level", "rises")
_MOVEMENT_HZ = (0.3, 1.0, 2.5, 5.0, 10.0, 21.0)
INPUTS = (
    *(f"{what}, bands {2 * pair} and {2 * pair + 1}" for what in _SPECTRUM for pair in range(N_BANDS // 2)),
    *(f"level, {percent} %" for percent in (5, 25, 50, 75, 95)), *(f"loudest of quarter {part}" for part in (1, 2, 3, 4)),
    "loudest of the end", "log duration", "log onsets", "log onsets per second", "irregularity of onsets",
    "share of active frames", "strength of onsets", "mean rise", "spread of level",
    *(f"movement, {low:g} to {high:g} Hz" for low, high in pairwise(_MOVEMENT_HZ)), "periodicity",
    *(f"mean {name}" for name in TRAIT_NAMES), *(f"spread of {name}" for name in TRAIT_NAMES),
    *(f"pitches above {share}" for share in (0.5, 0.25, 0.1)), *(f"class of rank {rank}" for rank in range(2, 8)),
    *(f"long-term class of rank {rank}" for rank in range(2, 13, 2)),
    *(f"{what} of the {track}" for track in ("lowest", "highest", "strongest") for what in ("mean", "spread")),
    "harmonicity", "spread of harmonicity", "change of classes", "leaps", "strongest below C3", "mean of semitones",
)  # fmt: skip
_LOWEST_MIDI = SemitoneSpectrum().lowest_midi


def summarise(
    log_mel: NDArray[np.float32],
    traits: NDArray[np.float32],
    semitones: NDArray[np.float32],
    *,
    frame_rate: float,
    duration_s: float,
) -> NDArray[np.float32] | None:
    """Vector of a region, or None for silence.

    Parameters
    ----------
    log_mel : float32, shape (40, n_frames) [dB]
        Of `sonoteca.features.mel.LogMel`.
    traits : float32, shape (9, n_frames)
        Of `sonoteca.features.mel_traits.SpectralTraits`, at the same frames.
    semitones : float32, shape (60, n_slow_frames)
        Of `sonoteca.features.mel_semitones.SemitoneSpectrum`.
    frame_rate : float [1/s]
        Of ``log_mel``.
    duration_s : float [s]

    Returns
    -------
    float32, shape (n,): ``INPUTS``
    """
    envelope = trace(log_mel, frame_rate)
    if envelope.is_silent:
        return None
    active = envelope.level_db > -ACTIVE_DB
    return np.concatenate(
        [
            _spectrum(log_mel, active),
            _dynamics(envelope, active, duration_s),
            _mean_traits(traits, envelope, active),
            _pitches(semitones),
        ]
    ).astype(np.float32)


def _spectrum(log_mel: NDArray[np.float32], active: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Long-term spectrum, mean, spread and movement in pairs of bands."""
    pairs = _pairs_of_bands(log_mel)[:, active]
    long_term = 10.0 * np.log10(np.power(10.0, 0.1 * pairs).mean(axis=1))
    mean = pairs.mean(axis=1)
    spread = pairs.std(axis=1)
    rises = np.maximum(0.0, np.diff(pairs, axis=1)).mean(axis=1) if pairs.shape[1] > 1 else np.zeros(len(pairs))
    return np.concatenate(
        [(long_term - long_term.max()) / 10.0, (mean - mean.max()) / 10.0, spread / 10.0, rises / 3.0]
    )


def _pairs_of_bands(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean level of two neighbouring bands, dB below the loudest, shape (n_bands // 2, n_frames)."""
    n_bands, n_frames = log_mel.shape
    pairs = np.empty((n_bands // 2, n_frames), np.float32)
    loudest = log_mel.max()
    for start in range(0, n_frames, _STRETCH):
        clipped = np.maximum(log_mel[:, start : start + _STRETCH] - loudest, -RANGE_DB)
        pairs[:, start : start + _STRETCH] = clipped.reshape(-1, 2, clipped.shape[1]).mean(axis=1)
    return pairs


def _dynamics(envelope: Envelope, active: NDArray[np.bool_], duration_s: float) -> NDArray[np.float32]:
    level = np.maximum(envelope.level_db, -RANGE_DB)
    n = len(level)
    quantiles = np.percentile(level, [5, 25, 50, 75, 95]) / 10.0
    onsets = envelope.onsets
    per_second = len(onsets) / max(duration_s, 0.1)
    gaps = np.diff(onsets) / envelope.frame_rate
    irregular = float(np.std(gaps) / (np.mean(gaps) + 1e-6)) if len(gaps) > 1 else 1.0
    quarter = max(1, n // 4)
    parts = [float(level[i * quarter : (i + 1) * quarter].max(initial=-RANGE_DB)) / 10.0 for i in range(4)]
    end = float(level[-max(1, n // 20) :].max()) / 10.0
    strong = envelope.rise_db[onsets] if len(onsets) else np.zeros(1, np.float32)
    # Where the level moves: speech at 2 to 8 Hz, drums at twice the beat, pads nowhere.
    bands = np.zeros(5)
    if n >= 32:
        swing = scipy.fft.rfft((level - level.mean()) * np.hanning(n))
        power = np.square(np.abs(swing))
        hertz = np.arange(len(power)) * envelope.frame_rate / n
        total = power[1:].sum() + 1e-9
        bands = np.array([power[(hertz >= a) & (hertz < b)].sum() / total for a, b in pairwise(_MOVEMENT_HZ)])
    periodic = _periodicity(envelope)
    return np.array(
        [
            *quantiles,
            *parts,
            end,
            np.log(max(duration_s, 0.02)),
            np.log1p(len(onsets)),
            np.log1p(per_second),
            min(irregular, 3.0),
            float(active.mean()),
            float(np.median(strong)) / 20.0,
            float(envelope.rise_db.mean()) / 5.0,
            float(level.std()) / 10.0,
            *bands,
            periodic,
        ],
        np.float32,
    )


def _periodicity(envelope: Envelope) -> float:
    """Largest autocorrelation of the onset strength between 0.25 and 2 s; 0 for a single event."""
    rise = envelope.rise_db - envelope.rise_db.mean()
    n = len(rise)
    first, last = round(0.25 * envelope.frame_rate), round(2.0 * envelope.frame_rate)
    if n < 2 * first:
        return 0.0
    spectrum = scipy.fft.rfft(rise, scipy.fft.next_fast_len(2 * n, real=True))
    correlation = scipy.fft.irfft(np.square(np.abs(spectrum)))[: min(last, n // 2)]
    if len(correlation) <= first or correlation[0] <= 0:
        return 0.0
    return float(correlation[first:].max() / correlation[0])


def _mean_traits(traits: NDArray[np.float32], envelope: Envelope, active: NDArray[np.bool_]) -> NDArray[np.float32]:
    n = min(traits.shape[1], len(active))
    kept = traits[:, :n][:, active[:n]]
    scale = np.array([10.0] * 6 + [1.0, 0.1, 0.1], np.float32)[:N_TRAITS]
    weight = np.power(10.0, 0.05 * envelope.level_db[:n][active[:n]])
    weight /= weight.sum()
    mean = kept @ weight
    spread = np.sqrt(np.maximum(0.0, np.square(kept) @ weight - np.square(mean)))
    return np.concatenate([mean / scale, spread / scale])


def _pitches(semitones: NDArray[np.float32]) -> NDArray[np.float32]:
    """How many pitches sound at once, where the lowest and strongest stand, and how they move."""
    loudness = semitones.max(axis=0)
    strong = loudness > 0.05 * loudness.max()
    spectrum = semitones[:, strong] / np.maximum(loudness[strong], 1e-9)
    weight = loudness[strong] / loudness[strong].sum()
    n_bins = len(spectrum)
    inner = spectrum[1:-1]
    peaks = (inner > spectrum[:-2]) & (inner >= spectrum[2:])
    counts = [float(((peaks & (inner > t)).sum(axis=0) * weight).sum()) / 5.0 for t in (0.5, 0.25, 0.1)]
    chroma = spectrum.reshape(n_bins // 12, 12, -1).max(axis=0)
    ranked = -np.sort(-chroma, axis=0)[1:7] @ weight
    long_term = (spectrum * weight).sum(axis=1)
    long_chroma = -np.sort(-long_term.reshape(n_bins // 12, 12).max(axis=0))
    is_strong = peaks & (inner > 0.3)
    lowest = np.where(is_strong.any(axis=0), is_strong.argmax(axis=0) + 1, spectrum.argmax(axis=0)).astype(np.float32)
    highest = np.where(
        is_strong.any(axis=0), n_bins - 2 - is_strong[::-1].argmax(axis=0), spectrum.argmax(axis=0)
    ).astype(np.float32)
    top = spectrum.argmax(axis=0).astype(np.float32)
    places: list[float] = []
    for track in (lowest, highest, top):
        mean = float((track * weight).sum())
        places += [mean / 12.0, float(np.sqrt((np.square(track - mean) * weight).sum())) / 12.0]
    # Share of energy on the harmonics of the lowest strong pitch: near 1 for a single voice.
    series = lowest.astype(np.int64)[None, :] + np.array([0, 12, 19, 24, 28, 31, 34, 36])[:, None]
    energy = np.square(spectrum)
    columns = np.arange(spectrum.shape[1])[None, :]
    explained = np.zeros(spectrum.shape[1], np.float32)
    for shift in (-1, 0, 1):
        rows = series + shift
        explained += np.where((rows >= 0) & (rows < n_bins), energy[np.clip(rows, 0, n_bins - 1), columns], 0).sum(
            axis=0
        )
    harmonic = np.minimum(explained / np.maximum(energy.sum(axis=0), 1e-9), 1.0)
    moved = float(np.abs(np.diff(chroma, axis=1)).mean()) if chroma.shape[1] > 1 else 0.0
    leaps = float((np.abs(np.diff(top)) > 0.5).mean()) if len(top) > 1 else 0.0
    return np.array(
        [
            *counts,
            *ranked,
            *long_chroma[1:12:2] / max(float(long_chroma[0]), 1e-9),
            *places,
            float((harmonic * weight).sum()),
            float(np.sqrt(np.maximum(0.0, (np.square(harmonic) * weight).sum() - (harmonic * weight).sum() ** 2))),
            moved * 5.0,
            leaps,
            float(((top < 48 - _LOWEST_MIDI) * weight).sum()),
            float(long_term.mean()) * 2.0,
        ],
        np.float32,
    )
