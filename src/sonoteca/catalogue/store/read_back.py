"""Reading back what was written: a database can accept a write and then not have it.

Row-level security, a trigger and a view answer a write without an error and keep nothing, or something else. So whoever
writes says what has to be there, reads it in the same transaction, and requires both to agree: then either all of it is
kept or, by the error, none.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.database import chunks
from sonoteca.domain.answer import counted
from sonoteca.errors import WriteSwallowed

_Name = TypeVar("_Name", bound=Hashable)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What became of rows that were written.

    Attributes
    ----------
    where : str
        Where they were written to, as a person calls it.
    written, there : int
        How many they were, and how many of them are there as they were written.
    lost : tuple of str
        What those are called that are not, where each has a name.
    """

    where: str
    written: int
    there: int
    lost: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.written == self.there

    @property
    def told(self) -> str:
        """
        >>> ReadBack("knowledge", 5, 1, ("a", "b", "c", "d")).told
        '5 rows were written to knowledge, but 1 is there as it was written (not a, b, c and 1 more).'
        >>> ReadBack("runs", 1, 0).told
        '1 row was written to runs, but 0 are there as they were written.'
        """
        were = "was" if self.written == 1 else "were"
        there = "1 is there as it was written" if self.there == 1 else f"{self.there:,} are there as they were written"
        more = len(self.lost) - _NAMED
        lost = ", ".join(self.lost[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"{counted(self.written, 'row')} {were} written to {self.where}, but {there}{f' (not {lost})' if lost else ''}."

    def require(self) -> None:
        """Raise WriteSwallowed unless all is there: whoever writes in a transaction leaves it by this and keeps nothing."""
        if not self.is_whole:
            raise WriteSwallowed(f"{self.told} Nothing of this was kept.")


def rows_compared(where: str, written: Mapping[_Name, object], found: Mapping[_Name, object]) -> ReadBack:
    """Compare rows with what is there, each by its name: a row that is missing or says something else is lost.

    >>> rows_compared("shop", {"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    ReadBack(where='shop', written=2, there=1, lost=('b',))
    """
    lost = tuple(str(name) for name, value in written.items() if name not in found or found[name] != value)
    return ReadBack(where, len(written), len(written) - len(lost), lost)


def rows_counted(
    connection: Connection,
    where: str,
    written: int,
    key: sa.Column[Any],
    values: Sequence[Any],
    *conditions: sa.ColumnElement[bool],
) -> ReadBack:
    """Count the rows whose ``key`` is one of ``values`` and that meet the conditions: as many as were written have to be there."""
    found = 0
    for some in chunks(list(values)):
        query = sa.select(sa.func.count()).select_from(key.table).where(key.in_(some), *conditions)
        found += connection.execute(query).scalar_one()
    return ReadBack(where, written, found)
