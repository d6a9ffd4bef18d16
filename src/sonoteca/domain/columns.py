"""A table held column by column: arrays of one length, row ``i`` of each speaks of the same thing.

A subclass is a frozen dataclass. Its fields that are NumPy arrays (rows on the first axis), tuples
or other ``Columns`` are columns; anything else (a name, a number) is said of the whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Base of tables whose columns all have one length.

    Raises
    ------
    ValueError
        If two columns differ in length.

    Examples
    --------
    >>> @dataclass(frozen=True, slots=True, eq=False)
    ... class Tones(Columns):
    ...     midi: NDArray[np.int64]
    ...     names: tuple[str, ...]
    >>> tones = Tones(np.array([60, 64, 67]), ("C", "E", "G"))
    >>> len(tones), tones.take([2, 0]).names, tones.joined(tones.take([1])).midi.tolist()
    (3, ('G', 'C'), [60, 64, 67, 64])
    """

    def __post_init__(self) -> None:
        lengths = {each.name: len(value) for each in fields(self) if _is_column(value := getattr(self, each.name))}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of one table have one length, got {lengths}")

    def __len__(self) -> int:
        for each in fields(self):
            if _is_column(column := getattr(self, each.name)):
                return len(column)
        return 0

    def take(self, indices: Sequence[int] | NDArray[Any]) -> Self:
        """The rows at ``indices`` (numbers or a mask), in that order."""
        chosen = np.asarray(indices)
        # An empty list is no array of integers by itself.
        at = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.intp)
        return replace(self, **{name: _taken(column, at) for name, column in self._columns().items()})

    def joined(self, other: Self) -> Self:
        """The rows of this table, then those of ``other``; what is said of whole tables must agree."""
        mine, others = self._columns(), other._columns()
        for each in fields(self):
            if each.name not in mine and getattr(self, each.name) != getattr(other, each.name):
                raise ValueError(f"{each.name} differs: {getattr(self, each.name)!r}, {getattr(other, each.name)!r}")
        return replace(self, **{name: _joined(column, others[name]) for name, column in mine.items()})

    def _columns(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if _is_column(value)}


def _is_column(value: object) -> bool:
    return isinstance(value, np.ndarray | tuple | Columns)


def _taken(column: Any, at: NDArray[np.intp]) -> Any:
    if isinstance(column, Columns):
        return column.take(at)
    if isinstance(column, tuple):
        return tuple(column[i] for i in at)
    return column[at]


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, Columns):
        return one.joined(other)
    if isinstance(one, tuple):
        return one + other
    return np.concatenate([one, other])
