"""The arrangements of a library are kept under an id, and opened, listed and removed by it.

A name of an arrangement is its id or a unique prefix of it: ArrangementNotFound and
AmbiguousArrangement say when it means none or several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.answer import ArrangeAnswer, answer_with
from sonoteca.arrange.keep.store import load_arrangement, save_new
from sonoteca.catalogue.made.arrangements import (
    ArrangementEntry,
    delete_arrangement,
    list_arrangement_entries,
    resolve_arrangement,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


def keep_arrangement(
    library: Library, arrangement: Arrangement, request: Request | None = None, *, listener: Listener | None = None
) -> ArrangeAnswer:
    """Keep a new arrangement under an id of its own; ``listener`` as of ``open_arrangement``."""
    with library.write() as connection:
        kept = save_new(connection, arrangement)
    return answer_with(library, kept, request, listener=listener)


def open_arrangement(library: Library, name: str, *, listener: Listener | None = None) -> ArrangeAnswer:
    """Open an arrangement exactly as it was saved.

    Parameters
    ----------
    listener : Listener, optional
        Its workers read files that were changed since the library saw them; without one, this process does.
    """
    with library.read() as connection:
        held = load_arrangement(connection, name)
    return answer_with(library, held, listener=listener)


@dataclass(frozen=True, slots=True, repr=False)
class ArrangementList(Rows):
    """The arrangements of a library, the last made first."""

    rows: tuple[ArrangementEntry, ...]

    def as_json(self) -> dict[str, Any]:
        return {"results": self.as_rows()}


def list_arrangements(library: Library) -> ArrangementList:
    """List the arrangements of a library, the last made first."""
    with library.read() as connection:
        return ArrangementList(tuple(list_arrangement_entries(connection)))


def remove_arrangement(library: Library, name: str) -> str:
    """Forget an arrangement, its sounds stay; returns its whole id."""
    with library.write() as connection:
        public_id = resolve_arrangement(connection, name)
        delete_arrangement(connection, public_id)
    return public_id
