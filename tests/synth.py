"""A small synthesiser: sounds whose truth is known because it was built.

All functions return a mono ``AudioSignal`` at ``RATE`` unless they say otherwise; levels are
peak amplitudes. Combine them with ``mix``, ``sequence``, ``at`` and ``silence``; look at them
with ``whole`` (a RegionView) or ``analyze`` (the full engine).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Analyzer, RegionView
from sonoteca.analysis.engine import analyze_recording, declared_features
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.music import parse_pitch_class
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.features.feature import Feature
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.frame_series import FrameSeries

RATE = 44_100

_CHORD_STEPS = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
}


def signal(samples: NDArray[np.floating], rate: int = RATE) -> AudioSignal:
    """Any float array, shape (n,) or (channels, n), as an AudioSignal."""
    return AudioSignal(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), rate)


def _kept(sound: AudioSignal) -> AudioSignal:
    """The same, for many to read: nobody can write into it."""
    sound.samples.setflags(write=False)
    return sound


# --- raw material -------------------------------------------------------------------------------


def silence(duration_s: float, rate: int = RATE) -> AudioSignal:
    return signal(np.zeros(max(1, round(duration_s * rate))), rate)


def constant(level: float, duration_s: float, rate: int = RATE) -> AudioSignal:
    """Direct current."""
    return signal(np.full(max(1, round(duration_s * rate)), level), rate)


def sine(hz: float, duration_s: float, level: float = 0.5, rate: int = RATE, phase: float = 0.0) -> AudioSignal:
    return signal(level * np.sin(2 * np.pi * hz * _times(duration_s, rate) + phase), rate)


# A pad of 32 chords is four chords, and of most sounds thousands are asked for: what was built once is given again.
@lru_cache(maxsize=64)
def tone(
    midi: float, duration_s: float, level: float = 0.3, *, n_partials: int = 8, rolloff: float = 1.0, rate: int = RATE
) -> AudioSignal:
    """Harmonic tone, partial ``k`` with amplitude ``k ** -rolloff``; 5 ms fades."""
    hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    times = _times(duration_s, rate)
    samples = np.zeros(len(times))
    for k in range(1, n_partials + 1):
        if k * hz < 0.45 * rate:
            samples += np.sin(2 * np.pi * k * hz * times + 0.7 * k) * k**-rolloff
    return _kept(
        envelope(signal(level * samples / max(np.abs(samples).max(), 1e-9), rate), attack_s=0.005, release_s=0.005)
    )


def noise(duration_s: float, level: float = 0.1, *, color: float = 0.0, seed: int = 0, rate: int = RATE) -> AudioSignal:
    """Gaussian noise of standard deviation ``level``; power falls with ``color`` (0 white, 1 pink, 2 brown)."""
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(max(1, round(duration_s * rate)))
    if color and len(samples) > 2:
        spectrum = np.fft.rfft(samples)
        hz = np.maximum(np.fft.rfftfreq(len(samples), 1 / rate), 20.0)
        samples = np.fft.irfft(spectrum * hz ** (-color / 2), len(samples))
        samples /= samples.std()
    return signal(level * samples, rate)


def sweep(low_hz: float, high_hz: float, duration_s: float, level: float = 0.5, rate: int = RATE) -> AudioSignal:
    """Logarithmic sine sweep."""
    times = _times(duration_s, rate)
    return signal(level * scipy.signal.chirp(times, low_hz, max(duration_s, 1e-3), high_hz, "logarithmic"), rate)


@lru_cache(maxsize=64)
def chord(name: str, duration_s: float, level: float = 0.3, *, octave: int = 4, rate: int = RATE) -> AudioSignal:
    """A pad from a Harte label ("A:min", "C", "G:7"); "N" is silence."""
    if name == "N":
        return silence(duration_s, rate)
    root, _, quality = name.partition(":")
    base = 12 * (octave + 1) + parse_pitch_class(root)
    notes = [tone(base + step, duration_s, 1.0, rate=rate) for step in _CHORD_STEPS[quality or "maj"]]
    return _kept(normalized(mix(*notes), level))


def pad(names: Iterable[str], each_s: float, level: float = 0.3, rate: int = RATE) -> AudioSignal:
    """Chords one after the other."""
    return sequence(*(chord(name, each_s, level, rate=rate) for name in names))


# --- drums --------------------------------------------------------------------------------------


def click(level: float = 0.8, duration_s: float = 0.02, rate: int = RATE) -> AudioSignal:
    """A 2 kHz tick that starts at once and is gone after ``duration_s``."""
    times = _times(duration_s, rate)
    return signal(level * np.cos(2 * np.pi * 2000 * times) * np.exp(-times * 6.0 / duration_s), rate)


def kick(level: float = 0.8, duration_s: float = 0.25, rate: int = RATE) -> AudioSignal:
    times = _times(duration_s, rate)
    hz = 50.0 + 120.0 * np.exp(-times * 30)
    return signal(level * np.sin(2 * np.pi * np.cumsum(hz) / rate + 0.5) * np.exp(-times * 14), rate)


def snare(level: float = 0.6, duration_s: float = 0.2, seed: int = 1, rate: int = RATE) -> AudioSignal:
    times = _times(duration_s, rate)
    body = 0.5 * np.sin(2 * np.pi * 190 * times) * np.exp(-times * 25)
    rattle = np.random.default_rng(seed).standard_normal(len(times)) * 0.3 * np.exp(-times * 20)
    return normalized(signal(body + rattle, rate), level)


def hat(level: float = 0.3, duration_s: float = 0.08, seed: int = 2, rate: int = RATE) -> AudioSignal:
    times = _times(duration_s, rate)
    hiss = np.random.default_rng(seed).standard_normal(len(times))
    hiss = np.diff(np.diff(hiss, prepend=0.0), prepend=0.0)
    return normalized(signal(hiss * np.exp(-times * 60), rate), level)


def hit(level: float = 0.7, duration_s: float = 0.3, seed: int = 3, rate: int = RATE) -> AudioSignal:
    """A percussive noise-and-tone burst that is 40 dB down at its end and then stops."""
    times = _times(duration_s, rate)
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(len(times)) * 0.4 + np.sin(2 * np.pi * rng.uniform(150, 900) * times)
    return normalized(signal(samples * np.exp(-times * (4.6 / duration_s)), rate), level)


def clicks(tempo_bpm: float, duration_s: float, *, first_s: float = 0.0, level: float = 0.8) -> AudioSignal:
    """A click on every beat, the first at ``first_s``."""
    return at({second: click(level) for second in beat_times(tempo_bpm, duration_s, first_s)}, duration_s)


def drums(
    tempo_bpm: float, n_bars: int, *, beats_per_bar: int = 4, level: float = 0.8, rate: int = RATE
) -> AudioSignal:
    """Kick on the first beat (and on odd ones of longer bars), snare on the even ones, hats on eighths; exactly
    ``n_bars`` long, so it loops."""
    beat_s = 60.0 / tempo_bpm
    duration_s = n_bars * beats_per_bar * beat_s
    parts: list[tuple[float, AudioSignal]] = []
    for beat in range(n_bars * beats_per_bar):
        place = beat % beats_per_bar
        start_s = beat * beat_s
        if place == 0 or (beats_per_bar % 2 == 0 and place % 2 == 0):
            parts.append((start_s, kick(level if place == 0 else 0.8 * level, rate=rate)))
        else:
            parts.append((start_s, snare(0.7 * level, seed=beat, rate=rate)))
        for eighth in (0.0, 0.5):
            parts.append((start_s + eighth * beat_s, hat(0.25 * level, seed=beat + 50, rate=rate)))
    return placed(parts, duration_s, rate)


def beat_times(tempo_bpm: float, duration_s: float, first_s: float = 0.0) -> list[float]:
    """Beats in ``[first_s, duration_s)``."""
    n_beats = int(np.ceil((duration_s - first_s) * tempo_bpm / 60.0 - 1e-9))
    return [first_s + beat * 60.0 / tempo_bpm for beat in range(max(0, n_beats))]


# --- putting together ---------------------------------------------------------------------------


def at(parts: Mapping[float, AudioSignal], duration_s: float, rate: int = RATE) -> AudioSignal:
    """Sounds placed at seconds; what reaches beyond ``duration_s`` is cut."""
    return placed(parts.items(), duration_s, rate)


def placed(parts: Iterable[tuple[float, AudioSignal]], duration_s: float, rate: int = RATE) -> AudioSignal:
    """As ``at``; several may begin at the same second."""
    samples = np.zeros(max(1, round(duration_s * rate)), np.float64)
    for start_s, part in parts:
        first = round(start_s * rate)
        piece = part.samples[0, : max(0, len(samples) - first)]
        samples[first : first + len(piece)] += piece
    return signal(samples, rate)


def bursts(at_s: Sequence[float], duration_s: float, *, burst_s: float = 0.1, level: float = 0.5) -> AudioSignal:
    """Noise bursts of ``burst_s`` starting at each of ``at_s``."""
    return at({second: noise(burst_s, level, seed=index) for index, second in enumerate(at_s)}, duration_s)


def mix(*parts: AudioSignal) -> AudioSignal:
    """Sum; shorter ones are padded with silence."""
    n_samples = max(part.n_samples for part in parts)
    n_channels = max(part.samples.shape[0] for part in parts)
    total = np.zeros((n_channels, n_samples), np.float64)
    for part in parts:
        total[:, : part.n_samples] += part.samples
    return signal(total, parts[0].sample_rate)


def sequence(*parts: AudioSignal) -> AudioSignal:
    """One after the other."""
    return signal(np.concatenate([part.samples for part in parts], axis=1), parts[0].sample_rate)


def envelope(sound: AudioSignal, *, attack_s: float = 0.0, release_s: float = 0.0) -> AudioSignal:
    """Linear rise at the start, linear fall at the end."""
    gain = np.ones(sound.n_samples)
    n_attack = min(sound.n_samples, round(attack_s * sound.sample_rate))
    n_release = min(sound.n_samples, round(release_s * sound.sample_rate))
    gain[:n_attack] = np.linspace(0.0, 1.0, n_attack, endpoint=False)
    if n_release:
        gain[-n_release:] *= np.linspace(1.0, 0.0, n_release)
    return signal(sound.samples * gain, sound.sample_rate)


def decaying(sound: AudioSignal, db_per_s: float) -> AudioSignal:
    """Exponential decay."""
    gain = 10.0 ** (-db_per_s * np.arange(sound.n_samples) / sound.sample_rate / 20.0)
    return signal(sound.samples * gain, sound.sample_rate)


def gained(sound: AudioSignal, db: float) -> AudioSignal:
    return signal(sound.samples * np.float32(10.0 ** (db / 20.0)), sound.sample_rate)


def inverted(sound: AudioSignal) -> AudioSignal:
    return signal(-sound.samples, sound.sample_rate)


def normalized(sound: AudioSignal, level: float) -> AudioSignal:
    """Scaled to a peak of ``level``."""
    return signal(sound.samples * (level / max(float(np.abs(sound.samples).max()), 1e-9)), sound.sample_rate)


def channels(sound: AudioSignal, n_channels: int) -> AudioSignal:
    """The first channel on all of ``n_channels``."""
    return signal(np.repeat(sound.samples[:1], n_channels, axis=0), sound.sample_rate)


def resampled(sound: AudioSignal, rate: int) -> AudioSignal:
    """The same sound at another sample rate."""
    common = np.gcd(rate, sound.sample_rate)
    return signal(scipy.signal.resample_poly(sound.samples, rate // common, sound.sample_rate // common, axis=1), rate)


# --- looking at them ----------------------------------------------------------------------------


def recording(sound: AudioSignal) -> Recording:
    """The sound as if it had been decoded from a file."""
    return MemoryRecording.from_samples(sound)


def features_of(source: Recording, features: Iterable[Feature]) -> Mapping[Feature, FrameSeries]:
    return compute_features(source.read, n_samples=source.n_samples, sample_rate=22_050, features=features)


def whole(sound: AudioSignal, features: Iterable[Feature] = ()) -> RegionView:
    """Region 0 of the sound with these features computed: what an analyzer's ``analyze`` takes."""
    source = recording(sound)
    return RegionView(Region(0, 0.0, source.info.duration_s), source, features_of(source, features))


def span(sound: AudioSignal, start_s: float, end_s: float, features: Iterable[Feature] = ()) -> RegionView:
    """Event region 1 over ``[start_s, end_s)``."""
    source = recording(sound)
    return RegionView(Region(1, start_s, end_s), source, features_of(source, features))


def analyze(sound: AudioSignal, analyzers: Sequence[Analyzer], **settings: Any) -> SoundAnalysis:
    """The full engine."""
    source = recording(sound)
    return analyze_recording(source, features_of(source, declared_features(analyzers)), analyzers, **settings)


def gaps_s(regions: Sequence[Region]) -> list[float]:
    """Silence between neighbouring regions."""
    return [after.start_s - before.end_s for before, after in pairwise(regions)]


def _times(duration_s: float, rate: int) -> NDArray[np.float64]:
    return np.arange(max(1, round(duration_s * rate))) / rate
