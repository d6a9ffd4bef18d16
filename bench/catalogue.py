"""The catalogue at 100,000 and 1,000,000 regions: filtered lists, search by words, facets; and looking again at 10,000
unchanged files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from bench.measure import Measure
from sonoteca.catalogue.heard.fulltext import FIELDS
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.descriptor import ENERGY_LEVEL, KEY, KIND, LOUDNESS, ROLE, TEMPO
from sonoteca.domain.embedding import Embedding
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import RegionAnalysis, Run, SoundAnalysis
from sonoteca.domain.vocabulary import Kind, Role, RunOutcome, Source
from sonoteca.ingest.add import add_files
from sonoteca.ingest.listen import producers_of
from sonoteca.ingest.producers import Producers
from sonoteca.ingest.requests import AddRequest
from sonoteca.search.query.facets import facets
from sonoteca.search.query.listing import find_rows
from sonoteca.search.text import rank_by_words

REGIONS = 100_000
TIMES = 10
FILES = 10_000
BATCH = 2_000
QUERIES = (
    "kind:loop role:drums bpm:120..128",
    "key:8A~ kind:loop",
    "lufs:>-10 energy:7..10",
    "kind:one_shot -role:drums sort:-energy",
    "break bpm:=90..100",
    "dusty kick",
    "path:folder7 kind:loop",
    "(kind:loop OR kind:track) key:F#m bpm:170..176",
)
# Each of WORDS stands in every fifth path, and "fol" begins a word in all of them: as common as words get.
SEARCHES = (
    "break",
    "dusty kick",
    "vinyl kind:loop",
    "warm pad bpm:120..128",
    "(rain OR bell) lufs:>-10",
    "path:folder7 bell",
    '"deep funk" kind:one_shot',
    "fol key:8A~",
    "kick kind:loop role:drums bpm:120..128",
    "clap key:8A~ bpm:=120..121",
    "9999",
    "12 ai",
)
WORDS = (
    "break",
    "dusty",
    "kick",
    "warm",
    "pad",
    "vinyl",
    "deep",
    "clap",
    "funk",
    "rain",
    "sub",
    "string",
    "bell",
    "air",
)


# What a sound of this number and length is embedded as.
VectorsOfSound = Callable[[int, float], Sequence[Embedding]]


def run(work: Path, corpus: Path) -> list[Measure]:
    return [*_lists(work), *_rescan(work)]


def _lists(work: Path) -> list[Measure]:
    producers = producers_of(AnalysisSettings())
    with open_library(work / "large.sonoteca", mode="create") as library:
        started = time.perf_counter()
        fill(library, work / "nowhere", REGIONS, producers, files=None)
        stored_s = time.perf_counter() - started
        measures = [
            Measure(
                "storing results", REGIONS / stored_s, "1/s", note="sounds with 6 statements each, batches of 2,000"
            ),
            *_asked(library, REGIONS, goal_ms=10.0),
        ]
    _multiply(work / "large.sonoteca", TIMES)
    with open_library(work / "large.sonoteca", mode="read") as library:
        return [*measures, *_asked(library, REGIONS * TIMES, goal_ms=50.0)]


def _asked(library: Library, regions: int, goal_ms: float) -> list[Measure]:
    """Each query asked many times in turn; in CPU time, which a busy machine leaves alone: nothing here waits."""
    lists, words, counts = [], [], []
    for _ in range(15):
        with library.read() as connection:
            lists += [_ms(partial(find_rows, connection, query, limit=50)) for query in QUERIES]
            words += [_ms(partial(rank_by_words, connection, query, k=20)) for query in SEARCHES]
    with library.read() as connection:
        counts = [_ms(lambda: facets(connection, QUERIES[0])) for _ in range(3)]
    size = f"{regions:,} regions"
    return [
        Measure(f"filtered list and words, {size}, p95", float(np.percentile(lists, 95)), "ms", goal_ms, True),
        Measure(f"filtered list and words, {size}, p50", float(np.median(lists)), "ms", None, True),
        Measure(f"search by words and rules, {size}, p95", float(np.percentile(words, 95)), "ms", goal_ms, True),
        Measure(f"search by words and rules, {size}, p50", float(np.median(words)), "ms", None, True),
        Measure(f"facets of a filter, {size}", float(np.median(counts)), "ms", None, True),
    ]


def _ms(ask: Callable[[], object]) -> float:
    started = time.process_time()
    ask()
    return 1000.0 * (time.process_time() - started)


def _multiply(path: Path, times: int) -> None:
    """Let every sound be there so many times, by copying rows; storing them one by one would take half an hour."""
    shifted = {
        "sounds": {"id": "id + :by", "public_id": "public_id || :by", "content_hash": "content_hash || :by"},
        "regions": {"id": "id + :by", "sound_id": "sound_id + :by"},
        "summaries": {"region_id": "region_id + :by", "sound_id": "sound_id + :by", "whole_id": "whole_id + :by"},
        "locations": {
            "id": "id + :by",
            "sound_id": "sound_id + :by",
            "relative_path": "CAST(relative_path || :by AS BLOB)",
        },
        "sound_text": {"rowid": "rowid + :by"},
    }
    with open_library(path) as library:
        columns = {table.name: [column.name for column in table.columns] for table in schema.metadata.sorted_tables}
        columns["sound_text"] = ["rowid", *FIELDS]
        for number in range(1, times):
            with library.write() as connection:
                for table, changed in shifted.items():
                    values = ", ".join(changed.get(name, name) for name in columns[table])
                    first = next(iter(changed))
                    connection.execute(
                        sa.text(
                            f"INSERT INTO {table} ({', '.join(columns[table])})"
                            f" SELECT {values} FROM {table} WHERE {first} <= {REGIONS}"
                        ).bindparams(by=number * REGIONS)
                    )


def _rescan(work: Path) -> list[Measure]:
    folder = work / "files"
    for number in range(FILES):
        path = folder / f"folder{number // 500}" / f"sound {number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF" + number.to_bytes(4, "little"))
    found = sorted(folder.rglob("*.wav"))
    producers = producers_of(AnalysisSettings())
    with open_library(work / "known.sonoteca", mode="create") as library:
        fill(library, folder, FILES, producers, files=found)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            summary = add_files(library, AddRequest(paths=(folder,)))
            times.append(time.perf_counter() - started)
        if summary.unchanged != FILES:
            raise RuntimeError(summary.sentence())
    return [Measure(f"looking again at {FILES:,} unchanged files", min(times), "s", goal=2.0, lower_is_better=True)]


def fill(
    library: Library,
    folder: Path,
    count: int,
    producers: Producers,
    files: list[Path] | None,
    vectors: VectorsOfSound | None = None,
) -> None:
    """Store so many sounds with made values, of these files or of none, with the vectors that ``vectors`` gives by number and length."""
    random = np.random.default_rng(1)
    kinds, roles = list(Kind), list(Role)
    origin = Provenance(Source.ANALYZER, "bench.made", 1)
    runs = tuple(
        Run(each.producer, each.version, each.settings, RunOutcome.DONE, "", 0.001) for each in producers.identities
    )
    for start in range(0, count, BATCH):
        with library.write() as connection:
            root = ensure_root(connection, folder).root
            hashes = [f"x1:{number:032x}" for number in range(start, min(start + BATCH, count))]
            seen = []
            for offset, content_hash in enumerate(hashes):
                number = start + offset
                if files is None:
                    words = " ".join(random.choice(WORDS, 3))
                    seen.append((SeenFile(f"folder{number % 50}/{words} {number}.wav".encode(), 1000, 1), content_hash))
                else:
                    status = files[number].stat()
                    relative = str(files[number].relative_to(folder)).encode()
                    seen.append((SeenFile(relative, status.st_size, status.st_mtime_ns), content_hash))
            recorded = record_files(connection, root, seen)
            results = []
            for number, (content_hash, record) in enumerate(zip(hashes, recorded, strict=True), start):
                seconds = float(random.uniform(0.2, 300))
                bpm, lufs = round(float(random.uniform(70, 180)), 1), round(float(random.uniform(-30, -6)), 1)
                statements = (
                    Observation(KIND, str(random.choice(kinds)), 0.9, origin),
                    Observation(ROLE, {"value": str(random.choice(roles)), "scores": {}}, 0.8, origin),
                    Observation(TEMPO, {"bpm": bpm, "alternatives_bpm": []}, 0.8, origin),
                    Observation(
                        KEY, {"tonic": int(random.integers(12)), "mode": "minor", "alternatives": []}, 0.7, origin
                    ),
                    Observation(
                        LOUDNESS, {"integrated_lufs": lufs, "range_lu": 3.0, "true_peak_dbtp": -1.0}, None, origin
                    ),
                    Observation(ENERGY_LEVEL, int(random.integers(1, 11)), None, origin),
                )
                analysis = SoundAnalysis((RegionAnalysis(Region(0, 0.0, seconds), statements, runs),))
                info = AudioInfo(seconds, 44_100, 2, "pcm_s16le", "wav", round(seconds * 44_100), content_hash)
                made = [] if vectors is None else vectors(number, seconds)
                results.append(SoundResult(record.sound_id, info, analysis, (), _by_space(producers, made)))
            store_results(connection, results, identities=producers.identities, spaces=producers.spaces)


def _by_space(producers: Producers, made: Sequence[Embedding]) -> dict[str, list[list[Embedding]]]:
    """Vectors of the whole sound by space, as results hold them."""
    return {space.id: [[each for each in made if each.space_id == space.id]] for space in producers.spaces}
