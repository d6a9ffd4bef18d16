"""Exact neighbours by brute force in NumPy: simple, always right, the oracle for every other index.

Holds float32 in memory: 100,000 vectors of 128 dimensions are 51 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.vector_index import IndexState, Neighbours, require_queries


class ExactIndex:
    """All vectors in one matrix, rows ordered by id."""

    def __init__(self, dimensions: int) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions must be positive, got {dimensions}")
        self.dimensions = dimensions
        self._ids = np.empty(0, dtype=np.int64)
        self._vectors = np.empty((0, dimensions), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> NDArray[np.int64]:
        """All ids, rising."""
        return self._ids

    @property
    def last_id(self) -> int | None:
        return int(self._ids[-1]) if len(self._ids) else None

    def upsert(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(f"expected {(len(ids), self.dimensions)} vectors, got {vectors.shape}")
        # The last of several vectors given for one id wins, as it would one call after the other.
        unique, last = np.unique(np.asarray(ids, np.int64)[::-1], return_index=True)
        kept = ~np.isin(self._ids, unique)
        merged = np.concatenate([self._ids[kept], unique])
        stacked = np.concatenate([self._vectors[kept], np.asarray(vectors, np.float32)[::-1][last]])
        order = np.argsort(merged)
        self._ids, self._vectors = merged[order], stacked[order]

    def remove(self, ids: NDArray[np.int64]) -> None:
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]

    def nearest(
        self,
        queries: NDArray[np.float32],
        k: int,
        *,
        where: NDArray[np.int64] | None = None,
    ) -> Neighbours:
        require_queries(queries, self.dimensions, k)
        ids, vectors = self._ids, self._vectors
        if where is not None and len(ids):
            chosen = np.isin(ids, where)
            ids, vectors = ids[chosen], vectors[chosen]
        return rank(ids, vectors, queries, k)

    def refresh(self) -> None:
        """Nothing to do: nobody else writes to this memory."""

    def verify(self, truth: Iterable[int]) -> IndexState:
        expected = np.fromiter(truth, dtype=np.int64)
        return IndexState(
            stored=len(self._ids),
            missing=int(np.setdiff1d(expected, self._ids).size),
            orphaned=int(np.setdiff1d(self._ids, expected).size),
            damaged_segments=0,
        )

    def rebuild(self, rows: Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]) -> None:
        batches = list(rows)
        self._ids = np.empty(0, dtype=np.int64)
        self._vectors = np.empty((0, self.dimensions), dtype=np.float32)
        if batches:
            self.upsert(np.concatenate([ids for ids, _ in batches]), np.concatenate([rows_ for _, rows_ in batches]))


def rank(
    ids: NDArray[np.int64],
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
) -> Neighbours:
    """The ``k`` rows nearest to each query, ties broken by id; ``vectors`` float32 (n, dimensions)."""
    found = Neighbours(
        ids=np.full((len(queries), k), -1, dtype=np.int64),
        distances=np.full((len(queries), k), np.inf, dtype=np.float32),
        exact=True,
    )
    if not len(ids):
        return found
    count = min(k, len(ids))
    for row, query in enumerate(queries):
        distances = np.float32(1.0) - vectors @ query
        candidates = np.argpartition(distances, count - 1)[:count] if count < len(ids) else np.arange(len(ids))
        order = candidates[np.lexsort((ids[candidates], distances[candidates]))]
        found.ids[row, :count] = ids[order]
        found.distances[row, :count] = np.clip(distances[order], 0.0, 2.0)
    return found
