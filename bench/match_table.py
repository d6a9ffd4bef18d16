"""What a match table of a million regions costs: seconds to make it, to read what is kept, and memory.

The library is made of rows that no file stands behind: loops of 4 to 16 beats with roles, chroma, faults, swing,
a beat profile and a vector each. ``python -m bench.match_table FOLDER [REGIONS]`` prints the numbers.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Measure
from sonoteca.catalogue.heard.embeddings import ensure_space
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import embeddings_table
from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS
from sonoteca.domain.embedding import Space
from sonoteca.match.region_table import ROLES

REGIONS = 1_000_000
SPACE = Space("bench", 1, 128, 10.0, 5.0, "mean", "none")
_AT = "2026-01-01T00:00:00.000Z"
_BATCH = 5_000
_DIFFERENT = 64

_ONE = """
import resource, sys, time
from pathlib import Path
from sonoteca.catalogue.store.library import open_library
from sonoteca.match.load_regions import load_region_table
def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with open_library(Path(sys.argv[1]), mode="read") as library:
    before = peak_mb()
    started = time.perf_counter()
    table = load_region_table(library)
    print(time.perf_counter() - started, peak_mb(), before, len(table))
"""


def run(work: Path, corpus: Path) -> list[Measure]:
    return measures(work, REGIONS)


def measures(work: Path, count: int) -> list[Measure]:
    """Make the library and the table, and read the table that was kept, each in a process of its own."""
    location = work / "million.sonoteca"
    if not location.exists():
        _fill(location, count)
    results = []
    for what in ("made from the catalogue", "read from its file"):
        done = subprocess.run([sys.executable, "-c", _ONE, str(location)], capture_output=True, text=True, check=True)
        seconds, peak_mb, before_mb, found = map(float, done.stdout.split())
        if found != count:
            raise ValueError(f"{count} regions were stored, {found:.0f} stand in the table")
        note = f"{before_mb:.0f} MB before it"
        results.append(Measure(f"match table of {count:,} regions {what}", seconds, "s", None, True))
        results.append(
            Measure(f"match table of {count:,} regions {what}: peak memory", peak_mb, "MB", 1000.0, True, note=note)
        )
    return results


def _fill(location: Path, count: int) -> None:
    """Rows as the database keeps them; of ``_DIFFERENT`` kinds, over and over."""
    random = np.random.default_rng(0)
    values = [_values(number, random) for number in range(_DIFFERENT)]
    vectors = random.standard_normal((_DIFFERENT, SPACE.dimensions))
    packed = list(map(bytes, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")))
    with open_library(location, mode="create") as library:
        with library.write() as connection:
            table = embeddings_table(ensure_space(connection, SPACE).number).name
        for first in range(1, count + 1, _BATCH):
            some = range(first, min(first + _BATCH, count + 1))
            with library.write() as connection:
                for name, columns, rows in (
                    (
                        "sounds",
                        "id, public_id, content_hash, status, duration_s, added_at, analysed_at",
                        map(_sound, some),
                    ),
                    (
                        "regions",
                        "id, sound_id, number, start_s, end_s, producer, version, generation",
                        map(_region, some),
                    ),
                    ("summaries", _SUMMARY, map(_summary, some)),
                    ("observations", _OBSERVATION, (row for number in some for row in _stated(number, values))),
                    (
                        table,
                        "region_id, start_s, end_s, is_window, vector",
                        ((n, 0.0, 8.0, 0, packed[n % _DIFFERENT]) for n in some),
                    ),
                ):
                    marks = ", ".join("?" * (columns.count(",") + 1))
                    connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", list(rows))


_SUMMARY = (
    "region_id, sound_id, whole_id, number, status, added_at, kind, tempo_bpm, tempo_confidence, beats_per_bar, bars, "
    "key_number, key_confidence, tonality, energy_level, onset_density, loudness_lufs"
)
_OBSERVATION = "region_id, descriptor, source, producer, version, settings, value, at"


def _sound(number: int) -> tuple[Any, ...]:
    return number, f"{number:016x}", f"x1:{number:032x}", "analysed", 8.0, _AT, _AT


def _region(number: int) -> tuple[Any, ...]:
    return number, number, 0, 0.0, 8.0, "bench", 1, 1


def _summary(number: int) -> tuple[Any, ...]:
    known = 80.0 + number % 80, 0.9, 4, float(1 + number % 4), number % 24, 0.8, 0.7, 1.0 + number % 10, 4.0, -14.0
    return number, number, number, 0, "analysed", _AT, "loop", *known


def _stated(number: int, values: Sequence[Mapping[str, str]]) -> Iterator[tuple[Any, ...]]:
    for descriptor, value in values[number % _DIFFERENT].items():
        yield number, descriptor, "analyzer", "bench", 1, "", value, _AT


def _values(number: int, random: np.random.Generator) -> dict[str, str]:
    n_beats = 4 * (1 + number % 4)
    chances = random.dirichlet(np.ones(len(ROLES))).round(4).tolist()
    beats = random.integers(0, 255, (n_beats, N_NOTES + N_ONSETS), dtype=np.uint8)
    values = {
        "role": {"value": "drums", "scores": {role.value: chance for role, chance in zip(ROLES, chances, strict=True)}},
        "chroma": random.dirichlet(np.ones(12)).round(4).tolist(),
        "quality": [{"code": "hiss", "value": 0.2}] if not number % 7 else [],
        "beat_profile": {
            "start_s": 0.0, "beat_s": 0.5, "beats_per_bar": 4, "fills": True, "n_beats": n_beats,
            "notes": base64.b64encode(beats[:, :N_NOTES].tobytes()).decode(),
            "onsets": base64.b64encode(beats[:, N_NOTES:].tobytes()).decode(),
        },
        "swing": {"eighths": {"share": 0.5, "onsets": 8}, "sixteenths": None},
    }  # fmt: skip
    return {descriptor: json.dumps(value) for descriptor, value in values.items()}


if __name__ == "__main__":
    made = measures(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else REGIONS)
    print(json.dumps({each.name: each.value for each in made}, indent=1))
