"""Scenes of twelve kinds, made by seed: weather, water, animals, machines, people.

Another making than the material that the embedding's metric was fitted to (training/labels/ambience.py), and five
of the twelve are not in it: what is shaped there by filters and curves is here drawn in time and frequency
and put back together, and events are made of resonances. No two scenes of a kind share a parameter; every one is heard
by another microphone, in another room, over another noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal

Samples: TypeAlias = NDArray[np.float64]
Rng: TypeAlias = np.random.Generator

RATE = 22_050
SCENE_S = 8.0
SCENES_PER_KIND = 12
_N = round(RATE * SCENE_S)
_FFT = 1024
_TIME = np.arange(_N) / RATE


def write_scenes(folder: Path, *, seed: int = 0) -> list[tuple[Path, str]]:
    """WAV files of ``SCENES_PER_KIND`` scenes of each kind, with their kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind_number, (kind, make) in enumerate(KINDS.items()):
        for number in range(SCENES_PER_KIND):
            rng = np.random.default_rng([seed, kind_number, number])
            path = folder / f"{kind} {number:02d}.wav"
            write_wav(path, AudioSignal(_recorded(make(rng), rng)[None].astype(np.float32), RATE))
            written.append((path, kind))
    return written


def _recorded(scene: Samples, rng: Rng) -> Samples:
    """The scene through a microphone, a room, a noise floor, a gain."""
    scene = scene / max(float(np.sqrt((scene**2).mean())), 1e-9)
    room = rng.standard_normal(round(RATE * rng.uniform(0.05, 0.8)))
    room *= np.exp(-6.9 * np.arange(len(room)) / len(room))
    wet = signal.fftconvolve(scene, room / np.sqrt((room**2).sum()))[: len(scene)]
    heard = scene + rng.uniform(0.0, 0.5) * wet
    slope = rng.uniform(-1.0, 1.0)
    heard = _shaped(
        heard, lambda hz: (np.maximum(hz, 40.0) / 1000.0) ** (slope / 2) / (1 + (hz / rng.uniform(5e3, 2e4)) ** 4)
    )
    heard += 10 ** rng.uniform(-2.2, -1.2) * _noise(rng, rng.uniform(0.5, 2.0))
    return heard / np.abs(heard).max() * 10 ** rng.uniform(-1.0, -0.05)


def _shaped(samples: Samples, gain: Callable[[Samples], Any]) -> Samples:
    """Filtered with zero phase by a gain per frequency."""
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(len(samples), 1 / RATE).astype(np.float64)), len(samples))


def _throat(first_hz: float, second_hz: float, hz: Samples) -> Samples:
    """Two resonances of a mouth, as a gain per frequency."""
    return 1 / (1 + ((hz - first_hz) / 120) ** 2) + 0.5 / (1 + ((hz - second_hz) / 180) ** 2)


def _noise(rng: Rng, slope: float) -> Samples:
    """Noise of unit power that falls with frequency to the power ``slope``."""
    made = _shaped(rng.standard_normal(_N), lambda hz: np.maximum(hz, 20.0) ** (-slope / 2))
    return made / made.std()


def _drawn(rng: Rng, picture: Callable[[Samples, Samples], Samples]) -> Samples:
    """Noise whose level at each time [s] and frequency [Hz] is ``picture``."""
    hz, seconds, spectrum = signal.stft(rng.standard_normal(_N), RATE, nperseg=_FFT)
    _, samples = signal.istft(spectrum * picture(seconds[None], hz[:, None]), RATE, nperseg=_FFT)
    return samples[:_N]


def _drift(rng: Rng, rate_hz: float) -> Samples:
    """A smooth random curve around 0 of unit deviation, as fast as ``rate_hz``."""
    points = rng.standard_normal(max(4, round(SCENE_S * rate_hz)) + 3)
    return signal.resample(points, _N + 2000)[1000 : 1000 + _N]


