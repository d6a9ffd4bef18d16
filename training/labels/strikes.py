"""Synthesised one-shots: analogue and sampled-sounding drums, basses, chords, voices and effects.

Every function draws one sound from ``rng``: float32 mono at 22,050 Hz. The designs are the
textbook ones (sine sweeps for kicks and toms, filtered noise for snares and hats, clusters of
squares for cymbals, formant filters for voices); the ranges are wide on purpose.
"""

from __future__ import annotations

import numpy as np
import scipy.signal
from effects import RATE, Samples, bandpass, highpass, lowpass, saturate

Rng = np.random.Generator


def clock(seconds: float) -> Samples:
    return (np.arange(max(int(seconds * RATE), 64)) / RATE).astype(np.float32)


def decaying(t: Samples, seconds_to_60_db: float, attack_s: float = 0.001) -> Samples:
    return (np.minimum(1.0, t / max(attack_s, 1e-4)) * np.exp(-6.9 * t / seconds_to_60_db)).astype(np.float32)


def noise(n: int, rng: Rng) -> Samples:
    return rng.standard_normal(n).astype(np.float32)


def sweep(frequency_hz: Samples) -> Samples:
    return np.sin(2 * np.pi * np.cumsum(frequency_hz) / RATE).astype(np.float32)


def kick(rng: Rng) -> Samples:
    decay = 10 ** rng.uniform(-0.9, 0.2)
    t = clock(min(decay * 1.1, 1.5) + 0.05)
    end = rng.uniform(34, 75)
    depth = end * 10 ** rng.uniform(0.0, 1.1)
    x = sweep(end + depth * np.exp(-t / 10 ** rng.uniform(-2.2, -1.1))) * decaying(
        t, decay, 10 ** rng.uniform(-3.5, -2.3)
    )
    if rng.random() < 0.7:
        click = bandpass(noise(len(t), rng), rng.uniform(200, 2000), rng.uniform(2500, 9000)) * decaying(
            t, 10 ** rng.uniform(-2.2, -1.1)
        )
        x = x + click * 10 ** rng.uniform(-1.7, 0.0)
    if rng.random() < 0.3:  # a beater and a resonant head, as of an acoustic drum
        x = x + 0.5 * np.sin(2 * np.pi * rng.uniform(80, 180) * t) * decaying(t, decay * 0.4)
    return saturate(x, rng) if rng.random() < 0.4 else x


def tom(rng: Rng) -> Samples:
    decay = 10 ** rng.uniform(-0.7, 0.5)
    t = clock(min(decay * 1.1, 2.8))
    end = 10 ** rng.uniform(np.log10(58), np.log10(330))
    drop = end * rng.uniform(0.02, 1.2) ** 1.5 * np.exp(-t / 10 ** rng.uniform(-1.6, -0.6))
    x = sweep(end + drop) * decaying(t, decay, 10 ** rng.uniform(-3, -2))
    if rng.random() < 0.4:  # two heads, slightly apart, beat
        x = x + rng.uniform(0.2, 0.9) * sweep((end + drop) * rng.uniform(1.01, 1.12)) * decaying(
            t, decay * rng.uniform(0.5, 1)
        )
    for ratio in (1.59, 2.14, 2.3, 2.65)[: int(rng.integers(0, 5))]:  # modes of a round membrane
        x = x + rng.uniform(0.05, 0.35) * sweep(ratio * (end + drop)) * decaying(t, decay * rng.uniform(0.2, 0.7))
    hit = bandpass(noise(len(t), rng), 200, rng.uniform(1500, 8000)) * decaying(t, 10 ** rng.uniform(-2.0, -0.7))
    return x + hit * 10 ** rng.uniform(-1.8, -0.3)


