"""Search by words: what a query finds, best match first, and which fields matched.

A word in a title says more than one in a folder's name, and a rare word more than a common one:
on SQLite this is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond", 2009) with weights per field, on PostgreSQL ``ts_rank`` with the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.fulltext import FIELDS
from sonoteca.catalogue.schema import summaries
from sonoteca.errors import RequestError
from sonoteca.search.query.listing import SoundRow, as_query, rows_of
from sonoteca.search.query.predicate import QueryValues, load_values, matches
from sonoteca.search.query.sql import IS_WHOLE, SOUND_TEXT, Target, condition, fts5_hits, tsquery
from sonoteca.search.query.tree import And, Node, Query, Words, push_negations

# Of title, artist, album, path, tags.
FIELD_WEIGHTS = dict(zip(FIELDS, (10.0, 5.0, 3.0, 2.0, 8.0), strict=True))


@dataclass(frozen=True, slots=True)
class WordMatch:
    """``score`` 0..1 falls with the rank, 1 is the best of this answer; ``fields`` are those that hold the words."""

    row: SoundRow
    score: float
    fields: tuple[str, ...]


def search_words(connection: Connection, query: str | Query, *, limit: int = 20) -> list[WordMatch]:
    """Whole sounds that a query finds, ranked by how well their texts match its words.

    Parameters
    ----------
    query : str or Query
        The query language; at least one word or phrase has to be there in any case (not only in an OR).

    Raises
    ------
    RequestError
        If it has no such word; QuerySyntaxError if it cannot be read.
    """
    tree = push_negations(as_query(query).tree)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    words = [part for part in parts if isinstance(part, Words)]
    if not words:
        raise RequestError("There is no word to search for.", "Write words, or use `sonoteca list` for rules alone.")
    is_sqlite = connection.dialect.name == "sqlite"
    select = _sqlite_ranked(tree, words) if is_sqlite else _postgres_ranked(tree, words)
    ranked = connection.execute(select.limit(limit)).all()
    if not ranked:
        return []
    rows = rows_of(connection, [row.region_id for row in ranked])
    values = load_values(connection, [row.region_id for row in rows])
    best = ranked[0].relevance
    relevance = {row.region_id: row.relevance for row in ranked}
    return [
        WordMatch(
            row,
            max(0.0, min(1.0, relevance[row.region_id] / best)) if best > 0 else 1.0,
            _matching_fields(words, values[row.region_id]),
        )
        for row in rows
    ]


def _sqlite_ranked(tree: Node, words: Sequence[Words]) -> sa.Select[Any]:
    # bm25 is negative and lower for a better match.
    weights = [sa.literal(FIELD_WEIGHTS[field]) for field in FIELDS]
    relevance = -sa.func.bm25(sa.literal_column("sound_text"), *weights, type_=sa.Double)
    return (
        sa.select(summaries.c.region_id, relevance.label("relevance"))
        .where(fts5_hits(words), summaries.c.sound_id == SOUND_TEXT.c.rowid, IS_WHOLE)
        .where(condition(tree, Target("sqlite", with_events=False)))
        .order_by(relevance.desc(), summaries.c.sound_id.desc())
    )


def _postgres_ranked(tree: Node, words: Sequence[Words]) -> sa.Select[Any]:
    table = sa.table("sound_text", sa.column("sound_id", sa.BigInteger))
    ranks = [
        FIELD_WEIGHTS[field] * sa.func.ts_rank(sa.literal_column(f"sound_text.{field}"), tsquery(leaf), type_=sa.Double)
        for leaf in words
        for field in FIELDS
    ]
    relevance: sa.ColumnElement[float] = ranks[0]
    for rank in ranks[1:]:
        relevance = relevance + rank
    return (
        sa.select(summaries.c.region_id, relevance.label("relevance"))
        .where(summaries.c.sound_id == table.c.sound_id, IS_WHOLE)
        .where(condition(tree, Target("postgresql", with_events=False)))
        .order_by(relevance.desc(), summaries.c.sound_id.desc())
    )


def _matching_fields(words: Sequence[Words], values: QueryValues) -> tuple[str, ...]:
    """Fields that hold one of the words."""
    found = []
    for field in FIELDS:
        texts = QueryValues(texts={field: values.texts.get(field, ())})
        if any(leaf.field in (None, field) and matches(leaf, texts) for leaf in words):
            found.append(field)
    return tuple(found)
