"""Rhythms of the library: onset times of loops and tracks that have a beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import observations, regions, summaries
from sonoteca.domain.descriptor import ACCENTS, ONSETS
from sonoteca.domain.vocabulary import Kind, Role


@dataclass(frozen=True, slots=True)
class StoredRhythm:
    """``accents`` 0..1 per onset, None where an older analysis left none; ``loop_s`` the exact length of a loop."""

    region_id: int
    onsets_s: list[float]
    accents: list[float] | None
    loop_s: float | None


def rhythms_of_regions(
    connection: Connection,
    region_ids: Sequence[int] | None = None,
    *,
    roles: tuple[Role, ...] = (Role.DRUMS, Role.MIX),
    batch: int = 500,
) -> Iterator[StoredRhythm]:
    """Rhythms of loops and tracks (or of those of these regions, given rising) that play one of ``roles``, by rising region."""
    accents = observations.alias()
    query = (
        sa.select(
            observations.c.region_id,
            observations.c.value,
            accents.c.value.label("accents"),
            summaries.c.kind,
            regions.c.start_s,
            regions.c.end_s,
        )
        .outerjoin(
            accents,
            sa.and_(
                accents.c.region_id == observations.c.region_id,
                accents.c.source == observations.c.source,
                accents.c.producer == observations.c.producer,
                accents.c.version == observations.c.version,
                accents.c.descriptor == ACCENTS.name,
            ),
        )
        .join(summaries, summaries.c.region_id == observations.c.region_id)
        .join(regions, regions.c.id == observations.c.region_id)
        .where(
            observations.c.descriptor == ONSETS.name,
            summaries.c.kind.in_([Kind.LOOP, Kind.TRACK]),
            summaries.c.role.in_(roles),
        )
        .order_by(observations.c.region_id)
        .execution_options(yield_per=batch)
    )
    parts = (
        [query]
        if region_ids is None
        else [query.where(observations.c.region_id.in_(s)) for s in chunks(list(region_ids))]
    )
    last = None
    for row in (row for part in parts for row in connection.execute(part)):
        if row.region_id == last or not row.value:
            continue
        last = row.region_id
        onsets = [each - row.start_s for each in row.value]
        strengths = row.accents if row.accents and len(row.accents) == len(onsets) else None
        loop_s = row.end_s - row.start_s if row.kind == Kind.LOOP else None
        yield StoredRhythm(row.region_id, onsets, strengths, loop_s)
