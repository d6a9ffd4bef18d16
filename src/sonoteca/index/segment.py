"""Searching one segment: exactly with faiss where it is small, by its partition where it is large.

A filter is *routed by count*: few rows left are compared one by one; in a partitioned segment
many rows left are visited list by list, nearest list first, skipping lists without a
matching row. So a filter never leaves the answer short, however it correlates with the
vectors (Patel et al., "ACORN", SIGMOD 2024, describe how graphs and plain IVF fail there).
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from sonoteca.index.segment_file import Partition, SegmentFile

# From here a segment is partitioned when it is written: an exact scan would take 6 ms.
PARTITION_ROWS = 500_000
# So many vectors can be gathered and compared in about the time of probing a partition.
EXACT_ROWS = 20_000
# Lists visited of each partition. At 1,000 rows a list, 32,000 vectors are compared.
N_PROBE = 32
_TRAINING_ROWS_PER_LIST = 64


def partition_rows(ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> tuple[NDArray[np.intp], Partition]:
    """Order of rows and partition for ``write_segment``: spherical k-means, about 1,000 rows a list."""
    n_rows, dimensions = vectors.shape
    n_lists = max(16, min(n_rows // 39, round(n_rows / 1000)))
    training = np.sort(np.random.default_rng(0).choice(n_rows, min(n_rows, n_lists * _TRAINING_ROWS_PER_LIST), False))
    means = faiss.Kmeans(dimensions, n_lists, niter=8, spherical=True, seed=1)
    means.train(vectors[training].astype(np.float32))
    quantizer = faiss.IndexFlatIP(dimensions)
    quantizer.add(means.centroids)
    nearest = np.empty(n_rows, np.int64)
    for start in range(0, n_rows, 65_536):
        block = slice(start, start + 65_536)
        nearest[block] = quantizer.search(vectors[block].astype(np.float32), 1)[1][:, 0]
    order = np.lexsort((ids, nearest))
    offsets = np.searchsorted(nearest[order], np.arange(n_lists + 1)).astype(np.int64)
    return order, Partition(np.asarray(means.centroids, np.float32).reshape(n_lists, dimensions), offsets)


class Segment:
    """A segment file with what searching it needs; native structures are made on first use."""

    def __init__(self, file: SegmentFile) -> None:
        self.file = file
        self._flat: faiss.IndexScalarQuantizer | None = None
        self._lists: faiss.IndexIVFScalarQuantizer | None = None
        self._loaded: NDArray[np.bool_] | None = None

    @property
    def is_exact(self) -> bool:
        return self.file.partition is None

    def nearest(
        self, query: NDArray[np.float32], k: int, *, rows: NDArray[np.intp] | None, dead: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and inner products of the up to ``k`` best; ``rows`` is the filter, ``dead`` never answers."""
        if rows is not None:
            return self._nearest_of(query, k, np.setdiff1d(rows, dead) if len(dead) else rows)
        if len(dead) > max(256, self.file.facts.rows // 4):
            return self._nearest_of(query, k, np.setdiff1d(np.arange(self.file.facts.rows), dead))
        # A few dead rows among the best are cheaper to overfetch than to filter.
        found, products = self._unfiltered(query, min(k + len(dead), self.file.facts.rows))
        alive = (found >= 0) & ~np.isin(found, dead)
        return self.file.ids[found[alive][:k]], products[alive][:k]

    def _unfiltered(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        partition = self.file.partition
        if partition is None:
            products, found = self._flat_index().search(query[None], k)
        else:
            probes = _nearest_lists(partition, query)[:N_PROBE]
            index = self._partitioned_index(probes)
            index.nprobe = len(probes)
            products, found = index.search_preassigned(query[None], k, probes[None].astype(np.int64), None)
        return found[0], products[0]

    def _nearest_of(
        self, query: NDArray[np.float32], k: int, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        partition = self.file.partition
        if len(rows) > EXACT_ROWS:
            if partition is None:
                return self._selected(query, k, rows)
            rows = _rows_in_near_lists(partition, query, rows, at_least=max(EXACT_ROWS, 20 * k))
        if not len(rows):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        self.file.verify_blocks(np.unique(np.searchsorted(self.file.bounds, rows, side="right") - 1))
        products = self.file.vectors[rows].astype(np.float32) @ query
        best = np.argpartition(-products, k - 1)[:k] if k < len(rows) else np.arange(len(rows))
        return self.file.ids[rows[best]], products[best]

    def _selected(
        self, query: NDArray[np.float32], k: int, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        wanted = np.zeros(self.file.facts.rows, bool)
        wanted[rows] = True
        selector = faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))
        parameters = faiss.SearchParameters(sel=selector)
        products, found = self._flat_index().search(query[None], min(k, len(rows)), params=parameters)
        answered = found[0] >= 0
        return self.file.ids[found[0][answered]], products[0][answered]

    def _flat_index(self) -> faiss.IndexScalarQuantizer:
        if self._flat is None:
            self.file.verify_all()
            rows, dimensions = self.file.vectors.shape
            index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
            faiss.copy_array_to_vector(self.file.vectors.view(np.uint8).reshape(-1), index.codes)
            index.ntotal, index.is_trained = rows, True
            self._flat = index
        return self._flat

    def _partitioned_index(self, probes: NDArray[np.intp]) -> faiss.IndexIVFScalarQuantizer:
        """The index with at least the lists of ``probes`` filled: a cold process fills no others."""
        partition = self.file.partition
        assert partition is not None
        n_lists, dimensions = partition.centroids.shape
        if self._lists is None or self._loaded is None:
            self._quantizer = faiss.IndexFlatIP(dimensions)
            self._quantizer.add(partition.centroids)
            self._lists = faiss.IndexIVFScalarQuantizer(
                self._quantizer, dimensions, n_lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
            )
            self._lists.is_trained = True
            self._lists.ntotal = self.file.facts.rows
            self._loaded = np.zeros(n_lists, bool)
        missing = probes[~self._loaded[probes]]
        self.file.verify_blocks(missing)
        for number in missing:
            start, stop = (int(bound) for bound in partition.offsets[number : number + 2])
            if stop > start:
                rows = np.arange(start, stop, dtype=np.int64)
                codes = np.ascontiguousarray(self.file.vectors[start:stop]).view(np.uint8).reshape(-1)
                self._lists.invlists.add_entries(int(number), stop - start, faiss.swig_ptr(rows), faiss.swig_ptr(codes))
        self._loaded[missing] = True
        return self._lists


def _nearest_lists(partition: Partition, query: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.argsort(-(partition.centroids @ query), kind="stable")


def _rows_in_near_lists(
    partition: Partition, query: NDArray[np.float32], rows: NDArray[np.intp], *, at_least: int
) -> NDArray[np.intp]:
    """Those of ``rows`` in the nearest lists that hold any: at least ``N_PROBE`` lists and ``at_least`` rows."""
    list_of_row = np.searchsorted(partition.offsets, rows, side="right") - 1
    counts = np.bincount(list_of_row, minlength=len(partition.centroids))
    order = _nearest_lists(partition, query)
    order = order[counts[order] > 0]
    enough = int(np.searchsorted(np.cumsum(counts[order]), at_least)) + 1
    visited = np.zeros(len(partition.centroids), bool)
    visited[order[: max(enough, N_PROBE)]] = True
    return rows[visited[list_of_row]]
