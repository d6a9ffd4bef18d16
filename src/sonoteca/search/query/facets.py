"""Facets: how what a query finds divides by kind, role, key, tempo and tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.schema import summaries, tags
from sonoteca.domain.music import Key
from sonoteca.domain.tempo_words import TEMPO_BUCKET_BPM
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.sql import conditions, is_denied
from sonoteca.search.query.tree import Query


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of regions, most frequent first (tempo: slowest first); unknown values are not counted."""

    total: int = 0
    kind: dict[str, int] = field(default_factory=dict)
    role: dict[str, int] = field(default_factory=dict)
    sound_class: dict[str, int] = field(default_factory=dict)
    key: dict[str, int] = field(default_factory=dict)
    tempo_bpm: dict[int, int] = field(default_factory=dict)
    tag: dict[str, int] = field(default_factory=dict)


def facets(connection: Connection, query: str | Query, *, with_events: bool = False) -> Facets:
    """Count all facets of what a query finds in one statement."""
    wanted = conditions(as_query(query), dialect=connection.dialect.name, with_events=with_events)
    columns = (
        summaries.c.region_id, summaries.c.kind, summaries.c.role, summaries.c.sound_class,
        summaries.c.key_number, summaries.c.tempo_bpm,
    )  # fmt: skip
    hits = sa.select(*columns).where(*wanted).cte("hits")

    def counted(name: str, value: sa.ColumnElement[str]) -> sa.Select[str, str, int]:
        return sa.select(sa.literal(name), value, sa.func.count()).where(value.is_not(None)).group_by(value)

    key = sa.cast(hits.c.key_number, sa.Text)
    # A cast cuts on SQLite and rounds on PostgreSQL; SQLite's floor may not be built in.
    tens = hits.c.tempo_bpm / TEMPO_BUCKET_BPM
    is_sqlite = connection.dialect.name == "sqlite"
    bucket = sa.cast(sa.cast(tens if is_sqlite else sa.func.floor(tens), sa.Integer), sa.Text)
    by_tag = (
        sa.select(sa.literal("tag"), tags.c.tag, sa.func.count(tags.c.region_id.distinct()))
        .join(hits, hits.c.region_id == tags.c.region_id)
        .where(~is_denied())
        .group_by(tags.c.tag)
    )
    rows: Sequence[Any] = connection.execute(
        sa.union_all(
            sa.select(sa.literal("total"), sa.literal(""), sa.func.count()).select_from(hits),
            counted("kind", hits.c.kind),
            counted("role", hits.c.role),
            counted("sound_class", hits.c.sound_class),
            counted("key", key),
            counted("tempo_bpm", bucket),
            by_tag,
        )
    ).all()
    counts: dict[str, dict[str, int]] = {}
    for name, value, number in sorted(rows, key=lambda row: (-row[2], row[1])):
        counts.setdefault(name, {})[value] = number
    tempo = {int(value) * TEMPO_BUCKET_BPM: number for value, number in counts.get("tempo_bpm", {}).items()}
    return Facets(
        total=counts["total"][""],
        kind=counts.get("kind", {}),
        role=counts.get("role", {}),
        sound_class=counts.get("sound_class", {}),
        key={_key_name(value): number for value, number in counts.get("key", {}).items()},
        tempo_bpm=dict(sorted(tempo.items())),
        tag=counts.get("tag", {}),
    )


def _key_name(value: str) -> str:
    return Key.of_number(int(value)).name
