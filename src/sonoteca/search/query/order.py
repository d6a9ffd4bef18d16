"""In which order, and by which road, a list is read.

A sorted page of a list can be found in two ways: collect everything that matches and sort it,
or walk an index that has the order and stop when the page is full. The first is fast when little
matches, the second when much does, and SQLite cannot know which it will be: it has no statistics
of words, tags or ranges together. So the matches are counted first, up to ``FEW``; see
docs/decisions/0011-lists-are-routed-by-count.md. PostgreSQL takes the same roads.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue.store.schema import (
    KEY_TEMPO_INDEX,
    KIND_ROLE_TEMPO_INDEX,
    NEWEST_COLUMNS,
    NEWEST_INDEX,
    SORTED_COLUMNS,
    sort_index,
    sounds,
    summaries,
)
from sonoteca.search.query.sql import (
    IS_WHOLE,
    Condition,
    Target,
    column_expression,
    condition,
    fts5_hits,
    fts5_table,
)
from sonoteca.search.query.tree import (
    And,
    Between,
    ExternalIs,
    IdIs,
    Is,
    KeyIs,
    Known,
    Node,
    Not,
    Or,
    Query,
    SortKey,
    Tagged,
    push_negations,
    split_text,
)

_KEY_TEMPO = {"key_number", "tempo_bpm", "kind", "role"}
_KIND_ROLE_TEMPO = {"kind", "role", "tempo_bpm", "sound_id"}

# What is sorted here at most: 1,000 rows are read in 1.5 ms. More matches among 100,000 are dense
# enough for a page of 50 to be full after 5,000 steps along an index.
FEW = 1_000


def ordered_regions(
    connection: Connection,
    query: Query,
    *,
    limit: int | None,
    offset: int = 0,
    sort: tuple[SortKey, ...] = (),
    with_events: bool = False,
) -> list[int]:
    """Region rows that ``query`` finds, a page of them in order.

    Without any sort key: newest sound first, and within a sound by region number. Unknown values
    come last in both directions.
    """
    keys = query.sort or sort
    target = Target(connection.dialect.name, with_events)
    tree = push_negations(query.tree)
    walks_at_once = not keys and target.dialect == "sqlite" and not with_events and _is_cheap_to_walk(tree)
    if limit is not None and offset + limit <= FEW and not walks_at_once:
        found = connection.execute(probe(tree, keys, target).limit(FEW + 1)).all()
        if len(found) <= FEW:
            return [row.region_id for row in _sorted(found, keys)[offset : offset + limit]]
    page = walk(tree, keys, target).limit(limit).offset(offset or None)
    return list(connection.execute(page).scalars())


def _is_cheap_to_walk(tree: Node) -> bool:
    """Whether newest first needs no count: words come in that order from their own index, and what the
    index of the newest holds is decided within it, if it is likely to hold often.
    """
    texts, others = split_text(tree)
    return bool(texts) or not (leave_few(others) or not all(map(_is_covered, others)))


def leave_few(parts: Sequence[Node]) -> bool:
    """Whether few sounds satisfy all of these: few satisfy one, or a kind, a role and a tempo are asked for together."""
    return any(map(_is_selective, parts)) or _ask_kind_role_tempo(parts)


def _ask_kind_role_tempo(parts: Sequence[Node]) -> bool:
    labels = {part.column for part in parts if isinstance(part, Is)}
    return {"kind", "role"} <= labels and any(map(_is_range_of_tempo, parts))


def _is_range_of_tempo(node: Node) -> bool:
    match node:
        case Or(parts):
            # A tempo is asked for at half and double speed too.
            return len(parts) > 0 and all(map(_is_range_of_tempo, parts))
        case Between("tempo_bpm", low, high):
            return low is not None and high is not None
        case _:
            return False


def _is_selective(node: Node) -> bool:
    """What few sounds satisfy is better looked up in an index of its own."""
    match node:
        case KeyIs() | Tagged() | IdIs() | ExternalIs():
            return True
        case Is(column, _):
            return column in ("sound_class", "instrument")
        case Between(_, low, high):
            return low is not None and high is not None
        case _:
            return False


def _is_covered(node: Node) -> bool:
    match node:
        case And(parts) | Or(parts):
            return all(_is_covered(part) for part in parts)
        case Not(part):
            return _is_covered(part)
        case Is(column, _) | Known(column) | Between(column):
            return column in NEWEST_COLUMNS
        case _:
            # Keys are in the index; words, tags and ids are sets that a sound's number is looked up in.
            return True


def _from_words(query: sa.Select[Any], tree: Node, target: Target) -> sa.Select[Any]:
    """The matches of ``tree``; on SQLite read from the full text index where it has words."""
    texts, others = split_text(tree)
    if target.dialect != "sqlite" or not texts:
        return query.where(condition(tree, target), *_whole(target))
    found = query.where(fts5_hits(texts), summaries.c.sound_id == fts5_table(texts).c.rowid)
    return _hinted(found.where(condition(And(tuple(others)), target), *_whole(target)), NEWEST_INDEX, target)


def _whole(target: Target) -> list[Condition]:
    return [] if target.with_events else [IS_WHOLE]


def _hinted(query: sa.Select[Any], index: str, target: Target) -> sa.Select[Any]:
    if target.with_events or target.dialect != "sqlite":
        return query
    return query.with_hint(summaries, f"INDEXED BY {index}", "sqlite")


def probe(tree: Node, keys: Sequence[SortKey], target: Target) -> sa.Select[Any]:
    """Matches in any order, with what they are sorted by."""
    columns = [column_expression(key.column, target.dialect).label(f"key_{place}") for place, key in enumerate(keys)]
    query = sa.select(summaries.c.region_id, summaries.c.sound_id, summaries.c.number, *columns)
    texts, others = split_text(tree)
    selective = [part for part in others if _is_selective(part)]
    if not texts:
        # SQLite knows how rare a value is on average, not how narrow a range is or what four keys leave.
        if any(isinstance(part, KeyIs) for part in selective):
            query = _hinted(query, KEY_TEMPO_INDEX, target)
        elif _ask_kind_role_tempo(others):
            query = _hinted(query, KIND_ROLE_TEMPO_INDEX, target)
        elif len(selective) == 1 and isinstance(selective[0], Between) and selective[0].column in SORTED_COLUMNS:
            query = _hinted(query, sort_index(selective[0].column), target)
    return _from_words(query, tree, target)


def counted(query: Query, target: Target) -> sa.Select[Any]:
    """How many rows match, counted where no row is read: in one index that holds all that is asked for, where one does."""
    tree = push_negations(query.tree)
    found = sa.select(sa.func.count()).select_from(summaries)
    texts, others = split_text(tree)
    if target.with_events or target.dialect != "sqlite" or (texts and others):
        return _from_words(found, tree, target)
    if texts:
        # A sound has one row of text, and is one row of a list.
        return sa.select(sa.func.count()).select_from(fts5_table(texts)).where(fts5_hits(texts))
    if not others:
        return sa.select(sa.func.count()).select_from(sounds)
    if ranges := _apart(tree):
        # Of several ranges SQLite would read the whole index.
        each = [_counted_within(found, part, sort_index(part.column), target).scalar_subquery() for part in ranges]
        return sa.select(functools.reduce(operator.add, each))
    index = _index_that_holds(tree)
    return (
        found.where(condition(tree, target), IS_WHOLE) if index is None else _counted_within(found, tree, index, target)
    )


def _counted_within(found: sa.Select[Any], tree: Node, index: str, target: Target) -> sa.Select[Any]:
    return _hinted(found.where(condition(tree, target), IS_WHOLE), index, target)


def _apart(tree: Node) -> list[Between]:
    """The ranges of one sorted column of which one is asked for, where no value lies in two; none of anything else."""
    ranges = [part for part in tree.parts if isinstance(part, Between)] if isinstance(tree, Or) else []
    if not ranges or not isinstance(tree, Or) or len(ranges) < len(tree.parts):
        return []
    bounds = sorted(
        (part.low, part.high) for part in ranges if isinstance(part.low, float) and isinstance(part.high, float)
    )
    are_apart = all(high < low for (_, high), (low, _) in itertools.pairwise(bounds))
    columns = {part.column for part in ranges}
    return (
        ranges
        if len(bounds) == len(ranges) and are_apart and len(columns) == 1 and columns <= {*SORTED_COLUMNS}
        else []
    )


def _index_that_holds(tree: Node) -> str | None:
    """The index with every column that decides, the shortest to read."""
    columns = _columns(tree)
    if columns is None:
        return None
    if len(columns) == 1 and columns <= {*SORTED_COLUMNS}:
        return sort_index(*columns)
    if columns <= _KEY_TEMPO and _demands(tree, KeyIs):
        return KEY_TEMPO_INDEX
    if columns <= _KIND_ROLE_TEMPO and _demands(tree, Is, "kind"):
        return KIND_ROLE_TEMPO_INDEX
    return NEWEST_INDEX if columns <= {*NEWEST_COLUMNS} else None


def _columns(node: Node) -> set[str] | None:
    """The columns of summaries that decide; None where something else does too."""
    match node:
        case And(parts) | Or(parts):
            several = [_columns(part) for part in parts]
            return None if None in several else set().union(*(each for each in several if each is not None))
        case Not(part):
            return _columns(part)
        case Is(column, _) | Known(column) | Between(column):
            return {column}
        case KeyIs():
            return {"key_number"}
        case _:
            return None


def _demands(tree: Node, kind: type[Node], column: str | None = None) -> bool:
    """Whether nothing matches that does not satisfy such a leaf: an index that begins with it is searched, not read whole."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return any(isinstance(part, kind) and (column is None or getattr(part, "column", None) == column) for part in parts)


