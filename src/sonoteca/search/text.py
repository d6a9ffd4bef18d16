"""Search by words: what a query finds, best match first, and what matched.

A word in a title says more than one in a folder's name, and a rare word more than a common one:
on SQLite this is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond", 2009) with weights per field, on PostgreSQL ``ts_rank`` with the same weights.

Where more sounds match than are worth ranking, a word says little, and where it stands says more: those that
hold it in a title, tag, artist or album come first, those that hold it in a path only after them; of either,
the newest ``RANKED_AT_MOST`` are ranked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.fulltext import FIELDS, texts_of, words
from sonoteca.catalogue.schema import NEWEST_INDEX, summaries
from sonoteca.errors import RequestError
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.predicate import holds
from sonoteca.search.query.sql import IS_WHOLE, SOUND_TEXT, Target, condition, fts5_hits, tsquery
from sonoteca.search.query.tree import And, Node, Or, Query, TextField, Words, push_negations, split_text
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "search"
# Of title, artist, album, path, tags.
FIELD_WEIGHTS = dict(zip(FIELDS, (10.0, 5.0, 3.0, 2.0, 8.0), strict=True))
# What somebody wrote about the sound; in a path a word may be about its neighbours.
_TELLING: tuple[TextField, ...] = ("title", "tags", "artist", "album")
# BM25 takes 1 µs a sound: this many are ranked well within the time that an answer may take.
RANKED_AT_MOST = 500
_FIELD_WORDS = {"tags": "tag"}


@dataclass(frozen=True, slots=True)
class WordAnswer:
    """Result rows, best first. ``score`` is relative: the best of this answer has 1.

    ``notes`` say where not all that match were ranked.
    """

    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()

    def as_json(self, query: Mapping[str, Any]) -> dict[str, Any]:
        query = {"mode": MODE, **query, "notes": list(self.notes)}
        return {"query": query, "results": [row.as_json() for row in self.rows]}


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
    texts, others = split_text(push_negations(wanted.tree))
    if not texts:
        raise RequestError("There is no word to search for.", "Write words, or use `sonoteca list` for rules alone.")
    rest = And((*others, push_negations(as_query(only).tree)))
    ranked, notes = _ranked(connection, texts, rest, k)
    facts = region_facts(connection, list(ranked))
    found_texts = texts_of(connection, [fact.sound_id for fact in facts.values()])
    leaves = [leaf for text in texts for leaf in _leaves(text)]
    rows, score = [], 1.0
    best = next(iter(ranked.values()), 0.0)
    for region_id, relevance in ranked.items():
        fact = facts[region_id]
        # Never more than the one before: a sound that matches in its path only comes after the others.
        score = min(score, max(0.0, relevance / best)) if best > 0.0 else 1.0
        rows.append(
            ResultRow.of(
                fact,
                start_s=fact.start_s,
                end_s=fact.end_s,
                score=score,
                mode=MODE,
                parts={},
                reasons=_reasons(leaves, found_texts[fact.sound_id]),
            )
        )
    return WordAnswer(tuple(rows), notes)


def _ranked(
    connection: Connection, texts: Sequence[Node], rest: Node, k: int
) -> tuple[dict[int, float], tuple[str, ...]]:
    """The best ``k`` regions with their relevance, best first, and notes."""
    found = _newest(connection, texts, rest)
    if len(found) <= RANKED_AT_MOST:
        return _best(found, k), ()
    best = _best(_newest(connection, [_within(text, _TELLING) for text in texts], rest), k)
    if len(best) < k:
        best |= _best({region_id: found[region_id] for region_id in found.keys() - best.keys()}, k - len(best))
    note = (
        f"More than {RANKED_AT_MOST:,} sounds match: those that match by title, tag, artist or album come first, "
        "and the newest were compared. Another word or a filter narrows them."
    )
    return best, (note,)


def _best(relevance: Mapping[int, float], k: int) -> dict[int, float]:
    """Most relevant first; the newer of equals."""
    return dict(sorted(relevance.items(), key=lambda item: (item[1], item[0]), reverse=True)[:k])


def _newest(connection: Connection, texts: Sequence[Node], rest: Node) -> dict[int, float]:
    """Relevance of the whole regions that match; of too many the newest ``RANKED_AT_MOST + 1``."""
    is_sqlite = connection.dialect.name == "sqlite"
    select = _sqlite_ranked(texts, rest) if is_sqlite else _postgres_ranked(texts, rest)
    return {row.region_id: row.relevance for row in connection.execute(select.limit(RANKED_AT_MOST + 1))}


def _within(text: Node, fields: tuple[TextField, ...]) -> Node:
    """The same, if the words stand in these fields."""
    match text:
        case And(parts):
            return And(tuple(_within(part, fields) for part in parts))
        case Or(parts):
            return Or(tuple(_within(part, fields) for part in parts))
        case Words(found, is_prefix, ()):
            return Words(found, is_prefix, fields)
        case _:
            return text


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
        .with_hint(summaries, f"INDEXED BY {NEWEST_INDEX}", "sqlite")
        .where(fts5_hits(texts), summaries.c.sound_id == SOUND_TEXT.c.rowid, IS_WHOLE)
        .where(condition(rest, Target("sqlite", with_events=False)))
        .order_by(SOUND_TEXT.c.rowid.desc())
    )


def _postgres_ranked(texts: Sequence[Node], rest: Node) -> sa.Select[Any]:
    table = sa.table("sound_text", sa.column("sound_id", sa.BigInteger))
    relevance: sa.ColumnElement[float] = sa.literal(0.0)
    for leaf in (leaf for text in texts for leaf in _leaves(text)):
        for field in leaf.fields or FIELDS:
            rank = sa.func.ts_rank(sa.literal_column(f"sound_text.{field}"), tsquery(leaf), type_=sa.Double)
            relevance = relevance + FIELD_WEIGHTS[field] * rank
    return (
        sa.select(summaries.c.region_id, relevance.label("relevance"))
        .where(summaries.c.sound_id == table.c.sound_id, IS_WHOLE)
        .where(condition(And((*texts, rest)), Target("postgresql", with_events=False)))
        .order_by(table.c.sound_id.desc())
    )


def _reasons(leaves: Sequence[Words], texts: Mapping[str, Sequence[str]]) -> list[str]:
    """``title: Warm Pad``, ``tag: dusty``: the texts that hold words of the query; of a path its last part that does."""
    reasons: dict[str, None] = {}
    for field in sorted(FIELDS, key=FIELD_WEIGHTS.__getitem__, reverse=True):
        for text in texts[field]:
            for leaf in leaves:
                if (not leaf.fields or field in leaf.fields) and holds(words(text), leaf):
                    parts = reversed(text.split("/")) if field == "path" else ()
                    shown = next((part for part in parts if holds(words(part), leaf)), text)
                    reasons[f"{_FIELD_WORDS.get(field, field)}: {shown}"] = None
    return list(reasons)
