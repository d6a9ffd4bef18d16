"""The region table of the regions of a library, filled column by column and a block of regions at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space
from sonoteca.catalogue.heard.observations import believed
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import embeddings_table, observations, regions, sounds, summaries
from sonoteca.derived.catalogue_state import region_marks, regions_stamp
from sonoteca.derived.derivation import Arrays, Derivation
from sonoteca.derived.row_changes import RowMarks, find_changes
from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS
from sonoteca.domain.believed import CORRECTIONS
from sonoteca.domain.certainty import said_role
from sonoteca.domain.descriptor import BEAT_PROFILE, ROLE, SWING
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Source
from sonoteca.match.beat_rows import BeatRows, RowSpool
from sonoteca.match.region_table import DESCRIPTORS, RegionTable, Stated, region_table_of_columns

# Asked for more regions than this share of the library, all are loaded and held.
_WORTH_HOLDING = 0.2
# A block of them takes some 30 MB while it is read.
_REGIONS_AT_ONCE = 10_000
_BEATS: Mapping[str, int] = {"notes": N_NOTES, "onsets": N_ONSETS}

# Which rows of a table with this column of regions are meant.
Condition = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[bool]]


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
        All regions of a library are held by the open ``library``, kept in its data folder, and of those that
        changed read anew. 700 bytes a region, and 72 more a beat that stay in the file.
    """
    if where is None:
        return MATCH_TABLE.current(library).table
    wanted = np.unique(np.asarray(where, np.int64))
    everything = MATCH_TABLE.held(library)
    if everything is None:
        with library.read() as connection:
            n_regions = connection.execute(sa.select(sa.func.count()).select_from(regions)).scalar_one()
            if len(wanted) < _WORTH_HOLDING * n_regions:
                return _load(connection, wanted)
        everything = MATCH_TABLE.current(library)
    table = everything.table
    return table.take(np.isin(table.region_ids, wanted))


def regions_of_sound(library: Library, sound_id: int) -> RegionTable:
    """The region table of all regions of one sound of the library, the whole first."""
    with library.read() as connection:
        query = sa.select(regions.c.id).where(regions.c.sound_id == sound_id)
        found = _load(connection, np.array(list(connection.execute(query).scalars()), np.int64))
    return found.take(np.argsort(found.numbers, kind="stable"))


def believed_values(statements: Mapping[str, Observation]) -> dict[str, Any]:
    """What is believed of ``DESCRIPTORS``, by name."""
    return {name: statements[name].value for name in DESCRIPTORS if name in statements}


# --- the derived thing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class MatchTable:
    """The table of all regions whose sounds were listened to, and of which state of the library each region is."""

    table: RegionTable
    marks: RowMarks


def _stamp(connection: Connection) -> str:
    space = answering_space(connection)
    return f"{regions_stamp(connection)}:{'' if space is None else space.space.id}"


def _make(connection: Connection, former: MatchTable | None) -> MatchTable:
    """All regions; of the former ones those of sounds that changed are read anew."""
    marks = region_marks(connection)
    space = answering_space(connection)
    if former is None or former.table.space_id != (None if space is None else space.space.id):
        return MatchTable(_load_all(connection, space), marks)
    changes = find_changes(former.marks, marks)
    kept = former.table.take(np.isin(former.table.region_ids, former.marks.ids[changes.kept]))
    together = kept.joined(_load(connection, changes.fresh)) if len(changes.fresh) else kept
    return MatchTable(together.take(np.argsort(together.region_ids, kind="stable")), marks)


def _to_arrays(made: MatchTable) -> Arrays:
    arrays: dict[str, NDArray[Any]] = {"marks.ids": made.marks.ids, "marks.marks": made.marks.marks}
    for each in fields(RegionTable):
        column = getattr(made.table, each.name)
        if isinstance(column, BeatRows):
            arrays[each.name] = column.end_to_end_rows()
        elif isinstance(column, tuple):
            # "" is no kind of sound, no id and no hash.
            arrays[each.name] = np.array([word or "" for word in column], np.bytes_) if column else np.zeros(0, "S1")
        elif isinstance(column, np.ndarray):
            arrays[each.name] = column
    arrays["space_id"] = np.array((made.table.space_id or "-").encode())
    return arrays


def _from_arrays(arrays: Arrays) -> MatchTable:
    columns: dict[str, Any] = {}
    for each in fields(RegionTable):
        column = arrays[each.name]
        if each.name in _BEATS:
            if column.shape[1:] != (_BEATS[each.name],):
                raise ValueError(f"{each.name} have rows of {column.shape[1:]}")
            columns[each.name] = BeatRows.end_to_end(column, arrays["n_beats"])
        elif each.name == "space_id":
            space_id = column.item().decode()
            columns[each.name] = None if space_id == "-" else space_id
        elif each.name == "kinds":
            columns[each.name] = tuple(sys.intern(word.decode()) or None for word in column.tolist())
        elif column.dtype.kind == "S":
            columns[each.name] = tuple(word.decode() for word in column.tolist())
        else:
            columns[each.name] = column
    return MatchTable(RegionTable(**columns), RowMarks(arrays["marks.ids"], arrays["marks.marks"]))


