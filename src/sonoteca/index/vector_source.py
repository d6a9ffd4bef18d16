"""A vector source is what an index follows: the vectors of one space and their ids, read in batches.

The catalogue is one (``catalogue_source``); tests keep one in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.filter import Filter

# Ids (n,) by rising id and their vectors (n, dimensions), float32.
Rows: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32]]


class VectorSource(Protocol):
    """Vectors of one space. A new vector has a higher id than all before; a vector never changes under its id."""

    @property
    def dimensions(self) -> int: ...

    def ids(self) -> NDArray[np.int64]:
        """All ids there are, rising."""
        ...

    def vectors(self, *, after: int, up_to: int | None = None) -> Iterator[Rows]:
        """Ids in ``(after, up_to]`` by rising id, with their vectors, in batches."""
        ...

    def selected(self, where: Filter) -> NDArray[np.int64]:
        """The ids that a filter lets answer, rising; some of them may not be there."""
        ...
