"""What a vector index is: it follows a source of vectors and answers with the ids of the nearest.

Vectors are float32 and of unit length; *distance* is ``1 - cosine`` in 0..2, lower is nearer.
The source (the catalogue) is the truth: rows come and go there, an index takes notice
(``refresh``) and can always be deleted and rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.filter import Filter


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
    """Result of ``verify``: what is ``stored`` in the index, counted against the ``in_source`` ids of its source."""

    in_source: int
    stored: int
    missing: int
    orphaned: int
    damaged_segments: int = 0
    messages: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.orphaned or self.damaged_segments)


class VectorIndex(Protocol):
    """Neighbours in one embedding space. ``tests/index/test_contract.py`` holds every implementation to this."""

    def nearest(self, queries: NDArray[np.float32], k: int, *, where: Filter | None = None) -> Neighbours:
        """The ``k`` nearest of each query, nearest first, equal distances by id.

        Parameters
        ----------
        queries : float32 (n, dimensions)
            They need not have unit length: the answer ranks by ``1 - inner product``, so a query
            scaled per dimension re-weights the parts of a space.
        k : int >= 1
        where : Filter, optional
            Limits the answer *before* ranking, so that it is filled to ``k`` whenever that many exist.

        Raises
        ------
        TypeError
            Queries of another type.
        ValueError
            Queries of another width, or no ``k``.
        """
        ...

    def refresh(self) -> None:
        """See what any process stored, removed or published since."""
        ...

    def publish(self) -> None:
        """Write what is worth writing, for all processes; what was damaged is written anew."""
        ...

    def rebuild(self) -> None:
        """Forget everything and take the source's vectors anew."""
        ...

    def verify(self) -> IndexState:
        """Read everything and compare it with the source; changes nothing."""
        ...

    def recall(self, n_queries: int = 50) -> float | None:
        """Share of the true ten nearest that ``nearest`` finds, stored vectors as queries; None if there are none."""
        ...


def require_queries(queries: NDArray[np.float32], dimensions: int, k: int) -> None:
    """Refuse what would be slow or wrong: another dtype (a float64 query is 8 times slower), another width."""
    if queries.dtype != np.float32:
        raise TypeError(f"queries must be float32, got {queries.dtype}")
    if queries.ndim != 2 or queries.shape[1] != dimensions:
        raise ValueError(f"queries must be (n, {dimensions}), got {queries.shape}")
    if k < 1:
        raise ValueError(f"k must be positive, got {k}")


def compare_ids(stored: NDArray[np.int64], in_source: NDArray[np.int64], damage: Sequence[str] = ()) -> IndexState:
    """The state of an index that holds the ids ``stored``; ``damage`` has a sentence per damaged piece."""
    return IndexState(
        in_source=len(in_source),
        stored=len(stored),
        missing=int(np.setdiff1d(in_source, stored).size),
        orphaned=int(np.setdiff1d(stored, in_source).size),
        damaged_segments=len(damage),
        messages=tuple(damage),
    )