MATCH_TABLE: Final = Derivation(
    name="match",
    version=2,
    stamp=_stamp,
    make=_make,
    to_arrays=_to_arrays,
    from_arrays=_from_arrays,
    mapped=tuple(_BEATS),
)


# --- from the catalogue ----------------------------------------------------------------------------


def _load(connection: Connection, region_ids: NDArray[np.int64]) -> RegionTable:
    """These regions, given rising; those that are not there are left out."""
    space = answering_space(connection)
    blocks = [
        _read_block(connection, space, lambda column, some=some: column.in_(some))  # type: ignore[misc]
        for some in chunks(region_ids.tolist())
    ]
    table = blocks[0] if blocks else _read_block(connection, space, lambda column: sa.false())
    for block in blocks[1:]:
        table = table.joined(block)
    return table


def _load_all(connection: Connection, space: StoredSpace | None) -> RegionTable:
    """All regions: each block is laid into columns that have room for all, and is gone before the next is read."""
    n_regions, last = connection.execute(sa.select(sa.func.count(), sa.func.max(regions.c.id))).one()
    arrays: dict[str, NDArray[Any]] = {}
    words: dict[str, list[Any]] = {}
    spools = {name: RowSpool(width) for name, width in _BEATS.items()}
    n = 0
    for first in range(0, (last or 0) + 1, _REGIONS_AT_ONCE):
        block = _read_block(
            connection,
            space,
            lambda column, first=first: column.between(first, first + _REGIONS_AT_ONCE - 1),  # type: ignore[misc]
        )
        for each in fields(RegionTable):
            column = getattr(block, each.name)
            if isinstance(column, BeatRows):
                spools[each.name].add(column.pieces())
            elif isinstance(column, tuple):
                words.setdefault(each.name, []).extend(column)
            elif isinstance(column, np.ndarray):
                room = arrays.setdefault(each.name, np.empty((n_regions, *column.shape[1:]), column.dtype))
                room[n : n + len(block)] = column
        n += len(block)
    if not arrays:
        return _load(connection, np.zeros(0, np.int64))
    arrays = {name: column[:n] for name, column in arrays.items()}
    columns: dict[str, Any] = {**arrays}
    columns |= {name: tuple(column) for name, column in words.items()}
    columns |= {name: BeatRows.end_to_end(spool.rows(), arrays["n_beats"]) for name, spool in spools.items()}
    return RegionTable(**columns, space_id=None if space is None else space.space.id)


def _read_block(connection: Connection, space: StoredSpace | None, condition: Condition) -> RegionTable:
    """The regions that meet a condition, by rising region."""
    rows = connection.execute(_facts_query().where(condition(regions.c.id)).order_by(regions.c.id)).all()
    columns = zip(*rows, strict=True) if rows else ((),) * len(_FACTS)
    facts: dict[str, Sequence[Any]] = dict(zip(_FACTS, columns, strict=True))
    facts["failed"] = [status == "failed" for status in facts.pop("status")]
    region_ids = np.array(facts["region_id"], np.int64)
    return region_table_of_columns(
        len(region_ids),
        facts,
        _as_said(facts, _stated(connection, region_ids, condition)),
        _vectors(connection, space, region_ids, condition),
        space_id=None if space is None else space.space.id,
    )


def _stated(connection: Connection, region_ids: NDArray[np.int64], condition: Condition) -> dict[str, Stated]:
    """What is believed of these regions; a descriptor's values are parsed together, not one by one."""
    query = sa.select(
        observations.c.region_id, observations.c.descriptor, sa.cast(observations.c.value, sa.Text)
    ).where(observations.c.descriptor.in_(DESCRIPTORS), condition(observations.c.region_id))
    rows = connection.execute(query).all()
    if not rows:
        return {}
    ids = np.array([row[0] for row in rows], np.int64)
    names = np.array([row[1] for row in rows], np.str_)
    texts: NDArray[Any] = np.array([row[2] for row in rows], object)
    found: dict[str, Stated] = {}
    unsettled: set[int] = set()
    for name in DESCRIPTORS:
        of_name = np.flatnonzero((names == name) & np.isin(ids, region_ids))
        once, place, count = np.unique(ids[of_name], return_index=True, return_counts=True)
        # Where several sources speak, they are weighed as everywhere; that is rare.
        unsettled.update(once[count > 1].tolist())
        of_name = of_name[place[count == 1]]
        values = json.loads(f"[{','.join(texts[of_name])}]")
        found[name] = Stated(np.searchsorted(region_ids, ids[of_name]), values)
    unsettled.update(np.intersect1d(_corrected(connection, condition), region_ids).tolist())
    if unsettled:
        _settle(connection, region_ids, sorted(unsettled), found)
    return found


