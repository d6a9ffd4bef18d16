"""A stored sound in the form that the sound object is made of."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.observations import load
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import regions, runs
from sonoteca.domain.region import Region
from sonoteca.domain.sound_object import RegionStatements, Skipped, region_statements


def statements_of(connection: Connection, sound_id: int) -> tuple[RegionStatements, ...]:
    """A sound as ``sound_object.sound_object`` takes it: believed values and skipped runs per region."""
    rows = connection.execute(sa.select(regions).where(regions.c.sound_id == sound_id).order_by(regions.c.number)).all()
    ids = [row.id for row in rows]
    statements = load(connection, ids)
    skipped: dict[int, list[Skipped]] = {region_id: [] for region_id in ids}
    for some in chunks(ids):
        query = sa.select(runs).where(runs.c.region_id.in_(some), runs.c.outcome != "done").order_by(runs.c.producer)
        for run in connection.execute(query):
            skipped[run.region_id].append(Skipped(run.producer, run.reason or ""))
    return tuple(
        region_statements(Region(row.number, row.start_s, row.end_s), statements[row.id], tuple(skipped[row.id]))
        for row in rows
    )
