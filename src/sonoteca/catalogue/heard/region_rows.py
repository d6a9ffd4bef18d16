"""Rows of regions: a new split takes the place of the old one without losing what a person did.

Region 0 is the whole sound and keeps its row for ever. An event region that is found again at
the same place keeps its row, and with it tags and user values. One that a user edited is kept
even when it is not found again; a new one that covers mostly the same span then gives way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import embeddings
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import regions
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import REGION_PRODUCER, REGION_VERSION, SoundAnalysis

# Two spans whose common part is at least this share of both together are one event.
_SAME_EVENT = 0.5
# Borders are found to a frame; equal to the millisecond is equal.
_DECIMALS = 3


@dataclass(slots=True)
class _Row:
    id: int
    number: int
    start_s: float
    end_s: float
    generation: int
    edited: bool


def replace(connection: Connection, analyses: Mapping[int, SoundAnalysis]) -> dict[int, list[int]]:
    """Make the regions of these sounds those of today's analyses.

    Returns
    -------
    dict of sound id to list of region row numbers
        In the order of ``SoundAnalysis.regions``. A new region that gave way to an edited one has
        the edited one's row.
    """
    before = _rows(connection, list(analyses))
    result: dict[int, list[int]] = {}
    inserts: list[dict[str, Any]] = []
    waiting: list[tuple[int, int]] = []
    whole_ends: list[dict[str, Any]] = []
    deleted: list[int] = []
    renumbered: dict[int, int] = {}
    for sound_id, analysis in analyses.items():
        old = before[sound_id]
        whole = next(row for row in old if row.number == 0)
        duration_s = analysis.whole.region.end_s
        whole_ends.append({"row": whole.id, "whole_end_s": duration_s})
        ids = [whole.id]
        events = [part.region for part in analysis.regions[1:]]
        kept = _match(events, [row for row in old if row.number != 0])
        taken = {row.id for row in kept if row is not None}
        deleted += [row.id for row in old if row.number != 0 and row.id not in taken and not row.edited]
        survivors = [row for row in old if row.number != 0 and (row.edited or row.id in taken)]
        numbers = _numbers(events, kept, survivors)
        for row in survivors:
            if row.number != numbers[("row", row.id)]:
                renumbered[row.id] = numbers[("row", row.id)]
        generation = 1 + max(row.generation for row in old)
        for index, (region, continued) in enumerate(zip(events, kept, strict=True)):
            if continued is not None:
                ids.append(continued.id)
                continue
            waiting.append((sound_id, len(ids)))
            ids.append(0)
            inserts.append(_values(sound_id, region, numbers[("event", index)], generation))
        result[sound_id] = ids
    connection.execute(
        sa.update(regions).where(regions.c.id == sa.bindparam("row")).values(end_s=sa.bindparam("whole_end_s")),
        whole_ends,
    )
    delete(connection, deleted)
    _renumber(connection, renumbered)
    if inserts:
        statement = sa.insert(regions).returning(regions.c.id, sort_by_parameter_order=True)
        made = connection.execute(statement, inserts).scalars().all()
        for (sound_id, place), region_id in zip(waiting, made, strict=True):
            result[sound_id][place] = region_id
    return result


def delete(connection: Connection, region_ids: Sequence[int]) -> None:
    """Delete regions with all that hangs on them, and note their vectors for the indexes."""
    if not region_ids:
        return
    for space in embeddings.list_spaces(connection):
        embeddings.delete_of_regions(connection, space, region_ids)
    for some in chunks(list(region_ids)):
        connection.execute(sa.delete(regions).where(regions.c.id.in_(some)))


def _rows(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = {sound_id: [] for sound_id in sound_ids}
    columns = (
        regions.c.sound_id, regions.c.id, regions.c.number, regions.c.start_s, regions.c.end_s,
        regions.c.generation, regions.c.edited,
    )  # fmt: skip
    for some in chunks(list(sound_ids)):
        for sound_id, *rest in connection.execute(sa.select(*columns).where(regions.c.sound_id.in_(some))):
            found[sound_id].append(_Row(*rest))
    return found


def _match(events: Sequence[Region], old: Sequence[_Row]) -> list[_Row | None]:
    """Per new event the row it continues, or None."""
    by_span = {(round(row.start_s, _DECIMALS), round(row.end_s, _DECIMALS)): row for row in old}
    edited = [row for row in old if row.edited]
    used: set[int] = set()
    matched: list[_Row | None] = []
    for event in events:
        row = by_span.get((round(event.start_s, _DECIMALS), round(event.end_s, _DECIMALS)))
        if row is None:
            row = next((each for each in edited if each.id not in used and _overlap(event, each) >= _SAME_EVENT), None)
        if row is not None and row.id in used:
            row = None
        if row is not None:
            used.add(row.id)
        matched.append(row)
    return matched


def _overlap(event: Region, row: _Row) -> float:
    common = min(event.end_s, row.end_s) - max(event.start_s, row.start_s)
    together = max(event.end_s, row.end_s) - min(event.start_s, row.start_s)
    return common / together if together > 0 else 1.0


def _numbers(
    events: Sequence[Region], kept: Sequence[_Row | None], survivors: Sequence[_Row]
) -> dict[tuple[str, int], int]:
    """Numbers from 1 in time order over old rows that stay and new ones."""
    places = [(row.start_s, row.end_s, "row", row.id) for row in survivors]
    places += [
        (event.start_s, event.end_s, "event", index)
        for index, (event, row) in enumerate(zip(events, kept, strict=True))
        if row is None
    ]
    return {(what, which): number for number, (_, _, what, which) in enumerate(sorted(places), start=1)}


def _values(sound_id: int, region: Region, number: int, generation: int) -> dict[str, Any]:
    return {
        "sound_id": sound_id,
        "number": number,
        "start_s": region.start_s,
        "end_s": region.end_s,
        "producer": REGION_PRODUCER,
        "version": REGION_VERSION,
        "generation": generation,
    }


def _renumber(connection: Connection, numbers: Mapping[int, int]) -> None:
    """In two steps, because a number is unique within its sound at every moment."""
    if not numbers:
        return
    statement = sa.update(regions).where(regions.c.id == sa.bindparam("row")).values(number=sa.bindparam("new_number"))
    for sign in (-1, 1):
        connection.execute(statement, [{"row": row, "new_number": sign * number} for row, number in numbers.items()])
