"""Search by words: what a query finds, best match first, and what matched.

The database proposes, ``relevance`` ranks. Where few sounds satisfy the rules beside the words, these are looked
at; else the full text index gives those that have the words, newest first. Where more match than are
worth ranking, a word says little and where it stands says more: those that hold it in a title, tag, artist or
album come before those that hold it in a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.fulltext import TextField, folded_texts, texts_of
from sonoteca.catalogue.heard.word_splitting import stored_words
from sonoteca.catalogue.store.schema import sounds, summaries
from sonoteca.errors import RequestError
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.order import is_selective, probe, walk
from sonoteca.search.query.predicate import QueryValues, matches
from sonoteca.search.query.sql import Target, sounds_with_text
from sonoteca.search.query.tree import And, Node, Or, Query, Words, is_text, push_negations
from sonoteca.search.relevance import FIELD_WEIGHTS, occurrences, rarity, relevance
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "search"
# Reading and ranking a sound takes 10 µs; the answer may take 10 ms.
RANKED_AT_MOST = 300
# Words that more sounds have are common, and how common does not matter.
_COUNTED = 2_000
# What somebody wrote about the sound; in a path a word may be about its neighbours.
_TELLING: tuple[TextField, ...] = ("title", "tags", "artist", "album")


@dataclass(frozen=True, slots=True)
class WordRanking:
    """Result rows, best first. ``score`` is relative: the best has 1.

    ``notes`` say where not all that match were ranked.
    """

    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()


def rank_by_words(connection: Connection, query: str | Query, *, only: str | Query = "", k: int = 10) -> WordRanking:
    """Whole sounds that a query finds, ranked by how well their texts match its words.

    Parameters
    ----------
    query : str or Query
        The query language, without ``sort:``. It has to require words: ``rain``, ``rain OR thunder kind:loop``
        and ``rain kind:loop`` do, ``rain OR kind:loop`` and ``-rain`` do not.
    only : str or Query
        What has to hold besides, whether it has words or not; they do not count for the rank.
    k : int >= 1
        How many rows at most.

    Returns
    -------
    WordRanking
        ``reasons`` name the field and the text in it that holds words of the query.

    Raises
    ------
    RequestError
        If the query requires no words, or names an order; QuerySyntaxError if it cannot be read.
    """
    wanted = as_query(query)
    if wanted.sort:
        raise RequestError(
            "What is found by words is ordered by how well they match.", "Lists can be sorted.", field="words"
        )
    parts = _parts(push_negations(wanted.tree))
    texts = [part for part in parts if _requires_words(part)]
    if not texts:
        raise RequestError(
            "There is no word to search for.", "Write words; lists are made by rules alone.", field="words"
        )
    others = [part for part in parts if not _requires_words(part)]
    rest = And((*others, *_parts(push_negations(as_query(only).tree))))
    # Rows are numbered through, so that the last number is about how many there are.
    n_sounds = connection.execute(sa.select(sa.func.max(sounds.c.id))).scalar() or 0
    leaves = _weighted(connection, [leaf for text in texts for leaf in _leaves(text)], n_sounds)
    found = _by_rules(connection, texts, rest, leaves, _worth_looking_at(n_sounds))
    notes: tuple[str, ...] = ()
    if found is not None:
        ranked = _best(found, k)
    else:
        ranked, notes = _by_words(connection, texts, rest, leaves, k)
    facts = region_facts(connection, list(ranked))
    shown = texts_of(connection, [fact.sound_id for fact in facts.values()])
    rows, score = [], 1.0
    best = next(iter(ranked.values()), 1.0) or 1.0
    for region_id, value in ranked.items():
        fact = facts[region_id]
        # Never more than the one before: what matches in its path only comes after the others.
        score = min(score, value / best)
        rows.append(
            ResultRow.of(
                fact,
                start_s=fact.start_s,
                end_s=fact.end_s,
                score=score,
                mode=MODE,
                parts={},
                reasons=_reasons(leaves, shown[fact.sound_id]),
            )
        )
    return WordRanking(tuple(rows), notes)


def _parts(tree: Node) -> tuple[Node, ...]:
    """What has to hold, one by one."""
    return tree.parts if isinstance(tree, And) else (tree,)


def _requires_words(node: Node) -> bool:
    match node:
        case And(parts):
            return any(_requires_words(part) for part in parts)
        case Or(parts):
            return len(parts) > 0 and all(_requires_words(part) for part in parts)
        case _:
            return isinstance(node, Words)


def _leaves(text: Node) -> Iterator[Words]:
    if isinstance(text, And | Or):
        for part in text.parts:
            yield from _leaves(part)
    elif isinstance(text, Words):
        yield text


def _worth_looking_at(n_sounds: int) -> int:
    """How many sounds that satisfy the rules are looked at for their words; for more, the index of words is faster."""
    return max(1_000, n_sounds // 250)


def _weighted(connection: Connection, leaves: Sequence[Words], n_sounds: int) -> dict[Words, float]:
    """How much each of the words says; a single one needs no counting."""
    if len(leaves) == 1:
        return {leaves[0]: 1.0}
    weighted = {}
    for leaf in leaves:
        having = sounds_with_text([leaf], connection.dialect.name).limit(_COUNTED).subquery()
        n_having = connection.execute(sa.select(sa.func.count()).select_from(having)).scalar_one()
        weighted[leaf] = rarity(n_sounds, n_having)
    return weighted


def _by_words(
    connection: Connection, texts: Sequence[Node], rest: Node, leaves: Mapping[Words, float], k: int
) -> tuple[dict[int, float], tuple[str, ...]]:
    """The best ``k`` regions with their relevance, best first, and notes."""
    limit = max(RANKED_AT_MOST, k)
    found = _newest(connection, texts, rest, leaves, limit + 1)
    if len(found) <= limit:
        return _best(found, k), ()
    best = _best(_newest(connection, [_within(text, _TELLING) for text in texts], rest, leaves, limit), k)
    if len(best) < k:
        best |= _best({region_id: found[region_id] for region_id in found.keys() - best.keys()}, k - len(best))
    note = (
        f"More than {limit:,} sounds match: those that match by title, tag, artist or album come first, "
        "and the newest were compared. Another word or a filter narrows them."
    )
    return best, (note,)


def _best(found: Mapping[int, float], k: int) -> dict[int, float]:
    """Most relevant first; the newer of equals."""
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0]), reverse=True)[:k])


def _by_rules(
    connection: Connection, texts: Sequence[Node], rest: And, leaves: Mapping[Words, float], limit: int
) -> dict[int, float] | None:
    """Relevance of all that match, where the rules alone leave at most ``limit``; None where they leave more."""
    if not all(is_text(text) for text in texts) or not any(is_selective(part) for part in rest.parts):
        return None
    target = Target(connection.dialect.name, with_events=False)
    rows = connection.execute(probe(rest, (), target).limit(limit + 1)).all()
    if len(rows) > limit:
        return None
    words_of = folded_texts(connection, [row.sound_id for row in rows])
    wanted = And(tuple(texts))
    return {
        row.region_id: relevance(leaves, words_of[row.sound_id])
        for row in rows
        if row.sound_id in words_of and matches(wanted, QueryValues(texts=words_of[row.sound_id]))
    }


def _newest(
    connection: Connection, texts: Sequence[Node], rest: Node, leaves: Mapping[Words, float], limit: int
) -> dict[int, float]:
    """Relevance of those that match; of too many the newest ``limit``."""
    matching = walk(And((*texts, rest)), (), Target(connection.dialect.name, with_events=False))
    rows = connection.execute(matching.add_columns(summaries.c.sound_id).limit(limit)).all()
    words_of = folded_texts(connection, [row.sound_id for row in rows])
    return {row.region_id: relevance(leaves, words_of[row.sound_id]) for row in rows}


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


def _reasons(leaves: Iterable[Words], texts: Mapping[TextField, Sequence[str]]) -> list[str]:
    """``title: Warm Pad``, ``tag: dusty``: the texts that hold words of the query; of a path its last part that does."""
    reasons: dict[str, None] = {}
    for field in FIELD_WEIGHTS:
        is_path = field == "path"
        for text in texts[field]:
            for leaf in leaves:
                if (not leaf.fields or field in leaf.fields) and occurrences(stored_words(text, is_path=is_path), leaf):
                    parts = reversed(text.split("/")) if is_path else ()
                    shown = next((part for part in parts if occurrences(stored_words(part, is_path=True), leaf)), text)
                    reasons[f"{'tag' if field == 'tags' else field}: {shown}"] = None
    return list(reasons)
