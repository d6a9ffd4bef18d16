"""Indexes are kept up with the catalogue: published after each run, checked and rebuilt when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sonoteca.catalogue.heard.embeddings import StoredSpace, list_spaces
from sonoteca.catalogue.store.library import Library
from sonoteca.index.open_index import open_index
from sonoteca.index.vector_index import IndexState


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """An index against the catalogue. ``recall`` is that of the 10 nearest, None for an empty space."""

    space_id: str
    state: IndexState
    recall: float | None

    @property
    def is_whole(self) -> bool:
        return self.state.is_whole

    def as_json(self) -> dict[str, Any]:
        return {
            "space_id": self.space_id,
            "in_catalogue": self.state.in_source,
            "stored": self.state.stored,
            "missing": self.state.missing,
            "orphaned": self.state.orphaned,
            "damaged_segments": self.state.damaged_segments,
            "recall": self.recall,
            "messages": list(self.state.messages),
            "ok": self.is_whole,
        }


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
        reports.append(SpaceReport(space.space.id, index.verify(), index.recall(n_queries)))
    return reports


def rebuild_indexes(library: Library) -> None:
    """Write every index anew from the catalogue's vectors."""
    for space in _spaces(library):
        open_index(library, space).rebuild()


def _spaces(library: Library) -> list[StoredSpace]:
    with library.read() as connection:
        return list_spaces(connection)
