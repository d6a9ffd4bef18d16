"""An index source in memory: vectors, removal notes and a manifest, as the catalogue keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.filter import Filter
from sonoteca.index.segment_file import SegmentFacts
from sonoteca.index.segment_index import LiveSegment, Snapshot
from sonoteca.index.vector_source import Rows


@dataclass
class MemorySource:
    dimensions: int
    rows: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    notes: list[int] = field(default_factory=list)
    forgotten: int = 0
    manifest: list[LiveSegment] = field(default_factory=list)
    next_id: int = 1

    def add(self, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        ids = np.arange(self.next_id, self.next_id + len(vectors), dtype=np.int64)
        # The catalogue keeps float16.
        stored = vectors.astype(np.float16).astype(np.float32)
        self.rows.update(zip(ids.tolist(), stored, strict=True))
        self.next_id += len(vectors)
        return ids

    def drop(self, ids: NDArray[np.int64]) -> None:
        for each in ids.tolist():
            if self.rows.pop(each, None) is not None:
                self.notes.append(each)

    def ids(self) -> NDArray[np.int64]:
        return np.array(sorted(self.rows), np.int64)

    def selected(self, where: Filter) -> NDArray[np.int64]:
        assert where.ids is not None, "memory has no regions to select from"
        return where.ids

    def as_of_now(self) -> MemorySource:
        return self

    def snapshot(self) -> Snapshot:
        oldest = max(min((live.removed_mark for live in self.manifest), default=0), self.forgotten)
        removed = np.unique(np.array(self.notes[oldest:], np.int64))
        return Snapshot(tuple(sorted(self.manifest, key=lambda live: live.facts.first_id)), removed, len(self.notes))

    def vectors(self, *, after: int, up_to: int | None = None) -> Iterator[Rows]:
        ids = np.array(sorted(i for i in self.rows if i > after and (up_to is None or i <= up_to)), np.int64)
        for start in range(0, len(ids), 100):
            some = ids[start : start + 100]
            yield some, np.stack([self.rows[i] for i in some.tolist()])

    def replace(self, old: tuple[LiveSegment, ...], new: SegmentFacts | None, removed_mark: int) -> bool:
        if any(live not in self.manifest for live in old):
            return False
        kept = [live for live in self.manifest if live not in old]
        if new is not None and any(
            live.facts.first_id <= new.last_id and new.first_id <= live.facts.last_id for live in kept
        ):
            return False
        if new is not None:
            kept.append(LiveSegment(new, removed_mark))
        self.manifest = kept
        self.forgotten = min((live.removed_mark for live in kept), default=self.forgotten)
        return True