def snare(rng: Rng) -> Samples:
    decay = 10 ** rng.uniform(-1.0, -0.15)
    t = clock(min(decay * 1.3 + 0.05, 1.2))
    low = rng.uniform(130, 330)
    bend = 1 + rng.uniform(0, 0.6) * np.exp(-t / 0.02)
    body = sweep(low * bend) + rng.uniform(0, 0.8) * sweep(low * rng.uniform(1.4, 1.9) * bend)
    x = body * decaying(t, decay * rng.uniform(0.25, 0.9)) * 10 ** rng.uniform(-1.4, 0.1)
    wires = highpass(noise(len(t), rng), rng.uniform(300, 3000), int(rng.integers(1, 3)))
    wires = lowpass(wires, rng.uniform(5000, 10800), 1) * decaying(t, decay, 10 ** rng.uniform(-3.5, -2.3))
    x = x / (np.abs(x).max() + 1e-9) * 10 ** rng.uniform(-0.9, 0.3) + wires / np.abs(wires).max()
    return saturate(x, rng) if rng.random() < 0.25 else x


def metal(t: Samples, rng: Rng) -> Samples:
    """Six detuned squares through a high-pass, as in the TR-808, or noise, or rings of each."""
    base = rng.uniform(150, 600)
    ratios = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523]) * rng.uniform(0.97, 1.03, 6)
    squares = sum(np.sign(np.sin(2 * np.pi * base * r * t + rng.uniform(0, 6))) for r in ratios).astype(np.float32) / 6
    hiss = noise(len(t), rng)
    partials = (
        sum(
            np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in 10 ** rng.uniform(2.7, 4.0, int(rng.integers(8, 40)))
        ).astype(np.float32)
        / 5
    )
    mix = rng.dirichlet([0.7, 0.7, 0.7])
    return (mix[0] * squares + mix[1] * hiss * 0.6 + mix[2] * partials).astype(np.float32)


def hat(rng: Rng) -> Samples:
    play = rng.choice(["closed", "open", "pedal", "loose"], p=[0.4, 0.25, 0.15, 0.2])
    if play == "pedal":  # two plates pressed together: soft, a little lower, some clack
        t = clock(rng.uniform(0.06, 0.35))
        x = highpass(metal(t, rng), rng.uniform(1200, 5000), int(rng.integers(1, 3)))
        x = x * decaying(t, rng.uniform(0.05, 0.3), 10 ** rng.uniform(-2.7, -1.6))
        clack = bandpass(noise(len(t), rng), 200, 2500) * decaying(t, rng.uniform(0.02, 0.08))
        return x / (np.abs(x).max() + 1e-9) + clack * rng.uniform(0, 0.5)
    decay = {
        "closed": 10 ** rng.uniform(-1.7, -0.75),
        "open": 10 ** rng.uniform(-0.75, 0.1),
        "loose": 10 ** rng.uniform(-0.2, 0.6),
    }[str(play)]
    t = clock(min(decay * 1.2, 3.5) + 0.02)
    plates = metal(t, rng)
    x = highpass(plates, rng.uniform(3000, 8000), int(rng.integers(2, 5)))
    if play == "loose":  # half-open plates of an acoustic kit sizzle for seconds, with a stick at the start
        x = highpass(plates, rng.uniform(1500, 5000), int(rng.integers(1, 4))) * (
            1 + 0.3 * np.abs(lowpass(noise(len(t), rng), 30)) * 20
        ).clip(0.5, 2)
        x = x + 0.5 * highpass(noise(len(t), rng), 3000) * decaying(t, 0.08)
    return (x * decaying(t, decay, 10 ** rng.uniform(-3.5, -2.0))).astype(np.float32)


