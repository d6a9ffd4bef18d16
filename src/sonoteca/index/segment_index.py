"""The segment store: what the catalogue holds, findable at once, at any size.

Three layers answer a query together: immutable segment files (``segment_file``), a tail of
vectors that no segment holds yet, read from the catalogue itself, and the removals noted
since a segment was written. All three come from one read of the source, so an answer is
consistent, and what was just stored or removed counts without a rebuild.

``publish`` moves a long tail into a new segment and merges segments of similar size, as a
log-structured merge tree does (O'Neil et al., Acta Informatica 33, 1996): every vector is rewritten a
logarithmic number of times and few files stay. A damaged file is replaced in memory by the
catalogue's vectors of its id range, the answer says so, and the next ``publish`` writes it anew.
"""

from __future__ import annotations

import copy
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonoteca.index.filter import Filter
from sonoteca.index.recall import measure_recall
from sonoteca.index.segment import PARTITION_ROWS, Best, Segment, partition_rows
from sonoteca.index.segment_file import SegmentDamaged, SegmentFacts, SegmentFile, write_segment
from sonoteca.index.vector_index import IndexState, Neighbours, compare_ids, require_queries
from sonoteca.index.vector_source import VectorSource
from sonoteca.index.vector_table import VectorTable
from sonoteca.whole_file import LEFTOVER_AFTER_S, remove_leftovers

# A tail this long is worth a file: scanning it costs less than a millisecond.
TAIL_ROWS = 4096
# Neighbours are merged while the older is less than this many times the newer ones together.
_MERGE_FACTOR = 3
# Larger ones are left alone: rewriting them costs more than a further file does.
_MERGE_ROWS = 4_000_000
# A file that no manifest names may be one that another process is about to publish; later it is what a
# killed process left.
_STRAY_AFTER_S = LEFTOVER_AFTER_S


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment as the manifest knows it. Removals up to ``removed_mark`` are not in the file."""

    facts: SegmentFacts
    removed_mark: int


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One consistent state of a source.

    ``removed`` int64: ids removed since the oldest segment was written, rising.
    ``removed_mark``: the newest removal this state knows of.
    """

    segments: tuple[LiveSegment, ...]
    removed: NDArray[np.int64]
    removed_mark: int


class SegmentSource(VectorSource, Protocol):
    """A vector source that keeps the manifest of segment files too."""

    def snapshot(self) -> Snapshot:
        """The manifest and the removals noted, of one moment."""
        ...

    def replace(self, old: tuple[LiveSegment, ...], new: SegmentFacts | None, removed_mark: int) -> bool:
        """Publish ``new`` for ``old`` in one transaction; False if another process was first."""
        ...

    def as_of_now(self) -> SegmentSource:
        """The same source where this one shows a state that may be past."""
        ...


