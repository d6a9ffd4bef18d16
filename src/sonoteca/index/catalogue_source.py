"""The catalogue is the source that indexes follow: its vectors of one space, and the manifest of segment files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import segments as manifest
from sonoteca.catalogue.heard.embeddings import (
    StoredSpace,
    count_vectors,
    embedding_ids,
    forget_removed,
    removed_ids,
    vector_batches,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.index.filter import Filter
from sonoteca.index.segment_file import SegmentFacts
from sonoteca.index.segment_index import LiveSegment, Snapshot
from sonoteca.index.vector_source import Rows


class CatalogueSource:
    """Vectors and manifest of one space of a library; with a connection of the state that it sees, else as they are now."""

    def __init__(self, library: Library, space: StoredSpace, connection: Connection | None = None) -> None:
        self._library = library
        self._space = space
        self._connection = connection

    def as_of_now(self) -> CatalogueSource:
        return CatalogueSource(self._library, self._space)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._connection is not None:
            yield self._connection
            return
        with self._library.read() as connection:
            yield connection

    def count(self) -> int:
        """How many vectors there are."""
        with self._reading() as connection:
            return count_vectors(connection, self._space)

    @property
    def dimensions(self) -> int:
        return self._space.space.dimensions

    def ids(self) -> NDArray[np.int64]:
        with self._reading() as connection:
            return embedding_ids(connection, self._space)

    def selected(self, where: Filter) -> NDArray[np.int64]:
        with self._reading() as connection:
            return where.ids_in(connection, self._space)

    def snapshot(self) -> Snapshot:
        with self._reading() as connection:
            published = manifest.current(connection, self._space)
            removed, mark = removed_ids(connection, self._space, after=published.removed_up_to)
        live = tuple(self._live(row, published.removed_up_to) for row in published.segments)
        return Snapshot(live, np.unique(removed), mark)

    def vectors(self, *, after: int, up_to: int | None = None) -> Iterator[Rows]:
        with self._reading() as connection:
            for ids, vectors in vector_batches(connection, self._space, after=after):
                if up_to is None or ids[-1] <= up_to:
                    yield ids, vectors
                    continue
                inside = ids <= up_to
                if inside.any():
                    yield ids[inside], vectors[inside]
                return

    def replace(self, old: tuple[LiveSegment, ...], new: SegmentFacts | None, removed_mark: int) -> bool:
        replaced = {live.facts.file for live in old}
        with self._library.write() as connection:
            published = manifest.current(connection, self._space)
            if not replaced <= {row.file for row in published.segments}:
                return False
            rows = [row for row in published.segments if row.file not in replaced]
            if new is not None:
                if any(row.first_id <= new.last_id and new.first_id <= row.last_id for row in rows):
                    return False
                rows.append(_row(new, removed_mark))
            marks = [self._live(row, published.removed_up_to).removed_mark for row in rows]
            taken_in = min(marks, default=published.removed_up_to)
            manifest.publish(connection, self._space, rows, after=published.generation, removed_up_to=taken_in)
            forget_removed(connection, self._space, up_to=taken_in)
        return True

    def _live(self, row: manifest.Segment, removed_up_to: int) -> LiveSegment:
        facts = SegmentFacts(row.file, row.rows, self.dimensions, row.first_id, row.last_id, row.crc32, row.size)
        mark = row.details.get("removed_mark")
        return LiveSegment(facts, mark if isinstance(mark, int) else removed_up_to)


def _row(facts: SegmentFacts, removed_mark: int) -> manifest.Segment:
    return manifest.Segment(
        file=facts.file,
        crc32=facts.crc32,
        size=facts.size,
        rows=facts.rows,
        first_id=facts.first_id,
        last_id=facts.last_id,
        details={"removed_mark": removed_mark},
    )