def _sorted(found: Sequence[Row[Any]], keys: Sequence[SortKey]) -> list[Row[Any]]:
    if not keys:
        return sorted(found, key=lambda row: (-row.sound_id, row.number))
    rows = sorted(found, key=lambda row: row.region_id, reverse=keys[0].descending)
    # From the last key to the first, because a stable sort keeps what the later keys did.
    for place in reversed(range(len(keys))):
        value = attrgetter(f"key_{place}")
        known = [row for row in rows if value(row) is not None]
        unknown = [row for row in rows if value(row) is None]
        rows = sorted(known, key=value, reverse=keys[place].descending) + unknown
    return rows


def walk(tree: Node, keys: Sequence[SortKey], target: Target) -> sa.Select[Any]:
    """Matches in order, along an index that has it."""
    query = sa.select(summaries.c.region_id)
    if not keys:
        texts, _ = split_text(tree)
        if texts and target.dialect == "sqlite":
            # The index of words gives its hits in this order, so that nothing is sorted.
            newest = [fts5_table(texts).c.rowid.desc(), *([summaries.c.number] if target.with_events else [])]
            return _from_words(query, tree, target).order_by(*newest)
        query = query.where(condition(tree, target), *_whole(target))
        return _hinted(query, NEWEST_INDEX, target).order_by(summaries.c.sound_id.desc(), summaries.c.number)
    order: list[sa.ColumnElement[Any]] = []
    for key in keys:
        column = column_expression(key.column, target.dialect)
        order.append((column.desc() if key.descending else column.asc()).nulls_last())
    last = summaries.c.region_id
    query = query.where(condition(tree, target), *_whole(target))
    query = query.order_by(*order, last.desc() if keys[0].descending else last.asc())
    return _hinted(query, sort_index(keys[0].column), target) if keys[0].column in SORTED_COLUMNS else query
