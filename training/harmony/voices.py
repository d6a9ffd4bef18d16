"""Synthetic voices, drums and effects in NumPy, for training sounds that no sound font has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal as sps

Samples = NDArray[np.float32]
RATE = 22_050
# Of modulator to carrier: whole ones sound harmonic, the others like bells.
FM_RATIOS = (1, 2, 3, 3.5, 1.41, 1, 2, 3.5, 0.5, 2.5, 1.5, 4, 7)


def _envelope(n: int, attack_s: float, decay_s: float, sustain: float, release_n: int) -> NDArray[np.float64]:
    t = np.arange(n) / RATE
    level = sustain + (1 - sustain) * np.exp(-t / max(decay_s, 1e-3))
    level *= np.minimum(1.0, t / max(attack_s, 1e-3))
    level[-release_n:] *= np.linspace(1.0, 0.0, release_n)
    return level


def tone(voice: str, hz: float, duration_s: float, rng: np.random.Generator, shape: NDArray[np.float64]) -> Samples:
    """One note of a synthetic voice; ``shape`` (8 numbers 0..1) is its patch, fixed for a part."""
    release_n = int((0.02 + 0.15 * shape[0]) * RATE)
    n = max(int(duration_s * RATE), 64) + release_n
    t = np.arange(n) / RATE
    w = 2 * np.pi * hz * t
    partials = np.arange(1, max(2, min(40, int(9500 / hz) + 1)))
    phases = rng.uniform(0, 2 * np.pi, len(partials))
    attack, decay, sustain = 0.003 + 0.03 * shape[1], 0.1 + 0.6 * shape[2], 0.2 + 0.7 * shape[3]
    if voice == "sub":
        y = np.sin(w) + 0.3 * shape[4] * np.sin(2 * w)
    elif voice == "fm":
        ratio = FM_RATIOS[int(shape[4] * 0.999 * len(FM_RATIOS))]
        index = (0.5 + 4 * shape[6]) * np.exp(-t / (0.1 + shape[7]))
        y = np.sin(w + index * np.sin(ratio * w))
    elif voice == "organ":
        bars = (0.5, 1, 1.5, 2, 3, 4, 6, 8)
        y = sum((0.1 + s) * np.sin(b * w) for b, s in zip(bars, shape, strict=True) if b * hz < 10_000)
        decay, sustain = 1.0, 1.0
    elif voice == "pluck":
        y = _pluck(hz, n, rng, brightness=shape[4])
        attack, decay, sustain = 0.001, 0.2 + shape[2], 0.1
    elif voice in ("supersaw", "reese"):
        detunes = np.linspace(-1, 1, 5 if voice == "supersaw" else 2) * (0.002 + 0.008 * shape[4])
        y = np.zeros(n)
        for d in detunes:
            y += 2 * ((hz * (1 + d) * t + rng.uniform()) % 1.0) - 1
        y = _low_pass(y, 600 + 6000 * shape[5])
    elif voice == "acid":
        cutoff = 1.0 + 12 * shape[4] * np.exp(-t / (0.05 + 0.3 * shape[5]))
        y = np.zeros(n)
        for k, phase in zip(partials, phases, strict=True):
            y += np.sin(k * w + phase) / k / (1 + (k / (2 + 3 * cutoff)) ** 4)
    elif voice == "square":
        y = np.zeros(n)
        for k in partials[::2]:
            y += np.sin(k * w) / k ** (1 + shape[5])
    elif voice == "vox":
        formants = np.array([[730, 1090, 2440], [270, 2290, 3010], [570, 840, 2410]])[int(shape[4] * 2.99)]
        depth = 0.006 * shape[5]
        warped = w + hz * depth / 5.5 * np.sin(2 * np.pi * 5.5 * t) * 2 * np.pi
        y = np.zeros(n)
        for k in partials:
            gain = sum(np.exp(-(((k * hz - f) / 150.0) ** 2)) for f in formants) + 0.05
            y += gain * np.sin(k * warped) / np.sqrt(k)
    else:  # pad
        y = np.zeros(n)
        for k, phase in zip(partials[:12], phases, strict=False):
            y += np.sin(k * w * (1 + 0.001 * shape[4]) + phase) / k ** (1.2 + shape[5])
        attack, decay, sustain = 0.05 + 0.3 * shape[1], 1.0, 0.9
    y = y / (np.abs(y).max() + 1e-9)
    return (y * _envelope(n, attack, decay, sustain, release_n)).astype(np.float32)


def _pluck(hz: float, n: int, rng: np.random.Generator, *, brightness: float) -> NDArray[np.float64]:
    """Karplus-Strong with a fractional delay, run as one recursive filter."""
    period = RATE / hz - 0.5
    delay = int(period)
    fraction = period - delay
    excitation = np.zeros(n)
    burst = rng.uniform(-1, 1, delay + 2)
    excitation[: len(burst)] = burst[:n]
    loss = 0.994 + 0.004 * brightness
    taps = np.zeros(delay + 3)
    taps[0] = 1.0
    # Two-point average (the string's loss) times linear interpolation (the fraction).
    taps[delay : delay + 3] -= loss * np.convolve([0.5, 0.5], [1 - fraction, fraction])
    return np.asarray(sps.lfilter([1.0], taps, excitation))


def _low_pass(y: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    return np.asarray(sps.sosfilt(sps.butter(2, min(hz, 10_500), fs=RATE, output="sos"), y))


def drum(kind: str, rng: np.random.Generator) -> Samples:
    """One hit: kick, snare, hat, open, clap, tom, cymbal, cowbell, conga, click."""
    length = {"kick": 0.4, "snare": 0.3, "hat": 0.08, "open": 0.4, "clap": 0.25, "tom": 0.5, "cymbal": 1.5,
              "cowbell": 0.25, "conga": 0.3, "click": 0.05}[kind]  # fmt: skip
    n = int(length * RATE * rng.uniform(0.6, 1.4))
    t = np.arange(n) / RATE
    decay = np.exp(-t / (length * rng.uniform(0.15, 0.35)))
    noise = rng.standard_normal(n)
    if kind in ("kick", "tom", "conga"):
        base, span = {"kick": (rng.uniform(38, 65), 4.0), "tom": (rng.uniform(70, 220), 0.8),
                      "conga": (rng.uniform(150, 400), 0.2)}[kind]  # fmt: skip
        sweep = base * (1 + span * rng.uniform(0.3, 1.2) * np.exp(-t / rng.uniform(0.01, 0.06)))
        y = np.sin(2 * np.pi * np.cumsum(sweep) / RATE) * decay + 0.1 * rng.uniform() * noise * np.exp(-t / 0.005)
    elif kind == "snare":
        y = 0.5 * np.sin(2 * np.pi * rng.uniform(150, 260) * t) * np.exp(-t / 0.08) + _band(noise, 500, 9000) * decay
    elif kind == "clap":
        y = _band(noise, 700, 4000) * decay * (1 + np.sign(np.sin(2 * np.pi * 90 * t)) * (t < 0.035))
    elif kind == "cowbell":
        f = rng.uniform(500, 800)
        y = (np.sign(np.sin(2 * np.pi * f * t)) + np.sign(np.sin(2 * np.pi * f * 1.48 * t))) * decay
    elif kind == "click":
        y = np.sin(2 * np.pi * rng.uniform(600, 3000) * t) * np.exp(-t / 0.008)
    else:
        metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in rng.uniform(2000, 9000, 6))
        y = _band(0.5 * noise + 0.3 * rng.uniform() * metal, 4000 + 2000 * rng.uniform(), 10_500) * decay
    return (y / (np.abs(y).max() + 1e-9)).astype(np.float32)


def _band(y: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return np.asarray(sps.sosfilt(sps.butter(2, [low, min(high, 10_800)], "band", fs=RATE, output="sos"), y))


def _reverb(y: Samples, rng: np.random.Generator) -> Samples:
    length = int(rng.uniform(0.3, 2.0) * RATE)
    t = np.arange(length) / RATE
    tail = rng.standard_normal(length) * np.exp(-t * 6.9 / (length / RATE))
    wet = sps.fftconvolve(y, _low_pass(tail, rng.uniform(2000, 9000)))[: len(y)]
    wet *= np.abs(y).max() / (np.abs(wet).max() + 1e-9)
    return (y + rng.uniform(0.1, 0.7) * wet).astype(np.float32)


def _distort(y: Samples, rng: np.random.Generator) -> Samples:
    return np.tanh(y * 10 ** (rng.uniform(6, 30) / 20)).astype(np.float32)


def _crush(y: Samples, rng: np.random.Generator) -> Samples:
    steps = 2.0 ** rng.uniform(4, 9)
    return (np.round(y * steps) / steps).astype(np.float32)


def _chorus(y: Samples, rng: np.random.Generator) -> Samples:
    n = np.arange(len(y))
    delay = RATE * (0.007 + 0.003 * rng.uniform() * np.sin(2 * np.pi * rng.uniform(0.3, 2.0) * n / RATE))
    return (0.6 * y + 0.5 * np.interp(n - delay, n, y)).astype(np.float32)


def _delay(y: Samples, rng: np.random.Generator) -> Samples:
    lag = int(rng.uniform(0.12, 0.5) * RATE)
    out = y.copy()
    for k in range(1, 5):
        if k * lag < len(y):
            out[k * lag :] += y[: -k * lag] * rng.uniform(0.3, 0.5) ** k
    return out


def _compress(y: Samples, rng: np.random.Generator) -> Samples:
    level = np.sqrt(sps.lfilter([1 - 0.999], [1, -0.999], np.square(y)) + 1e-8)
    return (y * np.minimum(1.0, (0.1 / level) ** rng.uniform(0.4, 0.8))).astype(np.float32)


EFFECTS: dict[str, tuple[float, Callable[[Samples, np.random.Generator], Samples]]] = {
    "distortion": (0.15, _distort),
    "crush": (0.05, _crush),
    "chorus": (0.12, _chorus),
    "delay": (0.08, _delay),
    "reverb": (0.35, _reverb),
    "lowpass": (0.2, lambda y, rng: _low_pass(y, 10 ** rng.uniform(2.7, 3.9)).astype(np.float32)),
    "highpass": (
        0.06,
        lambda y, rng: sps.sosfilt(sps.butter(2, rng.uniform(60, 500), "high", fs=RATE, output="sos"), y).astype("f4"),
    ),
    "compressor": (0.35, _compress),
}


def with_effects(y: Samples, rng: np.random.Generator, *, amount: float = 1.0) -> Samples:
    """A random chain; every effect is drawn with its own chance times ``amount``."""
    peak = np.abs(y).max() + 1e-9
    y = (y / peak * 0.9).astype(np.float32)
    for chance, effect in EFFECTS.values():
        if rng.uniform() < chance * amount:
            y = effect(y, rng)
            y = (y / (np.abs(y).max() + 1e-9) * 0.9).astype(np.float32)
    return y