def cymbal(rng: Rng) -> Samples:
    decay = 10 ** rng.uniform(0.05, 0.75)
    t = clock(min(decay, rng.uniform(1.0, 4.0)))
    if rng.random() < 0.3:  # a soft ride or crash: many low, slowly dying plate modes
        modes = 10 ** rng.uniform(2.2, 3.8, int(rng.integers(15, 50)))
        x = sum(
            rng.uniform(0.1, 1)
            * (300 / f) ** rng.uniform(0, 0.8)
            * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
            * np.exp(-t * rng.uniform(0.5, 4))
            for f in modes
        )
        hiss = (
            highpass(noise(len(t), rng), 2000, 1)
            * decaying(t, decay, 10 ** rng.uniform(-2.5, -0.7))
            * rng.uniform(0.1, 3)
        )
        return (x * np.minimum(1, t / 10 ** rng.uniform(-3, -1)) * decaying(t, decay * 1.5) + hiss).astype(np.float32)
    x = highpass(metal(t, rng), rng.uniform(250, 5000), 1)
    low = bandpass(metal(t, rng), 200, 3000) * rng.uniform(0, 0.5)
    x = (x + low) * decaying(t, decay, 10 ** rng.uniform(-3.0, -1.7))
    if rng.random() < 0.4:  # a ride's ping
        x = x + rng.uniform(0.1, 0.7) * np.sin(2 * np.pi * rng.uniform(500, 5000) * t) * decaying(
            t, rng.uniform(0.1, 1.2)
        )
    strike = highpass(noise(len(t), rng), 1500) * decaying(t, rng.uniform(0.02, 0.3)) * rng.uniform(0, 0.8)
    return x + strike


def snap(rng: Rng) -> Samples:
    """Finger snap: one short, resonant burst."""
    t = clock(rng.uniform(0.08, 0.3))
    centre = rng.uniform(1200, 2800)
    x = bandpass(noise(len(t), rng), centre * 0.8, centre * 1.3) * decaying(t, rng.uniform(0.02, 0.12))
    early = bandpass(noise(len(t), rng), centre, 9000) * decaying(t, 0.01) * rng.uniform(0, 0.5)
    return x + early


def clap(rng: Rng) -> Samples:
    if rng.random() < 0.15:
        return snap(rng)
    t = clock(rng.uniform(0.15, 0.8))
    envelope = np.zeros(len(t), np.float32)
    n_hands, spacing = int(rng.integers(2, 6)), rng.uniform(0.006, 0.016)
    for hand in range(n_hands):
        start = hand * spacing * rng.uniform(0.8, 1.2)
        envelope += np.where(t >= start, np.exp(-(t - start).clip(0) / rng.uniform(0.002, 0.006)), 0.0) * rng.uniform(
            0.6, 1.0
        )
    start = n_hands * spacing
    envelope += np.where(
        t >= start, np.exp(-6.9 * (t - start).clip(0) / 10 ** rng.uniform(-1.0, -0.1)), 0.0
    ) * rng.uniform(0.3, 1.0)
    centre = rng.uniform(700, 2200)
    x = bandpass(noise(len(t), rng), centre * rng.uniform(0.4, 0.9), centre * rng.uniform(1.2, 5)) * envelope
    return highpass(x, rng.uniform(200, 600))


