"""The vector index on one core: latency, recall, filters, adding, and the first answer of a cold process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.measure import Measure
from sonoteca.index.filter import Filter
from sonoteca.index.segment import PARTITION_ROWS, partition_rows
from sonoteca.index.segment_file import write_segment
from sonoteca.index.segment_index import LiveSegment, SegmentIndex, Snapshot
from sonoteca.index.vector_source import Rows
from sonoteca.index.vector_table import rank

DIMENSIONS = 128
SIZES = (100_000, 1_000_000)
QUERIES = 40
FILTERED = (0.01, 0.1, 0.3)
K = 10

_COLD = """
import sys, time
started = time.perf_counter()
import numpy as np
from pathlib import Path
from bench.index import FixedSource
from sonoteca.index.segment_index import SegmentIndex
source = FixedSource.load(Path(sys.argv[1]))
index = SegmentIndex(source, Path(sys.argv[1]))
index.nearest(np.load(Path(sys.argv[1]) / "queries.npy")[:1], 10)
print(time.perf_counter() - started)
"""


class FixedSource:
    """One segment and nothing else, as a catalogue that does not change."""

    dimensions = DIMENSIONS

    def __init__(self, live: LiveSegment) -> None:
        self.live = live
        self.tail: list[Rows] = []

    @classmethod
    def load(cls, folder: Path) -> FixedSource:
        import pickle

        return cls(pickle.loads((folder / "live.pickle").read_bytes()))

    def snapshot(self) -> Snapshot:
        return Snapshot((self.live,), np.empty(0, np.int64), 0)

    def ids(self) -> NDArray[np.int64]:
        raise NotImplementedError

    def as_of_now(self) -> FixedSource:
        return self

    def selected(self, where: Filter) -> NDArray[np.int64]:
        assert where.ids is not None
        return where.ids

    def vectors(self, *, after: int, up_to: int | None = None):  # type: ignore[no-untyped-def]
        return iter([rows for rows in self.tail if rows[0][0] > after])

    def replace(self, old, new, removed_mark: int) -> bool:  # type: ignore[no-untyped-def]
        raise NotImplementedError


def clustered(count: int) -> NDArray[np.float32]:
    """Unit vectors around 2,000 directions of uneven weight, as a library of sounds is."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((2000, DIMENSIONS), dtype=np.float32)
    weight = random.pareto(1.5, 2000) + 0.1
    rows = centres[random.choice(2000, count, p=weight / weight.sum())]
    rows += 0.6 * random.standard_normal((count, DIMENSIONS), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def run(work: Path, corpus: Path) -> list[Measure]:
    import faiss

    faiss.omp_set_num_threads(1)
    return [measure for size in SIZES for measure in _at(work / str(size), size)]


def _at(folder: Path, size: int) -> list[Measure]:
    folder.mkdir()
    rows = clustered(size)
    stored = rows.astype(np.float16)
    ids = np.arange(1, size + 1, dtype=np.int64)
    started = time.perf_counter()
    if size >= PARTITION_ROWS:
        order, partition = partition_rows(ids, stored)
        facts = write_segment(folder / "one.seg", ids[order], stored[order], partition)
    else:
        facts = write_segment(folder / "one.seg", ids, stored)
    build_s = time.perf_counter() - started
    source = FixedSource(LiveSegment(facts, 0))
    index = SegmentIndex(source, folder)
    random = np.random.default_rng(5)
    queries = rows[random.choice(size, QUERIES, replace=False)] + 0.02 * random.standard_normal((QUERIES, DIMENSIONS))
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    # Correlated: the rows on one side, which most queries are far from.
    side = rows @ rows[0]
    filters = {
        f", correlated {100 * share:.0f} % filter": ids[side >= np.quantile(side, 1 - share)] for share in FILTERED
    }
    measures = [Measure(f"{size:,} vectors: build", build_s, "s", lower_is_better=True)]
    for name, filtered in {"": None, **filters}.items():
        times, hits = [], []
        where = None if filtered is None else Filter.of_ids(filtered)
        for query in queries:
            index.nearest(query[None], K, where=where)
            started = time.perf_counter()
            found = index.nearest(query[None], K, where=where)
            times.append(1000 * (time.perf_counter() - started))
            kept = np.arange(size) if filtered is None else filtered - 1
            truth = rank(ids[kept], stored[kept].astype(np.float32), query[None], K)
            hits.append((found.distances[0] <= truth.distances[0].max() + 1e-4).mean())
        goal = (
            2.0
            if filtered is None and size <= 100_000
            else 5.0
            if filtered is None or len(filtered) <= 10_000
            else None
        )
        measures.append(Measure(f"{size:,} vectors{name}: p50", float(np.median(times)), "ms", goal, True))
        measures.append(Measure(f"{size:,} vectors{name}: recall@10", float(np.mean(hits)), "", 0.99))
    source.tail.append((np.arange(size + 1, size + 1001, dtype=np.int64), rows[:1000]))
    started = time.perf_counter()
    index.refresh()
    index.nearest(queries[:1], K)
    measures.append(Measure(f"{size:,} vectors: adding 1,000", time.perf_counter() - started, "s", 0.5, True))
    measures.append(
        Measure(f"{size:,} vectors: first answer of a cold process", _cold(folder, source, queries), "s", 0.5, True)
    )
    return measures


def _cold(folder: Path, source: FixedSource, queries: NDArray[np.float32]) -> float:
    import pickle

    (folder / "live.pickle").write_bytes(pickle.dumps(source.live))
    np.save(folder / "queries.npy", queries)
    done = [
        subprocess.run([sys.executable, "-c", _COLD, str(folder)], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    return min(float(each.stdout) for each in done)
