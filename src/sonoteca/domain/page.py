"""A page is a part of an answer: so many places, how many there are in all, and where the next page begins.

All answers that hold at most ``k`` rows keep one contract. ``offset`` places are left out
first. ``total`` is how many rows there are in all, exactly, and None where counting them
would cost more than the answer did. ``next_offset`` is the ``offset`` of the next page, and
None where nothing follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

# More places than anybody turns pages, and few enough to be looked at.
MOST_LEFT_OUT = 1_000_000
Offset = Annotated[int, Field(ge=0, le=MOST_LEFT_OUT)]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The places of an answer that were asked for, best first."""

    rows: tuple[T, ...]
    total: int | None = None
    next_offset: int | None = None

    def as_json(self) -> dict[str, int | None]:
        """How many there are in all, and how to go on."""
        return {"total": self.total, "next_offset": self.next_offset}


def page_of(found: Sequence[T], k: int, offset: int, *, is_all: bool, total: int | None = None) -> Page[T]:
    """Cut a page of what was found, best first from place 0.

    Parameters
    ----------
    found : sequence
        One more than ``offset + k`` where there are so many: the last tells that something follows.
    is_all : bool
        Whether these are all there are, if they are no more than ``offset + k``.
    total : int, optional
        How many there are, where that is known otherwise.

    Examples
    --------
    >>> page_of("abc", 2, 0, is_all=True)
    Page(rows=('a', 'b'), total=None, next_offset=2)
    >>> page_of("abc", 2, 2, is_all=True)
    Page(rows=('c',), total=3, next_offset=None)
    """
    end = offset + k
    follows = len(found) > end
    if total is None and is_all and not follows:
        total = len(found)
    return Page(tuple(found[offset:end]), total, end if follows else None)
