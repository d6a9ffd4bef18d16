"""Removing sounds from the catalogue; files on disk are never touched."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import fulltext, region_rows, summaries
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import locations, regions, sounds


def remove_sounds(connection: Connection, sound_ids: Sequence[int]) -> int:
    """Forget these sounds: analysis, tags, vectors and locations; returns how many there were.

    A file that is still on disk is found as new by the next ``add``.
    """
    removed = 0
    for some in chunks(list(dict.fromkeys(sound_ids))):
        region_ids = connection.execute(sa.select(regions.c.id).where(regions.c.sound_id.in_(some))).scalars().all()
        region_rows.delete(connection, region_ids)
        fulltext.forget(connection, some)
        connection.execute(sa.delete(locations).where(locations.c.sound_id.in_(some)))
        removed += connection.execute(sa.delete(sounds).where(sounds.c.id.in_(some))).rowcount
    if removed:
        events.record(connection, "removed", details={"sounds": removed})
    return removed


def remove_locations(connection: Connection, location_ids: Sequence[int]) -> int:
    """Forget paths that will not come back (``prune``); their sounds stay. Returns how many there were."""
    of_sounds: set[int] = set()
    removed = 0
    for some in chunks(list(dict.fromkeys(location_ids))):
        gone = sa.delete(locations).where(locations.c.id.in_(some)).returning(locations.c.sound_id)
        found = connection.execute(gone).scalars().all()
        removed += len(found)
        of_sounds.update(sound_id for sound_id in found if sound_id is not None)
    summaries.refresh_places(connection, sorted(of_sounds))
    if removed:
        events.record(connection, "locations_removed", details={"locations": removed})
    return removed
