"""The catalogue as pages of rows: those that a query finds, cut to some columns, and how to go on after each page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, field_validator

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, about
from sonoteca.search.listing import MOST_ROWS
from sonoteca.search.query.listing import COLUMNS, SoundRow, count_sounds, find_rows
from sonoteca.search.query.tree import And, Is, Query
from sonoteca.search.selection import named_or_query

MODE = "files"
# A page that takes no more than a moment to make and to send.
MOST_IN_A_PAGE = 1000


class FilesRequest(Request):
    """Which sounds are listed, how many of them at once, and what of each.

    Attributes
    ----------
    query : str
        A query; all sounds where it is empty. ``sort:`` in it says in which order, newest first without one.
    status : "pending", "analysed", "failed" or None
        Only sounds that have got so far.
    limit : int in 1..1000
        At most so many rows.
    cursor : str or None
        Where to go on: ``next_cursor`` of the page before, asked with the same ``query`` and ``status``.
    offset : int >= 0
        So many rows are left out first; instead of a cursor, for who jumps.
    fields : tuple of str
        Keys of the rows that are wanted, alone or several with commas between; all where none is named.
    """

    query: str = ""
    status: Literal["pending", "analysed", "failed"] | None = None
    limit: int = Field(default=100, ge=1, le=MOST_IN_A_PAGE)
    cursor: str | None = None
    offset: Offset = 0
    fields: tuple[str, ...] = ()

    @field_validator("fields")
    @classmethod
    def _are_columns(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for text in given for name in text.split(",")))
        for name in names:
            if name not in COLUMNS:
                raise RequestError(
                    f"{name!r} is no field of a row.", f"Fields are {', '.join(COLUMNS)}.", field="fields"
                )
        return names

    def model_post_init(self, context: Any) -> None:
        if self.cursor is not None and self.offset:
            raise RequestError("There is a cursor and an offset.", "Send one of them.", field="offset")
        self.begin  # noqa: B018  # A cursor of another question is refused before anything is looked up.

    @property
    def begin(self) -> int:
        """How many rows come before this page; RequestError where ``cursor`` does not say."""
        return self.offset if self.cursor is None else _read_cursor(self.cursor, self._asked)

    def cursor_at(self, offset: int) -> str:
        """The cursor of the page that begins after so many rows of this question."""
        told = json.dumps([offset, self._asked]).encode("ascii")
        return base64.urlsafe_b64encode(told).decode("ascii").rstrip("=")

    @property
    def _asked(self) -> str:
        """What tells the rows of this question from those of another one."""
        return hashlib.sha256(repr((self.query, self.status)).encode()).hexdigest()[:12]


def _read_cursor(cursor: str, asked: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        offset, told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _no_cursor(cursor) from error
    if told != asked or type(offset) is not int or not 0 <= offset <= MOST_ROWS:
        raise _no_cursor(cursor)
    return offset


def _no_cursor(cursor: str) -> RequestError:
    return RequestError(
        f"{cursor[:60]!r} is no cursor of this question.",
        "Send next_cursor of the page before, with the same query and status; or begin without a cursor.",
        field="cursor",
    )


@dataclass(frozen=True, slots=True, repr=False)
class FilesAnswer(Rows):
    """One page of rows, in the order asked for.

    Attributes
    ----------
    request : FilesRequest
    rows : tuple of SoundRow
        Where the request names fields, with tags, certainty and doubts only if it names them.
    total : int
        How many rows all pages have.
    next_cursor : str or None
        How to ask for the next page; None where nothing follows.
    """

    request: FilesRequest
    rows: tuple[SoundRow, ...]
    total: int
    next_cursor: str | None

    def as_rows(self) -> list[dict[str, Any]]:
        """The rows as plain values, with the keys that were asked for."""
        keys = self.request.fields or COLUMNS
        return [row.as_json(keys) for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {
            "query": {"mode": MODE, **self.request.as_json()},
            "results": self.as_rows(),
            "total": self.total,
            "next_cursor": self.next_cursor,
        }


def list_files(library: Library, request: FilesRequest = FilesRequest()) -> FilesAnswer:
    """List the whole sounds that a query finds, page by page.

    Raises
    ------
    QuerySyntaxError
        The query cannot be read.
    """
    with library.read() as connection:
        with about("query"):
            query = named_or_query(connection, request.query)
        if request.status is not None:
            query = Query(And((query.tree, Is("status", request.status))), query.sort)
        total = count_sounds(connection, query)
        keys = request.fields or COLUMNS
        rows = find_rows(connection, query, limit=request.limit, offset=request.begin, keys=keys)
    end = request.begin + len(rows)
    return FilesAnswer(request, tuple(rows), total, request.cursor_at(end) if rows and end < total else None)
