"""Indexes are kept up with the catalogue: published after each run, checked and rebuilt when asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sonoteca.catalogue.heard.embeddings import StoredSpace, list_spaces
from sonoteca.catalogue.store.library import Library
from sonoteca.index.open_index import open_index


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """An index against the catalogue. ``recall`` is that of the 10 nearest, None for an empty space."""

    space_id: str
    in_catalogue: int
    stored: int
    missing: int
    orphaned: int
    damaged_segments: int
    recall: float | None
    messages: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.orphaned or self.damaged_segments)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "messages": list(self.messages), "ok": self.is_whole}


def update_indexes(library: Library) -> None:
    """Publish what was stored since the last time, for every space. Searching would find it without, but slower."""
    if library.data_dir is None:
        # A PostgreSQL library without a data folder on this machine has no index files here.
        return
    for space in _spaces(library):
        open_index(library, space).publish()


def check_indexes(library: Library, *, n_queries: int = 50) -> list[SpaceReport]:
    """Read every file of every index, compare the ids with the catalogue's, measure recall."""
    reports = []
    for space in _spaces(library):
        index = open_index(library, space)
        state = index.verify()
        reports.append(
            SpaceReport(
                space_id=space.space.id,
                in_catalogue=state.in_source,
                stored=state.stored,
                missing=state.missing,
                orphaned=state.orphaned,
                damaged_segments=state.damaged_segments,
                recall=index.recall(n_queries),
                messages=state.messages,
            )
        )
    return reports


def rebuild_indexes(library: Library) -> None:
    """Write every index anew from the catalogue's vectors."""
    for space in _spaces(library):
        open_index(library, space).rebuild()


def _spaces(library: Library) -> list[StoredSpace]:
    with library.read() as connection:
        return list_spaces(connection)
