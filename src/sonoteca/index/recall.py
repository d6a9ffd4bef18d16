"""Recall of an index: how many of the true nearest neighbours it names."""

from __future__ import annotations

import numpy as np

from sonoteca.index.vector_index import VectorIndex
from sonoteca.index.vector_source import VectorSource
from sonoteca.index.vector_table import rank


def measure_recall(
    index: VectorIndex, source: VectorSource, n_queries: int, *, k: int = 10, seed: int = 0
) -> float | None:
    """Share of the true ``k`` nearest that ``index`` finds, over stored vectors as queries; None if there are none.

    The truth is found by comparing all vectors of ``source``, which takes seconds for a million.
    """
    ids_parts, vector_parts = [], []
    for ids, vectors in source.vectors(after=0):
        ids_parts.append(ids)
        vector_parts.append(vectors.astype(np.float16))
    if not ids_parts:
        return None
    all_ids, stored = np.concatenate(ids_parts), np.concatenate(vector_parts)
    chosen = np.random.default_rng(seed).choice(len(all_ids), min(n_queries, len(all_ids)), replace=False)
    queries = stored[chosen].astype(np.float32)
    found = index.nearest(queries, k)
    # Vectors are compared block by block, so that a million of them need no float32 copy.
    best = [(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in queries]
    for start in range(0, len(all_ids), 65_536):
        block = slice(start, start + 65_536)
        part = rank(all_ids[block], stored[block].astype(np.float32), queries, k)
        for row, (ids, distances) in enumerate(best):
            ids = np.concatenate([ids, part.ids[row]])
            distances = np.concatenate([distances, part.distances[row]])
            order = np.argsort(distances, kind="stable")[:k]
            best[row] = ids[order], distances[order]
    hits = 0
    wanted = 0
    for row, (ids, distances) in enumerate(best):
        limit = distances[np.isfinite(distances)].max(initial=0.0)
        wanted += int((ids >= 0).sum())
        # Equal distances are equally right, whichever of them was named.
        hits += int((found.distances[row][found.ids[row] >= 0] <= limit + 1e-4).sum())
    return min(1.0, hits / max(1, wanted))
