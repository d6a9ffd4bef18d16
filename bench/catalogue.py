"""The catalogue at 100,000 regions: filtered lists and text search; and looking again at 10,000 unchanged files."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from bench.measure import Measure
from sonoteca.analysis.engine import RegionAnalysis, Run, SoundAnalysis
from sonoteca.audio.recording import AudioInfo
from sonoteca.catalogue.library import Library, open_library
from sonoteca.catalogue.locations import SeenFile, record_files
from sonoteca.catalogue.results import SoundResult, store_results
from sonoteca.catalogue.roots import ensure_root
from sonoteca.domain.descriptor import ENERGY_LEVEL, KEY, KIND, LOUDNESS, ROLE, TEMPO
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import Kind, Role, RunOutcome, Source
from sonoteca.ingest.add import AddOptions, add
from sonoteca.ingest.listen import Ears, Producers, producers_of
from sonoteca.search.query.listing import list_sounds

REGIONS = 100_000
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


def run(work: Path, corpus: Path) -> list[Measure]:
    return [*_lists(work), *_rescan(work)]


def _lists(work: Path) -> list[Measure]:
    producers = producers_of(Ears())
    with open_library(work / "large.sonoteca", mode="create") as library:
        started = time.perf_counter()
        _fill(library, work / "nowhere", REGIONS, producers, files=None)
        stored_s = time.perf_counter() - started
        times = []
        for _ in range(20):
            for query in QUERIES:
                with library.read() as connection:
                    started = time.perf_counter()
                    list_sounds(connection, query, limit=50)
                    times.append(1000 * (time.perf_counter() - started))
    return [
        Measure(
            f"filtered list and words, {REGIONS:,} regions, p95", float(np.percentile(times, 95)), "ms", 10.0, True
        ),
        Measure(f"filtered list and words, {REGIONS:,} regions, p50", float(np.median(times)), "ms", None, True),
        Measure("storing results", REGIONS / stored_s, "1/s", note="sounds with 6 statements each, batches of 2,000"),
    ]


def _rescan(work: Path) -> list[Measure]:
    folder = work / "files"
    for number in range(FILES):
        path = folder / f"folder{number // 500}" / f"sound {number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF" + number.to_bytes(4, "little"))
    found = sorted(folder.rglob("*.wav"))
    producers = producers_of(Ears())
    with open_library(work / "known.sonoteca", mode="create") as library:
        _fill(library, folder, FILES, producers, files=found)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            summary = add(library, [folder], AddOptions(workers=2))
            times.append(time.perf_counter() - started)
        if summary.unchanged != FILES:
            raise RuntimeError(summary.sentence())
    return [Measure(f"looking again at {FILES:,} unchanged files", min(times), "s", goal=2.0, lower_is_better=True)]


def _fill(library: Library, folder: Path, count: int, producers: Producers, files: list[Path] | None) -> None:
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
            for content_hash, record in zip(hashes, recorded, strict=True):
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
                empty = {space.id: [[]] for space in producers.spaces}
                results.append(SoundResult(record.sound_id, info, analysis, (), empty))
            store_results(connection, results, identities=producers.identities, spaces=producers.spaces)