def percussion(rng: Rng) -> Samples:
    kind = rng.integers(0, 9)
    if kind == 6:  # hand drums: tabla, djembe, cajon, with bass strokes and slaps
        t = clock(rng.uniform(0.12, 0.9))
        f = 10 ** rng.uniform(1.85, 2.7)
        x = sweep(f * (1 + rng.uniform(-0.2, 0.25) * np.exp(-t / rng.uniform(0.02, 0.3)))) * decaying(
            t, 10 ** rng.uniform(-1, -0.1), 0.002
        )
        for ratio in (1.5, 2.0, 2.44, 3.0)[: int(rng.integers(0, 5))]:
            x = x + rng.uniform(0.05, 0.6) * np.sin(2 * np.pi * f * ratio * t) * decaying(
                t, 10 ** rng.uniform(-1.2, -0.3)
            )
        slap = bandpass(noise(len(t), rng), rng.uniform(300, 1500), rng.uniform(2000, 9000)) * decaying(
            t, 10 ** rng.uniform(-2, -0.8)
        )
        return (x * 10 ** rng.uniform(-1.0, 0.2) + slap * 10 ** rng.uniform(-1.0, 0.2)).astype(np.float32)
    if kind == 7:  # rim and cross stick: a hard click and a shell
        t = clock(rng.uniform(0.05, 0.35))
        x = sum(
            rng.uniform(0.2, 1)
            * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
            * decaying(t, rng.uniform(0.015, 0.12), 0.0005)
            for f in 10 ** rng.uniform(2.4, 3.6, 5)
        )
        return (
            x + bandpass(noise(len(t), rng), 800, 9000) * decaying(t, rng.uniform(0.005, 0.05)) * rng.uniform(0.3, 2)
        ).astype(np.float32)
    if kind == 8:  # agogo, cowbell, glass, metal pipe: few inharmonic partials
        t = clock(rng.uniform(0.1, 1.2))
        f = 10 ** rng.uniform(2.5, 3.4)
        ratios = np.concatenate([[1.0], rng.uniform(1.3, 5.5, int(rng.integers(1, 5)))])
        x = sum(
            rng.uniform(0.1, 1) * np.sin(2 * np.pi * f * r * t) * decaying(t, rng.uniform(0.05, 0.9), 0.0005)
            for r in ratios
        )
        return (x + 0.5 * highpass(noise(len(t), rng), 1500) * decaying(t, 0.012) * rng.uniform(0, 1)).astype(
            np.float32
        )
    if kind == 0:  # cowbell
        t = clock(rng.uniform(0.15, 0.6))
        f = rng.uniform(450, 900)
        x = np.sign(np.sin(2 * np.pi * f * t)) + np.sign(np.sin(2 * np.pi * f * rng.uniform(1.4, 1.6) * t))
        return (bandpass(x.astype(np.float32), f * 0.8, 4000) * decaying(t, rng.uniform(0.1, 0.6))).astype(np.float32)
    if kind == 1:  # clave, wood block, rim
        t = clock(rng.uniform(0.05, 0.25))
        f = 10 ** rng.uniform(2.6, 3.5)
        x = np.sin(2 * np.pi * f * t) + rng.uniform(0, 0.7) * np.sin(2 * np.pi * f * rng.uniform(1.3, 2.8) * t)
        x = x * decaying(t, rng.uniform(0.02, 0.15), 0.0005)
        return x + 0.3 * highpass(noise(len(t), rng), 1000) * decaying(t, 0.015)
    if kind == 2:  # shaker, cabasa, maracas
        t = clock(rng.uniform(0.06, 0.3))
        rise = rng.uniform(0.01, 0.08)
        return highpass(noise(len(t), rng), rng.uniform(2500, 6000)) * decaying(t, rng.uniform(0.06, 0.3), rise)
    if kind == 3:  # tambourine
        t = clock(rng.uniform(0.15, 0.5))
        rattle = sum(decaying((t - s).clip(0), 0.08) * (t >= s) for s in rng.uniform(0, 0.08, 4))
        return highpass(metal(t, rng), 4500, 3) * rattle.astype(np.float32)
    if kind == 4:  # conga, bongo
        t = clock(rng.uniform(0.15, 0.6))
        f = rng.uniform(180, 520)
        x = sweep(f * (1 + 0.1 * np.exp(-t / 0.02))) * decaying(t, rng.uniform(0.1, 0.5))
        return x + bandpass(noise(len(t), rng), 500, 4000) * decaying(t, rng.uniform(0.01, 0.05)) * rng.uniform(
            0.1, 0.8
        )
    t = clock(rng.uniform(0.3, 1.8))  # triangle, bell
    f = 10 ** rng.uniform(2.8, 3.7)
    rings = (
        np.sin(2 * np.pi * f * r * t) * decaying(t, rng.uniform(0.2, 2.0)) * rng.uniform(0.2, 1)
        for r in (1, 2.76, 5.4, rng.uniform(1, 4))
    )
    return sum(rings).astype(np.float32)


