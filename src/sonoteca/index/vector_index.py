"""What a vector index is: embedding ids and vectors in, nearest ids out.

Vectors are float32 and of unit length; *distance* is ``1 - cosine`` in 0..2, lower is nearer.
The catalogue is the truth: an index can always be deleted and rebuilt from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """``ids`` int64 and ``distances`` float32, both (n_queries, k); unfilled places are id -1, distance inf.

    ``exact`` is False where an approximation answered. ``notes`` say what the reader should
    know (a damaged segment was rebuilt ...).
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float32]
    exact: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexState:
    """Result of ``verify``: counts against the catalogue."""

    stored: int
    missing: int
    orphaned: int
    damaged_segments: int
    messages: tuple[str, ...] = ()


class VectorIndex(Protocol):
    """Neighbours of one embedding space."""

    def upsert(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None: ...

    def remove(self, ids: NDArray[np.int64]) -> None: ...

    def nearest(
        self,
        queries: NDArray[np.float32],
        k: int,
        *,
        where: NDArray[np.int64] | None = None,
    ) -> Neighbours:
        """The ``k`` nearest of each query, nearest first.

        ``where`` limits the answer to these ids *before* ranking, so it is filled to ``k``
        whenever that many exist. TypeError for queries that are not float32. Queries need not
        have unit length: the answer ranks by ``1 - inner product``, so a query scaled per
        dimension re-weights the parts of a space.
        """
        ...

    def refresh(self) -> None:
        """See what other processes published."""
        ...

    def verify(self, truth: Iterable[int]) -> IndexState: ...

    def rebuild(self, rows: Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]) -> None: ...


def require_queries(queries: NDArray[np.float32], dimensions: int, k: int) -> None:
    """Refuse what would be slow or wrong: another dtype (a float64 query is 8 times slower), another width."""
    if queries.dtype != np.float32:
        raise TypeError(f"queries must be float32, got {queries.dtype}")
    if queries.ndim != 2 or queries.shape[1] != dimensions:
        raise ValueError(f"queries must be (n, {dimensions}), got {queries.shape}")
    if k < 1:
        raise ValueError(f"k must be positive, got {k}")
