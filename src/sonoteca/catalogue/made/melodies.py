"""Melodies without sound: imported from scores and lists, searched like those that were heard.

One is kept as a sound whose content hash begins with ``mel1:``, with a ``notes`` statement of
source ``import``. It has no file, so it is never pending for analysis or embedding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import summaries
from sonoteca.catalogue.heard.observations import row_of
from sonoteca.catalogue.identity.sounds import ensure_sounds, whole_regions
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import observations, regions, sounds
from sonoteca.domain.descriptor import NOTES, POSSIBLE_NOTES
from sonoteca.domain.melody import NamedMelody
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.vocabulary import Source

_MELODIES = (NOTES.name, POSSIBLE_NOTES.name)


def import_melodies(connection: Connection, melodies: Sequence[NamedMelody], producer: str) -> int:
    """Keep melodies; returns how many are new. Those that are there already are left as they are.

    ``producer`` names the format they came from. A melody without notes is left out.
    """
    by_hash = {melody.content_hash: melody for melody in melodies if melody.notes}
    found = set(
        connection.execute(sa.select(sounds.c.content_hash).where(sounds.c.content_hash.in_(list(by_hash)))).scalars()
        if len(by_hash) < 10_000
        else connection.execute(sa.select(sounds.c.content_hash)).scalars()
    )
    new = {content_hash: melody for content_hash, melody in by_hash.items() if content_hash not in found}
    if not new:
        return 0
    ids = ensure_sounds(connection, new)
    wholes = whole_regions(connection, list(ids.values()))
    now = clock.now()
    origin = Provenance(Source.IMPORT, producer, 1)
    rows = []
    for content_hash, melody in new.items():
        sound_id = ids[content_hash]
        connection.execute(
            sa.update(sounds)
            .where(sounds.c.id == sound_id)
            .values(
                status="analysed",
                title=melody.title,
                external_id=melody.external_id,
                duration_s=melody.duration_s,
                analysed_at=now,
            )
        )
        connection.execute(sa.update(regions).where(regions.c.id == wholes[sound_id]).values(end_s=melody.duration_s))
        value: JsonValue = [{"start_s": n.start_s, "end_s": n.end_s, "midi": n.midi} for n in melody.notes]
        rows.append(row_of(wholes[sound_id], Observation(NOTES, value, None, origin), now))
    connection.execute(sa.insert(observations), rows)
    summaries.derive(connection, list(ids.values()))
    return len(new)


def melody_stamp(connection: Connection) -> str:
    """Changes whenever a statement of a melody is added, replaced or removed: what a derived index compares."""
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.max(observations.c.at), sa.func.sum(observations.c.region_id)).where(
            observations.c.descriptor.in_(_MELODIES)
        )
    ).one()
    return f"{row[0]}:{row[1]}:{row[2]}"


def melody_marks(connection: Connection) -> tuple[NDArray[np.int64], NDArray[np.bytes_]]:
    """Regions with a statement of a melody, rising, and for each a text that changes with its statements."""
    query = (
        sa.select(observations.c.region_id, sa.func.count().label("n"), sa.func.max(observations.c.at).label("at"))
        .where(observations.c.descriptor.in_(_MELODIES))
        .group_by(observations.c.region_id)
        .order_by(observations.c.region_id)
    )
    rows = connection.execute(query).all()
    marks = np.array([f"{row.n}:{row.at}" for row in rows], "S40")
    return np.fromiter((row.region_id for row in rows), np.int64, len(rows)), marks


def melodies_of_regions(
    connection: Connection, region_ids: Sequence[int] | None = None, *, batch: int = 500
) -> Iterator[tuple[int, list[dict[str, float]] | dict[str, Any]]]:
    """Region row number and melody of every region that has one (or of these, given rising), by rising region.

    The user's notes win, then the import's: lists as ``notes`` describes them. Then what was heard: the object of
    ``possible_notes``, or a list again where an older analysis left no more.
    """
    rank = sa.case(
        (observations.c.source == Source.USER, 0),
        (observations.c.source == Source.IMPORT, 1),
        (observations.c.descriptor == POSSIBLE_NOTES.name, 2),
        else_=3,
    )
    query = (
        sa.select(observations.c.region_id, observations.c.value)
        .where(observations.c.descriptor.in_(_MELODIES))
        .order_by(observations.c.region_id, rank)
        .execution_options(yield_per=batch)
    )
    parts = (
        [query]
        if region_ids is None
        else [query.where(observations.c.region_id.in_(s)) for s in chunks(list(region_ids))]
    )
    last = None
    for part in parts:
        for row in connection.execute(part):
            if row.region_id != last:
                last = row.region_id
                if row.value:
                    yield row.region_id, row.value
