"""Synthesised ambiences: noise, nature and machines, float32 mono at 22,050 Hz.

Sound designs as in Farnell, "Designing Sound", MIT Press, 2010; the second label names the event.
"""

from __future__ import annotations

import numpy as np
from effects import RATE, Samples, bandpass, highpass, lowpass
from strikes import Rng, clock, noise


def coloured(n: int, slope: float, rng: Rng) -> Samples:
    """Noise whose power falls with frequency to the ``slope``: 0 white, 1 pink, 2 brown."""
    size = 1 << (n - 1).bit_length()
    spectrum = rng.standard_normal(size // 2 + 1) + 1j * rng.standard_normal(size // 2 + 1)
    spectrum *= np.maximum(np.arange(size // 2 + 1), size * 20 / RATE) ** (-slope / 2)
    x = np.fft.irfft(spectrum)[:n]
    return (x / (np.abs(x).max() + 1e-9)).astype(np.float32)


def wander(n: int, rate_hz: float, rng: Rng) -> Samples:
    """A slow random curve between 0 and 1."""
    points = rng.random(max(4, int(n / RATE * rate_hz) + 4))
    return np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points).astype(np.float32)


def grains(n: int, per_second: float, make, rng: Rng) -> Samples:
    out = np.zeros(n, np.float32)
    for start in rng.integers(0, n, max(1, rng.poisson(per_second * n / RATE))):
        x = make()[: n - start]
        out[start : start + len(x)] += x * rng.uniform(0.1, 1) ** 2
    return out


def plain(n: int, rng: Rng) -> tuple[Samples, str | None]:
    kind = rng.integers(0, 4)
    x = coloured(n, rng.uniform(-0.3, 2.0), rng)
    if kind == 1:
        x = bandpass(x, 10 ** rng.uniform(1.5, 3), 10 ** rng.uniform(3.1, 4.0))
    if kind == 2:  # crackle on hiss
        x = 0.3 * x + ((rng.random(n) < rng.uniform(1e-4, 3e-3)) * rng.uniform(0.3, 1, n)).astype(np.float32)
    if kind == 3:  # bursts, static
        x = x * (wander(n, rng.uniform(2, 20), rng) > rng.uniform(0, 0.6))
    return x.astype(np.float32), None


def rain(n: int, rng: Rng) -> tuple[Samples, str | None]:
    bed = highpass(coloured(n, rng.uniform(0, 1), rng), rng.uniform(200, 1500)) * rng.uniform(0.2, 1)

    def drop() -> Samples:
        t = clock(rng.uniform(0.004, 0.02))
        return np.sin(2 * np.pi * rng.uniform(800, 7000) * t) * np.exp(-t / rng.uniform(0.001, 0.004))

    x = bed + grains(n, rng.uniform(20, 150), drop, rng) * rng.uniform(0.3, 2)
    return (x * (0.7 + 0.3 * wander(n, 0.5, rng))).astype(np.float32), "rain"


def wind(n: int, rng: Rng) -> tuple[Samples, str | None]:
    x = np.zeros(n, np.float32)
    for _ in range(int(rng.integers(2, 5))):
        centre = 10 ** rng.uniform(2.0, 3.2)
        layer = bandpass(coloured(n, 1.0, rng), centre * 0.7, centre * 1.4)
        x += layer * wander(n, rng.uniform(0.3, 1.5), rng) ** 2
    return (x + 0.2 * lowpass(coloured(n, 2, rng), 200)).astype(np.float32), "wind"


def thunder(n: int, rng: Rng) -> tuple[Samples, str | None]:
    x = lowpass(coloured(n, 1.5, rng), rng.uniform(120, 500))
    envelope = np.zeros(n, np.float32)
    t = np.arange(n) / RATE
    for _ in range(int(rng.integers(1, 4))):
        start = rng.uniform(0, 0.6) * n / RATE
        envelope += np.where(
            t > start,
            np.exp(-(t - start).clip(0) / rng.uniform(0.5, 2.5))
            * np.minimum(1, (t - start).clip(0) / rng.uniform(0.005, 0.3)),
            0,
        ) * rng.uniform(0.3, 1)
    crack = highpass(noise(n, rng), 500) * envelope**4 * rng.uniform(0, 0.15)
    out = x * envelope * (0.5 + wander(n, 8, rng)) + crack
    if rng.random() < 0.5:
        out = out + 0.1 * rain(n, rng)[0]
    return out.astype(np.float32), "thunder"


def water(n: int, rng: Rng) -> tuple[Samples, str | None]:
    def bubble() -> Samples:
        t = clock(rng.uniform(0.02, 0.12))
        f = rng.uniform(300, 2500) * (1 + rng.uniform(0, 1.5) * t / t[-1])
        return (np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-t / rng.uniform(0.01, 0.05))).astype(np.float32)

    if rng.random() < 0.4:  # waves on a shore
        t = np.arange(n) / RATE
        swell = (0.5 - 0.5 * np.cos(2 * np.pi * t / rng.uniform(3, 8) + rng.uniform(0, 6))) ** 2
        return (lowpass(coloured(n, 0.8, rng), rng.uniform(1500, 6000), 1) * (0.1 + swell)).astype(np.float32), "water"
    x = grains(n, rng.uniform(15, 100), bubble, rng) + lowpass(coloured(n, 0.5, rng), 4000) * rng.uniform(0.1, 0.8)
    return x.astype(np.float32), "water"


def birds(n: int, rng: Rng) -> tuple[Samples, str | None]:
    out = np.zeros(n, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        base, at = rng.uniform(1800, 6500), rng.uniform(0, 0.5)
        syllable_s, gap_s, shape = rng.uniform(0.03, 0.25), rng.uniform(0.02, 0.3), rng.integers(0, 4)
        while at < n / RATE:
            for _ in range(int(rng.integers(1, 9))):
                t = clock(syllable_s * rng.uniform(0.8, 1.2))
                u = t / t[-1]
                bend = (u - 0.5, 0.5 - u, np.sin(np.pi * u), np.sin(2 * np.pi * u * rng.integers(1, 6)))[shape]
                f = base * (1 + rng.uniform(0.05, 0.35) * bend)
                x = np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.sin(np.pi * u).clip(0) ** 0.7
                start = int(at * RATE)
                x = x[: max(0, n - start)]
                out[start : start + len(x)] += (x * rng.uniform(0.3, 1)).astype(np.float32)
                at += syllable_s + gap_s
            at += rng.exponential(0.8) + 0.1
    bed = coloured(n, 1.2, rng) * 10 ** rng.uniform(-2.5, -0.8)
    return (out + bed).astype(np.float32), "bird"


def insects(n: int, rng: Rng) -> tuple[Samples, str | None]:
    t = np.arange(n) / RATE
    f = rng.uniform(2500, 8000)
    pulse = np.clip(np.sin(2 * np.pi * rng.uniform(15, 70) * t), 0, 1) * (
        np.sin(2 * np.pi * rng.uniform(0.5, 3) * t + 1) > rng.uniform(-1, 0.5)
    )
    x = np.sin(2 * np.pi * f * t + 0.2 * np.sin(2 * np.pi * 30 * t)) * pulse + 0.05 * coloured(n, 1, rng)
    return x.astype(np.float32), "insect"


def engine(n: int, rng: Rng) -> tuple[Samples, str | None]:
    t = np.arange(n) / RATE
    rate = rng.uniform(12, 140) * (1 + rng.uniform(0, 0.6) * (wander(n, 0.5, rng) - 0.5))
    phase = 2 * np.pi * np.cumsum(rate) / RATE
    x = sum(
        rng.uniform(0.1, 1) / k ** rng.uniform(0.2, 1.2) * np.sin(k * phase + rng.uniform(0, 6))
        for k in range(1, int(rng.integers(6, 30)))
    )
    x = np.tanh(x * rng.uniform(0.3, 2)) + lowpass(noise(n, rng), rng.uniform(500, 4000)) * (
        0.3 + 0.7 * np.clip(np.sin(phase), 0, 1)
    ) * rng.uniform(0.1, 1.2)
    del t
    return x.astype(np.float32), "engine"


def fan(n: int, rng: Rng) -> tuple[Samples, str | None]:
    t = np.arange(n) / RATE
    mains = rng.choice([50, 60, 100, 120]) * rng.uniform(0.98, 1.02)
    hum = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * mains * k * t + rng.uniform(0, 6)) for k in range(1, 12))
    x = hum * rng.uniform(0.05, 1) + lowpass(
        coloured(n, rng.uniform(0.3, 1.5), rng), rng.uniform(1000, 9000)
    ) * rng.uniform(0.3, 1.5)
    return x.astype(np.float32), "machine"


