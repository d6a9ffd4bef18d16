"""Exact neighbours by comparing every vector: simple, always right, the oracle for every other index.

It needs no files, so it answers for a library that has no folder on this machine; all vectors are
held in memory.
"""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.filter import Filter
from sonoteca.index.recall import measure_recall
from sonoteca.index.vector_index import IndexState, Neighbours, compare_ids, require_queries
from sonoteca.index.vector_source import VectorSource
from sonoteca.index.vector_table import VectorTable


class ExactIndex:
    """All vectors of a source in memory."""

    def __init__(self, source: VectorSource) -> None:
        self.source = source
        self._held = VectorTable.of(source.dimensions, source.vectors(after=0))

    def reader(self, source: VectorSource) -> ExactIndex:
        """This index for another who asks, perhaps in another thread."""
        other = copy.copy(self)
        other.source, other._held = source, copy.copy(self._held)
        return other

    def refresh(self) -> None:
        """Take in what was stored or removed in the source since."""
        self._held.drop(np.setdiff1d(self._held.ids, self.source.ids(), assume_unique=True))
        for ids, vectors in self.source.vectors(after=self._held.last_id or 0):
            self._held.put(ids, vectors)

    def nearest(self, queries: NDArray[np.float32], k: int, *, where: Filter | None = None) -> Neighbours:
        require_queries(queries, self.source.dimensions, k)
        return self._held.nearest(queries, k, None if where is None else self.source.selected(where))

    def publish(self) -> None:
        """Take in what was stored: there are no files to write."""
        self.refresh()

    def rebuild(self) -> None:
        """Forget everything and read the source anew."""
        self._held = VectorTable.of(self.source.dimensions, self.source.vectors(after=0))

    def verify(self) -> IndexState:
        self.refresh()
        return compare_ids(self._held.ids, self.source.ids())

    def recall(self, n_queries: int = 50) -> float | None:
        return measure_recall(self, self.source, n_queries)
