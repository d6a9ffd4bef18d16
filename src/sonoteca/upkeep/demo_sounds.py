"""The demo library: two dozen small sounds, made here, whose truth is in their names.

A steady little band (drums, bass, chords, a lead) plays loops in two keys and tempos, a
minute and a half of song, single hits, and something that rains and calls. Nothing is
downloaded, and every run makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal

RATE = 44_100
Samples = NDArray[np.float64]


def write_demo_sounds(folder: Path) -> list[Path]:
    """Write the demo sounds below ``folder`` unless they are there; returns their paths."""
    written = []
    for name, samples in _sounds():
        path = folder / name
        written.append(path)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        peak = float(np.max(np.abs(samples)))
        scaled = np.atleast_2d(samples * (0.7 / peak if peak > 0 else 1.0)).astype(np.float32)
        write_wav(path, AudioSignal(scaled, RATE))
    return written


# --- instruments --------------------------------------------------------------------------------


def _time(duration_s: float) -> Samples:
    return np.arange(round(duration_s * RATE)) / RATE


def _kick(pitch_hz: float = 48.0, decay_s: float = 0.14) -> Samples:
    t = _time(0.4)
    return np.sin(2 * np.pi * (pitch_hz * t + 5.0 * (1 - np.exp(-t / 0.025)))) * np.exp(-t / decay_s)


def _snare(random: np.random.Generator, tone_hz: float = 185.0) -> Samples:
    t = _time(0.3)
    noise = np.diff(random.standard_normal(len(t) + 1))
    return 0.6 * np.sin(2 * np.pi * tone_hz * t) * np.exp(-t / 0.05) + 0.35 * noise * np.exp(-t / 0.09)


def _hat(random: np.random.Generator, decay_s: float = 0.03) -> Samples:
    t = _time(max(0.08, 5 * decay_s))
    noise = np.diff(random.standard_normal(len(t) + 3), n=3)
    return 0.12 * noise * np.exp(-t / decay_s)


def _clap(random: np.random.Generator) -> Samples:
    t = _time(0.35)
    noise = np.diff(random.standard_normal(len(t) + 1))
    bursts = sum(np.exp(-np.maximum(t - d, 0) / 0.008) * (t >= d) for d in (0.0, 0.011, 0.023))
    tail = np.exp(-np.maximum(t - 0.03, 0) / 0.08) * (t >= 0.03)
    return np.asarray(0.4 * noise * (bursts + tail))


def _tone(
    midi: float, duration_s: float, *, partials: Sequence[float], decay_s: float, attack_s: float = 0.004
) -> Samples:
    t = _time(duration_s)
    hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    wave = sum(
        level * np.sin(2 * np.pi * hz * (n + 1) * t) for n, level in enumerate(partials) if hz * (n + 1) < 16_000
    )
    release = np.minimum(1.0, (duration_s - t) / 0.01)
    return np.asarray(wave * np.minimum(1.0, t / attack_s) * np.exp(-t / decay_s) * np.clip(release, 0, 1))


_BASS = (1.0, 0.5, 0.3, 0.15, 0.08)
_KEYS = (1.0, 0.4, 0.25, 0.12, 0.1, 0.05)
_LEAD = (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14)


def _place(canvas: Samples, sound: Samples, at_s: float, level: float = 1.0) -> None:
    """Add a sound; what goes over the end comes in again at the start, as in a loop."""
    first = round(at_s * RATE)
    index = (first + np.arange(len(sound))) % len(canvas)
    np.add.at(canvas, index, level * sound)


# --- parts --------------------------------------------------------------------------------------

# Degrees of the four bars as (semitones from the tonic, minor triad?).
_MINOR_BARS = ((0, True), (8, False), (3, False), (10, False))
_MAJOR_BARS = ((0, False), (7, False), (9, True), (5, False))


def _drums(bpm: float, bars: int, seed: int, *, busy: bool) -> Samples:
    random, beat_s = np.random.default_rng(seed), 60.0 / bpm
    canvas = np.zeros(round(bars * 4 * beat_s * RATE))
    for bar in range(bars):
        start_s = bar * 4 * beat_s
        for beat in (0.0, 2.0, *((2.5,) if busy else ())):
            _place(canvas, _kick(), start_s + beat * beat_s)
        for beat in (1.0, 3.0):
            _place(canvas, _snare(random), start_s + beat * beat_s, 0.8)
        for eighth in range(16 if busy else 8):
            _place(
                canvas, _hat(random), start_s + eighth * beat_s * (0.25 if busy else 0.5), 0.5 + 0.3 * (eighth % 2 == 0)
            )
    return canvas


def _bass(bpm: float, tonic: int, chords: Sequence[tuple[int, bool]]) -> Samples:
    beat_s = 60.0 / bpm
    canvas = np.zeros(round(len(chords) * 4 * beat_s * RATE))
    for bar, (root, _) in enumerate(chords):
        for at, steps in ((0.0, 0), (1.5, 0), (2.0, 7), (3.0, 0)):
            note = _tone(36 + (tonic + root) % 12 + steps, 0.9 * beat_s, partials=_BASS, decay_s=0.4)
            _place(canvas, note, (bar * 4 + at) * beat_s)
    return canvas


def _chords(bpm: float, tonic: int, chords: Sequence[tuple[int, bool]], *, stabs: bool) -> Samples:
    beat_s = 60.0 / bpm
    canvas = np.zeros(round(len(chords) * 4 * beat_s * RATE))
    for bar, (root, is_minor) in enumerate(chords):
        for interval in (0, 3 if is_minor else 4, 7):
            midi = 60 + (tonic + root) % 12 + interval
            for at in (0.0, 1.5, 3.0) if stabs else (0.0,):
                length_s = (0.4 if stabs else 3.9) * beat_s
                decay_s = 0.25 if stabs else 3.0
                _place(canvas, _tone(midi, length_s, partials=_KEYS, decay_s=decay_s), (bar * 4 + at) * beat_s, 0.4)
    return canvas


def _lead(bpm: float, tonic: int, chords: Sequence[tuple[int, bool]], seed: int) -> Samples:
    random, beat_s = np.random.default_rng(seed), 60.0 / bpm
    canvas = np.zeros(round(len(chords) * 4 * beat_s * RATE))
    for bar, (root, is_minor) in enumerate(chords):
        for beat in range(4):
            step = random.choice([0, 3 if is_minor else 4, 7, 12])
            note = _tone(72 + (tonic + root) % 12 + step, 0.8 * beat_s, partials=_LEAD, decay_s=0.5, attack_s=0.02)
            _place(canvas, note, (bar * 4 + beat) * beat_s)
    return canvas


def song(bpm: float = 96, tonic: int = 9, chords: Sequence[tuple[int, bool]] = _MINOR_BARS) -> Samples:
    """Intro, two verses, two choruses, outro; 32 bars or so."""
    drums, busy = _drums(bpm, 4, 1, busy=False), _drums(bpm, 4, 2, busy=True)
    bass, keys = _bass(bpm, tonic, chords), _chords(bpm, tonic, chords, stabs=False)
    stabs, lead = _chords(bpm, tonic, chords, stabs=True), _lead(bpm, tonic, chords, 3)
    intro, verse = 0.5 * keys, 0.8 * drums + 0.6 * bass + 0.4 * keys
    chorus = busy + 0.7 * bass + 0.5 * stabs + 0.35 * lead
    song = np.concatenate([intro, verse, verse, chorus, chorus, verse, chorus, chorus, intro])
    song[-RATE:] *= np.linspace(1.0, 0.0, RATE)
    return song


def _rain(duration_s: float, seed: int) -> Samples:
    random = np.random.default_rng(seed)
    noise = random.standard_normal(round(duration_s * RATE))
    rain = 0.03 * np.diff(noise, prepend=0.0) + 0.02 * noise
    for at_s in np.sort(random.uniform(0, duration_s - 0.1, 150)):
        drop = _time(0.012)
        _place(rain, 0.15 * np.sin(2 * np.pi * random.uniform(2000, 6000) * drop) * np.exp(-drop / 0.003), at_s)
    return rain


def _calls(duration_s: float, seed: int) -> Samples:
    """Quiet air, and a bird in it now and then."""
    random = np.random.default_rng(seed)
    air = 0.002 * random.standard_normal(round(duration_s * RATE))
    t = _time(0.6)
    chirp = np.sin(2 * np.pi * (3200 * t + 250 * np.sin(2 * np.pi * 9 * t))) * np.sin(np.pi * t / 0.6) ** 2
    for at_s in np.arange(2.0, duration_s - 2.0, 4.5):
        _place(air, 0.4 * chirp, float(at_s + random.uniform(0, 1)))
    return air


def _sounds() -> Iterator[tuple[str, Samples]]:
    random = np.random.default_rng(7)
    for folder, bpm, tonic, key, chords in (
        ("Loops/Dusty 96", 96, 9, "Am", _MINOR_BARS),
        ("Loops/Bright 124", 124, 0, "C", _MAJOR_BARS),
    ):
        yield f"{folder}/drums straight {bpm}bpm.wav", _drums(bpm, 4, bpm, busy=False)
        yield f"{folder}/drums busy {bpm}bpm.wav", _drums(bpm, 2, bpm + 1, busy=True)
        yield f"{folder}/bass {key} {bpm}bpm.wav", _bass(bpm, tonic, chords)
        yield f"{folder}/keys {key} {bpm}bpm.wav", _chords(bpm, tonic, chords, stabs=False)
        yield f"{folder}/stabs {key} {bpm}bpm.wav", _chords(bpm, tonic, chords, stabs=True)
        yield f"{folder}/lead {key} {bpm}bpm.wav", _lead(bpm, tonic, chords, bpm)
    yield "Tracks/Nobody - Dusty Song.wav", song()
    yield "Tracks/Nobody - Bright Song.wav", song(124, 0, _MAJOR_BARS)
    yield "One-shots/kick deep.wav", _kick()
    yield "One-shots/kick tight.wav", _kick(62.0, 0.07)
    yield "One-shots/snare.wav", _snare(random)
    yield "One-shots/snare high.wav", _snare(random, 240.0)
    yield "One-shots/hat closed.wav", _hat(random)
    yield "One-shots/hat open.wav", _hat(random, 0.12)
    yield "One-shots/clap.wav", _clap(random)
    yield "One-shots/bass note E1.wav", _tone(28, 0.8, partials=_BASS, decay_s=0.4)
    yield "One-shots/lead note A4.wav", _tone(69, 0.9, partials=_LEAD, decay_s=0.5, attack_s=0.02)
    yield "Field/rain on a roof.wav", _rain(20.0, 5)
    yield "Field/bird in the yard.wav", _calls(25.0, 6)