def wave(f_hz: Samples, rng: Rng, shape: str | None = None) -> Samples:
    """One oscillator: sine, triangle, saw, square or a random set of harmonics."""
    shape = shape or str(rng.choice(["sine", "tri", "saw", "square", "additive", "fm"]))
    phase = 2 * np.pi * np.cumsum(f_hz) / RATE
    top = RATE / 2 / float(np.max(f_hz))
    if shape == "fm":
        ratio = rng.choice([0.5, 1, 2, 3, 1.41, 3.5])
        index = rng.uniform(0.5, 5) * np.exp(-np.arange(len(f_hz)) / RATE / rng.uniform(0.05, 1.5))
        return np.sin(phase + index * np.sin(ratio * phase)).astype(np.float32)
    numbers = np.arange(1, max(2, min(int(top), 40)))
    if shape == "sine":
        weights = (numbers == 1) * 1.0
    elif shape == "tri":
        weights = (numbers % 2) / numbers**2.0
    elif shape == "saw":
        weights = 1.0 / numbers
    elif shape == "square":
        weights = (numbers % 2) / numbers
    else:
        weights = rng.uniform(0, 1, len(numbers)) / numbers ** rng.uniform(0.5, 1.6)
    used = np.flatnonzero(weights)
    return sum(weights[i] * np.sin(numbers[i] * phase) for i in used).astype(np.float32)


def tone(midi: float, seconds: float, rng: Rng, *, attack_s: float | None = None, decay_s: float | None = None,
         shape: str | None = None, cutoff: tuple[float, float] = (1.5, 40.0)) -> Samples:  # fmt: skip
    """Subtractive synthesiser voice with a filter envelope."""
    attack_s = 10 ** rng.uniform(-3, -1.5) if attack_s is None else attack_s
    t = clock(seconds)
    f = np.full(len(t), 440 * 2 ** ((midi - 69) / 12), np.float32)
    if rng.random() < 0.15:
        f = f * (1 + 0.006 * np.sin(2 * np.pi * rng.uniform(4, 7) * t))
    x = wave(f, rng, shape)
    if rng.random() < 0.35:
        x = x + wave(f * 2 ** (rng.uniform(-0.2, 0.2) / 12), rng, shape)
    f0 = float(f[0])
    dark, bright = f0 * rng.uniform(*cutoff), f0 * rng.uniform(*cutoff)
    fade = np.exp(-t / 10 ** rng.uniform(-1.5, 0)) if rng.random() < 0.6 else np.full(len(t), 0.5, np.float32)
    x = lowpass(x, min(bright, 10500)) * fade + lowpass(x, min(dark, 10500)) * (1 - fade)
    release = min(0.08, seconds / 4)
    envelope = np.minimum(1, t / attack_s) * np.clip((seconds - t) / release, 0, 1)
    if decay_s is not None:
        envelope = envelope * np.exp(-6.9 * t / decay_s)
    return (x * envelope).astype(np.float32)


def bass(rng: Rng) -> Samples:
    seconds = 10 ** rng.uniform(-0.65, 0.3)
    decay = None if rng.random() < 0.4 else seconds * rng.uniform(0.7, 3)
    x = tone(rng.uniform(24, 48), seconds, rng, decay_s=decay, cutoff=(1.2, 25.0))
    if rng.random() < 0.35:
        x = x + tone(rng.uniform(24, 26), seconds, rng, decay_s=decay, shape="sine") * 0.001
    return saturate(x, rng) if rng.random() < 0.35 else x


CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 7, 10), (0, 4, 7, 11), (0, 4, 7, 10), (0, 5, 7), (0, 2, 7), (0, 3, 6), (0, 4, 8), (0, 7, 12, 16),
          (0, 4, 7, 14), (0, 3, 7, 14), (0, 7, 15))  # fmt: skip


def stacked(rng: Rng, seconds: float, decay_s: float | None, attack_s: float) -> Samples:
    intervals = CHORDS[int(rng.integers(len(CHORDS)))]
    root = rng.uniform(45, 68)
    shape = str(rng.choice(["sine", "tri", "saw", "square", "additive", "fm"]))
    state = int(rng.integers(2**31))
    voices = []
    for i in intervals:
        voice_rng = np.random.default_rng(state)  # all notes are played by the same instrument
        voices.append(tone(root + i, seconds, voice_rng, attack_s=attack_s, decay_s=decay_s, shape=shape))
    return np.sum(voices, axis=0).astype(np.float32)


