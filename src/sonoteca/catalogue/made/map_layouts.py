"""Maps of a library: for an embedding space and a method one layout, and the place of each region on it.

A layout's ``model`` is what places a sound that was not there when it was fitted; its bytes are the
business of ``search.map.model``. Fitting anew replaces the layout of that space and method; places go with
their regions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.read_back import ReadBack
from sonoteca.catalogue.store.schema import embeddings_table, regions
from sonoteca.catalogue.store.schema_made import map_layouts, map_points
from sonoteca.errors import LibraryBusy


@dataclass(frozen=True, slots=True)
class Layout:
    """``number`` names it within this library; ``at`` is when it was fitted, ``fitted_to`` to how many regions."""

    number: int
    method: str
    fitted_to: int
    model: bytes
    at: str


def find_layout(connection: Connection, space: StoredSpace, *, method: str | None = None) -> Layout | None:
    """The layout of a space by this method, or by any method the one fitted last; None if there is none."""
    query = sa.select(map_layouts).where(map_layouts.c.space == space.number).order_by(map_layouts.c.id.desc()).limit(1)
    if method is not None:
        query = query.where(map_layouts.c.method == method)
    row = connection.execute(query).first()
    return None if row is None else Layout(row.id, row.method, row.settings["fitted_to"], bytes(row.model), row.at)


def list_layouts(connection: Connection, space: StoredSpace) -> list[Layout]:
    """All layouts of a space, the one fitted first first."""
    rows = connection.execute(
        sa.select(map_layouts).where(map_layouts.c.space == space.number).order_by(map_layouts.c.id)
    )
    return [Layout(row.id, row.method, row.settings["fitted_to"], bytes(row.model), row.at) for row in rows]


def store_layout(connection: Connection, space: StoredSpace, *, method: str, fitted_to: int, model: bytes) -> Layout:
    """Keep a layout in the place of the former one of this space and method; it has no points yet."""
    former = (map_layouts.c.space == space.number) & (map_layouts.c.method == method)
    connection.execute(sa.delete(map_layouts).where(former))
    now = clock.now()
    new = sa.insert(map_layouts).values(
        space=space.number, method=method, settings={"fitted_to": fitted_to}, model=model, at=now
    )
    return Layout(connection.execute(new.returning(map_layouts.c.id)).scalar_one(), method, fitted_to, model, now)


def region_vectors(
    connection: Connection, space: StoredSpace, *, without_place_on: Layout | None = None, batch: int = 8192
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Ids and whole-region vectors (n, dimensions) of regions in rising order of id.

    Parameters
    ----------
    without_place_on : Layout, optional
        Only regions that have no place on it yet.
    """
    table = embeddings_table(space.number)
    query = sa.select(table.c.region_id, table.c.vector).where(table.c.is_window.is_(False))
    if without_place_on is not None:
        placed = sa.select(map_points.c.region_id).where(map_points.c.layout_id == without_place_on.number)
        query = query.where(table.c.region_id.not_in(placed))
    query = query.order_by(table.c.region_id).limit(batch)
    after = 0
    while rows := connection.execute(query.where(table.c.region_id > after)).all():
        ids = np.fromiter((row.region_id for row in rows), dtype=np.int64, count=len(rows))
        joined = b"".join(bytes(row.vector) for row in rows)
        yield ids, np.frombuffer(joined, dtype="<f2").reshape(len(rows), -1).astype(np.float32)
        after = int(ids[-1])


def add_points(
    connection: Connection, layout: Layout, region_ids: NDArray[np.int64], places: NDArray[np.float32]
) -> int:
    """Keep the places (n, 2) of these regions; returns how many are new.

    Regions that are gone meanwhile, or that another process placed, are left out.

    Raises
    ------
    LibraryBusy
        If the layout was replaced meanwhile.
    WriteSwallowed
        If the points are not there afterwards.
    """
    if connection.execute(sa.select(map_layouts.c.id).where(map_layouts.c.id == layout.number)).first() is None:
        raise LibraryBusy("Another process drew the map anew meanwhile.")
    where = {int(region_id): place for region_id, place in zip(region_ids, places.tolist(), strict=True)}
    before = count_points(connection, layout)
    written = 0
    placed = sa.select(map_points.c.region_id).where(map_points.c.layout_id == layout.number)
    for some in chunks(list(where)):
        free = sa.select(regions.c.id).where(regions.c.id.in_(some), regions.c.id.not_in(placed))
        rows: list[dict[str, Any]] = [
            {"layout_id": layout.number, "region_id": region_id, "x": where[region_id][0], "y": where[region_id][1]}
            for region_id in connection.execute(free).scalars()
        ]
        if rows:
            connection.execute(sa.insert(map_points), rows)
        written += len(rows)
    ReadBack("the map", written, count_points(connection, layout) - before).require()
    return written


def count_points(connection: Connection, layout: Layout) -> int:
    query = sa.select(sa.func.count()).select_from(map_points).where(map_points.c.layout_id == layout.number)
    return connection.execute(query).scalar_one()


def count_without_place(connection: Connection, space: StoredSpace, layout: Layout) -> int:
    """How many regions have a vector and no place on this layout."""
    table = embeddings_table(space.number)
    placed = sa.select(map_points.c.region_id).where(map_points.c.layout_id == layout.number)
    query = sa.select(sa.func.count()).select_from(table)
    return connection.execute(query.where(table.c.is_window.is_(False), table.c.region_id.not_in(placed))).scalar_one()


def remove_points(connection: Connection, layout: Layout) -> None:
    """Take all places off a layout, which stays."""
    connection.execute(sa.delete(map_points).where(map_points.c.layout_id == layout.number))


def points_of(
    connection: Connection, layout: Layout, *, only: sa.Select[Any] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Region ids, rising, and their places (n, 2); ``only`` selects region ids."""
    query = sa.select(map_points.c.region_id, map_points.c.x, map_points.c.y).where(
        map_points.c.layout_id == layout.number
    )
    if only is not None:
        query = query.where(map_points.c.region_id.in_(only))
    rows = connection.execute(query.order_by(map_points.c.region_id)).all()
    ids = np.fromiter((row.region_id for row in rows), dtype=np.int64, count=len(rows))
    return ids, np.array([(row.x, row.y) for row in rows], dtype=np.float64).reshape(-1, 2)
