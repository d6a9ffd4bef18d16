"""What happens to sounds between instrument and file: the augmentation chain, at 22,050 Hz mono."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import scipy.signal
from numpy.typing import NDArray

RATE = 22_050
Samples = NDArray[np.float32]


def _filter(x: Samples, kind: str, hz: float, order: int = 2) -> Samples:
    sos: Any = scipy.signal.butter(order, np.clip(hz, 15.0, 0.98 * RATE / 2), cast(Any, kind), fs=RATE, output="sos")
    return scipy.signal.sosfilt(sos, x).astype(np.float32)


def lowpass(x: Samples, hz: float, order: int = 2) -> Samples:
    return _filter(x, "lowpass", hz, order)


def highpass(x: Samples, hz: float, order: int = 2) -> Samples:
    return _filter(x, "highpass", hz, order)


def bandpass(x: Samples, low_hz: float, high_hz: float) -> Samples:
    return highpass(lowpass(x, high_hz), low_hz)


def peak_equaliser(x: Samples, hz: float, gain_db: float, q: float) -> Samples:
    """Bell filter of the RBJ cookbook."""
    amplitude = 10 ** (gain_db / 40)
    omega = 2 * np.pi * hz / RATE
    alpha = np.sin(omega) / (2 * q)
    b = [1 + alpha * amplitude, -2 * np.cos(omega), 1 - alpha * amplitude]
    a = [1 + alpha / amplitude, -2 * np.cos(omega), 1 - alpha / amplitude]
    return scipy.signal.lfilter(b, a, x).astype(np.float32)


def reverb(x: Samples, rng: np.random.Generator) -> Samples:
    decay_s = 10 ** rng.uniform(-0.9, 0.35)
    n = int(decay_s * RATE)
    impulse = rng.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.arange(n) / n).astype(np.float32)
    impulse = lowpass(impulse, 10 ** rng.uniform(3.2, 4.0), 1)
    impulse /= np.sqrt(np.sum(impulse**2)) + 1e-9
    delay = int(rng.uniform(0.0, 0.03) * RATE)
    wet = scipy.signal.fftconvolve(x, impulse)[: len(x) + int(min(decay_s, 0.8) * RATE)].astype(np.float32)
    out = np.zeros(len(wet) + delay, np.float32)
    out[delay:] += wet * rng.uniform(0.1, 0.6)
    out[: len(x)] += x
    return out


def chorus(x: Samples, rng: np.random.Generator) -> Samples:
    t = np.arange(len(x))
    delay = (
        rng.uniform(0.005, 0.02) + rng.uniform(0.001, 0.004) * np.sin(2 * np.pi * rng.uniform(0.3, 3) * t / RATE)
    ) * RATE
    return (x + rng.uniform(0.4, 1.0) * np.interp(t - delay, t, x, left=0.0)).astype(np.float32)


def echo(x: Samples, rng: np.random.Generator) -> Samples:
    step = int(rng.uniform(0.12, 0.45) * RATE)
    out = np.zeros(len(x) + 3 * step, np.float32)
    gain, feedback = 1.0, rng.uniform(0.2, 0.5)
    for repeat in range(4):
        out[repeat * step : repeat * step + len(x)] += gain * x
        gain *= feedback
    return out


def saturate(x: Samples, rng: np.random.Generator) -> Samples:
    drive = 10 ** rng.uniform(0.2, 1.4)
    peak = np.abs(x).max() + 1e-9
    return np.tanh(drive * x / peak).astype(np.float32)


def crush(x: Samples, rng: np.random.Generator) -> Samples:
    peak = np.abs(x).max() + 1e-9
    steps = 2.0 ** rng.uniform(3.5, 9)
    held = np.repeat(x[:: (hold := int(rng.integers(1, 4)))], hold)[: len(x)]
    return (np.round(held / peak * steps) / steps * peak).astype(np.float32)


def compress(x: Samples, rng: np.random.Generator) -> Samples:
    """Feed-forward compressor, 5 ms attack and 50 to 200 ms release by a symmetric smoother."""
    level = np.sqrt(lowpass(x**2, 1 / (2 * np.pi * rng.uniform(0.01, 0.05)), 1).clip(1e-12))
    threshold = np.abs(x).max() * 10 ** rng.uniform(-1.5, -0.4)
    slope = 1 - 1 / rng.uniform(2, 8)
    return (x * np.minimum(1.0, (threshold / level) ** slope)).astype(np.float32)


def repitch(x: Samples, semitones: float) -> Samples:
    """Tape speed: pitch and length change together."""
    ratio = 2 ** (semitones / 12)
    n = max(int(len(x) / ratio), 8)
    if ratio > 1:
        x = lowpass(x, 0.9 * RATE / 2 / ratio, 4)
    return np.interp(np.arange(n) * ratio, np.arange(len(x)), x).astype(np.float32)


def dull(x: Samples, rng: np.random.Generator) -> Samples:
    return lowpass(x, 10 ** rng.uniform(3.0, 4.0), int(rng.integers(1, 5)))


def thin(x: Samples, rng: np.random.Generator) -> Samples:
    return highpass(x, 10 ** rng.uniform(1.5, 2.7), int(rng.integers(1, 3)))


def equalise(x: Samples, rng: np.random.Generator) -> Samples:
    for _ in range(int(rng.integers(1, 4))):
        x = peak_equaliser(x, 10 ** rng.uniform(1.8, 3.95), rng.uniform(-9, 9), rng.uniform(0.4, 2.0))
    return x


CHAIN = ((equalise, 0.4), (dull, 0.15), (thin, 0.1), (saturate, 0.15), (crush, 0.08), (chorus, 0.1), (reverb, 0.25),
         (compress, 0.3))  # fmt: skip


def treat(x: Samples, rng: np.random.Generator, strength: float = 1.0) -> Samples:
    """A random selection of effects in a usual order."""
    for effect, probability in CHAIN:
        if rng.random() < probability * strength:
            x = effect(x, rng)
    return x


def deliver(x: Samples, rng: np.random.Generator) -> Samples:
    """As files reach people: some lead silence, a fade or a cut, a noise floor, any level."""
    peak = np.abs(x).max() + 1e-9
    x = x / peak
    if rng.random() < 0.3:
        x = np.concatenate([np.zeros(int(rng.uniform(0, 0.05) * RATE), np.float32), x])
    if rng.random() < 0.3:
        x = np.concatenate([x, np.zeros(int(rng.uniform(0, 0.5) * RATE), np.float32)])
    if rng.random() < 0.4:
        x = x + rng.standard_normal(len(x)).astype(np.float32) * np.float32(10 ** rng.uniform(-4.5, -2.8))
    return (x * 10 ** rng.uniform(-1.2, 0)).astype(np.float32)
