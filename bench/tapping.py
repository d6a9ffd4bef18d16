"""Tapping: rank of the right drum loop among 300 that differ in rhythm, heard from sound on both sides.

Loops of two bars have random kicks, snares, ghost notes and hats at a random tempo. Somebody taps all strokes, or
only kick and snare, from anywhere in the loop, at 0.7 to 1.4 times the tempo, 15 to 30 ms unsteadily, and leaves out
or adds some. Loops are heard by the analyzer of onsets; the taps are bursts of noise in a room's hiss.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from bench.measure import Measure, mean_with_interval
from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.rhythm.analyzers import OnsetDensity
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.descriptor import ACCENTS, ONSETS
from sonoteca.domain.region import Region
from sonoteca.features.feature_pass import compute_features
from sonoteca.search.hum.query_taps import find_taps
from sonoteca.search.hum.tap import Rhythm, RhythmIndex

N_LOOPS, N_QUERIES = 300, 150
_STEPS = 32
Floats = NDArray[np.float64]


def run() -> list[Measure]:
    """MRR and top-1 by what is tapped, and the time of a query."""
    loops = [_pattern(np.random.default_rng(key)) for key in range(N_LOOPS)]
    rhythms = []
    for key, (strokes, step_s) in enumerate(loops):
        onsets, accents = _heard(_played(strokes, step_s, np.random.default_rng(10_000 + key)))
        rhythms.append(Rhythm(key, onsets, _STEPS * step_s, accents))
    index = RhythmIndex(rhythms)
    measures, times = [], []
    for title, parts in (("all strokes", (0, 1, 2)), ("kick and snare", (0, 1))):
        ranks: list[float] = []
        for number in range(N_QUERIES):
            random = np.random.default_rng(20_000 + number)
            key = int(random.integers(N_LOOPS))
            strokes, step_s = loops[key]
            started = time.process_time()
            taps = find_taps(_tapped(strokes[list(parts)].max(axis=0), step_s, random))
            found = [match.key for match in index.search(taps, 10)]
            times.append(1000 * (time.process_time() - started))
            ranks.append(1.0 / (found.index(key) + 1) if key in found else 0.0)
        measures.append(mean_with_interval(f"tap {title}: MRR among {N_LOOPS} ({N_QUERIES})", ranks))
        measures.append(mean_with_interval(f"tap {title}: top-1", [float(rank == 1.0) for rank in ranks]))
    return [*measures, Measure("tap: taps and search, median", float(np.median(times)), "ms", 500.0, True)]


def _pattern(random: np.random.Generator) -> tuple[Floats, float]:
    """Loudness 0..1 of kick, snare and hat at each sixteenth, (3, 32), and the length of a sixteenth in seconds."""
    strokes = np.zeros((3, _STEPS))
    bar = np.arange(16)
    for first in (0, 16):
        kicks = random.random(16) < np.where(bar % 4 == 2, 0.3, np.where(bar % 2 == 1, 0.1, 0.25))
        kicks[0] |= first == 0 or random.random() < 0.7
        strokes[0, first : first + 16] = kicks
        strokes[1, first + 4] = strokes[1, first + 12] = random.random() < 0.9
        ghosts = random.random(16) < 0.08
        strokes[1, first : first + 16] = np.maximum(strokes[1, first : first + 16], 0.5 * ghosts)
    every = int(random.choice([1, 2, 2, 4]))
    strokes[2, ::every] = random.uniform(0.3, 0.8)
    strokes[2] *= random.random(_STEPS) > 0.1
    return strokes, 15.0 / float(random.uniform(80.0, 160.0))


def _played(strokes: Floats, step_s: float, random: np.random.Generator) -> AudioSignal:
    """The loop as sound: a falling tone, a tone in noise, bright noise."""
    total = np.zeros(round(_STEPS * step_s * ANALYSIS_RATE) + ANALYSIS_RATE)
    for part, row in enumerate(strokes):
        length_s, fade_s = ((0.25, 0.08), (0.2, 0.06), (0.08, 0.02))[part]
        times = np.arange(int(length_s * ANALYSIS_RATE)) / ANALYSIS_RATE
        noise = random.standard_normal(len(times))
        tone = np.sin(2 * np.pi * (50 * times + 6 * (1 - np.exp(-times / 0.03)))) if part == 0 else 0.0
        body = (tone, 0.5 * noise + 0.4 * np.sin(2 * np.pi * 190 * times), 0.4 * np.diff(noise, prepend=0.0))[part]
        sound = body * np.exp(-times / fade_s)
        for step in np.flatnonzero(row):
            at = round(step * step_s * ANALYSIS_RATE)
            total[at : at + len(sound)] += row[step] * random.uniform(0.8, 1.0) * sound
    total = total[: round(_STEPS * step_s * ANALYSIS_RATE)]
    return AudioSignal((0.5 * total / np.abs(total).max()).astype(np.float32)[None], ANALYSIS_RATE)


def _heard(sound: AudioSignal) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the library keeps of a loop: its onsets and their accents."""
    recording = MemoryRecording.from_samples(sound)
    frames = compute_features(
        recording.read, n_samples=recording.n_samples, sample_rate=ANALYSIS_RATE, features=OnsetDensity.features
    )
    view = RegionView(Region(0, 0.0, recording.info.duration_s), recording, frames)
    stated = {each.descriptor: each.value for each in OnsetDensity().analyze(view, {})}
    return np.array(stated[ONSETS], np.float32), np.array(stated[ACCENTS], np.float32)


def _tapped(strokes: Floats, step_s: float, random: np.random.Generator) -> AudioSignal:
    """Two bars and a little more, from a stroke anywhere in the loop, with a person's mistakes."""
    first = int(random.choice(np.flatnonzero(strokes)))
    turned = np.roll(strokes, -first)
    steps = np.flatnonzero(np.concatenate([turned, turned[:5]]))
    times = steps * step_s * float(random.uniform(0.7, 1.4))
    times = times + random.normal(0.0, random.uniform(0.015, 0.030), len(times))
    times = times[random.random(len(times)) > 0.06]
    extra = random.uniform(0.0, times.max(), int(random.random() < 0.5))
    total = 0.003 * random.standard_normal(int((times.max() + 1.0) * ANALYSIS_RATE))
    for at_s in [*times, *extra]:
        fade = np.exp(-np.arange(1300) / (random.uniform(0.008, 0.02) * ANALYSIS_RATE))
        at = int((at_s + 0.4) * ANALYSIS_RATE)
        burst = random.standard_normal(1300) * fade * random.uniform(0.3, 1.0)
        total[at : at + 1300] += 0.3 * burst[: len(total) - at]
    return AudioSignal(total.astype(np.float32)[None], ANALYSIS_RATE)
