"""Tree to SQL: a condition on ``summaries``, for SQLite and PostgreSQL.

``Not`` is pushed down to the leaves first. A leaf that stands positively may be NULL for an
unknown value, which counts as false; below a ``Not`` it is compared ``IS NOT TRUE``. So the
indexes stay usable and the three-valued logic of SQL never shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sonoteca.catalogue.schema import sounds, summaries, tags
from sonoteca.search.query.tree import (
    And,
    Between,
    ExternalIs,
    HasTag,
    IdIs,
    Is,
    KeyIs,
    Known,
    Leaf,
    Node,
    Not,
    Or,
    Query,
    Tagged,
    Words,
    push_negations,
)

Condition = sa.ColumnElement[bool]

CONFIDENCES = ("kind_confidence", "role_confidence", "tempo_confidence", "key_confidence")


def matching_regions(query: Query, *, dialect: str, with_events: bool = False) -> sa.Select[Any]:
    """``SELECT region_id`` of what a query finds, unordered: a filter for other statements.

    Parameters
    ----------
    dialect : "sqlite" or "postgresql"
        Full text differs (``connection.dialect.name``).
    with_events : bool
        Event regions too; whole sounds only by default.
    """
    return sa.select(summaries.c.region_id).where(*conditions(query, dialect=dialect, with_events=with_events))


def conditions(query: Query, *, dialect: str, with_events: bool = False) -> list[Condition]:
    """What a row of ``summaries`` has to satisfy; all of them."""
    wanted = [_condition(push_negations(query.tree), _Target(dialect, with_events))]
    return wanted if with_events else [summaries.c.number == 0, *wanted]


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom the condition is for."""

    dialect: str
    with_events: bool


def _condition(node: Node, target: _Target) -> Condition:
    match node:
        case And(parts):
            words = [part for part in parts if isinstance(part, Words)]
            others = [_condition(part, target) for part in parts if not isinstance(part, Words)]
            # One search for all words: the full text index intersects their postings itself.
            return sa.and_(sa.true(), *([_has_words(words, target)] if words else []), *others)
        case Or(parts):
            return sa.or_(sa.false(), *(_condition(part, target) for part in parts))
        case Not(part):
            assert not isinstance(part, And | Or | Not)  # push_negations
            return _leaf(part, target).is_not(sa.true())
        case _:
            return _leaf(node, target)


def _leaf(leaf: Leaf, target: _Target) -> Condition:
    match leaf:
        case Words():
            return _has_words([leaf], target)
        case Is(column, value):
            return summaries.c[column] == value
        case Between():
            return _between(leaf, target)
        case KeyIs(keys):
            return sa.or_(sa.false(), *(_key(tonic, mode) for tonic, mode in keys))
        case Tagged(tag, is_prefix):
            # Every character of a word sorts below the last code point.
            wanted = (tags.c.tag >= tag) & (tags.c.tag < tag + "\U0010ffff") if is_prefix else tags.c.tag == tag
            return _tagged(wanted, target)
        case Known(column):
            return column_expression(column, target.dialect).is_not(None)
        case HasTag():
            return _tagged(sa.true(), target)
        case IdIs(prefix):
            in_range = (sounds.c.public_id >= prefix) & (sounds.c.public_id < prefix + "{")
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(in_range))
        case ExternalIs(external_id):
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(sounds.c.external_id == external_id))


def column_expression(name: str, dialect: str) -> sa.ColumnElement[Any]:
    """A column of ``summaries``, or ``confidence``, which is computed."""
    if name != "confidence":
        return summaries.c[name]
    # The lowest that is known; 2 stands for unknown, and for none at all becomes NULL again.
    known = [sa.func.coalesce(summaries.c[each], 2.0) for each in CONFIDENCES]
    least = sa.func.min(*known) if dialect == "sqlite" else sa.func.least(*known)
    return sa.func.nullif(least, 2.0)


def _between(leaf: Between, target: _Target) -> Condition:
    column = column_expression(leaf.column, target.dialect)
    bounds: list[Condition] = []
    if leaf.low is not None:
        bounds.append(column > leaf.low if leaf.low_open else column >= leaf.low)
    if leaf.high is not None:
        bounds.append(column < leaf.high if leaf.high_open else column <= leaf.high)
    return sa.and_(*bounds) if bounds else column.is_not(None)


def _key(tonic: int | None, mode: str | None) -> Condition:
    wanted: list[Condition] = []
    if tonic is not None:
        wanted.append(summaries.c.tonic == tonic)
    if mode is not None:
        wanted.append(summaries.c.mode == mode)
    return sa.and_(sa.true(), *wanted)


def _tagged(wanted: Condition, target: _Target) -> Condition:
    """Tags of the region itself or of the whole sound it is part of, unless a user denied them there."""
    refusal = tags.alias()
    is_refused = (
        sa.select(refusal.c.tag)
        .where(refusal.c.region_id == tags.c.region_id, refusal.c.tag == tags.c.tag, refusal.c.present.is_(False))
        .exists()
    )
    holders = sa.select(tags.c.region_id).where(wanted, ~is_refused)
    of_whole = summaries.c.whole_id.in_(holders)
    return (summaries.c.region_id.in_(holders) | of_whole) if target.with_events else of_whole


def _has_words(leaves: list[Words], target: _Target) -> Condition:
    if target.dialect == "sqlite":
        found = sa.text("SELECT rowid FROM sound_text WHERE sound_text MATCH :match")
        selected = found.bindparams(sa.bindparam("match", fts5_match(leaves), unique=True)).columns(
            sa.column("rowid", sa.Integer)
        )
        return summaries.c.sound_id.in_(sa.select(selected.subquery().c.rowid))
    parts: list[Condition] = []
    for leaf in leaves:
        search = sa.cast(sa.bindparam(None, _tsquery(leaf), sa.Text), _TSQUERY)
        # The index is on everything; a field's own vector decides among what it finds.
        fields = ("everything",) if leaf.field is None else ("everything", leaf.field)
        parts += [sa.column(field, sa.Text).bool_op("@@")(search) for field in fields]
    table = sa.table("sound_text", sa.column("sound_id", sa.BigInteger))
    return summaries.c.sound_id.in_(sa.select(table.c.sound_id).where(*parts))


class _TsQuery(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


_TSQUERY = _TsQuery()


def fts5_match(leaves: list[Words]) -> str:
    """The expression of SQLite's ``MATCH`` for words that all have to be there."""
    return " AND ".join(f"({_fts5(leaf)})" for leaf in leaves)


def _fts5(leaf: Words) -> str:
    # Words are letters and digits, so nothing in them can end the quotes.
    phrase = f'"{" ".join(leaf.words)}"' + (" *" if leaf.is_prefix else "")
    return phrase if leaf.field is None else f"{leaf.field} : {phrase}"


def _tsquery(leaf: Words) -> str:
    quoted = [f"'{word[:500]}'" for word in leaf.words]
    return " <-> ".join(quoted) + (":*" if leaf.is_prefix else "")
