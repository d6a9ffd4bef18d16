"""Which rows of a derived table are still those of the catalogue, and which have to be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class RowMarks:
    """Rows of a table by id, and of what each was made.

    ``ids`` int64 (n,), each once; ``marks`` (n,) of any type that can be compared: an equal mark means an equal row.
    """

    ids: NDArray[np.int64]
    marks: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class RowChanges:
    """``kept`` bool (former rows): those to take over. ``fresh`` int64: ids of the rows to make, rising."""

    kept: NDArray[np.bool_]
    fresh: NDArray[np.int64]


def find_changes(former: RowMarks, now: RowMarks) -> RowChanges:
    """What became of the rows of ``former``.

    >>> former = RowMarks(np.array([1, 2, 3]), np.array([b"a", b"b", b"c"]))
    >>> changes = find_changes(former, RowMarks(np.array([2, 3, 4]), np.array([b"b", b"x", b"d"])))
    >>> changes.kept.tolist(), changes.fresh.tolist()
    ([False, True, False], [3, 4])
    """
    order = np.argsort(now.ids)
    kept = np.zeros(len(former.ids), bool)
    if len(order) and len(former.ids):
        place = order[np.minimum(np.searchsorted(now.ids, former.ids, sorter=order), len(order) - 1)]
        kept = (now.ids[place] == former.ids) & (now.marks[place] == former.marks)
    return RowChanges(kept, np.setdiff1d(now.ids, former.ids[kept]))
