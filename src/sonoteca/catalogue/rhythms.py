"""Rhythms of the library: onset times of loops and tracks that have a beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.schema import observations, regions, summaries
from sonoteca.domain.descriptor import ONSETS
from sonoteca.domain.vocabulary import Kind, Role


@dataclass(frozen=True, slots=True)
class StoredRhythm:
    """``loop_s`` is the exact length of a loop, None for anything else."""

    region_id: int
    onsets_s: list[float]
    loop_s: float | None


def rhythms_of_regions(
    connection: Connection, *, roles: tuple[Role, ...] = (Role.DRUMS, Role.MIX), batch: int = 500
) -> Iterator[StoredRhythm]:
    """Rhythms of loops and tracks that play one of ``roles``, by rising region."""
    query = (
        sa.select(observations.c.region_id, observations.c.value, summaries.c.kind, regions.c.start_s, regions.c.end_s)
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
    last = None
    for row in connection.execute(query):
        if row.region_id == last or not row.value:
            continue
        last = row.region_id
        onsets = [each - row.start_s for each in row.value]
        yield StoredRhythm(row.region_id, onsets, row.end_s - row.start_s if row.kind == Kind.LOOP else None)
