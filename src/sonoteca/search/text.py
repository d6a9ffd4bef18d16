"""Search by words: what a query finds, best match first, and what matched.

A word in a title says more than one in a folder's name, and a rare word more than a common one:
on SQLite this is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond", 2009) with weights per field, on PostgreSQL ``ts_rank`` with the same weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.fulltext import FIELDS, texts_of, words
from sonoteca.catalogue.schema import summaries
from sonoteca.errors import RequestError
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.predicate import holds
from sonoteca.search.query.sql import IS_WHOLE, SOUND_TEXT, Target, condition, fts5_hits, tsquery
from sonoteca.search.query.tree import And, Node, Or, Query, Words, push_negations
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "search"
# Of title, artist, album, path, tags.
FIELD_WEIGHTS = dict(zip(FIELDS, (10.0, 5.0, 3.0, 2.0, 8.0), strict=True))
_FIELD_WORDS = {"tags": "tag"}


@dataclass(frozen=True, slots=True)
class WordAnswer:
    """Result rows, best first. ``score`` is relative: the best of this answer has 1."""

    rows: tuple[ResultRow, ...]

    def as_json(self, query: Mapping[str, Any]) -> dict[str, Any]:
        return {"query": {"mode": MODE, **query}, "results": [row.as_json() for row in self.rows]}


def search_words(connection: Connection, query: str | Query, *, only: str | Query = "", k: int = 10) -> WordAnswer:
    """Whole sounds that a query finds, ranked by how well their texts match its words.

    Parameters
    ----------
    query : str or Query
        The query language, without ``sort:``. It has to require words: ``rain``, ``rain OR thunder``
        and ``rain kind:loop`` do, ``rain OR kind:loop`` and ``-rain`` do not.
    only : str or Query
        What has to hold besides, whether it has words or not; they do not count for the rank.
    k : int >= 1
        How many rows at most.

    Returns
    -------
    WordAnswer
        ``reasons`` name the field and the text in it that holds words of the query.

    Raises
    ------
    RequestError
        If the query requires no words, or names an order; QuerySyntaxError if it cannot be read.
    """
    wanted = as_query(query)
    if wanted.sort:
        raise RequestError("What is found by words is ordered by how well they match.", "Use `sonoteca list` to sort.")
    texts, others = _split(push_negations(wanted.tree))
    if not texts:
        raise RequestError("There is no word to search for.", "Write words, or use `sonoteca list` for rules alone.")
    rest = And((*others, push_negations(as_query(only).tree)))
    is_sqlite = connection.dialect.name == "sqlite"
    select = _sqlite_ranked(texts, rest) if is_sqlite else _postgres_ranked(texts, rest)
    ranked = connection.execute(select.limit(k)).all()
    facts = region_facts(connection, [row.region_id for row in ranked])
    found_texts = texts_of(connection, [fact.sound_id for fact in facts.values()])
    leaves = [leaf for text in texts for leaf in _leaves(text)]
    return WordAnswer(
        tuple(
            ResultRow.of(
                facts[row.region_id],
                start_s=facts[row.region_id].start_s,
                end_s=facts[row.region_id].end_s,
                score=max(0.0, min(1.0, row.relevance / ranked[0].relevance)) if ranked[0].relevance > 0 else 1.0,
                mode=MODE,
                parts={},
                reasons=_reasons(leaves, found_texts[facts[row.region_id].sound_id]),
            )
            for row in ranked
        )
    )


def _split(tree: Node) -> tuple[list[Node], list[Node]]:
    """Of what has to hold, the parts that are about words alone, and the others."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return [part for part in parts if _is_text(part)], [part for part in parts if not _is_text(part)]


def _is_text(node: Node) -> bool:
    return isinstance(node, Words) or (
        isinstance(node, And | Or) and len(node.parts) > 0 and all(_is_text(part) for part in node.parts)
    )


def _leaves(text: Node) -> Iterator[Words]:
    if isinstance(text, And | Or):
        for part in text.parts:
            yield from _leaves(part)
    elif isinstance(text, Words):
        yield text


def _sqlite_ranked(texts: Sequence[Node], rest: Node) -> sa.Select[Any]:
    # bm25 is negative and lower for a better match.
    weights = [sa.literal(FIELD_WEIGHTS[field]) for field in FIELDS]
    relevance = -sa.func.bm25(sa.literal_column("sound_text"), *weights, type_=sa.Double)
    return (
        sa.select(summaries.c.region_id, relevance.label("relevance"))
        .where(fts5_hits(texts), summaries.c.sound_id == SOUND_TEXT.c.rowid, IS_WHOLE)
        .where(condition(rest, Target("sqlite", with_events=False)))
        .order_by(relevance.desc(), summaries.c.sound_id.desc())
    )


def _postgres_ranked(texts: Sequence[Node], rest: Node) -> sa.Select[Any]:
    table = sa.table("sound_text", sa.column("sound_id", sa.BigInteger))
    relevance: sa.ColumnElement[float] = sa.literal(0.0)
    for leaf in (leaf for text in texts for leaf in _leaves(text)):
        for field in FIELDS if leaf.field is None else (leaf.field,):
            rank = sa.func.ts_rank(sa.literal_column(f"sound_text.{field}"), tsquery(leaf), type_=sa.Double)
            relevance = relevance + FIELD_WEIGHTS[field] * rank
    return (
        sa.select(summaries.c.region_id, relevance.label("relevance"))
        .where(summaries.c.sound_id == table.c.sound_id, IS_WHOLE)
        .where(condition(And((*texts, rest)), Target("postgresql", with_events=False)))
        .order_by(relevance.desc(), summaries.c.sound_id.desc())
    )


def _reasons(leaves: Sequence[Words], texts: Mapping[str, Sequence[str]]) -> list[str]:
    """``title: Warm Pad``, ``tag: dusty``: the texts that hold words of the query; of a path its last part that does."""
    reasons: dict[str, None] = {}
    for field in sorted(FIELDS, key=FIELD_WEIGHTS.__getitem__, reverse=True):
        for text in texts[field]:
            for leaf in leaves:
                if leaf.field in (None, field) and holds(words(text), leaf):
                    parts = reversed(text.split("/")) if field == "path" else ()
                    shown = next((part for part in parts if holds(words(part), leaf)), text)
                    reasons[f"{_FIELD_WORDS.get(field, field)}: {shown}"] = None
    return list(reasons)
