"""What has these words in its title, artist, album, tags or path, best match first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.search.result_row import ResultRow
from sonoteca.search.text import MODE, rank_by_words


class WordsRequest(Request):
    """Which words are looked for.

    Attributes
    ----------
    words : str
        Words, beside which rules of the query language may stand: ``rain OR thunder kind:loop -tag:city``.
    filter : str or None
        Only sounds that this query finds; its words do not count for the rank.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    """

    words: str
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0


@dataclass(frozen=True, slots=True, repr=False)
class WordsAnswer(Rows):
    """Result rows, best first; the best of all has score 1. ``notes`` say where not all that match were ranked.

    ``total`` is how many match, None where they were not counted; ``next_offset`` where the next page begins, None
    where nothing follows.
    """

    request: WordsRequest
    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()
    total: int | None = None
    next_offset: int | None = None

    def as_json(self) -> dict[str, Any]:
        query = {"mode": MODE, **self.request.as_json(), "notes": list(self.notes)}
        query |= {"total": self.total, "next_offset": self.next_offset}
        return {"query": query, "results": self.as_rows()}


def search_words(library: Library, request: WordsRequest) -> WordsAnswer:
    """Rank whole sounds by how well their texts match the words.

    Raises
    ------
    RequestError
        No word is required, or an order is named; QuerySyntaxError if the query cannot be read.
    """
    with library.read() as connection:
        ranking = rank_by_words(
            connection, request.words, only=request.filter or "", k=request.k, offset=request.offset
        )
    return WordsAnswer(request, ranking.rows, ranking.notes, ranking.total, ranking.next_offset)