def stab(rng: Rng) -> Samples:
    seconds = rng.uniform(0.15, 0.6)
    return stacked(rng, seconds, seconds * rng.uniform(0.5, 3), 10 ** rng.uniform(-3, -2))


def chord(rng: Rng) -> Samples:
    seconds = rng.uniform(1.0, 4.0)
    decay = None if rng.random() < 0.5 else seconds * rng.uniform(0.8, 4)
    return stacked(rng, seconds, decay, 10 ** rng.uniform(-2.5, -0.4))


def note(rng: Rng) -> Samples:
    seconds = 10 ** rng.uniform(-0.6, 0.5)
    decay = None if rng.random() < 0.4 else seconds * rng.uniform(0.5, 3)
    return tone(rng.uniform(52, 90), seconds, rng, decay_s=decay, attack_s=10 ** rng.uniform(-3, -1))


# First three formants and their bandwidths in Hz (Peterson and Barney 1952, and sung ones).
FORMANTS = {"a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410), "u": (300, 870, 2240),
            "ae": (660, 1720, 2410), "er": (490, 1350, 1690)}  # fmt: skip


def formant_voice(f_hz: Samples, rng: Rng, vowels: list[str] | None = None) -> Samples:
    """A buzzing source through formants that glide from vowel to vowel."""
    n = len(f_hz)
    buzz = wave(f_hz, rng, "saw") + noise(n, rng) * 10 ** rng.uniform(-2.5, -1.0)
    buzz = lowpass(buzz, rng.uniform(1500, 6000), 1)
    names = vowels or [str(v) for v in rng.choice(list(FORMANTS), int(rng.integers(1, 3)))]
    size = rng.uniform(0.9, 1.25)
    layers = []
    for name in names:
        voiced = np.zeros(n, np.float32)
        for index, hz in enumerate(FORMANTS[name]):
            b, a = scipy.signal.iirpeak(min(hz * size, 9500), hz / rng.uniform(60, 160), fs=RATE)
            voiced += scipy.signal.lfilter(b, a, buzz).astype(np.float32) * (1.0, 0.6, 0.25)[index]
        layers.append(voiced)
    if len(layers) == 1:
        return layers[0]
    place = np.linspace(0, len(layers) - 1, n)
    return sum(layer * np.clip(1 - np.abs(place - i), 0, 1) for i, layer in enumerate(layers)).astype(np.float32)


def vocal(rng: Rng) -> Samples:
    seconds = rng.uniform(0.2, 2.0)
    t = clock(seconds)
    f = 440 * 2 ** ((rng.uniform(43, 76) - 69) / 12)
    glide = 2 ** (rng.uniform(-3, 3) / 12 * np.exp(-t / rng.uniform(0.03, 0.5)))
    vibrato = 1 + rng.uniform(0, 0.02) * np.sin(2 * np.pi * rng.uniform(4.5, 7) * t)
    x = formant_voice((f * glide * vibrato).astype(np.float32), rng)
    envelope = np.minimum(1, t / rng.uniform(0.005, 0.12)) * np.clip((seconds - t) / rng.uniform(0.03, 0.3), 0, 1)
    x = x * envelope
    if rng.random() < 0.3:  # a consonant
        n = min(len(x), int(rng.uniform(0.02, 0.1) * RATE))
        x[:n] += 0.3 * np.abs(x).max() * highpass(noise(n, rng), rng.uniform(1500, 4500))
    return x.astype(np.float32)


