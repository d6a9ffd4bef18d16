"""What a person says about sounds: values and tags of all that a query finds, and taking them back or out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from sonoteca.catalogue.identity import remove
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made import edit as edits
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import counted
from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.search.selection import select_sounds

# Called with how many sounds are meant, before anything is changed; it raises to refuse.
Approve: TypeAlias = Callable[[int], None]


def _as_typed(value: object) -> object:
    """A number is as good as its text: ``bpm=174`` as ``bpm="174"``."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


TypedValue: TypeAlias = Annotated[str | None, BeforeValidator(_as_typed)]


class EditRequest(Request):
    """What is to be said, and about which sounds.

    A value is written as a person types it; ``"none"`` states that a sound has no such value, ``"auto"``
    takes back what was said before, None says nothing.

    Attributes
    ----------
    query : str
        A query, or one sound by its id, path or ``external:ID``; ``*`` means all.
    bpm : str, number or None
        Beats per minute, 10 to 1000.
    key : str or None
        ``F# minor``, ``F#m``, ``11A``.
    kind, role : str or None
        Of the vocabularies ``Kind`` and ``Role``.
    rating : str, number or None
        0 to 5.
    tags : tuple of str
        ``+a`` or ``a`` adds the tag a, ``-b`` takes b away.

    Raises
    ------
    RequestError
        Nothing is said, or a value is none; ``field`` names it.
    """

    query: str
    bpm: TypedValue = None
    key: str | None = None
    kind: str | None = None
    role: str | None = None
    rating: TypedValue = None
    tags: tuple[str, ...] = ()

    def model_post_init(self, context: Any) -> None:
        if not self.statements and not self.tags:
            raise RequestError(
                "Nothing to change was given.", "Give at least one of bpm, key, kind, role, rating, tags."
            )

    @property
    def statements(self) -> dict[Descriptor, edits.Statement]:
        """The values that are said; RequestError for a text that is none."""
        return edits.parse_statements(bpm=self.bpm, key=self.key, kind=self.kind, role=self.role, rating=self.rating)


@dataclass(frozen=True, slots=True)
class EditAnswer:
    """How many sounds were ``found`` and ``changed``; ``batch`` numbers the edit, None where nothing changed."""

    request: EditRequest
    found: int
    changed: int
    batch: int | None

    def __repr__(self) -> str:
        return f"<EditAnswer: {counted(self.found, 'sound')} found, {self.changed:,} changed>"

    def as_json(self) -> dict[str, Any]:
        return {"found": self.found, "changed": self.changed, "batch": self.batch}


def edit(library: Library, request: EditRequest, *, approve: Approve | None = None) -> EditAnswer:
    """Correct values and tags of all sounds that a query finds; they stay whatever is analysed later.

    Parameters
    ----------
    library : Library
        Open for writing.
    approve : callable, optional
        Asked with the number of sounds before anything is changed; nothing is where it raises.

    Raises
    ------
    RequestError
        A tag is both added and taken away, or the query is empty; QuerySyntaxError if it cannot be read.
    """
    add_tags, remove_tags = _divided(request.tags)
    chosen = _chosen(library, request.query, approve)
    with library.write() as connection:
        wholes = sorted(whole_regions(connection, chosen).values())
        batch = edits.edit(connection, wholes, request.statements, add_tags=add_tags, remove_tags=remove_tags)
    return EditAnswer(request, len(chosen), batch.changed, batch.number or None)


def _divided(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tags to add, and tags to take away."""
    add: list[str] = []
    remove: list[str] = []
    for word in words:
        (remove if word.startswith("-") else add).append(word.lstrip("+-") if word[:1] in ("+", "-") else word)
    return add, remove


@dataclass(frozen=True, slots=True)
class UndoAnswer:
    """The edit that was taken back; ``batch`` is None where there was none."""

    changed: int
    batch: int | None

    def __repr__(self) -> str:
        if self.batch is None:
            return "<UndoAnswer: nothing to take back>"
        return f"<UndoAnswer: {counted(self.changed, 'sound')} as before>"

    def as_json(self) -> dict[str, Any]:
        return {"changed": self.changed, "batch": self.batch}


def undo(library: Library) -> UndoAnswer:
    """Take back the last edit that was not taken back yet."""
    with library.write() as connection:
        batch = edits.undo(connection)
    return UndoAnswer(0, None) if batch is None else UndoAnswer(batch.changed, batch.number)


class RemoveRequest(Request):
    """Which sounds are to be forgotten: ``query`` as in ``EditRequest``."""

    query: str


@dataclass(frozen=True, slots=True)
class RemoveAnswer:
    """How many sounds were ``found`` and ``removed``."""

    request: RemoveRequest
    found: int
    removed: int

    def as_json(self) -> dict[str, Any]:
        return {"found": self.found, "removed": self.removed}


def remove_sounds(library: Library, request: RemoveRequest, *, approve: Approve | None = None) -> RemoveAnswer:
    """Forget all sounds that a query finds, with their analysis and edits; files on disk are never touched.

    ``approve`` and errors are those of ``edit``.
    """
    chosen = _chosen(library, request.query, approve)
    with library.write() as connection:
        return RemoveAnswer(request, len(chosen), remove.remove_sounds(connection, chosen))


def _chosen(library: Library, query: str, approve: Approve | None) -> list[int]:
    with library.read() as connection:
        chosen = select_sounds(connection, query)
    if approve is not None:
        approve(len(chosen))
    return chosen
