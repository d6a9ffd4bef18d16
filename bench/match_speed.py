"""How long a match takes on 10,000 loops: for a loop of the library, an uploaded file, and a hum.

The loops are a few stems, heard once and stored over and over under other content hashes. Queries are timed in
the process that stays, listening included, as a server with a warm worker answers them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.measure import Measure
from bench.stems import Stem, read_truth
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings, FileAnalysis
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.ingest.listen import listen, producers_of
from sonoteca.match.file_regions import regions_of_file
from sonoteca.match.hum_regions import regions_of_hum
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.rank import Mode, rank_matches
from sonoteca.match.region_table import RegionTable
from sonoteca.match.weights import default_weights
from sonoteca.search.hum.hear_query import notes_of_file

LOOPS, DIFFERENT, QUERIES = 10_000, 48, 40
BATCH = 1_000
Query = TypeVar("Query")
HUM_S = (8.0, 12.0)


def answer_times(work: Path, folder: Path, corpus: Path) -> list[Measure]:
    """Times of a match in a library of ``LOOPS`` loops made of the stems in ``folder``."""
    stems = read_truth(folder)
    known, uploaded = stems[:DIFFERENT], [each for each in stems[DIFFERENT:] if each.role != "drums"][:QUERIES]
    with open_library(work / "loops.sonoteca", mode="create") as library:
        fill(library, work, [_heard(folder, stem) for stem in known], LOOPS)
        started = time.perf_counter()
        table = load_region_table(library)
        loading_s = time.perf_counter() - started
        chosen = [table.take([row]) for row in np.linspace(0, len(table) - 1, QUERIES).astype(int)]
        times = {
            "a loop of the library": _timed(library, chosen, lambda one: one, "loop"),
            "an uploaded loop": _timed(library, uploaded, lambda stem: regions_of_file(_heard(folder, stem)).take([0]), "loop"),
            "a hum of ten seconds": _timed(library, hums(corpus), lambda path: regions_of_hum(notes_of_file(str(path))), "hum"),
        }  # fmt: skip
    measures = [Measure(f"match: reading the evidence of {LOOPS:,} loops, once", loading_s, "s", None, True)]
    for name, seconds in times.items():
        if seconds:
            note = f"{len(seconds)} queries, median {np.median(seconds):.3f}"
            measures.append(Measure(f"match in {LOOPS:,} loops: {name}, p95", float(np.percentile(seconds, 95)), "s", 1.5, True, note=note))  # fmt: skip
    return measures


def hums(corpus: Path) -> list[Path]:
    files = json.loads((corpus / "corpus" / "manifest.json").read_text())["files"]
    return [
        corpus / "corpus" / name
        for name, truth in sorted(files.items())
        if truth["corpus"] == "hum" and HUM_S[0] <= truth["duration"] <= HUM_S[1]
    ][:QUERIES]


def _heard(folder: Path, stem: Stem) -> FileAnalysis:
    return listen(AnalysisOrder(str(folder / stem.path), AnalysisSettings()))


def _timed(
    library: Library, queries: Sequence[Query], table_of: Callable[[Query], RegionTable], mode: Mode
) -> list[float]:
    seconds = []
    for query in queries:
        started = time.perf_counter()
        rank_matches(library, table_of(query), default_weights(), mode=mode)
        seconds.append(time.perf_counter() - started)
    return seconds


def fill(library: Library, work: Path, heard: Sequence[FileAnalysis], count: int) -> None:
    """Store so many loops, which are those heard over and over."""
    producers = producers_of(AnalysisSettings())
    for start in range(0, count, BATCH):
        hashes = [f"x1:{number:032x}" for number in range(start, min(start + BATCH, count))]
        with library.write() as connection:
            root = ensure_root(connection, work / "nowhere").root
            seen = [(SeenFile(f"{each[3:]}.wav".encode(), 1000, 1), each) for each in hashes]
            results = []
            for offset, (content_hash, record) in enumerate(
                zip(hashes, record_files(connection, root, seen), strict=True)
            ):
                one = heard[(start + offset) % len(heard)]
                analysis = SoundAnalysis(one.analysis.regions[:1])
                vectors = {space: found[:1] for space, found in one.embeddings.items()}
                info = replace(one.info, content_hash=content_hash)
                results.append(SoundResult(record.sound_id, info, analysis, (), vectors))
            store_results(connection, results, identities=producers.identities, spaces=producers.spaces)
