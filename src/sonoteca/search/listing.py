"""Lists: what the library holds, and how it divides by kind, role, key, tempo and tag."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field

from sonoteca.catalogue.identity.sound_names import named_external
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.search.query.facets import Facets, facets
from sonoteca.search.query.listing import SoundRow, count_sounds, find_rows, is_about_shop
from sonoteca.search.selection import named_or_query

MODE = "list"


# More than any library has, and still a number that databases count with.
MOST_ROWS = 2**53


class ListRequest(Request):
    """Which sounds are listed.

    Attributes
    ----------
    filter : str
        A query; all sounds where it is empty. ``sort:`` in it says in which order, newest first without one.
    limit : int >= 0, or None
        At most so many rows; None for all, 0 for their number alone.
    offset : int >= 0
        So many are left out first.
    events : bool
        Event regions too, not only whole sounds.
    """

    filter: str = ""
    limit: int | None = Field(default=100, ge=0, le=MOST_ROWS)
    offset: int = Field(default=0, ge=0, le=MOST_ROWS)
    events: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ListAnswer(Rows):
    """Rows in the order asked for; ``total`` is how many there are without ``limit`` and ``offset``.

    ``next_offset`` is where the next page begins, None where nothing follows.
    ``is_about_shop``: the query or its order names a shop's number or price, which the rows have.
    """

    request: ListRequest
    rows: tuple[SoundRow, ...]
    total: int
    is_about_shop: bool = False

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None where nothing follows."""
        end = self.request.offset + len(self.rows)
        return end if self.rows and end < self.total else None

    def as_json(self) -> dict[str, Any]:
        query = {"mode": MODE, **self.request.as_json(), "total": self.total, "next_offset": self.next_offset}
        return {"query": query, "results": self.as_rows()}


def list_sounds(library: Library, request: ListRequest = ListRequest()) -> ListAnswer:
    """List the sounds that a query finds, in its order.

    Raises
    ------
    QuerySyntaxError
        The query cannot be read.
    """
    with library.read() as connection:
        query = named_or_query(connection, request.filter)
        total = count_sounds(connection, query, with_events=request.events)
        rows: list[SoundRow] = []
        if request.limit != 0:
            rows = find_rows(
                connection,
                query,
                limit=request.limit,
                offset=request.offset,
                with_events=request.events,
            )
    about_shop = named_external(request.filter) is not None or is_about_shop(query)
    return ListAnswer(request, tuple(rows), total, about_shop)


class FacetsRequest(Request):
    """Which sounds are counted.

    Attributes
    ----------
    filter : str
        A query; all sounds where it is empty.
    events : bool
        Event regions too, not only whole sounds.
    """

    filter: str = ""
    events: bool = False


@dataclass(frozen=True, slots=True)
class FacetsAnswer:
    """How many sounds a query finds, and how they divide; see ``Facets``."""

    request: FacetsRequest
    facets: Facets

    def as_json(self) -> dict[str, Any]:
        return asdict(self.facets)


def count_facets(library: Library, request: FacetsRequest = FacetsRequest()) -> FacetsAnswer:
    """Count what a query finds by kind, role, sound class, key, tempo and tag; QuerySyntaxError as ``list_sounds``."""
    with library.read() as connection:
        return FacetsAnswer(
            request, facets(connection, named_or_query(connection, request.filter), with_events=request.events)
        )
