"""The region table of the regions of a library."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space, unpack
from sonoteca.catalogue.heard.observations import load
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import edits, embeddings_table, observations, regions, sounds, summaries
from sonoteca.domain.observation import Observation
from sonoteca.domain.precedence import winning
from sonoteca.match.region_table import DESCRIPTORS, RegionStatement, RegionTable, region_table_of

# Asked for more regions than this share of the library, all are loaded and kept.
_WORTH_KEEPING = 0.2
_kept: weakref.WeakKeyDictionary[Library, tuple[tuple[Any, ...], RegionTable]] = weakref.WeakKeyDictionary()


def load_region_table(library: Library, *, where: Sequence[int] | NDArray[np.int64] | None = None) -> RegionTable:
    """The region table of the regions of a library, by rising region.

    Parameters
    ----------
    library : Library
    where : region ids, optional
        Only these; ids that are not there are left out.

    Returns
    -------
    RegionTable
        All regions of a library are kept with the open ``library`` and loaded anew only after it changed.
    """
    with library.read() as connection:
        stamp = _stamp(connection)
        wanted = None if where is None else np.unique(np.asarray(where, np.int64))
        held = _kept.get(library)
        if held is None or held[0] != stamp:
            if wanted is not None and len(wanted) < _WORTH_KEEPING * stamp[0]:
                return _load(connection, [int(each) for each in wanted])
            held = (stamp, _load(connection, None))
            _kept[library] = held
    everything = held[1]
    return everything if wanted is None else everything.take(np.isin(everything.region_ids, wanted))


def regions_of_sound(library: Library, sound_id: int) -> RegionTable:
    """The region table of all regions of one sound of the library, the whole first."""
    with library.read() as connection:
        query = sa.select(regions.c.id).where(regions.c.sound_id == sound_id)
        found = _load(connection, list(connection.execute(query).scalars()))
    return found.take(np.argsort(found.numbers, kind="stable"))


def believed_values(believed: Mapping[str, Observation]) -> dict[str, Any]:
    """What is believed of ``DESCRIPTORS``, by name."""
    return {name: believed[name].value for name in DESCRIPTORS if name in believed}


def _stamp(connection: Connection) -> tuple[Any, ...]:
    """A stamp that changes with whatever may change a region table; the number of regions first."""
    n_regions = connection.execute(sa.select(sa.func.count()).select_from(regions)).scalar_one()
    last_sound = connection.execute(sa.select(sa.func.count(), sa.func.max(sounds.c.analysed_at))).one()
    last_edit = connection.execute(
        sa.select(sa.func.max(edits.c.id), sa.func.sum(sa.case((edits.c.undone, 1), else_=0)))
    ).one()
    return (n_regions, *last_sound, *last_edit)


def _load(connection: Connection, region_ids: list[int] | None) -> RegionTable:
    facts: dict[int, dict[str, Any]] = {}
    for row in _in_pieces(connection, _facts_query(), regions.c.id, region_ids):
        columns = dict(row._mapping)
        facts[columns["region_id"]] = columns | {"failed": columns.pop("status") == "failed"}
    values: dict[int, dict[str, Any]] = {region_id: {} for region_id in facts}
    unsettled: set[int] = set()
    query = sa.select(observations.c.region_id, observations.c.descriptor, observations.c.value).where(
        observations.c.descriptor.in_(DESCRIPTORS)
    )
    for row in _in_pieces(connection, query, observations.c.region_id, region_ids):
        region_id, descriptor, value = row.region_id, row.descriptor, row.value
        if descriptor in values.get(region_id, {}):
            unsettled.add(region_id)
        elif region_id in values:
            values[region_id][descriptor] = value
    # Where several sources speak, they are weighed as everywhere; that is rare.
    for region_id, statements in load(connection, sorted(unsettled), DESCRIPTORS).items():
        values[region_id] = believed_values(winning(statements))
    space = answering_space(connection)
    vectors = {} if space is None else _vectors(connection, space, region_ids)
    return region_table_of(
        (RegionStatement(facts[each], values[each], vectors.get(each)) for each in sorted(facts)),
        space_id=None if space is None else space.space.id,
    )


def _facts_query() -> sa.Select[Any]:
    return (
        sa.select(
            regions.c.id.label("region_id"),
            regions.c.sound_id,
            sounds.c.public_id.label("id"),
            sounds.c.content_hash,
            sounds.c.status,
            regions.c.number,
            regions.c.start_s,
            regions.c.end_s,
            summaries.c.kind,
            summaries.c.tempo_bpm,
            summaries.c.tempo_confidence,
            summaries.c.beats_per_bar,
            summaries.c.bars,
            summaries.c.key_number,
            summaries.c.key_confidence,
            summaries.c.tonality,
            summaries.c.energy_level,
            summaries.c.onset_density,
            summaries.c.loudness_lufs,
        )
        .join(sounds, sounds.c.id == regions.c.sound_id)
        .join(summaries, summaries.c.region_id == regions.c.id)
        .where(sounds.c.status != "pending")
    )


def _in_pieces(
    connection: Connection, query: sa.Select[Any], column: sa.Column[Any], region_ids: list[int] | None
) -> list[sa.Row[Any]]:
    if region_ids is None:
        return list(connection.execute(query))
    return [row for some in chunks(region_ids) for row in connection.execute(query.where(column.in_(some)))]


def _vectors(
    connection: Connection, space: StoredSpace, region_ids: list[int] | None
) -> dict[int, NDArray[np.float32]]:
    table = embeddings_table(space.number)
    query = sa.select(table.c.region_id, table.c.vector).where(table.c.is_window.is_(False))
    return {row.region_id: unpack(row.vector) for row in _in_pieces(connection, query, table.c.region_id, region_ids)}
