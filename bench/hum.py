"""Humming: rank of the right tune among 909 melodies, by voice, and the time of a query on one core."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from bench.measure import Measure
from sonoteca.audio.decode import open_recording
from sonoteca.interchange.melody_list import read_melody_list
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.melody_index import MelodyIndex
from sonoteca.search.hum.query_pitch import query_notes

GROWN = 100_000


def run(work: Path, corpus: Path) -> list[Measure]:
    folder = corpus / "corpus"
    if not (folder / "manifest.json").exists():
        print(f"no corpus at {corpus}: humming is not measured")
        return []
    truth = {
        n: t for n, t in json.loads((folder / "manifest.json").read_text())["files"].items() if t["corpus"] == "hum"
    }
    named = read_melody_list(folder / "melodies.json.gz")
    melodies = [
        Melody.from_rows(key, [(note.start_s, note.end_s, note.midi) for note in melody.notes])
        for key, melody in enumerate(named)
    ]
    index = MelodyIndex.build(melodies)
    ranks, hear_s, search_s, queries = [], [], [], []
    for name, facts in sorted(truth.items()):
        with open_recording(folder / name) as recording:
            started = time.process_time()
            notes = query_notes(recording.signal(0.0, recording.info.duration_s))
        heard = time.process_time()
        ranking = [named[key].external_id for key in index.search(notes, 10).ranking]
        hear_s.append(heard - started)
        search_s.append(time.process_time() - heard)
        queries.append(notes)
        ranks.append((facts["made"]["voice"], ranking.index(facts["song"]) + 1 if facts["song"] in ranking else None))
    measures = [_mrr("", [rank for _, rank in ranks], 0.92), _top("", [rank for _, rank in ranks], 0.90)]
    for voice in sorted({voice for voice, _ in ranks}):
        some = [rank for each, rank in ranks if each == voice]
        measures += [_mrr(f", {voice}", some), _top(f", {voice}", some)]
    both = [a + b for a, b in zip(hear_s, search_s, strict=True)]
    measures.append(Measure("hum: pitch and search at 909, slowest", max(both), "s", 0.5, True))
    measures.append(Measure("hum: search at 909, median", 1000 * float(np.median(search_s)), "ms", None, True))
    measures.append(_at_scale(melodies, queries))
    return measures


def _mrr(name: str, ranks: list[int | None], goal: float | None = None) -> Measure:
    return _mean(f"hum{name}: MRR ({len(ranks)})", [1 / rank if rank else 0.0 for rank in ranks], goal)


def _top(name: str, ranks: list[int | None], goal: float | None = None) -> Measure:
    return _mean(f"hum{name}: top-1 ({len(ranks)})", [float(rank == 1) for rank in ranks], goal)


def _mean(name: str, values: list[float], goal: float | None) -> Measure:
    """Mean with a bootstrap interval over queries."""
    random = np.random.default_rng(0)
    drawn = np.array(values)[random.integers(0, len(values), (1000, len(values)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measure(name, float(np.mean(values)), "", goal, low=float(low), high=float(high))


def _at_scale(melodies: list[Melody], queries: list) -> Measure:  # type: ignore[type-arg]
    """Search among 100,000 melodies: pieces of the 909, transposed, at other tempos, each with its own slips."""
    random = np.random.default_rng(1)
    grown = []
    while len(grown) < GROWN:
        source = melodies[int(random.integers(len(melodies)))]
        if len(source) < 60:
            continue
        first = int(random.integers(len(source) - 50))
        piece = slice(first, first + 50)
        tempo, slips = float(random.uniform(0.7, 1.4)), random.choice([-2, 0, 0, 0, 0, 0, 2], 50)
        starts = (source.starts_s[piece] - source.starts_s[first]) / tempo
        ends = (source.ends_s[piece] - source.starts_s[first]) / tempo
        midi = source.midi[piece] + float(random.integers(-6, 7)) + slips
        grown.append(Melody.of_sure_notes(len(grown), *(np.asarray(each, np.float32) for each in (starts, ends, midi))))
    index = MelodyIndex.build(grown)
    times = []
    for notes in queries[:20]:
        index.search(notes, 10)
        started = time.perf_counter()
        index.search(notes, 10)
        times.append(1000 * (time.perf_counter() - started))
    return Measure(f"hum: search at {GROWN:,}, median", float(np.median(times)), "ms", 300.0, True)
