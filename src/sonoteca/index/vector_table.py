"""Vectors held in memory and ranked by comparing all of them: what every index answers its newest rows from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.vector_index import Neighbours
from sonoteca.index.vector_source import Rows


class VectorTable:
    """Ids and vectors, rows by rising id; float32, so 100,000 vectors of 128 dimensions are 51 MB."""

    def __init__(self, dimensions: int) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions must be positive, got {dimensions}")
        self.dimensions = dimensions
        self._ids = np.empty(0, dtype=np.int64)
        self._vectors = np.empty((0, dimensions), dtype=np.float32)

    @classmethod
    def of(cls, dimensions: int, rows: Iterable[Rows]) -> VectorTable:
        """A table of these batches of ids and vectors."""
        table = cls(dimensions)
        batches = list(rows)
        if batches:
            table.put(np.concatenate([ids for ids, _ in batches]), np.concatenate([vectors for _, vectors in batches]))
        return table

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> NDArray[np.int64]:
        """All ids, rising."""
        return self._ids

    @property
    def last_id(self) -> int | None:
        return int(self._ids[-1]) if len(self._ids) else None

    def put(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Take in vectors; one whose id is held already replaces it, and of several for one id the last counts."""
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(f"expected {(len(ids), self.dimensions)} vectors, got {vectors.shape}")
        unique, last = np.unique(np.asarray(ids, np.int64)[::-1], return_index=True)
        kept = ~np.isin(self._ids, unique)
        merged = np.concatenate([self._ids[kept], unique])
        stacked = np.concatenate([self._vectors[kept], np.asarray(vectors, np.float32)[::-1][last]])
        order = np.argsort(merged)
        self._ids, self._vectors = merged[order], stacked[order]

    def drop(self, ids: NDArray[np.int64]) -> None:
        """Take these out; those that are not held do no harm."""
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]

    def nearest(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The ``k`` nearest of each query among ``allowed`` ids (rising), or among all."""
        ids, vectors = self._ids, self._vectors
        if allowed is not None and len(ids):
            # Mostly the rows here are the newest ids, and a filter names older ones.
            chosen = np.isin(ids, allowed[np.searchsorted(allowed, ids[0]) :])
            ids, vectors = ids[chosen], vectors[chosen]
        return rank(ids, vectors, queries, k)


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