def _struck(rng: Rng, modes_hz: Samples, decay_s: Samples, length_s: float = 0.4) -> Samples:
    """A body that is struck: resonances that fade."""
    time = np.arange(round(RATE * length_s)) / RATE
    levels = rng.uniform(0.2, 1.0, len(modes_hz))
    return (levels[:, None] * np.sin(2 * np.pi * modes_hz[:, None] * time) * np.exp(-time / decay_s[:, None])).sum(0)


def _placed(events: list[tuple[float, Samples]]) -> Samples:
    """Events at their seconds, cut at the end of the scene."""
    out = np.zeros(_N)
    for at_s, event in events:
        start = round(at_s * RATE)
        if 0 <= start < _N:
            out[start : start + len(event)] += event[: _N - start]
    return out


def _steps(rng: Rng, every_s: float, jitter: float) -> list[float]:
    """Moments about ``every_s`` apart."""
    at, moments = rng.uniform(0, every_s), []
    while at < SCENE_S:
        moments.append(at)
        at += every_s * (1 + jitter * rng.standard_normal()) if jitter < 1 else rng.exponential(every_s) + 1e-3
    return moments


def rain(rng: Rng) -> Samples:
    """Drops on a surface: many short resonances over a hiss that is made of the far ones."""
    surface = rng.uniform(600, 4000, 3)
    near = [
        (at, rng.exponential(0.5) * _struck(rng, surface * rng.uniform(0.7, 1.4), rng.uniform(0.001, 0.006, 3), 0.03))
        for at in _steps(rng, 1 / rng.uniform(20, 200), 1.0)
    ]
    centre, width = rng.uniform(1500, 6000), rng.uniform(0.6, 1.2)
    far = _drawn(rng, lambda s, hz: np.exp(-(((np.log(np.maximum(hz, 20) / centre)) / width) ** 2)) + 0 * s)
    return _placed(near) + rng.uniform(0.5, 3) * far / far.std() * 0.2


def wind(rng: Rng) -> Samples:
    """Gusts: louder is also brighter; edges whistle."""
    gust = np.interp(np.linspace(0, SCENE_S, 400), _TIME, _drift(rng, rng.uniform(0.3, 1.2)))
    low, whistle_hz = rng.uniform(80, 250), rng.uniform(300, 1200)

    def picture(seconds: Samples, hz: Samples) -> Samples:
        force = np.exp(np.interp(seconds, np.linspace(0, SCENE_S, 400), gust))
        body = np.exp(-hz / (low * (0.5 + force)))
        edge = np.exp(-(((hz - whistle_hz * force**0.2) / (0.06 * whistle_hz)) ** 2))
        return force * (body + rng.uniform(0, 0.15) * edge)

    return _drawn(rng, picture)


def surf(rng: Rng) -> Samples:
    """Waves that break: a swell whose treble comes with the break and drains away."""
    every_s, drain_s = rng.uniform(4, 9), rng.uniform(0.8, 2.5)
    breaks = [at - every_s / 2 for at in _steps(rng, every_s, 0.1)]

    def picture(seconds: Samples, hz: Samples) -> Samples:
        level = np.zeros(np.broadcast_shapes(seconds.shape, hz.shape))
        for at in breaks:
            after = seconds - at
            rise = np.where(after < 0, np.exp(after / 1.2), np.exp(-after / drain_s))
            level += rise * np.exp(-hz / (300 + rng.uniform(3000, 6000) * np.where(after < 0, 0.15, rise)))
        return level + 0.03 * np.exp(-hz / 800)

    return _drawn(rng, picture)


def stream(rng: Rng) -> Samples:
    """Running water: bubbles that rise in pitch, each size often (van den Doel, ACM TAP 2(4), 2005)."""
    events = []
    for at in _steps(rng, 1 / rng.uniform(60, 250), 1.0):
        radius_mm = rng.uniform(0.8, 6.0)
        start_hz = 3000 / radius_mm
        time = np.arange(round(RATE * 0.06)) / RATE
        damping = 0.13 * start_hz**0.5 * 4
        phase = 2 * np.pi * start_hz * (time + 0.5 * rng.uniform(2, 12) * time**2)
        events.append((at, radius_mm * rng.random() ** 3 * np.sin(phase) * np.exp(-damping * time)))
    rush = _noise(rng, rng.uniform(0.8, 1.6))
    return _placed(events) + rng.uniform(0.05, 0.6) * rush