def fx(rng: Rng) -> Samples:
    kind = rng.integers(0, 9)
    seconds = rng.uniform(0.3, 3.0)
    t = clock(seconds)
    u = t / seconds
    if kind == 0:  # noise riser or fall
        rising = rng.random() < 0.6
        x = noise(len(t), rng)
        steps = 24
        out = np.zeros(len(t), np.float32)
        centres = np.geomspace(rng.uniform(150, 600), rng.uniform(3000, 9000), steps)
        for i in range(steps):
            place = i / (steps - 1) if rising else 1 - i / (steps - 1)
            out += bandpass(x, centres[i] * 0.8, centres[i] * 1.3) * np.clip(1 - np.abs(u - place) * steps / 2, 0, 1)
        return (out * (u ** rng.uniform(0.3, 2) if rising else (1 - u) ** rng.uniform(0.3, 2))).astype(np.float32)
    if kind == 1:  # pitch sweep, up or down
        f = np.geomspace(10 ** rng.uniform(1.7, 3), 10 ** rng.uniform(2.5, 3.8), len(t))[
            :: 1 if rng.random() < 0.5 else -1
        ]
        return wave(f.astype(np.float32).copy(), rng) * np.clip(np.minimum(u, 1 - u) * 20, 0, 1)
    if kind == 2:  # zap, laser
        t = clock(rng.uniform(0.1, 0.7))
        f = 60 + 10 ** rng.uniform(3, 3.9) * np.exp(-t / rng.uniform(0.02, 0.2))
        return wave(f.astype(np.float32), rng, "square") * decaying(t, rng.uniform(0.2, 1.0))
    if kind == 3:  # impact with a long low tail
        x = lowpass(noise(len(t), rng), rng.uniform(80, 600)) * decaying(t, seconds)
        boom = sweep((30 + 80 * np.exp(-t / 0.1)).astype(np.float32)) * decaying(t, seconds)
        return (
            x / np.abs(x).max() * rng.uniform(0.2, 1)
            + boom * rng.uniform(0, 1)
            + 0.4 * noise(len(t), rng) * decaying(t, 0.3)
        )
    if kind == 4:  # siren, alarm
        f = rng.uniform(300, 1500) * 2 ** (rng.uniform(0.1, 0.8) * np.sin(2 * np.pi * rng.uniform(0.8, 9) * t))
        return wave(f.astype(np.float32), rng)
    if kind == 5:  # ring-modulated or computer bleeps
        held = np.repeat(
            10 ** rng.uniform(2, 3.6, int(seconds * rng.uniform(6, 30)) + 1), 64 + int(RATE / rng.uniform(6, 30))
        )[: len(t)]
        f = np.pad(held, (0, len(t) - len(held)), mode="edge")
        return wave(f.astype(np.float32), rng, str(rng.choice(["sine", "square"])))
    if kind == 6:  # reversed cymbal or reversed anything
        return np.ascontiguousarray((cymbal if rng.random() < 0.5 else chord)(rng)[::-1])
    if kind == 7:  # steady or swelling noise: vinyl, wind, white
        x = lowpass(noise(len(t), rng), 10 ** rng.uniform(2.5, 4), 1)
        x *= 1 + rng.uniform(0, 0.9) * np.sin(2 * np.pi * rng.uniform(0.3, 3) * t + rng.uniform(0, 6))
        if rng.random() < 0.5:
            x += (rng.random(len(t)) < 0.001) * rng.uniform(1, 6)
        return (x * np.clip(np.minimum(u, 1 - u) * rng.uniform(2, 30), 0, 1)).astype(np.float32)
    # scratch: a tone pushed back and forth
    f = 500 + 3000 * np.abs(np.sin(2 * np.pi * rng.uniform(1, 6) * t + rng.uniform(0, 3)))
    x = wave(f.astype(np.float32), rng, "saw") * 0.4 + bandpass(noise(len(t), rng), 500, 5000) * np.abs(
        np.sin(2 * np.pi * rng.uniform(1, 6) * t)
    )
    return x.astype(np.float32)


MAKERS = {"kick": kick, "snare": snare, "hat": hat, "cymbal": cymbal, "tom": tom, "clap": clap, "percussion": percussion, "bass": bass,
          "chord": chord, "stab": stab, "note": note, "vocal": vocal, "fx": fx}  # fmt: skip
