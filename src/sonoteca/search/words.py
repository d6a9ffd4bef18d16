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
# Who types more has pasted a text.
_MOST_WORDS = 8


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
    """A note of the words that are spelled nearly so in the library, or that it has each of them; often none."""
    wanted = words(typed)
    # Rules and operators are no words of sounds.
    if not 1 <= len(wanted) <= _MOST_WORDS or ":" in typed or not {"OR", "AND", "NOT"}.isdisjoint(typed.split()):
        return ()
    near = [_nearest(connection, word) for word in wanted]
    if None in near:
        return ()
    meant = " ".join(word for word in near if word is not None)
    if near != wanted:
        return (f"Did you mean {meant!r}?",)
    return ("Each of them is there, but no sound has them all.",) if len(wanted) > 1 else ()


def _nearest(connection: Connection, word: str) -> str | None:
    """The word itself where a stored word begins so, else that which is spelled most alike, if any is."""
    if fulltext.sounds_with_beginnings(connection, [word], limit=1):
        return word
    if len(word) < _LETTERS:
        return None
    # The first letters are mistyped less often; where they are, two of them have changed places.
    for beginnings in ([word[:3]], [word[:2], word[1] + word[0]]):
        ids = fulltext.sounds_with_beginnings(connection, beginnings, limit=_LOOKED_AT)
        held = {
            each
            for texts in fulltext.texts_of(connection, ids).values()
            for some in texts.values()
            for text in some
            for each in words(text)
        }
        if near := difflib.get_close_matches(word, sorted(held), n=1, cutoff=0.75):
            return near[0]
    return None