class SegmentIndex:
    """Neighbours in one embedding space of a source; its files in ``folder`` begin with ``prefix``."""

    def __init__(self, source: SegmentSource, folder: Path, *, prefix: str = "") -> None:
        self.source = source
        self.folder = folder
        self._prefix = prefix
        self._open: dict[str, Segment] = {}
        self._damaged: dict[str, str] = {}
        self._replacements: dict[str, VectorTable] = {}
        self._tail = VectorTable(source.dimensions)
        self._tail_after = -1
        self._snapshot = Snapshot((), np.empty(0, np.int64), 0)
        self._selected: tuple[Filter, NDArray[np.int64]] | None = None
        self.refresh()

    def reader(self, source: SegmentSource) -> SegmentIndex:
        """This index for another who asks, perhaps in another thread; files that either opens are open for both."""
        other = copy.copy(self)
        other.source = source
        other._damaged, other._replacements = dict(self._damaged), dict(self._replacements)
        other._tail = copy.copy(self._tail)
        return other

    # --- reading --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take in what any process stored, removed or published since."""
        snapshot = self.source.snapshot()
        self._selected = None
        live = {segment.facts.file for segment in snapshot.segments}
        for gone in {*self._open} - live:
            self._open.pop(gone, None)
        self._damaged = {file: why for file, why in self._damaged.items() if file in live}
        self._replacements = {file: index for file, index in self._replacements.items() if file in live}
        after = max((segment.facts.last_id for segment in snapshot.segments), default=0)
        # With the manifest, removal notes may have been forgotten that concern a tail read before.
        if snapshot.segments != self._snapshot.segments or after != self._tail_after:
            self._tail, self._tail_after = VectorTable(self.source.dimensions), after
        newest = self._tail.last_id or after
        for ids, vectors in self.source.vectors(after=newest):
            self._tail.put(ids, vectors)
        if len(snapshot.removed):
            for held in (self._tail, *self._replacements.values()):
                held.drop(snapshot.removed)
        self._snapshot = snapshot

    def nearest(self, queries: NDArray[np.float32], k: int, *, where: Filter | None = None) -> Neighbours:
        require_queries(queries, self.source.dimensions, k)
        while True:
            try:
                return self._nearest(queries, k, None if where is None else self._ids_of(where))
            except _Outdated:
                self.source = self.source.as_of_now()
                self.refresh()

    def _ids_of(self, where: Filter) -> NDArray[np.int64]:
        """What a filter selects in the state that this index knows: asked again with the same one, it is known."""
        selected = self._selected
        if selected is None or selected[0] is not where:
            self._selected = selected = (where, self.source.selected(where))
        return selected[1]

    def _nearest(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None) -> Neighbours:
        found_ids = np.full((len(queries), k), -1, np.int64)
        found_distances = np.full((len(queries), k), np.inf, np.float32)
        exact = True
        tail = self._tail.nearest(queries, k, allowed)
        for row, query in enumerate(queries):
            answers = [self._ask(live, query, k, allowed) for live in self._snapshot.segments]
            exact = exact and all(answer.exact for answer in answers)
            ids = np.concatenate([tail.ids[row], *(answer.ids for answer in answers)])
            distances = np.concatenate(
                [tail.distances[row], *(np.float32(1.0) - answer.products for answer in answers)]
            )
            order = np.lexsort((ids, distances))
            order = order[ids[order] >= 0][:k]
            found_ids[row, : len(order)] = ids[order]
            found_distances[row, : len(order)] = np.clip(distances[order], 0.0, None)
        notes = tuple(f"{why}: answered from the catalogue instead" for why in self._damaged.values())
        return Neighbours(found_ids, found_distances, exact, notes)

    def _ask(self, live: LiveSegment, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None) -> Best:
        if live.facts.file not in self._damaged:
            try:
                return self._ask_file(self._segment(live), query, k, allowed)
            except SegmentDamaged as damage:
                self._take_note(live, damage)
        answer = self._replacement(live).nearest(query[None], k, allowed)
        kept = answer.ids[0] >= 0
        return Best(answer.ids[0][kept], np.float32(1.0) - answer.distances[0][kept], exact=True)

    def _ask_file(
        self, segment: Segment, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> Best:
        rows = None if allowed is None else segment.file.rows_of(allowed)
        return segment.nearest(query, k, rows=rows, dead=segment.file.rows_of(self._snapshot.removed))

    def _take_note(self, live: LiveSegment, damage: SegmentDamaged) -> None:
        """Remember that this file cannot be used; ``_Outdated`` if it is gone because a newer one took its place."""
        self._open.pop(live.facts.file, None)
        if live not in self.source.as_of_now().snapshot().segments:
            raise _Outdated from damage
        self._damaged[live.facts.file] = str(damage)

    def _segment(self, live: LiveSegment) -> Segment:
        file = live.facts.file
        held = self._open.get(file)
        # What was checked when it was first read may have changed on disk since.
        if held is None or not held.file.is_as_opened():
            held = self._open[file] = Segment(SegmentFile(self.folder / file, live.facts))
        return held

    def _replacement(self, live: LiveSegment) -> VectorTable:
        file = live.facts.file
        if file not in self._replacements:
            rows = self.source.vectors(after=live.facts.first_id - 1, up_to=live.facts.last_id)
            self._replacements[file] = VectorTable.of(self.source.dimensions, rows)
        return self._replacements[file]

    # --- writing --------------------------------------------------------------------------------

    def publish(self, *, everything: bool = False) -> None:
        """Write damaged segments anew, put a long tail (any tail with ``everything``) into a segment, merge, tidy."""
        self.refresh()
        damaged = tuple(live for live in self._snapshot.segments if not self._is_readable(live))
        for live in damaged:
            self._write((live,), after=live.facts.first_id - 1, up_to=live.facts.last_id)
        if len(self._tail) >= (1 if everything else TAIL_ROWS):
            self._write((), after=max(self._tail_after, 0), up_to=self._tail.last_id)
        while merged := self._worth_merging():
            self._write(merged, after=merged[0].facts.first_id - 1, up_to=merged[-1].facts.last_id)
        self._remove_strays()

    def rebuild(self) -> None:
        """Forget every segment and write the source's vectors anew."""
        self.refresh()
        old = self._snapshot.segments
        newest = max((live.facts.last_id for live in old), default=0)
        self._write(old, after=0, up_to=max(newest, self._tail.last_id or 0))
        self._remove_strays()

    def _is_readable(self, live: LiveSegment) -> bool:
        if live.facts.file in self._damaged:
            return False
        try:
            self._segment(live)
        except SegmentDamaged as damage:
            self._damaged[live.facts.file] = str(damage)
            return False
        return True

    def _worth_merging(self) -> tuple[LiveSegment, ...]:
        segments = self._snapshot.segments
        first, total = len(segments), 0
        while first > 0:
            rows = segments[first - 1].facts.rows
            if total and (rows > _MERGE_FACTOR * total or rows + total > _MERGE_ROWS):
                break
            first, total = first - 1, total + rows
        return segments[first:] if len(segments) - first > 1 else ()

    def _write(self, old: tuple[LiveSegment, ...], *, after: int, up_to: int | None) -> None:
        """Replace ``old`` by one segment with the source's vectors of ``(after, up_to]``."""
        # Removals up to this mark cannot be among the vectors read after it.
        mark = self.source.snapshot().removed_mark
        batches = [(ids, vectors.astype(np.float16)) for ids, vectors in self.source.vectors(after=after, up_to=up_to)]
        facts: SegmentFacts | None = None
        if batches:
            ids = np.concatenate([ids for ids, _ in batches])
            vectors = np.concatenate([vectors for _, vectors in batches])
            partition = None
            if len(ids) >= PARTITION_ROWS:
                order, partition = partition_rows(ids, vectors)
                ids, vectors = ids[order], vectors[order]
            self.folder.mkdir(parents=True, exist_ok=True)
            facts = write_segment(self.folder / f"{self._prefix}{secrets.token_hex(8)}.seg", ids, vectors, partition)
        published = self.source.replace(old, facts, mark)
        self.refresh()
        if published:
            for replaced in old:
                _unlink(self.folder / replaced.facts.file)
        elif facts is not None:
            _unlink(self.folder / facts.file)

    def _remove_strays(self) -> None:
        """Files that killed processes left: written or half written, never published."""
        live = {segment.facts.file for segment in self.source.snapshot().segments}
        for path in self.folder.glob(f"{self._prefix}*.seg*"):
            if path.name not in live and path.stat().st_mtime < time.time() - _STRAY_AFTER_S:
                _unlink(path)
        remove_leftovers(self.folder, older_than_s=_STRAY_AFTER_S)

    # --- checking -------------------------------------------------------------------------------

    def verify(self) -> IndexState:
        """Read every byte and compare the ids with the source's."""
        while True:
            self.refresh()
            try:
                stored, damage = self._read_everything()
                return compare_ids(stored, self.source.ids(), damage)
            except _Outdated:
                continue

    def _read_everything(self) -> tuple[NDArray[np.int64], list[str]]:
        """Ids in the tail and in all files that are whole, and what is wrong with the others."""
        held = [self._tail.ids]
        self._damaged.clear()
        for live in self._snapshot.segments:
            try:
                # Opened anew: what was checked when it was first read may have changed on disk since.
                segment = SegmentFile(self.folder / live.facts.file, live.facts)
                segment.verify_all()
            except SegmentDamaged as damage:
                self._take_note(live, damage)
                continue
            held.append(np.setdiff1d(segment.ids, self._snapshot.removed))
        return np.concatenate(held), list(self._damaged.values())

    def recall(self, n_queries: int = 50) -> float | None:
        return measure_recall(self, self.source, n_queries)


class _Outdated(Exception):
    """A file that this reader knows of was replaced by another process: look again."""


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # Windows keeps a file that another process has mapped; once it is old, the next run takes it for a stray.
        return
