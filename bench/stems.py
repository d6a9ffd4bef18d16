"""Multi-track material: rendered once into the temporary folder, listened to into libraries beside it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.ingest.add import add_files
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.region_table import RegionTable
from sonoteca.search.result_row import region_facts

GENERATOR = Path(__file__).parent.parent / "training" / "stems"
CONDITIONS = ("plain", "moved")
TEST_SONGS, SEED = 216, 1


@dataclass(frozen=True)
class Stem:
    """What is known of one file by its making; ``tonic`` and ``mode`` None for drums."""

    path: str
    song: str
    role: str
    tempo_bpm: float
    tonic: int | None
    mode: str | None
    shift: int
    ratio: float
    key_margin: float | None


def material(corpus: Path) -> Path:
    """Folder of the test songs, rendered if this generator has not done so before."""
    sources = b"".join(
        (GENERATOR / f"{name}.py").read_bytes() for name in ("songs", "parts", "studio", "make_material")
    )
    digest = hashlib.sha256(sources + f"{TEST_SONGS} {SEED}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"sonoteca-bench-stems-{digest}"
    if not all((folder / "test" / condition / "truth.json").exists() for condition in CONDITIONS):
        command = [sys.executable, str(GENERATOR / "make_material.py"), str(folder), "--corpus", str(corpus / "corpus"),
                   "--train", "0", "--test", str(TEST_SONGS), "--seed", str(SEED), "--jobs", "2"]  # fmt: skip
        subprocess.run(command, check=True)
    return folder / "test"


def read_truth(folder: Path) -> list[Stem]:
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    stems = []
    for row in json.loads((folder / "truth.json").read_text())["files"]:
        tonic, mode = row["key"].split() if row["key"] else (None, None)
        stems.append(
            Stem(row["path"], row["song"], row["role"], row["tempo"], None if tonic is None else names.index(tonic), mode,
                 row["shift"], row["ratio"], row["key_margin"])
        )  # fmt: skip
    return stems


@contextmanager
def listened(folder: Path) -> Iterator[Library]:
    """The library of a folder's sounds; kept beside it, so that only what analyzers changed is heard again."""
    with open_library(folder.with_suffix(".sonoteca"), mode="create") as library, Listener(workers=2) as listener:
        summary = add_files(library, AddRequest(paths=(folder,)), listener=listener)
        print(summary.sentence(), flush=True)
        yield library


def regions_of(library: Library, stems: Sequence[Stem]) -> tuple[RegionTable, NDArray[np.int64]]:
    """The region table of all regions, and of each the number of its stem."""
    table = load_region_table(library)
    with library.read() as connection:
        facts = region_facts(connection, table.region_ids.tolist())
    numbers = {stem.path: number for number, stem in enumerate(stems)}
    names = [Path(facts[region].path or "").name for region in table.region_ids.tolist()]
    return table, np.array([numbers[name] for name in names], np.int64)


def region_table_in_order(library: Library, stems: Sequence[Stem]) -> RegionTable:
    """The region table of the whole sounds, in the order of the stems."""
    table, numbers = regions_of(library, stems)
    whole = np.flatnonzero(table.numbers == 0)
    return table.take(whole[np.argsort(numbers[whole])])
