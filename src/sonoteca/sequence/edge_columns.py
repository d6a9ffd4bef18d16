"""Edges of many tracks as columns, kept in the library's data folder and read again only where a sound was analysed anew.

Reading curves and windows of 20,000 tracks from the catalogue takes seconds, reading these
columns a twentieth of one. The catalogue stays the truth: the file can be deleted at any time.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space
from sonoteca.catalogue.heard.observations import load
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import embeddings_table, regions, sounds
from sonoteca.derived.array_file import ArrayFileDamaged
from sonoteca.derived.derivation import DerivedState, KeptFile
from sonoteca.derived.row_changes import RowMarks, find_changes
from sonoteca.domain.columns import Columns
from sonoteca.domain.descriptor import ENERGY_CURVE, KEY_SEGMENTS, TEMPO_CURVE
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.precedence import winning
from sonoteca.sequence.edges import edge_keys, edge_loudness, edge_tempos
from sonoteca.sequence.tracks import EDGE_S, NO_KEY

START, END, WHOLE = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class EdgeColumns(Columns):
    """Edges of ``n`` sounds; unknown is NaN, ``NO_KEY``, or a vector of zeros.

    ``analysed_at`` says of which analysis. ``keys_heard`` has a bit per key that occurs in the
    sound. ``loudness_*`` is felt loudness beside the middle of the sound. ``vectors`` is
    float16 (n, 3, dimensions): start, end, whole.
    """

    region_ids: NDArray[np.int64]
    analysed_at: NDArray[np.bytes_]
    tempo_start: NDArray[np.float32]
    tempo_end: NDArray[np.float32]
    key_start: NDArray[np.int8]
    key_end: NDArray[np.int8]
    keys_heard: NDArray[np.int32]
    loudness_start: NDArray[np.float32]
    loudness_end: NDArray[np.float32]
    vectors: NDArray[np.float16]

    @classmethod
    def empty(cls, count: int, dimensions: int) -> EdgeColumns:
        """``count`` sounds of which nothing is known."""

        def unknown() -> NDArray[np.float32]:
            return np.full(count, np.nan, np.float32)

        return cls(
            region_ids=np.zeros(count, np.int64),
            analysed_at=np.zeros(count, "S24"),
            tempo_start=unknown(),
            tempo_end=unknown(),
            key_start=np.full(count, NO_KEY, np.int8),
            key_end=np.full(count, NO_KEY, np.int8),
            keys_heard=np.zeros(count, np.int32),
            loudness_start=unknown(),
            loudness_end=unknown(),
            vectors=np.zeros((count, 3, dimensions), np.float16),
        )


def edge_columns(
    library: Library,
    connection: Connection,
    space: StoredSpace | None,
    region_ids: NDArray[np.int64],
    analysed_at: NDArray[np.bytes_],
) -> EdgeColumns:
    """Edges of these regions 0, in this order, from the kept file where it is of the same analysis.

    Parameters
    ----------
    space : StoredSpace, optional
        Where vectors are read from; None: there are none.
    region_ids, analysed_at : arrays (n,)
        Row numbers, and the moment of each sound's analysis (``sounds.analysed_at``).
    """
    dimensions = space.space.dimensions if space is not None else 0
    with library.lock(_KEPT.name):
        kept = _held(library, space) or EdgeColumns.empty(0, dimensions)
        changes = find_changes(RowMarks(kept.region_ids, kept.analysed_at), RowMarks(region_ids, analysed_at))
        if len(changes.fresh):
            is_fresh = np.isin(region_ids, changes.fresh)
            fresh = _read_edges(connection, space, region_ids[is_fresh], analysed_at[is_fresh])
            kept = kept.take(~np.isin(kept.region_ids, fresh.region_ids)).joined(fresh)
            _KEPT.write(library, _stamp(space), _to_arrays(kept))
        library.held[_KEPT.name] = (_stamp(space), kept)
    order = np.argsort(kept.region_ids)
    return kept.take(order[np.searchsorted(kept.region_ids, region_ids, sorter=order)])


# --- from the catalogue --------------------------------------------------------------------------


def _read_edges(
    connection: Connection,
    space: StoredSpace | None,
    region_ids: NDArray[np.int64],
    analysed_at: NDArray[np.bytes_],
) -> EdgeColumns:
    columns = EdgeColumns.empty(len(region_ids), space.space.dimensions if space is not None else 0)
    columns.region_ids[:] = region_ids
    columns.analysed_at[:] = analysed_at
    place = {int(region_id): index for index, region_id in enumerate(region_ids)}
    names = (KEY_SEGMENTS.name, TEMPO_CURVE.name, ENERGY_CURVE.name)
    for some in chunks(list(place), 2_000):
        spans = connection.execute(sa.select(regions.c.id, regions.c.end_s).where(regions.c.id.in_(some)))
        duration_s: dict[int, float] = {row.id: row.end_s for row in spans}
        for region_id, statements in load(connection, some, names).items():
            believed = {name: each.value for name, each in winning(statements).items()}
            _fill(columns, place[region_id], believed, duration_s.get(region_id, 0.0))
    if space is not None:
        _fill_vectors(connection, space, columns, place)
    return columns


def _fill(columns: EdgeColumns, at: int, believed: dict[str, JsonValue], duration_s: float) -> None:
    segments = believed.get(KEY_SEGMENTS.name)
    if (keys := edge_keys(segments)) is not None and isinstance(segments, list):
        columns.key_start[at], columns.key_end[at] = keys[0].number, keys[1].number
        for span in segments:
            if isinstance(span, dict):
                columns.keys_heard[at] |= 1 << Key.parse(str(span["name"])).number
    if (tempos := edge_tempos(believed.get(TEMPO_CURVE.name))) is not None:
        columns.tempo_start[at], columns.tempo_end[at] = tempos
    if (loudness := edge_loudness(believed.get(ENERGY_CURVE.name), duration_s)) is not None:
        columns.loudness_start[at], columns.loudness_end[at] = loudness


def _fill_vectors(connection: Connection, space: StoredSpace, columns: EdgeColumns, place: dict[int, int]) -> None:
    """Whole vectors, and the means of the windows within the edges; a sound without windows is its own edges."""
    table = embeddings_table(space.number)
    sums = np.zeros(columns.vectors.shape, np.float32)
    near_start = table.c.end_s <= regions.c.start_s + EDGE_S
    near_end = table.c.start_s >= regions.c.end_s - EDGE_S
    query = (
        sa.select(table.c.region_id, table.c.is_window, near_start, near_end, table.c.vector)
        .join(regions, regions.c.id == table.c.region_id)
        .where(~table.c.is_window | near_start | near_end)
    )
    for some in chunks(list(place), 2_000):
        rows = connection.execute(query.where(table.c.region_id.in_(some))).all()
        if not rows:
            continue
        ids, windows, starts, ends, blobs = zip(*rows, strict=True)
        vectors = np.frombuffer(b"".join(map(bytes, blobs)), dtype="<f2").reshape(len(rows), -1).astype(np.float32)
        where = np.array([place[region_id] for region_id in ids])
        is_window = np.array(windows, bool)
        for part, belongs in (
            (WHOLE, ~is_window),
            (START, is_window & np.array(starts, bool)),
            (END, is_window & np.array(ends, bool)),
        ):
            np.add.at(sums, (where[belongs], part), vectors[belongs])
    for part in (START, END):
        has_none = ~sums[:, part].any(axis=1)
        sums[has_none, part] = sums[has_none, WHOLE]
    # Sums of a few unit vectors: float16 holds them, and whoever compares takes unit lengths.
    columns.vectors[:] = sums


# --- what is kept ----------------------------------------------------------------------------------

_KEPT: Final = KeptFile("edges", version=2, formerly=("sequence/edges.npz",))


def _stamp(space: StoredSpace | None) -> str:
    """Of which space, and how long an edge, the columns are; of which analysis each row is, it says itself."""
    return f"{EDGE_S:g}:{space.space.id if space is not None else ''}"


def _held(library: Library, space: StoredSpace | None) -> EdgeColumns | None:
    """What this program holds, or what is kept; None where there is none, of another space, or damaged."""
    stamp, columns = library.held.get(_KEPT.name) or (None, None)
    if stamp == _stamp(space):
        return columns
    with contextlib.suppress(ArrayFileDamaged):
        kept = _kept(library)
        if kept is not None and kept[0] == _stamp(space):
            return kept[1]
    return None


def _kept(library: Library) -> tuple[str, EdgeColumns] | None:
    kept = _KEPT.read(library)
    if kept is None:
        return None
    stamp, arrays = kept
    try:
        return stamp, EdgeColumns(**{each.name: arrays[each.name] for each in fields(EdgeColumns)})
    except (ValueError, KeyError) as error:
        raise ArrayFileDamaged(f"its arrays are not of one table ({error})") from error


def _to_arrays(columns: EdgeColumns) -> dict[str, NDArray[Any]]:
    return {each.name: getattr(columns, each.name) for each in fields(columns)}


class TrackEdges:
    """The edges of tracks as a derived thing: rows of those tracks that were asked for, each of one analysis."""

    name: Final = _KEPT.name

    def look(self, library: Library) -> DerivedState:
        """Compare what is kept with the catalogue; changes nothing."""
        try:
            kept = _kept(library)
        except ArrayFileDamaged as damage:
            return DerivedState(self.name, True, False, False, f"{_KEPT.path(library)}: {damage}")
        if kept is None:
            return DerivedState(self.name, False, False, True)
        with library.read() as connection:
            space = answering_space(connection)
            wholes = _wholes(connection)
        stale = int((~find_changes(RowMarks(kept[1].region_ids, kept[1].analysed_at), wholes).kept).sum())
        is_current = kept[0] == _stamp(space) and not stale
        message = f"{stale} of {len(kept[1])} tracks were analysed anew or removed" if stale else ""
        return DerivedState(self.name, True, is_current, True, message)

    def rebuild(self, library: Library) -> None:
        """Read the edges of all analysed sounds anew."""
        with library.lock(self.name), library.read() as connection:
            space = answering_space(connection)
            wholes = _wholes(connection)
            columns = _read_edges(connection, space, wholes.ids, wholes.marks)
            library.held[self.name] = (_stamp(space), columns)
            _KEPT.write(library, _stamp(space), _to_arrays(columns))


def _wholes(connection: Connection) -> RowMarks:
    """Regions 0 of all analysed sounds, and of which analysis they are."""
    query = (
        sa.select(regions.c.id, sounds.c.analysed_at)
        .join(sounds, sounds.c.id == regions.c.sound_id)
        .where(regions.c.number == 0, sounds.c.status == "analysed")
    )
    rows = connection.execute(query).all()
    marks = np.array([row.analysed_at or "" for row in rows], "S24")
    return RowMarks(np.fromiter((row.id for row in rows), np.int64, len(rows)), marks)
