"""Rows of the sounds that a query finds, in order, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.observations import doubts
from sonoteca.catalogue.heard.summaries import certainties
from sonoteca.catalogue.heard.tags import Tag, tags_of
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import regions, sounds, summaries
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.evidence import Doubt
from sonoteca.domain.music import Key
from sonoteca.search.query.order import counted, ordered_regions
from sonoteca.search.query.parser import parse_query
from sonoteca.search.query.sql import OF_SOUNDS, Target, conditions, matching_regions
from sonoteca.search.query.tree import Query, SortKey, speaks_of


@dataclass(frozen=True, slots=True)
class SoundRow:
    """A region as lists show it; ``region`` 0 is the whole sound. What is not known is None."""

    region_id: int
    sound_id: int
    id: str
    external_id: str | None
    region: int
    start_s: float
    end_s: float
    title: str | None
    artist: str | None
    album: str | None
    path: str | None
    duration_s: float | None
    kind: str | None
    role: str | None
    sound_class: str | None
    tempo_bpm: float | None
    key: Key | None
    loudness_lufs: float | None
    energy_level: float | None
    rating: int | None
    tags: tuple[str, ...]
    status: str
    added_at: str
    is_missing: bool = False
    # What a shop says of it: its own title (which ``title`` is then too), and what it asks.
    shop_title: str | None = None
    price: float | None = None
    currency: str | None = None
    # How sure what is known of kind, role, sound_class, bpm and key is: ``stated`` or ``likely``.
    certainty: Mapping[str, Certainty] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()

    def __repr__(self) -> str:
        """One line: what it is called, and the little that tells it from others."""
        key = None if self.key is None else self.key.name
        bpm = None if self.tempo_bpm is None else f"{self.tempo_bpm:g} bpm"
        told = [each for each in (self.kind, self.role, bpm, key) if each is not None]
        return f"<SoundRow {self.path or self.title or self.id}: {', '.join(told) or self.status}>"

    def as_json(self, keys: Sequence[str] | None = None) -> dict[str, Any]:
        """The row as lists print it, public names only: all, or these keys of ``COLUMNS``."""
        return {name: _PRINTED[name](self) for name in (_PRINTED if keys is None else keys)}


_PRINTED: Mapping[str, Callable[[SoundRow], Any]] = {
    "id": lambda row: row.id,
    "external_id": lambda row: row.external_id,
    "title": lambda row: row.title,
    "artist": lambda row: row.artist,
    "album": lambda row: row.album,
    "path": lambda row: row.path,
    "region": lambda row: row.region,
    "start_s": lambda row: row.start_s,
    "end_s": lambda row: row.end_s,
    "duration_s": lambda row: row.duration_s,
    "kind": lambda row: row.kind,
    "role": lambda row: row.role,
    "sound_class": lambda row: row.sound_class,
    "bpm": lambda row: row.tempo_bpm,
    "key": lambda row: None if row.key is None else row.key.name,
    "camelot": lambda row: None if row.key is None else row.key.camelot,
    "lufs": lambda row: row.loudness_lufs,
    "energy_level": lambda row: row.energy_level,
    "rating": lambda row: row.rating,
    "price": lambda row: row.price,
    "currency": lambda row: row.currency,
    "tags": lambda row: list(row.tags),
    "status": lambda row: row.status,
    "missing": lambda row: row.is_missing,
    "added_at": lambda row: row.added_at,
    "certainty": lambda row: {name: each.value for name, each in row.certainty.items()},
    "doubts": lambda row: [doubt.as_json() for doubt in row.doubts],
}
# The keys of a row, in the order in which lists print them.
COLUMNS: tuple[str, ...] = tuple(_PRINTED)


_ROWS = (
    sa.select(
        *(
            summaries.c[name]
            for name in (
                "region_id", "sound_id", "whole_id", "number", "title", "artist", "album", "path", "duration_s", "kind",
                "kind_confidence", "role", "role_confidence", "sound_class", "sound_class_confidence", "tempo_bpm",
                "tempo_confidence", "key_confidence", "tonic", "mode", "loudness_lufs", "energy_level", "rating", "status",
                "added_at", "is_missing",
            )
        ),
        sounds.c.public_id,
        sounds.c.external_id,
        sounds.c.shop_title,
        sounds.c.price,
        sounds.c.currency,
        regions.c.start_s,
        regions.c.end_s,
    )
    .join(regions, regions.c.id == summaries.c.region_id)
    .join(sounds, sounds.c.id == summaries.c.sound_id)
    .where(summaries.c.region_id.in_(sa.bindparam("ids", expanding=True)))
)  # fmt: skip


def as_query(query: str | Query) -> Query:
    return parse_query(query) if isinstance(query, str) else query


def is_about_shop(query: Query) -> bool:
    """Whether a query, or its order, names what a shop says: a number of its own, or a price."""
    return any(key.column in OF_SOUNDS for key in query.sort) or speaks_of(query.tree, *OF_SOUNDS)


def find_rows(
    connection: Connection,
    query: str | Query,
    *,
    limit: int | None = 100,
    offset: int = 0,
    sort: Sequence[SortKey] = (),
    with_events: bool = False,
    keys: Collection[str] = COLUMNS,
) -> list[SoundRow]:
    """What a query finds, in order.

    Parameters
    ----------
    query : str or Query
        Text is parsed (QuerySyntaxError).
    limit, offset : int >= 0
        ``limit`` None: all.
    sort : sequence of SortKey
        Used where the query itself names no order; newest first if neither does.
    with_events : bool
        Event regions too, not only whole sounds.
    keys : collection of str
        Those of ``COLUMNS`` that will be looked at.
    """
    ids = ordered_regions(
        connection, as_query(query), limit=limit, offset=offset, sort=tuple(sort), with_events=with_events
    )
    return rows_of(connection, ids, keys=keys)


def rows_of(connection: Connection, region_ids: Sequence[int], *, keys: Collection[str] = COLUMNS) -> list[SoundRow]:
    """Rows of these regions in the order given; those that are gone are left out.

    Tags and doubts, which stand elsewhere, and certainties are there only where ``keys`` name them.
    """
    found: dict[int, Any] = {}
    for some in chunks(list(region_ids)):
        for row in connection.execute(_ROWS, {"ids": some}).all():
            found[row.region_id] = row
    labels: Mapping[int, Sequence[Tag]] = {}
    if "tags" in keys:
        labels = tags_of(connection, list({id_ for row in found.values() for id_ in (row.region_id, row.whole_id)}))
    doubted = doubts(connection, list(found)) if "doubts" in keys else {}
    is_certainty_asked = "certainty" in keys
    rows = (found[region_id] for region_id in region_ids if region_id in found)
    return [
        _row(
            row,
            tuple(dict.fromkeys(tag.label for id_ in (row.whole_id, row.region_id) for tag in labels.get(id_, ()))),
            certainties(row._mapping) if is_certainty_asked else {},
            doubted.get(row.region_id, ()),
        )
        for row in rows
    ]


def _row(row: Any, labels: tuple[str, ...], certainty: Mapping[str, Certainty], doubts: tuple[Doubt, ...]) -> SoundRow:
    return SoundRow(
        region_id=row.region_id,
        sound_id=row.sound_id,
        id=row.public_id,
        external_id=row.external_id,
        region=row.number,
        start_s=row.start_s,
        end_s=row.end_s,
        title=row.title,
        artist=row.artist,
        album=row.album,
        path=row.path,
        duration_s=row.duration_s,
        kind=row.kind,
        role=row.role,
        sound_class=row.sound_class,
        tempo_bpm=row.tempo_bpm,
        key=None if row.tonic is None or row.mode not in ("major", "minor") else Key(row.tonic, row.mode),
        loudness_lufs=row.loudness_lufs,
        energy_level=row.energy_level,
        rating=row.rating,
        tags=labels,
        status=row.status,
        added_at=row.added_at,
        certainty=certainty,
        doubts=doubts,
        is_missing=row.is_missing,
        shop_title=row.shop_title,
        price=row.price,
        currency=row.currency,
    )


def count_sounds(connection: Connection, query: str | Query, *, with_events: bool = False) -> int:
    """How many regions a query finds."""
    return int(connection.execute(counted(as_query(query), Target(connection.dialect.name, with_events))).scalar_one())


def find_regions(connection: Connection, query: str | Query, *, with_events: bool = False) -> list[int]:
    """Row numbers of all regions a query finds, rising: for edits and as a filter of similarity."""
    select = matching_regions(as_query(query), dialect=connection.dialect.name, with_events=with_events)
    return list(connection.execute(select.order_by(summaries.c.region_id)).scalars())


def find_sound_ids(connection: Connection, query: str | Query) -> list[int]:
    """Row numbers of the sounds a query finds, rising: for removal and re-analysis."""
    wanted = conditions(as_query(query), dialect=connection.dialect.name)
    return list(
        connection.execute(sa.select(summaries.c.sound_id).where(*wanted).order_by(summaries.c.sound_id)).scalars()
    )
