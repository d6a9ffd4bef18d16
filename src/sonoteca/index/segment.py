"""Searching one segment: exactly with faiss where it is small, by its partition where it is large.

A filter is *routed by count*: few rows left are compared one by one; in a partitioned segment
many rows left are visited list by list, nearest list first, skipping lists without a
matching row. So a filter never leaves the answer short, however it correlates with the
vectors (Patel et al., "ACORN", SIGMOD 2024, describe how graphs and plain IVF fail there).

Rows are gathered as the float16 they are stored in, and faiss widens them in registers: 10,000
rows take 0.3 ms, of which to make float32 of them first would take 2 ms more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from sonoteca.index.segment_file import Partition, SegmentFile

# From here a segment is partitioned when it is written: an exact scan would take 6 ms.
PARTITION_ROWS = 500_000
# So many vectors are gathered and compared in 4 ms.
EXACT_ROWS = 100_000
# Rows gathered at a time: 2 MB at 128 dimensions, which stay in the cache of one core.
_PIECE_ROWS = 8192
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


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """Ids int64 and inner products float32 of the best rows, both (n,), unordered; ``exact`` unless lists were left out."""

    ids: NDArray[np.int64]
    products: NDArray[np.float32]
    exact: bool


class Segment:
    """A segment file with what searching it needs; native structures are made on first use.

    Several threads may search it at once.
    """

    def __init__(self, file: SegmentFile) -> None:
        self.file = file
        self._flat: faiss.IndexScalarQuantizer | None = None
        self._lists: faiss.IndexIVFScalarQuantizer | None = None
        self._loaded: NDArray[np.bool_] | None = None
        self._making = threading.Lock()

    def nearest(
        self, query: NDArray[np.float32], k: int, *, rows: NDArray[np.intp] | None, dead: NDArray[np.intp]
    ) -> Best:
        """The up to ``k`` best rows; ``rows`` is the filter, ``dead`` never answers."""
        n_rows = self.file.facts.rows
        if len(dead) and (rows is not None or len(dead) > max(256, n_rows // 4)):
            alive = np.ones(n_rows, bool)
            alive[dead] = False
            rows = np.flatnonzero(alive) if rows is None else rows[alive[rows]]
        if rows is not None:
            return self._nearest_of(query, k, rows)
        # A few dead rows among the best are cheaper to overfetch than to filter.
        found, products = self._unfiltered(query, min(k + len(dead), n_rows))
        living = (found >= 0) & ~np.isin(found, dead)
        return Best(self.file.ids[found[living][:k]], products[living][:k], self.file.partition is None)

    def _unfiltered(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        partition = self.file.partition
        if partition is None:
            products, found = self._flat_index().search(query[None], k)
        else:
            probes = _nearest_lists(partition, query)[:N_PROBE]
            index = self._partitioned_index(probes)
            index.nprobe = len(probes)
            # How far the lists are matters only to codes that are residuals; faiss 1.11 wants an array all the same.
            unused = np.zeros((1, len(probes)), np.float32)
            products, found = index.search_preassigned(query[None], k, probes[None].astype(np.int64), unused)
        return found[0], products[0]

    def _nearest_of(self, query: NDArray[np.float32], k: int, rows: NDArray[np.intp]) -> Best:
        n_all = len(rows)
        if n_all > EXACT_ROWS:
            if self.file.partition is None:
                return self._selected(query, k, rows)
            rows = self._rows_in_near_lists(query, rows, at_least=max(EXACT_ROWS, 20 * k))
        if not n_all:
            return Best(np.empty(0, np.int64), np.empty(0, np.float32), exact=True)
        self.file.verify_rows(rows)
        ids, products = self._compared(query, k, rows)
        return Best(ids, products, exact=len(rows) == n_all)

    def _compared(
        self, query: NDArray[np.float32], k: int, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Every one of ``rows`` compared, a cache-sized piece at a time, gathered into the memory that faiss reads."""
        dimensions = self.file.facts.dimensions
        size = min(_PIECE_ROWS, len(rows))
        piece = _empty_flat_index(dimensions)
        piece.codes.resize(2 * dimensions * size)
        gathered = faiss.rev_swig_ptr(piece.codes.data(), 2 * dimensions * size).view(np.float16).reshape(size, -1)
        best = []
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            # Rows are known to be there; to check each again ("raise") makes numpy gather into a buffer first.
            np.take(self.file.vectors, some, axis=0, out=gathered[: len(some)], mode="clip")
            piece.ntotal = len(some)
            products, found = piece.search(query[None], min(k, len(some)))
            best.append((products[0], some[found[0]]))
        products = np.concatenate([products for products, _ in best])
        order = np.argsort(-products, kind="stable")[:k]
        return self.file.ids[np.concatenate([found for _, found in best])[order]], products[order]

    def _rows_in_near_lists(
        self, query: NDArray[np.float32], rows: NDArray[np.intp], *, at_least: int
    ) -> NDArray[np.intp]:
        """Those of ``rows`` in the nearest lists that hold any: at least ``N_PROBE`` lists and ``at_least`` rows."""
        partition = self.file.partition
        assert partition is not None
        list_of_row = self.file.blocks_of(rows)
        counts = np.bincount(list_of_row, minlength=len(partition.centroids))
        order = _nearest_lists(partition, query)
        order = order[counts[order] > 0]
        enough = int(np.searchsorted(np.cumsum(counts[order]), at_least)) + 1
        visited = np.zeros(len(partition.centroids), bool)
        visited[order[: max(enough, N_PROBE)]] = True
        return rows[visited[list_of_row]]

    def _selected(self, query: NDArray[np.float32], k: int, rows: NDArray[np.intp]) -> Best:
        wanted = np.zeros(self.file.facts.rows, bool)
        wanted[rows] = True
        selector = faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))
        parameters = faiss.SearchParameters(sel=selector)
        products, found = self._flat_index().search(query[None], min(k, len(rows)), params=parameters)
        answered = found[0] >= 0
        return Best(self.file.ids[found[0][answered]], products[0][answered], exact=True)

    def _flat_index(self) -> faiss.IndexScalarQuantizer:
        with self._making:
            if self._flat is None:
                self.file.verify_all()
                flat = _empty_flat_index(self.file.facts.dimensions)
                faiss.copy_array_to_vector(self.file.vectors.view(np.uint8).reshape(-1), flat.codes)
                flat.ntotal = self.file.facts.rows
                self._flat = flat
            return self._flat

    def _partitioned_index(self, probes: NDArray[np.intp]) -> faiss.IndexIVFScalarQuantizer:
        """The index with at least the lists of ``probes`` filled: a cold process fills no others."""
        with self._making:
            return self._filled(probes)

    def _filled(self, probes: NDArray[np.intp]) -> faiss.IndexIVFScalarQuantizer:
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


def _empty_flat_index(dimensions: int) -> faiss.IndexScalarQuantizer:
    index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    # float16 has nothing to learn.
    index.is_trained = True
    return index
