"""One segment of melodies: its notes, its contour windows, and the search that proposes places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from sonoteca.search.hum.alignment import NoteCosts, Places, note_costs
from sonoteca.search.hum.contour import DIMENSIONS, library_windows, query_windows
from sonoteca.search.hum.melody import PackedMelodies
from sonoteca.search.hum.query_notes import QueryNotes

# From here windows are partitioned; below, comparing all takes a few milliseconds.
PARTITION_WINDOWS = 60_000
_WINDOWS_PER_LIST, _MOST_LISTS, _TRAINING_PER_LIST = 700, 8192, 40
# Neighbours asked of each query window and lists visited for them, below and above so many windows: the
# more tunes there are, the more are alike over a few seconds.
MANY_WINDOWS = 2_000_000
_NEIGHBOURS, _NEIGHBOURS_OF_MANY = 80, 500
_N_PROBE, _N_PROBE_OF_MANY = 28, 40
# A filter that leaves fewer windows is answered exactly, whatever it correlates with.
_COMPARED_ONE_BY_ONE = 30_000
# How fast a neighbour's say fades with squared distance.
_FADE = 40.0
# Places closer together than this are one.
_PLACE_S = 1.0


@dataclass(slots=True, eq=False)
class Segment:
    """Packed melodies with a window index; ``alive`` is False for those that were removed."""

    melodies: PackedMelodies
    alive: NDArray[np.bool_]
    costs: NoteCosts
    first_notes: NDArray[np.int64]
    means: NDArray[np.float32]
    owners: NDArray[np.int32]
    windows: faiss.Index

    @classmethod
    def build(cls, melodies: PackedMelodies, *, seed: int = 0) -> Segment:
        found = library_windows(melodies)
        alive = np.ones(melodies.n_melodies, bool)
        return cls.of_windows(melodies, alive, found.first_notes, found.means, _window_index(found.vectors, seed))

    @classmethod
    def of_windows(
        cls,
        melodies: PackedMelodies,
        alive: NDArray[np.bool_],
        first_notes: NDArray[np.int64],
        means: NDArray[np.float32],
        windows: faiss.Index,
    ) -> Segment:
        """From windows that were made before; what follows from the melodies is computed."""
        owners = melodies.owner()[first_notes] if len(first_notes) else np.zeros(0, np.int32)
        return cls(melodies, alive, note_costs(melodies), first_notes, means, owners, windows)

    def copy(self) -> Segment:
        """The same, with an ``alive`` of its own; everything else never changes."""
        return replace(self, alive=self.alive.copy())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Melodies and windows as arrays; what follows from them is computed again when they are read."""
        packed = {each.name: getattr(self.melodies, each.name) for each in fields(self.melodies)}
        own = {"alive": self.alive, "first_notes": self.first_notes, "means": self.means}
        return packed | own | _arrays_of_windows(self.windows)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Segment:
        """The segment that ``to_arrays`` told of; ValueError or KeyError for arrays that are none."""
        melodies = PackedMelodies(**{each.name: arrays[each.name] for each in fields(PackedMelodies)})
        alive, first_notes, means = arrays["alive"], arrays["first_notes"], arrays["means"]
        n_notes, n_windows = melodies.n_notes, len(first_notes)
        if len(alive) != melodies.n_melodies or len(melodies.offsets) != melodies.n_melodies + 1:
            raise ValueError(f"{melodies.n_melodies} melodies, {len(alive)} of them alive or not")
        if len(means) != n_windows or (n_windows and not 0 <= first_notes.min() <= first_notes.max() < n_notes):
            raise ValueError(f"windows begin outside of {n_notes} notes")
        return cls.of_windows(melodies, alive, first_notes, means, _windows_of_arrays(arrays, n_windows))

    @property
    def n_windows(self) -> int:
        return len(self.first_notes)

    def propose(
        self, query: QueryNotes, most: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Places, NDArray[np.float64]]:
        """Up to ``most`` places where the query may be, likeliest first, and what speaks for each.

        ``allowed`` (n_melodies,) leaves out melodies before anything is ranked.
        """
        nowhere = Places(np.zeros(0, np.int64), *(np.zeros(0) for _ in range(4)))
        asked = query_windows(query.starts_s, query.ends_s, query.midi)
        usable = self.alive if allowed is None else self.alive & allowed
        if not len(asked.vectors) or not self.n_windows or not usable.any():
            return nowhere, np.zeros(0)
        neighbours = min(_NEIGHBOURS if self.n_windows < MANY_WINDOWS else _NEIGHBOURS_OF_MANY, self.n_windows)
        distance, window = self._nearest(asked.vectors, neighbours, usable)
        asked_by = np.repeat(np.arange(len(asked.vectors)), neighbours)
        distance, window = distance.ravel(), window.ravel()
        real = window >= 0
        asked_by, distance, window = asked_by[real], distance[real], window[real]
        weight = np.exp(-distance.astype(np.float64) / _FADE)
        note, melody = self.first_notes[window], self.owners[window].astype(np.int64)
        scale = 1.0 / asked.scales[asked_by]
        anchor = asked.anchors[asked_by]
        start_s = self.melodies.starts_s[note] - scale * (query.starts_s[anchor] - query.starts_s[0])
        place = melody * 65_536 + np.round(start_s / _PLACE_S).astype(np.int64) + 1024
        # Tempos of one anchor find the same place again: only the best of them counts.
        voter = place * 4096 + anchor
        order = np.lexsort((-weight, voter))
        order = order[np.concatenate([[True], np.diff(voter[order]) != 0])]
        _, at, group = np.unique(place[order], return_index=True, return_inverse=True)
        total = np.asarray(np.bincount(group, weight[order]), np.float64)
        by_weight = np.lexsort((-weight[order], group))
        best = order[by_weight[np.searchsorted(group[by_weight], np.arange(len(at)))]]
        ranked = np.argsort(-total, kind="stable")[:most]
        chosen = best[ranked]
        places = Places(
            melody[chosen],
            start_s[chosen].astype(np.float64),
            scale[chosen].astype(np.float64),
            (self.means[window[chosen]] - asked.means[asked_by[chosen]]).astype(np.float64),
            np.zeros(len(chosen)),
        )
        return places, total[ranked]

    def _nearest(
        self, vectors: NDArray[np.float32], k: int, usable: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        selector = None
        if not usable.all():
            rows = np.flatnonzero(usable[self.owners])
            if len(rows) <= _COMPARED_ONE_BY_ONE and isinstance(self.windows, faiss.IndexIVF):
                return self._nearest_of(rows, vectors, k, usable)
            bits = np.packbits(usable[self.owners], bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)
        if isinstance(self.windows, faiss.IndexIVF):
            share = max(float(usable.mean()), 0.02)
            visited = _N_PROBE if self.n_windows < MANY_WINDOWS else _N_PROBE_OF_MANY
            n_probe = min(int(visited / share), self.windows.nlist)
            parameters = faiss.SearchParametersIVF(nprobe=n_probe, sel=selector)
        else:
            parameters = faiss.SearchParameters(sel=selector) if selector is not None else None
        distance, window = self.windows.search(vectors, k, params=parameters)
        return distance, window

    def _nearest_of(
        self, rows: NDArray[np.intp], vectors: NDArray[np.float32], k: int, usable: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The same, exactly, where a filter left few: their windows are made again and compared one by one."""
        few = faiss.IndexFlatL2(DIMENSIONS)
        few.add(library_windows(self.melodies.only(usable)).vectors)
        distance, place = few.search(vectors, min(k, len(rows)))
        missing = k - distance.shape[1]
        distance = np.pad(distance, ((0, 0), (0, missing)), constant_values=np.inf)
        return distance, np.pad(rows[place], ((0, 0), (0, missing)), constant_values=-1)


def _window_index(vectors: NDArray[np.float32], seed: int) -> faiss.Index:
    if len(vectors) < PARTITION_WINDOWS:
        flat = faiss.IndexFlatL2(DIMENSIONS)
        flat.add(vectors)
        return flat
    n_lists = min(len(vectors) // _WINDOWS_PER_LIST, _MOST_LISTS)
    rows = np.random.default_rng(seed).choice(len(vectors), min(len(vectors), n_lists * _TRAINING_PER_LIST), False)
    index = _empty_partition(np.zeros((0, DIMENSIONS), np.float32), n_lists)
    index.cp.niter = 6
    index.cp.seed = seed + 1
    index.train(np.ascontiguousarray(vectors[np.sort(rows)]))
    index.add(vectors)
    return index


def _empty_partition(centroids: NDArray[np.float32], n_lists: int) -> faiss.IndexIVFScalarQuantizer:
    """A partition of windows, of which faiss keeps a byte per dimension."""
    quantizer = faiss.IndexFlatL2(DIMENSIONS)
    if len(centroids):
        quantizer.add(centroids)
    return faiss.IndexIVFScalarQuantizer(quantizer, DIMENSIONS, n_lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2)


def _arrays_of_windows(index: faiss.Index) -> dict[str, NDArray[Any]]:
    """The windows of a flat index, or what a partition learned and the codes of its lists, one after the other."""
    if not isinstance(index, faiss.IndexIVF):
        return {"windows": index.reconstruct_n(0, index.ntotal).reshape(index.ntotal, DIMENSIONS)}
    lists, sizes = index.invlists, [index.invlists.list_size(number) for number in range(index.nlist)]
    rows = [faiss.rev_swig_ptr(lists.get_ids(number), size).copy() for number, size in enumerate(sizes) if size]
    codes = [
        faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size).copy()
        for number, size in enumerate(sizes)
        if size
    ]
    return {
        "centroids": index.quantizer.reconstruct_n(0, index.nlist),
        "learned": faiss.vector_to_array(index.sq.trained),
        "list_sizes": np.array(sizes, np.int64),
        "list_rows": np.concatenate(rows),
        "list_codes": np.concatenate(codes),
    }


def _windows_of_arrays(arrays: Mapping[str, NDArray[Any]], n_windows: int) -> faiss.Index:
    """The index that ``_arrays_of_windows`` told of: every length is checked before native code is given an array."""
    if "windows" in arrays:
        windows = np.ascontiguousarray(arrays["windows"], np.float32)
        if windows.shape != (n_windows, DIMENSIONS):
            raise ValueError(f"{windows.shape} is not {n_windows} windows")
        flat = faiss.IndexFlatL2(DIMENSIONS)
        flat.add(windows)
        return flat
    centroids = np.ascontiguousarray(arrays["centroids"], np.float32)
    learned = np.ascontiguousarray(arrays["learned"], np.float32)
    sizes, rows = arrays["list_sizes"], np.ascontiguousarray(arrays["list_rows"], np.int64)
    codes = np.ascontiguousarray(arrays["list_codes"], np.uint8)
    n_lists = len(sizes)
    # A byte per dimension, and its lowest value and range are what was learned.
    if centroids.shape != (n_lists, DIMENSIONS) or learned.shape != (2 * DIMENSIONS,) or not n_lists:
        raise ValueError(f"{n_lists} lists have {centroids.shape} centroids and {learned.shape} learned numbers")
    if sizes.min() < 0 or sizes.sum() != n_windows or codes.shape != (n_windows * DIMENSIONS,):
        raise ValueError(f"{n_lists} lists do not hold {n_windows} windows")
    if not np.array_equal(np.sort(rows), np.arange(n_windows)):
        raise ValueError("the lists do not hold each window once")
    index = _empty_partition(centroids, n_lists)
    faiss.copy_array_to_vector(learned, index.sq.trained)
    index.is_trained = True
    ends = np.cumsum(sizes)
    for number, (size, end) in enumerate(zip(sizes.tolist(), ends.tolist(), strict=True)):
        if size:
            some = codes[(end - size) * DIMENSIONS : end * DIMENSIONS]
            index.invlists.add_entries(
                number, size, faiss.swig_ptr(rows[end - size : end]), faiss.swig_ptr(np.ascontiguousarray(some))
            )
    index.ntotal = n_windows
    return index
