"""The manifest of an embedding index: which segment files hold which embeddings.

The files live in the library's data folder; a file that no row names does not exist for a
reader. Publishing swaps the whole set in one transaction, so a reader sees the old or the new.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema import embeddings_table, removed_embeddings, segments, spaces
from sonoteca.domain.observation import JsonValue
from sonoteca.errors import LibraryBusy


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable file: ``rows`` embeddings with ids ``first_id`` to ``last_id``; ``details`` are the index's own."""

    file: str
    crc32: int
    size: int
    rows: int
    first_id: int
    last_id: int
    details: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is published. ``removed_up_to``: removals up to this mark (``embeddings.removed_ids``) are taken in."""

    generation: int
    segments: tuple[Segment, ...]
    removed_up_to: int


def current(connection: Connection, space: StoredSpace) -> Manifest:
    """The published set; generation 0 with no segment before the first."""
    state = connection.execute(
        sa.select(spaces.c.index_generation, spaces.c.index_removed_up_to).where(spaces.c.id == space.number)
    ).one()
    rows = connection.execute(
        sa.select(segments).where(segments.c.space == space.number).order_by(segments.c.first_id, segments.c.id)
    )
    found = tuple(
        Segment(row.file, row.crc32, row.size, row.rows, row.first_id, row.last_id, row.details) for row in rows
    )
    return Manifest(state.index_generation, found, state.index_removed_up_to)


def state_of_vectors(connection: Connection, space: StoredSpace) -> tuple[int, int, int]:
    """What changes whenever a vector is stored or removed, or an index published: equal states are one state."""
    generation, removed, newest = connection.execute(_state(space.number), {"space": space.number}).one()
    return generation, removed or 0, newest or 0


@functools.cache
def _state(space_number: int) -> sa.Select[Any]:
    newest = sa.select(sa.func.max(embeddings_table(space_number).c.id)).scalar_subquery()
    removed = sa.select(sa.func.max(removed_embeddings.c.id)).where(removed_embeddings.c.space == spaces.c.id)
    columns = (spaces.c.index_generation, removed.scalar_subquery(), newest)
    return sa.select(*columns).where(spaces.c.id == sa.bindparam("space"))


def publish(
    connection: Connection, space: StoredSpace, new: Sequence[Segment], *, after: int, removed_up_to: int
) -> int:
    """Make ``new`` the whole published set; returns its generation.

    Parameters
    ----------
    after : int
        The generation that ``new`` was built from.
    removed_up_to : int
        The mark of removals that ``new`` has taken in.

    Raises
    ------
    LibraryBusy
        If another process published since ``after``: build again from the current set.
    """
    generation = after + 1
    swapped = connection.execute(
        sa.update(spaces)
        .where(spaces.c.id == space.number, spaces.c.index_generation == after)
        .values(index_generation=generation, index_removed_up_to=removed_up_to)
    )
    if swapped.rowcount != 1:
        raise LibraryBusy(f"Another process published an index of {space.space.id} meanwhile.")
    connection.execute(sa.delete(segments).where(segments.c.space == space.number))
    now = clock.now()
    if new:
        connection.execute(
            sa.insert(segments),
            [
                {
                    "space": space.number,
                    "generation": generation,
                    "file": each.file,
                    "crc32": each.crc32,
                    "size": each.size,
                    "rows": each.rows,
                    "first_id": each.first_id,
                    "last_id": each.last_id,
                    "details": each.details,
                    "at": now,
                }
                for each in new
            ],
        )
    return generation


def all_files(connection: Connection) -> list[str]:
    """Every file that is published for any space: what a clean-up must keep."""
    return list(connection.execute(sa.select(segments.c.file).order_by(segments.c.file)).scalars())
