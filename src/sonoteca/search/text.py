"""Search by words: what a query finds, best match first, and what matched.

The database proposes, ``relevance`` ranks. Where few sounds satisfy the rules beside the words, these are looked
at; else the full text index gives those that have the words, newest first. Where more match than are
worth ranking, a word says little and where it stands says more: those that hold it in a title, tag, artist or
album come before those that hold it in a path. What is called exactly as the query says comes before all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.fulltext import TELLING, TextField, folded_texts, texts_of
from sonoteca.catalogue.heard.word_splitting import fold, main_words, stored_words
from sonoteca.catalogue.store.schema import sort_index, sounds, summaries
from sonoteca.domain.page import page_of
from sonoteca.errors import RequestError
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.order import leave_few, probe, walk
from sonoteca.search.query.predicate import QueryValues, matches
from sonoteca.search.query.readers import DASH
from sonoteca.search.query.sql import IS_WHOLE, Target, condition, sounds_with_text
from sonoteca.search.query.tree import And, Node, Or, Query, Words, is_text, push_negations
from sonoteca.search.relevance import FIELD_WEIGHTS, is_called, occurrences, rarity, relevance
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "search"
# Reading and ranking a sound takes 10 µs; the answer may take 10 ms.
RANKED_AT_MOST = 300
# Words that more sounds have are common, and how common does not matter.
_COUNTED = 2_000
# Made once: building a statement takes longer than the answer.
_LAST_SOUND = sa.select(sa.func.max(sounds.c.id))
_SO_TITLED = sa.select(summaries.c.region_id).where(
    IS_WHOLE, summaries.c.title_key.in_(sa.bindparam("titles", expanding=True))
)
# Where few sounds have titles, SQLite takes all for equal and would read every row.
_SO_TITLED = _SO_TITLED.with_hint(summaries, f"INDEXED BY {sort_index('title_key')}", "sqlite")


@dataclass(frozen=True, slots=True)
class WordRanking:
    """Result rows, best first. ``score`` is relative: the best has 1.

    ``notes`` say where not all that match were ranked. ``total`` is how many match, None where they were not counted;
    ``next_offset`` is where the next page begins, None where nothing follows.
    """

    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()
    total: int | None = None
    next_offset: int | None = None


def rank_by_words(
    connection: Connection, query: str | Query, *, only: str | Query = "", k: int = 10, offset: int = 0
) -> WordRanking:
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
    offset : int >= 0
        So many are left out first.

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
    n_sounds = connection.execute(_LAST_SOUND).scalar() or 0
    weights = _weighted(connection, [leaf for text in texts for leaf in _leaves(text)], n_sounds)
    wanted_name = query if isinstance(query, str) else ""
    asked = _Asked(texts, rest, weights, " ".join(main_words(stored_words(wanted_name))))
    found = _by_rules(connection, asked, _worth_looking_at(n_sounds))
    notes: tuple[str, ...] = ()
    total: int | None
    if found is not None:
        ranked, total = _best(found, offset + k + 1), len(found)
    else:
        ranked, total, notes = _by_words(connection, asked, wanted_name, offset + k + 1)
    page = page_of(list(ranked), k, offset, is_all=True, total=total)
    facts = region_facts(connection, page.rows)
    shown = texts_of(connection, [fact.sound_id for fact in facts.values()])
    rows, score = [], 1.0
    best = next((rank.relevance for rank in ranked.values()), 1.0) or 1.0
    for region_id, rank in ranked.items():
        # Never more than the one before: what is called so, or matches not only in its path, comes before others.
        score = min(score, rank.relevance / best)
        if region_id not in facts:
            continue
        fact = facts[region_id]
        rows.append(
            ResultRow.of(
                fact,
                start_s=fact.start_s,
                end_s=fact.end_s,
                score=score,
                mode=MODE,
                parts={},
                reasons=_reasons(weights, shown[fact.sound_id]),
            )
        )
    return WordRanking(tuple(rows), notes, page.total, page.next_offset)


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """``texts`` and ``rest`` have to hold; ``weights`` say what each of the words says; ``name`` are all words typed."""

    texts: Sequence[Node]
    rest: And
    weights: Mapping[Words, float]
    name: str

    def rank(self, held: Mapping[TextField, Sequence[str]]) -> _Rank:
        return _Rank(is_called(self.name, held), relevance(self.weights, held))


class _Rank(NamedTuple):
    """What is called as the query says comes first, then what matches best."""

    is_called_so: bool
    relevance: float


def _by_words(
    connection: Connection, asked: _Asked, wanted_name: str, k: int
) -> tuple[dict[int, _Rank], int | None, tuple[str, ...]]:
    """The best ``k`` regions, best first, how many there are where that is known, and notes.

    For a larger ``k`` the same come first, so that pages follow one another.
    """
    limit = RANKED_AT_MOST
    newest = _newest(connection, asked, limit + 1)
    if len(newest) <= limit:
        return _best(_ranked(connection, asked, newest), k), len(newest), ()
    telling = replace(asked, texts=[_within(text, TELLING) for text in asked.texts])
    named = _so_titled(connection, asked, wanted_name)
    best = _best(_ranked(connection, asked, _newest(connection, telling, limit)) | named, k)
    if len(best) < k:
        found = _ranked(connection, asked, newest)
        best |= _best({region_id: found[region_id] for region_id in found.keys() - best.keys()}, k - len(best))
    if len(best) < k:
        # What nobody compares follows as it came into the library, the newest first.
        rest = _newest(connection, asked, k + len(best))
        left = [region_id for region_id in rest if region_id not in best][: k - len(best)]
        best |= _ranked(connection, asked, {region_id: rest[region_id] for region_id in left})
    note = (
        f"More than {limit:,} sounds match: those that match by title, tag, artist or album come first, "
        "and the newest were compared. Another word or a filter narrows them."
    )
    return best, None, (note,)


def _best(found: Mapping[int, _Rank], k: int) -> dict[int, _Rank]:
    """Those called so, then the most relevant first; the newer of equals."""
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0]), reverse=True)[:k])


def _so_titled(connection: Connection, asked: _Asked, name: str) -> dict[int, _Rank]:
    """Those whose title is the whole query, or what stands in it behind a dash, however old they are."""
    titles = {fold(each.strip().strip('"').strip())[:300] for each in (name, *DASH.split(name, 1)[1:])} - {""}
    wanted = {"titles": sorted(titles)}
    # Most queries are no title, which is found out without their rules.
    if not titles or connection.execute(_SO_TITLED.limit(1), wanted).first() is None:
        return {}
    target = Target(connection.dialect.name, with_events=False)
    query = _SO_TITLED.add_columns(summaries.c.sound_id).where(condition(asked.rest, target))
    rows = connection.execute(query.limit(RANKED_AT_MOST), wanted).all()
    held = folded_texts(connection, [row.sound_id for row in rows])
    ranks = {row.region_id: asked.rank(held[row.sound_id]) for row in rows}
    return {region_id: rank for region_id, rank in ranks.items() if rank.is_called_so}


def _by_rules(connection: Connection, asked: _Asked, limit: int) -> dict[int, _Rank] | None:
    """All that match, where the rules alone leave at most ``limit``; None where they leave more."""
    if not all(is_text(text) for text in asked.texts) or not leave_few(asked.rest.parts):
        return None
    target = Target(connection.dialect.name, with_events=False)
    rules = probe(asked.rest, (), target)
    # Whether there are more is read from an index alone; the rows are not.
    if connection.execute(rules.with_only_columns(summaries.c.region_id).limit(1).offset(limit)).first():
        return None
    rows = connection.execute(rules).all()
    holding = [needles for text in asked.texts if (needles := _needles(text))]
    words_of = folded_texts(connection, [row.sound_id for row in rows], holding=holding)
    wanted = And(tuple(asked.texts))
    return {
        row.region_id: asked.rank(words_of[row.sound_id])
        for row in rows
        if row.sound_id in words_of and matches(wanted, QueryValues(texts=words_of[row.sound_id]))
    }


def _needles(text: Node) -> list[str]:
    """What the stored words of a sound hold one of, if this holds for it; nothing where that is not so simple."""
    match text:
        case Words(found, _, _):
            return [" ".join(found)]
        case Or(parts):
            each = [_needles(part) for part in parts]
            return [needle for needles in each for needle in needles] if all(each) else []
        case _:
            return []


def _newest(connection: Connection, asked: _Asked, limit: int) -> dict[int, int]:
    """The sounds, by region, of those that match; of too many the newest ``limit``."""
    matching = walk(And((*asked.texts, asked.rest)), (), Target(connection.dialect.name, with_events=False))
    rows = connection.execute(matching.add_columns(summaries.c.sound_id).limit(limit)).all()
    return dict(tuple(row) for row in rows)


def _ranked(connection: Connection, asked: _Asked, sound_ids: Mapping[int, int]) -> dict[int, _Rank]:
    words_of = folded_texts(connection, list(sound_ids.values()))
    return {region_id: asked.rank(words_of[sound_id]) for region_id, sound_id in sound_ids.items()}


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
        asked = [leaf for leaf in leaves if not leaf.fields or field in leaf.fields]
        for text in texts[field] if asked else ():
            # The whole path comes last, for words that stand in two of its parts.
            shown = [*reversed(text.split("/")), text] if is_path else [text]
            stored: dict[str, str] = {}
            for leaf in asked:
                for part in shown:
                    if part not in stored:
                        stored[part] = " ".join(stored_words(part, is_path=is_path))
                    if occurrences(stored[part], leaf):
                        reasons[f"{'tag' if field == 'tags' else field}: {part}"] = None
                        break
    return list(reasons)