def _corrected(connection: Connection, condition: Condition) -> list[int]:
    """Regions of which a person corrected what others of their statements follow."""
    names = [each.name for each in CORRECTIONS]
    query = sa.select(observations.c.region_id).distinct()
    is_said = (observations.c.source == Source.USER) & observations.c.descriptor.in_(names)
    return list(connection.execute(query.where(is_said, condition(observations.c.region_id))).scalars())


def _as_said(facts: Mapping[str, Sequence[Any]], stated: Mapping[str, Stated]) -> dict[str, Stated]:
    """What was heard, less what the summaries do not say (``domain.certainty``): beats without a tempo, a track's role."""
    said = dict(stated)
    for name in (BEAT_PROFILE.name, SWING.name):
        if (of_beats := said.get(name)) is not None:
            said[name] = of_beats.where([facts["tempo_bpm"][row] is not None for row in of_beats.rows.tolist()])
    if (roles := said.get(ROLE.name)) is not None:
        values = [
            said_role(value, facts["kind"][row], facts["role"][row])
            for row, value in zip(roles.rows.tolist(), roles.values, strict=True)
        ]
        said[ROLE.name] = Stated(roles.rows, values).where([value is not None for value in values])
    return said


def _settle(
    connection: Connection, region_ids: NDArray[np.int64], unsettled: list[int], found: dict[str, Stated]
) -> None:
    """Weigh what several sources say of a region; what one said of it by itself is replaced by the same."""
    rows_of = dict(zip(unsettled, np.searchsorted(region_ids, unsettled).tolist(), strict=True))
    ends_s: dict[int, float] = {}
    for some in chunks(unsettled):
        spans = connection.execute(sa.select(regions.c.id, regions.c.end_s).where(regions.c.id.in_(some)))
        ends_s.update((row.id, row.end_s) for row in spans)
    values_of = {
        rows_of[region_id]: believed_values(statements)
        for region_id, statements in believed(connection, ends_s, DESCRIPTORS).items()
    }
    for name in DESCRIPTORS:
        kept = np.flatnonzero(~np.isin(found[name].rows, list(values_of)))
        more = [(row, values[name]) for row, values in values_of.items() if name in values]
        found[name] = Stated(
            np.concatenate([found[name].rows[kept], np.array([row for row, _ in more], np.int64)]),
            [*(found[name].values[each] for each in kept.tolist()), *(value for _, value in more)],
        )


_FACTS: Final = (
    "region_id", "sound_id", "id", "content_hash", "status", "number", "start_s", "end_s", "kind", "tempo_bpm",
    "tempo_confidence", "beats_per_bar", "bars", "key_number", "key_confidence", "tonality", "energy_level",
    "onset_density", "loudness_lufs", "role",
)  # fmt: skip


def _facts_query() -> sa.Select[Any]:
    """The columns of ``_FACTS`` of regions whose sounds were listened to."""
    named = {"region_id": regions.c.id, "id": sounds.c.public_id, "status": sounds.c.status}
    columns = []
    for name in _FACTS:
        table = next(each for each in (regions, sounds, summaries) if name in each.c)
        columns.append(named.get(name, table.c[name]))
    return (
        sa.select(*columns)
        .join(sounds, sounds.c.id == regions.c.sound_id)
        .join(summaries, summaries.c.region_id == regions.c.id)
        .where(sounds.c.status != "pending")
    )


def _vectors(
    connection: Connection, space: StoredSpace | None, region_ids: NDArray[np.int64], condition: Condition
) -> NDArray[np.float16]:
    """The whole vectors as they are stored; a row of NaN where there is none."""
    vectors = np.full((len(region_ids), 0 if space is None else space.space.dimensions), np.nan, np.float16)
    if space is None or not len(region_ids):
        return vectors
    table = embeddings_table(space.number)
    query = sa.select(table.c.region_id, table.c.vector).where(
        table.c.is_window.is_(False), condition(table.c.region_id)
    )
    rows = connection.execute(query).all()
    if rows:
        ids, packed = zip(*rows, strict=True)
        stored = np.frombuffer(b"".join(map(bytes, packed)), "<f2").reshape(len(rows), -1)
        known = np.isin(ids, region_ids)
        vectors[np.searchsorted(region_ids, np.array(ids)[known])] = stored[known]
    return vectors
