"""What has these words in its title, artist, album, tags or path, best match first."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import fulltext
from sonoteca.catalogue.heard.word_splitting import words
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.search.result_row import ResultRow
from sonoteca.search.text import MODE, rank_by_words

# A shorter word is near to too many.
_LETTERS = 4
_LOOKED_AT = 200


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
        near = () if ranking.rows or request.offset else _near_words(connection, request.words)
    return WordsAnswer(request, ranking.rows, (*ranking.notes, *near), ranking.total, ranking.next_offset)


def _near_words(connection: Connection, typed: str) -> tuple[str, ...]:
    """A note of the word of the library that is spelled nearly as the one word typed; often none."""
    wanted = words(typed)
    if len(wanted) != 1 or len(wanted[0]) < _LETTERS:
        return ()
    ids = fulltext.sounds_with_beginnings(connection, [wanted[0][:3]], limit=_LOOKED_AT)
    held = {
        word
        for texts in fulltext.texts_of(connection, ids).values()
        for some in texts.values()
        for text in some
        for word in words(text)
    }
    return tuple(
        f"Did you mean {near!r}?" for near in difflib.get_close_matches(wanted[0], sorted(held), n=1, cutoff=0.75)
    )
