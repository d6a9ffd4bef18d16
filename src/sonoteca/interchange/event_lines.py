"""Events leave the library as JSON Lines: what was asked, what was offered, what was taken and what was turned down.

``docs/events.md`` describes the lines; they are a promise to programs outside the project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import field_validator

from sonoteca.catalogue.store.events import Event, page_of_events
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_paths import FilePath
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.match.choices import ACCEPTED, CHOICE_KINDS, REJECTED
from sonoteca.search.event_recorder import KINDS, event_type
from sonoteca.search.query.dates import date_range
from sonoteca.whole_file import write_whole

# Types of the event log, and what they are called outside.
KIND_OF_TYPE = {event_type(kind): kind for kind in KINDS} | dict(zip((ACCEPTED, REJECTED), CHOICE_KINDS, strict=True))
_AT_ONCE = 1_000
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


class EventsRequest(Request):
    """Which events are told.

    Attributes
    ----------
    since : str or None
        Only events from then on: a date (``2026-11``, ``today``), an age (``7d``), or the ``at`` of an event.
    """

    since: str | None = None

    @field_validator("since")
    @classmethod
    def _is_moment(cls, text: str | None) -> str | None:
        if text is not None:
            _moment(text)
        return text


class EventExportRequest(EventsRequest):
    """Which events are written where: ``output`` is a file, replaced if it exists."""

    output: FilePath


@dataclass(frozen=True, slots=True)
class EventExportAnswer:
    """How many events were written."""

    request: EventExportRequest
    events: int
    n_bytes: int

    def as_json(self) -> dict[str, Any]:
        return {"path": self.request.output, "events": self.events, "bytes": self.n_bytes}


def event_lines(library: Library, request: EventsRequest = EventsRequest()) -> Iterator[str]:
    """Tell the events of a library, oldest first, each as one line of JSON without its line break.

    They are read a thousand at a time: between two lines nothing of the library is held.
    """
    since = None if request.since is None else _moment(request.since)
    types, after = tuple(KIND_OF_TYPE), 0
    while True:
        with library.read() as connection:
            some = page_of_events(connection, types, after=after, since=since, limit=_AT_ONCE)
        for event in some:
            yield json.dumps(_told(event), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if len(some) < _AT_ONCE:
            return
        after = some[-1].id


def export_events(library: Library, request: EventExportRequest) -> EventExportAnswer:
    """Write the events of a library to a file, which is there complete or not at all.

    Raises
    ------
    RequestError
        The file cannot be written there.
    """
    count = n_bytes = 0

    def pieces() -> Iterator[bytes]:
        nonlocal count, n_bytes
        for line in event_lines(library, request):
            piece = f"{line}\n".encode()
            count, n_bytes = count + 1, n_bytes + len(piece)
            yield piece

    try:
        write_whole(request.output, pieces())
    except OSError as error:
        sentence = f"{request.output} cannot be written ({error.strerror})."
        raise RequestError(sentence, "Name a file that you may write.", field="output") from error
    return EventExportAnswer(request, count, n_bytes)


def _told(event: Event) -> dict[str, Any]:
    line: dict[str, Any] = {"id": event.id, "at": event.at, "kind": KIND_OF_TYPE[event.type]}
    return line | ({} if event.public_id is None else {"candidate": event.public_id}) | event.details


def _moment(text: str) -> str:
    """The first stored moment that a text means."""
    if _MOMENT.fullmatch(text):
        return text
    try:
        start, _ = date_range(text, datetime.now().astimezone())
    except ValueError as error:
        raise RequestError(f"{str(error)[0].upper()}{str(error)[1:]}.", field="since") from error
    if start is None:
        raise RequestError(f"{text!r} does not say since when.", "e.g. 7d.", field="since")
    return start
