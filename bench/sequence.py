"""Sets from a library of 20,000 tracks: time with everything read from disk, and what the beam gains over a greedy chain."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Measure
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim
from sonoteca.domain.descriptor import (
    ENERGY_CURVE,
    ENERGY_LEVEL,
    KEY,
    KEY_SEGMENTS,
    KIND,
    METER,
    ONSET_DENSITY,
    TEMPO,
    TUNING,
    Descriptor,
)
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import RegionAnalysis, Run, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome, Source
from sonoteca.ingest.listen import producers_of
from sonoteca.sequence.beam import search
from sonoteca.sequence.build_set import SetAnswer, build_set
from sonoteca.sequence.energy_plan import energy_plan
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.next_track import NextRequest, find_next
from sonoteca.sequence.set_problem import SetProblem, TransitionRows, worth_of
from sonoteca.sequence.set_request import SetRequest
from sonoteca.sequence.tracks import Tracks
from sonoteca.sequence.transition import TransitionStyle
from sonoteca.sequence.weights import default_weights

TRACKS = 20_000
BATCH = 500
# Four genres with the tempi that they have; few libraries are evenly spread.
GENRES = ((100.0, 8.0), (124.0, 3.0), (140.0, 4.0), (174.0, 3.0))
EXAMPLES = 8
SMALL, SMALL_LENGTH, SMALL_CASES = 8, 5, 40


def run(work: Path, corpus: Path) -> list[Measure]:
    with open_library(work / "tracks.sonoteca", mode="create") as library:
        fill(library, TRACKS)
    with open_library(work / "tracks.sonoteca", mode="read") as library:
        return [*_times(library), *_against_greedy(library), _against_all_orders(library)]


def _times(library: Library) -> list[Measure]:
    """Wall times; beside them the processor's, which other programs on the machine do not change."""

    def load() -> None:
        with library.read() as connection:
            load_tracks(library, connection)

    def build(alternatives: int) -> SetAnswer:
        return build_set(
            library, SetRequest(length="20", curve="peak", alternatives=alternatives, include_missing=True)
        )

    first = build(1).candidates[0].tracks[0].row.id
    (library.data_folder("derived") / "edges.arrays").unlink()

    def cold(action: Callable[[], object]) -> Callable[[], object]:
        """As a program that has just opened the library does it."""

        def act() -> None:
            library.held.clear()
            action()

        return act

    return [
        _timed(f"set: {TRACKS:,} tracks read for the first time", cold(load), 1, None),
        _timed("set: 20 tracks, one set, loading included", cold(lambda: build(1)), 3, 2.0),
        _timed("set: 20 tracks, three sets, loading included", cold(lambda: build(3)), 3, 2.0),
        _timed(
            "next: ranking all, loading included",
            cold(lambda: find_next(library, NextRequest(sound=first, include_missing=True))),
            5,
            0.5,
        ),
    ]


def _timed(name: str, action: Callable[[], object], times: int, goal: float | None) -> Measure:
    walls, processors = [], []
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        action()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Measure(name, min(walls), "s", goal, True, note=f"{min(processors):.2f} s of one core")


def _against_greedy(library: Library) -> list[Measure]:
    """Worth of the beam's set beside a chain that always takes the best next track: 1 is the most there can be."""
    with library.read() as connection:
        tracks = load_tracks(library, connection)
    random = np.random.default_rng(3)
    ratios, ratios_to_end = [], []
    for _ in range(EXAMPLES):
        first, last = (int(each) for each in random.choice(len(tracks), 2, replace=False))
        problem = problem_of(tracks, 20, first=first)
        rows = TransitionRows(tracks, problem.weights, problem.style)
        ratios.append(_found(problem, rows) / worth_of(problem, greedy(problem, rows)).total)
        ending = replace(problem, last=last)
        ratios_to_end.append(_found(ending, rows) / worth_of(ending, greedy(ending, rows)).total)
    return [
        Measure("set: worth over that of a greedy chain", float(np.mean(ratios)), "", 1.0),
        Measure("set: the same, with the last track locked", float(np.mean(ratios_to_end)), "", 1.0),
    ]


def _found(problem: SetProblem, rows: TransitionRows) -> float:
    return max(worth_of(problem, order).total for order in search(problem, rows))


def greedy(problem: SetProblem, rows: TransitionRows) -> list[int]:
    """From the first track always on to what scores best, with the curve, and the locked end at the end."""
    assert problem.n_tracks is not None
    weights = problem.weights.set
    order = [problem.locked[0]]
    free = problem.choosable.copy()
    free[[order[0], *([] if problem.last is None else [problem.last])]] = False
    while len(order) < problem.n_tracks - (problem.last is not None):
        value = weights.transitions * rows.of([order[-1]]).value()[0]
        if problem.plan is not None:
            off = problem.tracks.level - problem.plan.at(len(order) / (problem.n_tracks - 1))
            value = value + weights.curve * np.exp2(-np.square(off / weights.half_off_curve))
        order.append(int(np.argmax(np.where(free, value, -np.inf))))
        free[order[-1]] = False
    return order if problem.last is None else [*order, problem.last]