def birdsong(rng: Rng) -> Samples:
    """Phrases of whistled syllables, each bird with its own few."""
    events = []
    for _ in range(rng.integers(1, 4)):
        repertoire = [
            (
                rng.uniform(2000, 7000),
                rng.uniform(-0.4, 0.4),
                rng.uniform(0, 0.1),
                rng.uniform(10, 60),
                rng.uniform(0.04, 0.3),
            )
            for _ in range(rng.integers(2, 5))
        ]
        for phrase_at in _steps(rng, rng.uniform(1.2, 3.5), 0.2):
            at = phrase_at
            for index in rng.integers(0, len(repertoire), rng.integers(2, 9)):
                hz, glide, depth, trill_hz, length_s = repertoire[index]
                time = np.arange(round(RATE * length_s)) / RATE
                bend = 1 + glide * time / length_s + depth * np.sin(2 * np.pi * trill_hz * time)
                tone = np.sin(2 * np.pi * np.cumsum(hz * bend) / RATE) * np.hanning(len(time))
                events.append((at, tone * rng.uniform(0.5, 1)))
                at += length_s + rng.uniform(0.02, 0.12)
    return _placed(events) + rng.uniform(0.02, 0.1) * _noise(rng, 1.5)


def crickets(rng: Rng) -> Samples:
    """Chirps of pulses, from several at once."""
    out = np.zeros(_N)
    for _ in range(rng.integers(1, 6)):
        carrier_hz, pulse_hz, chirp_hz = rng.uniform(3500, 8000), rng.uniform(20, 60), rng.uniform(0.8, 4)
        on = ((_TIME + rng.random()) * chirp_hz) % 1 < rng.uniform(0.2, 0.9)
        pulse = np.maximum(0, np.sin(2 * np.pi * pulse_hz * _TIME)) ** 2
        out += rng.uniform(0.2, 1) * np.sin(2 * np.pi * carrier_hz * _TIME + rng.uniform(0, 6)) * pulse * on
    return out + rng.uniform(0.02, 0.2) * _noise(rng, 1.2)


def motor(rng: Rng) -> Samples:
    """Firing strokes through an exhaust; the speed wanders."""
    strokes_hz = rng.uniform(18, 90) * np.exp(rng.uniform(0.02, 0.25) * _drift(rng, rng.uniform(0.2, 0.8)))
    phase = np.cumsum(strokes_hz) / RATE
    uneven = 1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * phase / rng.integers(2, 5))
    stroke = np.exp(-(phase % 1) * rng.uniform(3, 15)) * uneven * (1 + 0.3 * rng.standard_normal(_N))
    tuned = rng.uniform(80, 600, 3)
    return _shaped(stroke - stroke.mean(), lambda hz: sum(1 / (1 + ((hz - f) / (0.25 * f)) ** 2) for f in tuned) + 0.05)


def traffic(rng: Rng) -> Samples:
    """Cars that pass: tyres and air, louder and brighter when near, and a hum far off."""
    passes = [(at, rng.uniform(0.5, 2.0), rng.uniform(0.4, 1.2)) for at in _steps(rng, rng.uniform(1.5, 5), 0.4)]

    def picture(seconds: Samples, hz: Samples) -> Samples:
        level = 0.15 * np.exp(-hz / 250) + 0 * seconds
        for at, slowness_s, loudness in passes:
            nearness = 1 / (1 + ((seconds - at) / slowness_s) ** 2)
            level = level + loudness * nearness * np.exp(
                -(((np.log(np.maximum(hz, 30) / 800)) / (0.6 + 0.5 * nearness)) ** 2)
            )
        return level

    return _drawn(rng, picture)