def whine(n: int, rng: Rng) -> tuple[Samples, str | None]:
    """Drill, saw, vacuum cleaner, jet: a gliding whine in a roar."""
    f = rng.uniform(200, 3000) * (0.8 + 0.4 * wander(n, rng.uniform(0.2, 1.5), rng))
    phase = 2 * np.pi * np.cumsum(f) / RATE
    tone = sum(rng.uniform(0.1, 1) * np.sin(k * phase) for k in range(1, int(rng.integers(2, 6))))
    return (tone * rng.uniform(0.1, 0.8) + bandpass(noise(n, rng), 200, 8000) * rng.uniform(0.3, 1.5)).astype(
        np.float32
    ), "machine"


def clatter(n: int, rng: Rng) -> tuple[Samples, str | None]:
    """A mechanism that strikes again and again: loom, train, printer, jack hammer."""
    period = int(rng.uniform(0.04, 0.7) * RATE)
    hit = bandpass(noise(int(0.1 * RATE), rng), 10 ** rng.uniform(2, 3), 10 ** rng.uniform(3.3, 4)) * np.exp(
        -np.arange(int(0.1 * RATE)) / RATE / rng.uniform(0.004, 0.03)
    ).astype(np.float32)
    out = np.zeros(n + len(hit), np.float32)
    pattern = rng.uniform(0.3, 1, int(rng.integers(1, 5)))
    for i, start in enumerate(range(0, n, period)):
        out[start : start + len(hit)] += hit * pattern[i % len(pattern)] * rng.uniform(0.7, 1)
    return (out[:n] / (np.abs(out).max() + 1e-9) + 0.1 * rng.uniform(0, 2) * fan(n, rng)[0]).astype(
        np.float32
    ), "machine"


AMBIENCES = {
    "noise": (plain,),
    "nature": (rain, wind, thunder, water, birds, insects),
    "mechanical": (engine, fan, whine, clatter),
}
