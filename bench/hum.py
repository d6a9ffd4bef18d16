"""Humming and tapping: rank of the right tune or loop, by voice, and the time of a query on one core.

Tunes are looked for among 909 melodies as they are written, and among as many songs that had to be heard.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import tapping
from bench.measure import Measure, mean_with_interval
from bench.tunes_heard import heard_melodies, own_queries, render_songs
from sonoteca.audio.decode import open_recording
from sonoteca.interchange.melody_list import read_melody_list
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.melody_index import MelodyIndex
from sonoteca.search.hum.query_notes import QueryNotes
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
    measures = _by_voice("", ranks, (0.92, 0.90))
    both = [a + b for a, b in zip(hear_s, search_s, strict=True)]
    measures.append(Measure("hum: pitch and search at 909, slowest", max(both), "s", 0.5, True))
    measures.append(Measure("hum: search at 909, median", 1000 * float(np.median(search_s)), "ms", None, True))
    measures.append(_at_scale(melodies, queries))
    asked = [(facts["song"], facts["made"]["voice"], notes) for (_, facts), notes in
             zip(sorted(truth.items()), queries, strict=True)]  # fmt: skip
    names = [melody.external_id for melody in named]
    return [*measures, *_against_sound(names, asked), *tapping.run()]


def _against_sound(names: Sequence[str], asked: Sequence[tuple[str, str, QueryNotes]]) -> list[Measure]:
    """The same queries, and own ones, where the library had to hear every song through its accompaniment."""
    songs = render_songs(len(names))
    if songs is None:
        return []
    started = time.process_time()
    index = MelodyIndex.build(heard_melodies(songs, names))
    print(f"heard {len(index)} of {len(names)} songs in {time.process_time() - started:.0f} s")
    measures = []
    for title, queries in ((" in sound", asked), (" in sound, own queries", own_queries())):
        ranks: list[tuple[str, int | None]] = []
        for song, voice, notes in queries:
            ranking = [names[key] for key in index.search(notes, 10).ranking]
            ranks.append((voice, ranking.index(song) + 1 if song in ranking else None))
        measures += _by_voice(title, ranks) if ranks else []
    return measures


def _by_voice(
    title: str, ranks: Sequence[tuple[str, int | None]], goals: tuple[float | None, float | None] = (None, None)
) -> list[Measure]:
    """MRR and top-1 over (voice, rank) pairs, together and for each voice."""
    every = [rank for _, rank in ranks]
    measures = [_mrr(title, every, goals[0]), _top(title, every, goals[1])]
    for voice in sorted({voice for voice, _ in ranks}):
        some = [rank for each, rank in ranks if each == voice]
        measures += [_mrr(f"{title}, {voice}", some), _top(f"{title}, {voice}", some)]
    return measures


def _mrr(name: str, ranks: list[int | None], goal: float | None = None) -> Measure:
    return mean_with_interval(f"hum{name}: MRR ({len(ranks)})", [1 / rank if rank else 0.0 for rank in ranks], goal)


def _top(name: str, ranks: list[int | None], goal: float | None = None) -> Measure:
    return mean_with_interval(f"hum{name}: top-1 ({len(ranks)})", [float(rank == 1) for rank in ranks], goal)


def _at_scale(melodies: list[Melody], queries: Sequence[QueryNotes]) -> Measure:
    """Search among 100,000 melodies: pieces of the 909, transposed, at other tempos, each with its own slips."""
    random = np.random.default_rng(1)
    grown: list[Melody] = []
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
        started = time.process_time()
        index.search(notes, 10)
        times.append(1000 * (time.process_time() - started))
    return Measure(f"hum: search at {GROWN:,}, median", float(np.median(times)), "ms", 300.0, True)