def _against_all_orders(library: Library) -> Measure:
    """How much worth is lost against the best of all orders, on libraries small enough to try them all."""
    from itertools import permutations

    with library.read() as connection:
        tracks = load_tracks(library, connection)
    random = np.random.default_rng(5)
    gaps = []
    for _ in range(SMALL_CASES):
        some = tracks.take(random.choice(len(tracks), SMALL, replace=False))
        problem = problem_of(some, SMALL_LENGTH)
        rows = TransitionRows(some, problem.weights, problem.style)
        best = max(worth_of(problem, order).total for order in permutations(range(SMALL), SMALL_LENGTH))
        gaps.append(best - _found(problem, rows))
    return Measure("set: worth lost against all orders of tiny libraries", float(np.mean(gaps)), "", 0.005, True)


def problem_of(tracks: Tracks, n_tracks: int, first: int | None = None) -> SetProblem:
    """A set of so many tracks along the curve ``peak``."""
    weights = default_weights()
    return SetProblem(
        tracks=tracks,
        choosable=np.ones(len(tracks), bool),
        n_tracks=n_tracks,
        duration_s=None,
        locked={} if first is None else {0: first},
        last=None,
        musts=(),
        plan=energy_plan("peak", tracks.level),
        weights=weights,
        style=TransitionStyle(),
        widest_pct=None,
        preference=np.zeros(len(tracks), np.float32),
    )


# --- the library ---------------------------------------------------------------------------------


def fill(library: Library, count: int) -> None:
    """Tracks of five minutes as an analysis stores them: summaries, curves, and a vector per window of 10 s."""
    random = np.random.default_rng(1)
    producers = producers_of(AnalysisSettings())
    space = producers.spaces[0]
    origin = Provenance(Source.ANALYZER, "bench.made", 1)
    runs = tuple(
        Run(each.producer, each.version, each.settings, RunOutcome.DONE, "", 0.001) for each in producers.identities
    )
    styles = random.standard_normal((40, space.dimensions))
    for start in range(0, count, BATCH):
        with library.write() as connection:
            root = ensure_root(connection, "/nowhere").root
            hashes = [f"x1:{number:032x}" for number in range(start, min(start + BATCH, count))]
            seen = [(SeenFile(f"{each}.mp3".encode(), 1000, 1), each) for each in hashes]
            results = []
            for content_hash, record in zip(hashes, record_files(connection, root, seen), strict=True):
                seconds = float(random.uniform(180, 420))
                observations = tuple(
                    Observation(descriptor, value, 0.9, origin) for descriptor, value in _values(random, seconds)
                )
                analysis = SoundAnalysis((RegionAnalysis(Region(0, 0.0, seconds), observations, runs),))
                info = AudioInfo(seconds, 44_100, 2, "mp3", "mp3", round(seconds * 44_100), content_hash)
                artist = (Claim("artist", f"artist {int(random.pareto(0.8) * 20)}", "tags"),)
                vectors = _vectors(random, styles, seconds, space)
                results.append(SoundResult(record.sound_id, info, analysis, artist, {space.id: [vectors]}))
            store_results(connection, results, identities=producers.identities, spaces=producers.spaces)


def _values(random: np.random.Generator, seconds: float) -> list[tuple[Descriptor, Any]]:
    middle, spread = GENRES[random.integers(len(GENRES))]
    key = Key(int(random.integers(12)), "minor" if random.random() < 0.6 else "major")
    curve: list[JsonValue] = [round(float(each), 3) for each in np.clip(random.normal(0.9, 0.08, int(seconds)), 0, 1)]
    return [
        (KIND, "track"),
        (TEMPO, {"bpm": round(float(random.normal(middle, spread)), 3), "alternatives_bpm": []}),
        (KEY, {"tonic": key.tonic, "mode": key.mode, "alternatives": []}),
        (KEY_SEGMENTS, [{"start_s": 0.0, "end_s": round(seconds, 3), "name": key.name}]),
        (TUNING, round(float(np.clip(random.normal(0, 8), -50, 50)), 2)),
        (METER, {"beats_per_bar": 4, "beat_unit": 4}),
        (ENERGY_LEVEL, int(np.clip(round(random.normal(6, 2)), 1, 10))),
        (ENERGY_CURVE, curve),
        (ONSET_DENSITY, round(float(random.uniform(1.5, 6.0)), 3)),
    ]


def _vectors(random: np.random.Generator, styles: np.ndarray, seconds: float, space: Space) -> list[Embedding]:
    centre = styles[random.integers(len(styles))] + random.standard_normal(space.dimensions)
    starts = np.arange(0.0, seconds - space.window_s, space.hop_s)
    rows = centre + 0.5 * random.standard_normal((len(starts) + 1, space.dimensions))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    whole = Embedding(rows[-1], space.id, 0.0, seconds, is_window=False)
    windows = [
        Embedding(row, space.id, float(at), float(at) + space.window_s, is_window=True)
        for row, at in zip(rows, starts, strict=False)
    ]
    return [whole, *windows]
