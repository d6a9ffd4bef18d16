"""Tree to predicate: the same question, asked of plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.fulltext import TextField, stored_texts, texts_of
from sonoteca.catalogue.heard.tags import tags_of
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import sounds, summaries
from sonoteca.search.query.sql import CONFIDENCES
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
    Tagged,
    Words,
)
from sonoteca.search.relevance import occurrences


@dataclass(frozen=True, slots=True)
class QueryValues:
    """What a query may ask of one region.

    Attributes
    ----------
    columns : mapping
        As in table ``summaries``, and ``external_id`` and ``price``; a column that is absent is unknown.
    tags : frozenset of str
        Folded; the region's own and those of the whole sound.
    texts : mapping of field to texts
        Of ``title``, ``artist``, ``album``, ``path`` and ``tags``, each text as its stored words, with blanks between them.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    texts: Mapping[TextField, Sequence[str]] = field(default_factory=dict)
    public_id: str = ""
    external_id: str | None = None

    def column(self, name: str) -> Any:
        if name != "confidence":
            return self.columns.get(name)
        known = [value for each in CONFIDENCES if (value := self.columns.get(each)) is not None]
        return min(known, default=None)


def matches(tree: Node, values: QueryValues) -> bool:
    """Whether a region with these values is among what ``tree`` finds."""
    match tree:
        case And(parts):
            return all(matches(part, values) for part in parts)
        case Or(parts):
            return any(matches(part, values) for part in parts)
        case Not(part):
            return not matches(part, values)
        case _:
            return _leaf(tree, values)


def _leaf(leaf: Leaf, values: QueryValues) -> bool:
    match leaf:
        case Words():
            return _has_words(leaf, values)
        case Is(column, value):
            return bool(values.column(column) == value)
        case Between():
            return _is_between(leaf, values.column(leaf.column))
        case KeyIs(keys):
            tonic, mode = values.column("tonic"), values.column("mode")
            return tonic is not None and any(
                wanted_tonic in (None, tonic) and wanted_mode in (None, mode) for wanted_tonic, wanted_mode in keys
            )
        case Tagged(tag, is_prefix):
            return any(held.startswith(tag) if is_prefix else held == tag for held in values.tags)
        case Known(column):
            return values.column(column) is not None
        case HasTag():
            return bool(values.tags)
        case IdIs(prefix):
            return values.public_id.startswith(prefix)
        case ExternalIs(external_id):
            return values.external_id == external_id
        case ExternalLike(parts):
            pattern = ".*".join(map(re.escape, parts))
            return values.external_id is not None and re.fullmatch(pattern, values.external_id, re.DOTALL) is not None


def _is_between(leaf: Between, value: Any) -> bool:
    if value is None:
        return False
    if leaf.low is not None and (value <= leaf.low if leaf.low_open else value < leaf.low):
        return False
    return leaf.high is None or not (value >= leaf.high if leaf.high_open else value > leaf.high)


def _has_words(leaf: Words, values: QueryValues) -> bool:
    return any(occurrences(text, leaf) for name in leaf.fields or values.texts for text in values.texts.get(name, ()))


def load_values(connection: Connection, region_ids: Sequence[int]) -> dict[int, QueryValues]:
    """What the catalogue knows of these regions, for ``matches``; regions that are gone are left out."""
    found: dict[int, QueryValues] = {}
    for some in chunks(list(region_ids), 2_000):
        query = (
            sa.select(summaries, sounds.c.public_id, sounds.c.external_id, sounds.c.price)
            .join(sounds, sounds.c.id == summaries.c.sound_id)
            .where(summaries.c.region_id.in_(some))
        )
        rows = connection.execute(query).mappings().all()
        held = tags_of(connection, list({row[name] for row in rows for name in ("region_id", "whole_id")}))
        texts = texts_of(connection, list({row["sound_id"] for row in rows}))
        for row in rows:
            tagged = (*held[row["region_id"]], *held[row["whole_id"]])
            found[row["region_id"]] = QueryValues(
                dict(row),
                frozenset(tag.tag for tag in tagged),
                stored_texts(texts[row["sound_id"]]),
                row["public_id"],
                row["external_id"],
            )
    return found
