"""Removing sounds from the catalogue; files on disk are never touched."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import file_claims, fulltext, region_rows
from sonoteca.catalogue.identity.locations import mark_missing
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import edits, locations, observations, regions, sounds, tags
from sonoteca.catalogue.store.schema_made import arrangement_clips, playlist_entries
from sonoteca.domain.melody import MELODY_HASH_PREFIX
from sonoteca.domain.vocabulary import Source


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
    """Forget paths that will not come back; their sounds stay. Returns how many there were."""
    of_sounds: set[int] = set()
    removed = 0
    for some in chunks(list(dict.fromkeys(location_ids))):
        gone = sa.delete(locations).where(locations.c.id.in_(some)).returning(locations.c.sound_id)
        found = connection.execute(gone).scalars().all()
        removed += len(found)
        of_sounds.update(sound_id for sound_id in found if sound_id is not None)
    file_claims.settle_places(connection, of_sounds)
    if removed:
        events.record(connection, "locations_removed", details={"locations": removed})
    return removed


def forget_failed(connection: Connection, location_ids: Sequence[int]) -> None:
    """Forget paths that are gone and gave no sound; those of a sound that somebody cares for are marked missing."""
    for some in chunks(list(location_ids)):
        of_cared = sa.select(sounds.c.id).where(is_cared_for())
        here = sa.select(locations.c.id).where(locations.c.id.in_(some), locations.c.sound_id.in_(of_cared))
        kept = set(connection.execute(here).scalars())
        mark_missing(connection, sorted(kept))
        remove_locations(connection, [each for each in some if each not in kept])


def remove_abandoned(connection: Connection) -> int:
    """Forget sounds that no file holds and nobody cares for; returns how many there were.

    A file was replaced by another content, or one that had failed was deleted: what is left is a row that can
    neither be heard nor tried again. A sound stays if a person said something about it, if it is in a playlist
    or an arrangement, or if a shop sells it.
    """
    held = sa.select(locations.c.id).where(locations.c.sound_id == sounds.c.id).exists()
    abandoned = sa.select(sounds.c.id).where(
        ~held, ~sounds.c.content_hash.startswith(MELODY_HASH_PREFIX), ~is_cared_for()
    )
    return remove_sounds(connection, connection.execute(abandoned).scalars().all())


def is_cared_for() -> sa.ColumnElement[bool]:
    """Whether anybody did something with a row of ``sounds`` that cannot be computed again."""
    of_sound = regions.c.sound_id == sounds.c.id
    by_region = [
        sa.select(table.c.region_id).join(regions, regions.c.id == table.c.region_id).where(of_sound, *only).exists()
        for table, only in (
            (edits, ()),
            (observations, (observations.c.source == Source.USER,)),
            (tags, (tags.c.source == Source.USER,)),
        )
    ]
    by_content = [
        sa.select(table.c.content_hash).where(table.c.content_hash == sounds.c.content_hash).exists()
        for table in (playlist_entries, arrangement_clips)
    ]
    sold = [sounds.c[name].is_not(None) for name in ("external_id", "price", "currency", "url", "shop_title")]
    return sa.or_(*by_region, *by_content, *sold)
