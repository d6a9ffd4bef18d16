"""A library of 100,000 regions with vectors, made once by the generator of ``bench.catalogue`` and kept.

It lies in the temporary folder under a name of what made it, and is copied for each run: a run may
change its copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import catalogue
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import REVISION
from sonoteca.domain.embedding import Embedding
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.listen import producers_of
from sonoteca.ingest.producers import Producers
from sonoteca.search.indexing import update_indexes

# So many sounds are alike, as the hits of one drum are; a vector is its group's and its own in these parts.
_ALIKE = 50
_OWN = 0.7
_WINDOWS = 2
# Whole sounds longer than this have windows too.
_LONG_S = 270.0
_NAME = "large.sonoteca"


def large_library(regions: int, target: Path) -> Path:
    """A copy of the library below the folder ``target``; the library itself is made if it was not yet."""
    kept = _kept(regions)
    if not kept.exists():
        _make(regions, kept)
    shutil.copytree(kept, target)
    return target / _NAME


def _kept(regions: int) -> Path:
    producers = producers_of(AnalysisSettings())
    sources = b"".join(Path(each).read_bytes() for each in (__file__, catalogue.__file__))
    told = f"{REVISION} {regions} {[space.id for space in producers.spaces]}".encode()
    return Path(tempfile.gettempdir()) / f"sonoteca-bench-large-{hashlib.sha256(sources + told).hexdigest()[:12]}"


def _make(regions: int, kept: Path) -> None:
    print(f"making a library of {regions:,} regions, once", flush=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{kept.name}-") as work:
        made = Path(work) / "made"
        made.mkdir()
        producers = producers_of(AnalysisSettings())
        with open_library(made / _NAME, mode="create") as library:
            vectors = _Vectors(producers, regions)
            catalogue.fill(library, made / "nowhere", regions, producers, files=None, vectors=vectors)
            update_indexes(library)
        os.replace(made, kept)


class _Vectors:
    """Vectors of the sounds by number: near those of their group."""

    def __init__(self, producers: Producers, regions: int) -> None:
        (self._space,) = producers.spaces
        self._random = np.random.default_rng(2)
        groups = max(1, regions // _ALIKE)
        self._groups = self._random.standard_normal((groups, self._space.dimensions)).astype(np.float32)

    def __call__(self, number: int, seconds: float) -> Sequence[Embedding]:
        n_windows = _WINDOWS if seconds > _LONG_S else 0
        own = self._random.standard_normal((1 + n_windows, self._space.dimensions)).astype(np.float32)
        vectors = self._groups[number % len(self._groups)] + np.float32(_OWN) * own
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        whole = Embedding(vectors[0], self._space.id, 0.0, seconds, False)
        starts = [place * self._space.hop_s for place in range(n_windows)]
        windows = [
            Embedding(vector, self._space.id, start_s, start_s + self._space.window_s, True)
            for vector, start_s in zip(vectors[1:], starts, strict=True)
        ]
        return [whole, *windows]
