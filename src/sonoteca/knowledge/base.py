"""The knowledge base of a library: entries listed, added and edited; every change can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field, ValidationError

from sonoteca.catalogue.made.knowledge import StoredAdvice, find_advice, get_advice, save_advice
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request, value_error
from sonoteca.errors import QuerySyntaxError, RequestError
from sonoteca.knowledge.entry import Condition, Entry, Suggestion, Text, Value
from sonoteca.knowledge.starter_base import all_advice, put_in_starter_base
from sonoteca.search.query.parser import parse_query

# What takes a value away, as in edits of sounds.
NONE = "none"


@dataclass(frozen=True, slots=True)
class KnowledgeEntry:
    """One entry of a library: ``is_starter`` where it came with the program, ``is_edited`` where it says something else now."""

    stored: StoredAdvice

    @property
    def id(self) -> str:
        return self.stored.public_id

    @property
    def is_starter(self) -> bool:
        return self.stored.shipped is not None

    @property
    def is_edited(self) -> bool:
        return self.stored.is_edited

    def as_json(self) -> dict[str, Any]:
        """The columns of a ``music_knowledge`` table, and ``conditions`` and ``about``."""
        said = self.stored.said
        return {
            "id": self.stored.public_id,
            **said,
            "conditions": list(said["conditions"]),
            "created_at": self.stored.created_at,
            "updated_at": self.stored.updated_at,
        }


class ListKnowledgeRequest(Request):
    """Which entries are listed.

    Attributes
    ----------
    topic, category : str or None
        Only those of it; None: all.
    """

    topic: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class KnowledgeListAnswer(Rows):
    """Entries in the order in which they came."""

    request: ListKnowledgeRequest
    rows: tuple[KnowledgeEntry, ...]

    def as_json(self) -> dict[str, Any]:
        return {"query": self.request.as_json(), "results": self.as_rows()}


def list_knowledge(library: Library, request: ListKnowledgeRequest = ListKnowledgeRequest()) -> KnowledgeListAnswer:
    """List the entries of a library's knowledge base; the starter base is put in when it is first asked for."""
    found = all_advice(library, topic=request.topic, category=request.category)
    return KnowledgeListAnswer(request, tuple(map(KnowledgeEntry, found)))


class AddKnowledgeRequest(Request):
    """A piece of advice that is to be kept.

    Attributes
    ----------
    topic, category : str
        Such as ``eq`` and ``vocals``.
    suggestion : Suggestion
        ``title``, ``description``, and ``parameters``: numbers by name, a text where one needs its unit or is a range.
    confidence : float in 0..1, or None
        How surely it holds.
    source : str or None
        What states it.
    conditions : tuple of Condition
        What has to be measured of a sound for the entry to speak of it.
    about : str or None
        The sounds of the library that it speaks of, as a query.
    id : UUID or None
        Under which it is kept; None: a new one.
    """

    topic: Text
    category: Text
    suggestion: Suggestion
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    source: Text | None = None
    conditions: tuple[Condition, ...] = ()
    about: Text | None = None
    id: UUID | None = None


class EditKnowledgeRequest(Request):
    """What an entry is to say instead; what is left out stays.

    Attributes
    ----------
    entry : str
        Its id, or a beginning of it that no other id has.
    topic, category, title, description : str or None
    parameters : mapping or None
        All of them.
    confidence : float in 0..1, or None
    source, about : str or None
        ``"none"`` takes it away.
    conditions : tuple of Condition, or None
        All of them.
    """

    entry: str
    topic: Text | None = None
    category: Text | None = None
    title: Text | None = None
    description: Text | None = None
    parameters: dict[Text, Value] | None = None
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    source: Text | None = None
    about: Text | None = None
    conditions: tuple[Condition, ...] | None = None

    def model_post_init(self, context: Any) -> None:
        if not self.model_fields_set - {"entry"} or all(
            getattr(self, name) is None for name in type(self).model_fields if name != "entry"
        ):
            raise RequestError("Nothing to change was given.", "Name at least one value that is to be another.")


@dataclass(frozen=True, slots=True)
class KnowledgeEntryAnswer:
    """One entry as it is kept now; ``is_changed`` says whether it said something else before, or was not there."""

    entry: KnowledgeEntry
    is_changed: bool

    def as_json(self) -> dict[str, Any]:
        return {"changed": self.is_changed, "entry": self.entry.as_json()}


def add_knowledge(library: Library, request: AddKnowledgeRequest) -> KnowledgeEntryAnswer:
    """Keep a new piece of advice.

    Raises
    ------
    RequestError
        There is an entry of that id already.
    QuerySyntaxError
        ``about`` is no query.
    """
    put_in_starter_base(library)
    values = request.model_dump(mode="json") | {"id": str(request.id or uuid4())}
    advice = checked_entry(values).stored()
    with library.write() as connection:
        if find_advice(connection, [advice.public_id]):
            raise RequestError(
                f"There is an entry {advice.public_id} already.", "Edit it, or leave the id out.", field="id"
            )
        save_advice(connection, [advice])
        return KnowledgeEntryAnswer(KnowledgeEntry(get_advice(connection, advice.public_id)), True)


def edit_knowledge(library: Library, request: EditKnowledgeRequest) -> KnowledgeEntryAnswer:
    """Let an entry say something else; an edited entry of the starter base stays as it is when the program is upgraded.

    Raises
    ------
    KnowledgeNotFound
    QuerySyntaxError
        ``about`` is no query.
    """
    put_in_starter_base(library)
    with library.write() as connection:
        before = get_advice(connection, request.entry)
        advice = checked_entry({"id": before.public_id, **_edited(before, request)}).stored()
        saved = save_advice(connection, [advice])
        return KnowledgeEntryAnswer(KnowledgeEntry(get_advice(connection, before.public_id)), bool(saved.changed))


def _edited(before: StoredAdvice, request: EditKnowledgeRequest) -> dict[str, Any]:
    given = {
        name: value for name, value in request.model_dump(mode="json", exclude={"entry"}).items() if value is not None
    }
    suggestion = dict(before.suggestion)
    for name in ("title", "description", "parameters"):
        if name in given:
            suggestion[name] = given.pop(name)
    taken_away = {name: None for name in ("source", "about") if given.get(name) == NONE}
    return before.said | given | taken_away | {"suggestion": suggestion}


def checked_entry(values: Mapping[str, Any]) -> Entry:
    """These values as an entry; RequestError names what is wrong with one, QuerySyntaxError where ``about`` is no query."""
    try:
        entry = Entry.model_validate(dict(values))
    except ValidationError as error:
        raise value_error(error.errors(include_url=False)[0]) from None
    if entry.about is not None:
        try:
            parse_query(entry.about)
        except QuerySyntaxError as error:
            raise QuerySyntaxError(
                error.message, error.remedy, field="about", query=error.query, position=error.position
            ) from error
    return entry