def crowd(rng: Rng) -> Samples:
    """Many who talk at once: voiced and voiceless syllables of different throats."""
    out = np.zeros(_N)
    for _ in range(rng.integers(6, 16)):
        pitch_hz = rng.uniform(90, 260) * np.exp(0.08 * _drift(rng, 3.0))
        buzz = signal.sawtooth(2 * np.pi * np.cumsum(pitch_hz) / RATE) + 0.3 * rng.standard_normal(_N)
        syllables = np.maximum(0, _drift(rng, rng.uniform(3.5, 6))) * (_drift(rng, 0.5) > -0.3)
        first, second = rng.uniform(350, 800), rng.uniform(1000, 2300)
        throat = _shaped(buzz, partial(_throat, first, second))
        out += rng.uniform(0.2, 1) * throat * syllables
    return out


def fire(rng: Rng) -> Samples:
    """A roar that flickers, hiss, and the wood that cracks."""
    cracks = [
        (at, rng.pareto(1.5) * rng.standard_normal(n) * np.exp(-np.arange(n) / (n / 5)))
        for at in _steps(rng, 1 / rng.uniform(5, 30), 1.0)
        for n in [int(rng.integers(40, 500))]
    ]
    flicker = np.exp(0.4 * _drift(rng, rng.uniform(4, 12)))
    roar = _shaped(rng.standard_normal(_N), lambda hz: np.exp(-hz / rng.uniform(100, 400))) * flicker
    return np.clip(_placed(cracks), -8, 8) * 0.5 + rng.uniform(0.5, 2) * roar / roar.std() + 0.1 * _noise(rng, 0.3)


def footsteps(rng: Rng) -> Samples:
    """Heel and toe on one ground, at the pace of one person."""
    body, grit = rng.uniform(60, 220, 2), rng.uniform(0.1, 1.5)
    gravel_hz, length_s = rng.uniform(1000, 5000), rng.uniform(0.02, 0.12)
    events = []
    for at in _steps(rng, rng.uniform(0.35, 0.75), 0.04):
        for delay_s, force in ((0.0, 1.0), (rng.uniform(0.06, 0.14), rng.uniform(0.3, 0.7))):
            thud = force * _struck(rng, body * rng.uniform(0.9, 1.1), np.array([0.03, 0.05]))
            n = round(RATE * length_s)
            scrape = rng.standard_normal(n) * np.hanning(n)
            scrape = _shaped(scrape, lambda hz: np.exp(-(((hz - gravel_hz) / gravel_hz) ** 2)))
            thud[:n] += force * grit * scrape[: len(thud)] / max(scrape.std(), 1e-9) * 0.5
            events.append((at + delay_s, thud))
    return _placed(events) + 0.01 * _noise(rng, 1.0)


def siren(rng: Rng) -> Samples:
    """Two tones or a wail, with the harmonics of a horn."""
    low_hz = rng.uniform(350, 700)
    high_hz, turn_hz = low_hz * rng.uniform(1.2, 2.2), rng.uniform(0.2, 3.0)
    swing = np.sin(2 * np.pi * turn_hz * _TIME + rng.uniform(0, 6))
    position = (np.sign(swing) if rng.random() < 0.4 else swing) * 0.5 + 0.5
    phase = 2 * np.pi * np.cumsum(low_hz * (high_hz / low_hz) ** position) / RATE
    horn = sum(np.sin(k * phase) / k ** rng.uniform(0.5, 1.5) for k in range(1, rng.integers(3, 9)))
    return horn * (0.6 + 0.4 * np.tanh(_drift(rng, 0.3))) + rng.uniform(0.05, 0.5) * _noise(rng, 1.5)


KINDS: dict[str, Callable[[Rng], Samples]] = {
    make.__name__: make
    for make in (rain, wind, surf, stream, birdsong, crickets, motor, traffic, crowd, fire, footsteps, siren)
}
