"""Tree to SQL: a condition on ``summaries``, for SQLite and PostgreSQL.

``Not`` is pushed down to the leaves first. A leaf that stands positively may be NULL for an
unknown value, which counts as false; below a ``Not`` it is compared ``IS NOT TRUE``. So the
indexes stay usable and the three-valued logic of SQL never shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sonoteca.catalogue.heard.fulltext import INDEX, TELLING, TELLING_INDEX, WordIndex
from sonoteca.catalogue.store.schema import sounds, summaries, tags
from sonoteca.domain.music import ALL_KEYS
from sonoteca.search.query.tree import (
    And,
    Between,
    ExternalIs,
    ExternalLike,
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
    is_text,
    push_negations,
    split_text,
)

Condition = sa.ColumnElement[bool]

# A constant, not a parameter: only then SQLite knows that an index of whole sounds will do.
IS_WHOLE: Condition = summaries.c.number == sa.literal_column("0")

# What stands in ``sounds`` and not in their summaries: few people ask for it.
OF_SOUNDS = ("external_id", "price")
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
    wanted = [condition(push_negations(query.tree), Target(dialect, with_events))]
    return wanted if with_events else [IS_WHOLE, *wanted]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a condition is for: a database, and whole sounds or event regions too."""

    dialect: str
    with_events: bool


def condition(node: Node, target: Target) -> Condition:
    """What a row of ``summaries`` has to satisfy; ``node`` has ``Not`` only above leaves (``push_negations``)."""
    match node:
        case And():
            texts, others = split_text(node)
            # One search for all words: the full text index intersects their postings itself.
            found = [_has_text(texts, target)] if texts else []
            return sa.and_(sa.true(), *found, *(condition(part, target) for part in others))
        case Or() if is_text(node):
            return _has_text([node], target)
        case Or(parts):
            return sa.or_(sa.false(), *(condition(part, target) for part in parts))
        case Not(part):
            assert not isinstance(part, And | Or | Not)  # push_negations
            return _leaf(part, target).is_not(sa.true())
        case _:
            return _leaf(node, target)


def _leaf(leaf: Leaf, target: Target) -> Condition:
    match leaf:
        case Words():
            return _has_text([leaf], target)
        case Is(column, value):
            return summaries.c[column] == value
        case Between(column) | Known(column) if column in OF_SOUNDS:
            held = sounds.c[column]
            wanted = _between(leaf, held) if isinstance(leaf, Between) else held.is_not(None)
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(wanted))
        case Between(column):
            return _between(leaf, column_expression(column, target.dialect))
        case KeyIs(keys):
            return _keys(keys)
        case Tagged(tag, is_prefix):
            # Every character of a word sorts below the last code point.
            tagged = (tags.c.tag >= tag) & (tags.c.tag < tag + "\U0010ffff") if is_prefix else tags.c.tag == tag
            return _tagged(tagged, target)
        case Known(column):
            return column_expression(column, target.dialect).is_not(None)
        case HasTag():
            return _tagged(sa.true(), target)
        case IdIs(prefix):
            in_range = (sounds.c.public_id >= prefix) & (sounds.c.public_id < prefix + "{")
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(in_range))
        case ExternalIs(external_id):
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(sounds.c.external_id == external_id))
        case ExternalLike(parts):
            like = _pattern(sounds.c.external_id, parts, target.dialect)
            return summaries.c.sound_id.in_(sa.select(sounds.c.id).where(like))


def _pattern(held: sa.ColumnElement[Any], parts: Sequence[str], dialect: str) -> Condition:
    """Whether a text consists of ``parts`` with anything between, upper and lower case told apart."""
    if dialect == "sqlite":
        # LIKE takes the cases of ASCII for one there, GLOB does not.
        return held.op("GLOB")("*".join(re.sub(r"[\[?*]", r"[\g<0>]", part) for part in parts))
    return held.like("%".join(re.sub(r"[\\%_]", r"\\\g<0>", part) for part in parts), escape="\\")


def column_expression(name: str, dialect: str) -> sa.ColumnElement[Any]:
    """A column of ``summaries`` or ``OF_SOUNDS``, or ``confidence``, which is computed."""
    if name in OF_SOUNDS:
        return sa.select(sounds.c[name]).where(sounds.c.id == summaries.c.sound_id).scalar_subquery()
    if name != "confidence":
        return summaries.c[name]
    # The lowest that is known; 2 stands for unknown, and for none at all becomes NULL again.
    known = [sa.func.coalesce(summaries.c[each], 2.0) for each in CONFIDENCES]
    least = sa.func.min(*known) if dialect == "sqlite" else sa.func.least(*known)
    return sa.func.nullif(least, 2.0)


