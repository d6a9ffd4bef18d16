"""The one pitch of a one-shot: steady, periodic, or not stated at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import PITCH, SOUND_CLASS, Descriptor
from sonoteca.domain.music import hz_to_midi
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind, SoundClass
from sonoteca.features.feature import Feature, hann
from sonoteca.features.pitch_period import between_lags, period_evidence

LOWEST_HZ, HIGHEST_HZ = 26.0, 2400.0
_WIN_S, _HOP_S = 0.1, 0.02
# At 22,050 Hz a period of 2 kHz is 11 lags long, and its top may fall between two of them.
_OVERSAMPLING = 2
# The pitch is heard in this long after the loudest moment; a long tail adds nothing.
_LISTEN_S = 1.5
_UNPITCHED = frozenset(
    {SoundClass.KICK, SoundClass.SNARE, SoundClass.HAT, SoundClass.CYMBAL, SoundClass.CLAP, SoundClass.TOM,
     SoundClass.PERCUSSION, SoundClass.FX}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SteadyPitch:
    """``clarity`` 0..1: median evidence of the period; ``spread`` in semitones: how far frames scatter.

    ``low_share`` 0..1 is the part of the power in partials 1 to 3: a chord repeats too, but
    with a period far below its notes, where nothing sounds.
    """

    midi: float
    hz: float
    clarity: float
    spread: float
    low_share: float
    n_frames: int


def find_steady_pitch(signal: AudioSignal) -> SteadyPitch | None:
    """The period that most loud frames share; None for silence and for sounds too short to have one.

    Among periods with almost the best evidence the shortest wins: multiples of a period
    repeat just as well, and are what makes pitch trackers answer an octave too low.
    """
    frames = _loud_frames(signal)
    if frames is None:
        return None
    rate = signal.sample_rate * _OVERSAMPLING
    longest = min(int(rate / LOWEST_HZ) + 2, frames.shape[1] * 2 // 3)
    shortest = max(int(rate / HIGHEST_HZ), 2)
    if longest <= shortest + 2:
        return None
    evidence = period_evidence(frames, longest)
    lags, clarity = _shortest_good_lag(evidence, shortest)
    good = clarity > 0.5
    if not good.any():
        return None
    midi = 69.0 + 12.0 * np.log2(rate / lags[good] / 440.0)
    weight = clarity[good] ** 4
    centre = _weighted_median(midi, weight)
    near = np.abs(midi - centre) < 1.0
    centre = float(np.average(midi[near], weights=weight[near])) if near.any() else centre
    hz = 440.0 * 2.0 ** ((centre - 69.0) / 12.0)
    spread = float(np.average(np.minimum(np.abs(midi - centre), 12.0), weights=weight))
    return SteadyPitch(centre, float(hz), float(np.median(clarity)), spread, _low_share(frames, rate, hz), len(frames))


def _low_share(frames: NDArray[np.float32], rate: int, hz: float) -> float:
    n_fft = 16_384
    spectrum = scipy.fft.rfft(frames[:40] * hann(frames.shape[1]), n_fft, axis=1)
    power = np.square(np.abs(spectrum)).sum(axis=0)
    bin_hz = rate / n_fft
    # Partials of a chord's period lie closer than this when it is low, so it shrinks with it.
    width_hz = min(1.5 / _WIN_S, 0.4 * hz)
    total = float(power[int(0.5 * LOWEST_HZ / bin_hz) :].sum())
    low = 0.0
    for partial in (1, 2, 3):
        first, last = int((partial * hz - width_hz) / bin_hz), int((partial * hz + width_hz) / bin_hz) + 1
        low += float(power[max(first, 0) : last].sum())
    return min(low / max(total, 1e-12), 1.0)


def _loud_frames(signal: AudioSignal) -> NDArray[np.float32] | None:
    samples = signal.samples.mean(axis=0)
    if len(samples) < int(0.5 * _WIN_S * signal.sample_rate) or not np.abs(samples).max() > 1e-5:
        return None
    rate = signal.sample_rate
    samples = soxr.resample(samples[: int(8.0 * rate)], rate, _OVERSAMPLING * rate)
    win, hop = (int(seconds * rate * _OVERSAMPLING) for seconds in (_WIN_S, _HOP_S))
    if len(samples) < win:
        samples = np.pad(samples, (0, win - len(samples)))
    views = np.lib.stride_tricks.sliding_window_view(samples, win)[::hop]
    frames = views - views.mean(axis=1, keepdims=True)
    power = np.square(frames).mean(axis=1)
    peak = float(power.max())
    if peak < 1e-9:
        return None
    first = int(power.argmax())
    frames, power = frames[first : first + int(_LISTEN_S / _HOP_S)], power[first : first + int(_LISTEN_S / _HOP_S)]
    return np.asarray(frames[power > peak * 10 ** (-2.4)], np.float32)


def _shortest_good_lag(evidence: NDArray[np.float32], shortest: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """First local maximum within 0.93 of the best, per frame, refined between the samples."""
    inner = evidence[:, 1:-1]
    is_peak = (inner > evidence[:, :-2]) & (inner >= evidence[:, 2:]) & (inner > 0.0)
    is_peak[:, : shortest - 1] = False
    height = np.where(is_peak, inner, 0.0)
    best = height.max(axis=1, keepdims=True)
    lag = (height >= 0.93 * np.maximum(best, 1e-6)).argmax(axis=1) + 1
    lag = np.clip(lag, 1, evidence.shape[1] - 2)
    found, clarity = between_lags(evidence, lag)
    return found, np.where(best[:, 0] > 0.0, clarity, 0.0).astype(np.float32)


def _weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


class OneShotPitch:
    """Pitch of a one-shot by its period, where it is clear and steady; drums and noise have none."""

    id: ClassVar[str] = "melody.pitch.period"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (PITCH,)
    requires: ClassVar[tuple[Descriptor, ...]] = (SOUND_CLASS,)
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.ONE_SHOT})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        said = known.get(SOUND_CLASS)
        if said is not None and said.value in _UNPITCHED and (said.confidence or 0.0) > 0.6:
            return
        end_s = min(region.region.end_s, region.region.start_s + 10.0)
        if end_s <= region.region.start_s:
            return
        found = find_steady_pitch(region.signal(region.region.start_s, end_s))
        if found is None:
            return
        chance = _chance(found)
        if chance < 0.5:
            return
        value: JsonValue = {"midi": round(hz_to_midi(found.hz), 2), "hz": round(found.hz, 3)}
        yield Observation(PITCH, value, chance, measured_by(self))


def _chance(found: SteadyPitch) -> float:
    """Logistic of clarity, spread, low partials and length, set on rendered notes, chords and drums."""
    odds = 14.0 * (found.clarity - 0.82) + 0.05 * min(found.n_frames, 20)
    odds -= 18.0 * max(found.spread - 0.2, 0.0) + 60.0 * max(0.12 - found.low_share, 0.0)
    return float(1.0 / (1.0 + np.exp(-odds)))
