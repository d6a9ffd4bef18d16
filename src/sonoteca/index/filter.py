"""A filter says which embeddings may answer, before anything is ranked.

It is a value: either the embeddings by their ids, or the regions that a statement selects. An
index with files narrows by ids (``VectorSource.selected`` finds them); an index that is a
database puts the statement into its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, ids_of_regions


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """Embeddings that may answer; made by ``of_ids`` or ``of_regions``.

    Attributes
    ----------
    ids : int64 (n,), rising, or None
        Embedding ids; those that are not there (any more) do no harm.
    regions : select of region ids, or None
        All embeddings of these regions, the whole and its windows.
    """

    ids: NDArray[np.int64] | None = None
    regions: sa.Select[Any] | None = None

    def __post_init__(self) -> None:
        if (self.ids is None) == (self.regions is None):
            raise ValueError("a filter names embeddings by their ids or selects regions, one of the two")

    @classmethod
    def of_ids(cls, ids: NDArray[np.int64]) -> Filter:
        """These embeddings, in any order.

        >>> Filter.of_ids(np.array([7, 3, 7])).ids
        array([3, 7])
        """
        given = np.asarray(ids, np.int64)
        # Mostly they come rising, and to see that is faster than to sort.
        return cls(ids=given if bool((given[1:] > given[:-1]).all()) else np.unique(given))

    @classmethod
    def of_regions(cls, regions: sa.Select[Any]) -> Filter:
        """All embeddings of the regions whose ids ``regions`` selects."""
        return cls(regions=regions)

    def ids_in(self, connection: Connection, space: StoredSpace) -> NDArray[np.int64]:
        """The embedding ids of ``space`` that may answer, rising."""
        if self.ids is not None:
            return self.ids
        assert self.regions is not None
        return ids_of_regions(connection, space, self.regions)