def _between(leaf: Between, column: sa.ColumnElement[Any]) -> Condition:
    bounds: list[Condition] = []
    if leaf.low is not None:
        bounds.append(column > leaf.low if leaf.low_open else column >= leaf.low)
    if leaf.high is not None:
        bounds.append(column < leaf.high if leaf.high_open else column <= leaf.high)
    return sa.and_(*bounds) if bounds else column.is_not(None)


def _keys(keys: Sequence[tuple[int | None, str | None]]) -> Condition:
    numbers = {
        each.number
        for tonic, mode in keys
        for each in ALL_KEYS
        if tonic in (None, each.tonic) and mode in (None, each.mode)
    }
    return summaries.c.key_number.in_(sorted(numbers))


def _tagged(wanted: Condition, target: Target) -> Condition:
    """Tags of the region itself or of the whole sound it is part of, unless a user denied them there."""
    holders = sa.select(tags.c.region_id).where(wanted, ~is_denied())
    own = summaries.c.region_id.in_(holders)
    return (own | summaries.c.whole_id.in_(holders)) if target.with_events else own


def is_denied() -> Condition:
    """Whether a user says that the tag of a row of ``tags`` does not hold: few rows, in an index of their own."""
    denial = tags.alias()
    denied = sa.select(denial.c.region_id, denial.c.tag).where(~denial.c.present)
    return sa.tuple_(tags.c.region_id, tags.c.tag).in_(denied)


def sounds_with_text(texts: Sequence[Node], dialect: str) -> sa.Select[Any]:
    """Row numbers of the sounds for which all of these hold; each ``is_text``."""
    if dialect == "sqlite":
        table = fts5_table(texts)
        return sa.select(table.c.rowid).where(fts5_hits(texts))
    sounds_text = sa.table("sound_text", sa.column("sound_id", sa.BigInteger))
    return sa.select(sounds_text.c.sound_id).where(_tsvector_hits(And(tuple(texts))))


def _has_text(texts: Sequence[Node], target: Target) -> Condition:
    return summaries.c.sound_id.in_(sounds_with_text(texts, target.dialect))


def _tsvector_hits(text: Node) -> Condition:
    match text:
        case And(parts):
            return sa.and_(*(_tsvector_hits(part) for part in parts))
        case Or(parts):
            return sa.or_(*(_tsvector_hits(part) for part in parts))
        case Words():
            # The index is on everything, or on all that is telling; a field's own vector decides among what it finds.
            index = _index_of(text).postgres_column
            fields = () if set(text.fields) == set(TELLING) else text.fields
            hits = {name: sa.column(name, sa.Text).bool_op("@@")(_tsquery(text)) for name in (index, *fields)}
            return sa.and_(hits.pop(index), sa.or_(sa.false(), *hits.values()) if hits else sa.true())
        case _:
            raise ValueError(f"{text} asks for more than words")


class _TsQuery(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


_TSQUERY = _TsQuery()


def _index_of(text: Node) -> WordIndex:
    """The smallest index that holds all words asked for."""
    match text:
        case And(parts) | Or(parts):
            return TELLING_INDEX if all(_index_of(part) is TELLING_INDEX for part in parts) else INDEX
        case Words(_, _, fields) if fields and set(fields) <= set(TELLING):
            return TELLING_INDEX
        case _:
            return INDEX


def fts5_table(texts: Sequence[Node]) -> sa.TableClause:
    """SQLite's table of full text that is asked for these; its rowid is the sound's."""
    return sa.table(_index_of(And(tuple(texts))).sqlite_table, sa.column("rowid", sa.Integer))


def fts5_hits(texts: Sequence[Node]) -> Condition:
    """Rows of ``fts5_table`` for which all of these hold; each ``is_text``."""
    match = _fts5(And(tuple(texts)))
    table = sa.literal_column(fts5_table(texts).name, sa.Text)
    return table.bool_op("MATCH")(sa.bindparam("match", match, sa.Text, unique=True))


def _fts5(text: Node) -> str:
    match text:
        case And(parts):
            return " AND ".join(f"({_fts5(part)})" for part in parts)
        case Or(parts):
            return " OR ".join(f"({_fts5(part)})" for part in parts)
        case Words():
            # Words are letters and digits, so nothing in them can end the quotes.
            phrase = f'"{" ".join(text.words)}"' + (" *" if text.is_prefix else "")
            return f"{{{' '.join(text.fields)}}} : {phrase}" if text.fields else phrase
        case _:
            raise ValueError(f"{text} asks for more than words")


def _tsquery(leaf: Words) -> sa.ColumnElement[Any]:
    """PostgreSQL's search expression for words."""
    quoted = [f"'{word[:500]}'" for word in leaf.words]
    text = " <-> ".join(quoted) + (":*" if leaf.is_prefix else "")
    return sa.cast(sa.bindparam(None, text, sa.Text), _TSQUERY)
