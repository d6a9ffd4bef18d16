"""Drum patterns with known beats, made of decaying noise and sines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.rhythm import ANALYZERS
from sonoteca.domain.region import Region
from sonoteca.features.feature_pass import compute_features

RATE = 22_050
ROCK = {"kick": (0, 2, 2.5), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)}
WALTZ = {"kick": (0,), "snare": (1, 2), "hat": (0, 0.5, 1, 1.5, 2, 2.5)}


def drum(name: str) -> NDArray[np.float64]:
    rng = np.random.default_rng(len(name))
    t = np.arange(int(0.25 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    if name == "kick":
        return np.sin(2 * np.pi * (55 * t - 3 * np.exp(-t / 0.03))) * np.exp(-t / 0.1)
    if name == "snare":
        return (0.5 * noise + 0.4 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.07)
    return 0.3 * np.diff(noise, prepend=0.0) * np.exp(-t / 0.03)


def pattern_at(
    beat_s: Sequence[float] | NDArray[Any],
    *,
    beats_per_bar: int,
    pattern: dict[str, tuple[float, ...]],
    duration_s: float,
) -> NDArray[np.float32]:
    """The pattern played on given beat times, the first of which starts a bar."""
    out = np.zeros(round(duration_s * RATE) + RATE)
    index = np.arange(len(beat_s))
    for bar in range(0, len(beat_s), beats_per_bar):
        for name, places in pattern.items():
            for place in places:
                if bar + place <= index[-1] + 0.99:
                    at = np.interp(bar + place, [*index, len(beat_s)], [*beat_s, 2 * beat_s[-1] - beat_s[-2]])
                    start = round(at * RATE)
                    voice = drum(name)
                    stop = min(len(out), start + len(voice))
                    out[start:stop] += voice[: stop - start]
    return (0.3 * out[: round(duration_s * RATE)]).astype(np.float32)


def steady(
    bpm: float, *, bars: int, beats_per_bar: int = 4, pattern: dict[str, tuple[float, ...]] | None = None
) -> NDArray[np.float32]:
    """Exactly ``bars`` bars."""
    n = bars * beats_per_bar
    beats = np.arange(n) * 60.0 / bpm
    return pattern_at(
        beats, beats_per_bar=beats_per_bar, pattern=ROCK if pattern is None else pattern, duration_s=n * 60.0 / bpm
    )


def view_of(samples: NDArray[np.float32], *, start_s: float = 0.0, end_s: float | None = None) -> RegionView:
    """A region view over all features the rhythm analyzers declare."""
    wanted = [feature for analyzer in ANALYZERS for feature in analyzer.features]
    frames = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=wanted
    )
    end_s = len(samples) / RATE if end_s is None else end_s
    region = Region(0 if start_s == 0 and end_s >= len(samples) / RATE else 1, start_s, end_s)
    return RegionView(region, None, frames)  # type: ignore[arg-type]
