"""Embedding spaces and their vectors."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import embeddings_table, removed_embeddings, spaces
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.errors import SpaceMismatch


@dataclass(frozen=True, slots=True)
class StoredSpace:
    """``number`` names the table of vectors and the index folder within this library."""

    number: int
    space: Space


@dataclass(frozen=True, slots=True)
class Span:
    """Where a vector stands: the answer *which moment*."""

    embedding_id: int
    region_id: int
    start_s: float
    end_s: float
    is_window: bool


def ensure_space(connection: Connection, space: Space) -> StoredSpace:
    """The space's row and table, made if they are not there."""
    if (stored := find_space(connection, space.id)) is not None:
        return stored
    number = connection.execute(
        sa.insert(spaces)
        .values(
            space_id=space.id,
            model=space.model,
            version=space.version,
            dimensions=space.dimensions,
            window_s=space.window_s,
            hop_s=space.hop_s,
            pooling=space.pooling,
            preprocessing=space.preprocessing,
            parts=[[part.name, part.start, part.stop] for part in space.parts],
            added_at=clock.now(),
        )
        .returning(spaces.c.id)
    ).scalar_one()
    embeddings_table(number).create(connection, checkfirst=True)
    return StoredSpace(number, space)


def find_space(connection: Connection, space_id: str) -> StoredSpace | None:
    row = connection.execute(sa.select(spaces).where(spaces.c.space_id == space_id)).first()
    return None if row is None else _stored(row)


_SPACES = sa.select(spaces).order_by(spaces.c.id)


def list_spaces(connection: Connection) -> list[StoredSpace]:
    """All spaces that ever were, oldest first."""
    return [_stored(row) for row in connection.execute(_SPACES)]


def _stored(row: sa.Row[Any]) -> StoredSpace:
    parts = tuple(SpacePart(name, start, stop) for name, start, stop in row.parts)
    space = Space(
        row.model, row.version, row.dimensions, row.window_s, row.hop_s, row.pooling, row.preprocessing, parts
    )
    return StoredSpace(row.id, space)


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector as stored: little-endian float16."""
    return vector.astype("<f2").tobytes()


def unpack(blob: bytes) -> NDArray[np.float32]:
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


def unpack_all(blobs: Sequence[bytes], dimensions: int) -> NDArray[np.float32]:
    """Stored vectors as rows (n, dimensions)."""
    return np.frombuffer(b"".join(blobs), dtype="<f2").astype(np.float32).reshape(len(blobs), dimensions)


def check_fits(embedding: Embedding, space_id: str, dimensions: int) -> None:
    """SpaceMismatch for a vector of another space or length, or with a value that is not finite."""
    if embedding.space_id != space_id:
        raise SpaceMismatch(f"A vector of the space {embedding.space_id} was filed under {space_id}.")
    if embedding.vector.shape != (dimensions,):
        raise SpaceMismatch(f"{space_id} has {dimensions} dimensions, a vector has {embedding.vector.shape}.")
    if not np.isfinite(embedding.vector).all():
        raise SpaceMismatch(f"A vector of {space_id} holds values that are not finite.")


def count_vectors(connection: Connection, space: StoredSpace) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(embeddings_table(space.number))).scalar_one()


def embedding_ids(connection: Connection, space: StoredSpace, *, after: int = 0) -> NDArray[np.int64]:
    """All ids above ``after``, rising."""
    table = embeddings_table(space.number)
    rows = connection.execute(sa.select(table.c.id).where(table.c.id > after).order_by(table.c.id)).scalars()
    return np.fromiter(rows, dtype=np.int64)


def vector_batches(
    connection: Connection, space: StoredSpace, *, after: int = 0, batch: int = 8192
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Ids and vectors (n, dimensions) of all embeddings with an id above ``after``, in rising order of id."""
    table = embeddings_table(space.number)
    query = sa.select(table.c.id, table.c.vector).order_by(table.c.id).limit(batch)
    while rows := connection.execute(query.where(table.c.id > after)).all():
        ids = np.fromiter((row.id for row in rows), dtype=np.int64, count=len(rows))
        yield ids, unpack_all([row.vector for row in rows], space.space.dimensions)
        after = int(ids[-1])


def vectors_of_region(
    connection: Connection, space: StoredSpace, region_id: int, *, windows: bool = False
) -> list[tuple[Span, NDArray[np.float32]]]:
    """The whole-region vector, and with ``windows`` those of its windows in time order."""
    query = _of_region(space.number, windows)
    return [
        (Span(row.id, row.region_id, row.start_s, row.end_s, row.is_window), unpack(row.vector))
        for row in connection.execute(query, {"region_id": region_id})
    ]


@functools.cache
def _of_region(space_number: int, windows: bool) -> sa.Select[Any]:
    table = embeddings_table(space_number)
    query = sa.select(table).where(table.c.region_id == sa.bindparam("region_id"))
    query = query.order_by(table.c.is_window, table.c.start_s)
    return query if windows else query.where(table.c.is_window.is_(False))


def ids_of_regions(connection: Connection, space: StoredSpace, region_ids: sa.Select[Any]) -> NDArray[np.int64]:
    """Embedding ids of the regions that a query selects: a filter as the index wants it (``where``)."""
    table = embeddings_table(space.number)
    rows = connection.execute(sa.select(table.c.id).where(table.c.region_id.in_(region_ids)).order_by(table.c.id))
    return np.fromiter(rows.scalars(), dtype=np.int64)


def delete_of_regions(connection: Connection, space: StoredSpace, region_ids: Sequence[int]) -> None:
    """Delete the vectors of these regions and note their ids for the indexes."""
    table = embeddings_table(space.number)
    now = clock.now()
    for some in chunks(list(region_ids)):
        gone = sa.select(sa.literal(space.number), table.c.id, sa.literal(now)).where(table.c.region_id.in_(some))
        connection.execute(sa.insert(removed_embeddings).from_select(["space", "embedding_id", "at"], gone))
        connection.execute(sa.delete(table).where(table.c.region_id.in_(some)))


def removed_ids(connection: Connection, space: StoredSpace, *, after: int = 0) -> tuple[NDArray[np.int64], int]:
    """Embedding ids removed since the mark ``after``, and the next mark."""
    rows = connection.execute(
        sa.select(removed_embeddings.c.id, removed_embeddings.c.embedding_id)
        .where(removed_embeddings.c.space == space.number, removed_embeddings.c.id > after)
        .order_by(removed_embeddings.c.id)
    ).all()
    ids = np.fromiter((row.embedding_id for row in rows), dtype=np.int64, count=len(rows))
    return ids, (rows[-1].id if rows else after)


def forget_removed(connection: Connection, space: StoredSpace, *, up_to: int) -> None:
    """Drop removal notes that every segment has taken in."""
    connection.execute(
        sa.delete(removed_embeddings).where(
            removed_embeddings.c.space == space.number, removed_embeddings.c.id <= up_to
        )
    )


def answering_space(connection: Connection) -> StoredSpace | None:
    """The space that questions are answered in, of the model this library was first embedded with.

    The newest, as soon as it holds half as many vectors as the fullest; until then, after an upgrade, the old
    vectors answer. None where nothing was embedded yet. Read from the library, so that asking needs no embedder.
    """
    stored = list_spaces(connection)
    candidates = [each for each in stored if each.space.model == stored[0].space.model]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    counts = [count_vectors(connection, each) for each in candidates]
    return [each for each, count in zip(candidates, counts, strict=True) if 2 * count >= max(counts)][-1]
