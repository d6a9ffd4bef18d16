"""A recorder keeps what people asked and what they were offered, beside the answers and never in their way.

Only a program that was told to keeps events (docs/events.md). A row says when, what was asked and
which sounds were answered with which scores: no audio, nobody's name, and no path of a file that
is in no library. Choices among the offered are kept by ``match.choices`` in any case.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, Self, get_args

from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.events import NewEvent, forget_old, record_all
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import storable
from sonoteca.domain.answer import Row
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import EventKind
from sonoteca.errors import LibraryBusy, RequestError, SonotecaError

KINDS: tuple[EventKind, ...] = get_args(EventKind)
KEEP_DAYS, MOST_EVENTS, MOST_CANDIDATES = 90, 100_000, 50

# What waits to be written; more than that comes only where the database takes nothing for minutes.
_MOST_WAITING, _AT_ONCE = 2_000, 200
_WAIT_S, _TRIES = 5.0, 3
# Rows kept between two looks at what is old.
_FORGET_EVERY = 1_000
# Fields of requests that name sounds of the library, or files; a field that names a file only is left out.
_SOUNDS, _FILES = frozenset({"sound", "sounds", "minus", "played"}), frozenset({"file"})

_log = logging.getLogger(__name__)


def event_type(kind: EventKind) -> str:
    """The type under which the event log keeps what was asked.

    >>> event_type("match")
    'asked_match'
    """
    return f"asked_{kind}"


TYPES = tuple(event_type(kind) for kind in KINDS)


class Answered(Protocol):
    """An answer with the request that it answers, and rows, best first."""

    @property
    def request(self) -> Request: ...

    @property
    def rows(self) -> Sequence[Row]: ...


class EventRecorder:
    """Keeps events of one library; close it, or use it as a context manager.

    ``note`` returns at once. What was noted is written by a thread, several events in one short transaction, and
    what cannot be written is lost and counted: an answer never waits for its event.

    Parameters
    ----------
    library : Library
        Opened to write.
    keep_days : float > 0
        Older events are deleted.
    most : int >= 1
        Only the newest so many are kept; with fifty candidates each, 100,000 take some 300 MB.

    Raises
    ------
    RequestError
        The library was opened for reading only.

    Examples
    --------
    ::

        with EventRecorder(library) as recorder:
            recorder.note("match", sonoteca.find_matches(library, request))
    """

    def __init__(self, library: Library, *, keep_days: float = KEEP_DAYS, most: int = MOST_EVENTS) -> None:
        if library.mode == "read":
            raise RequestError(f"{library.location} was opened for reading only.", "Open it for writing.")
        if keep_days <= 0 or most < 1:
            raise RequestError("Events are kept for some time, and at least one of them.", field="keep_days")
        self._library = library
        self._keep_for, self._most = timedelta(days=keep_days), most
        self._waiting: queue.Queue[tuple[EventKind, str, Answered] | threading.Event | None] = queue.Queue(
            _MOST_WAITING
        )
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._kept = self._lost = 0
        self._until_forgetting = 0

    @property
    def kept(self) -> int:
        """How many events were written."""
        return self._kept

    @property
    def lost(self) -> int:
        """How many events could not be written."""
        return self._lost

    def note(self, kind: EventKind, answer: Answered) -> None:
        """Keep that something was asked and answered, soon; returns at once, and raises nothing."""
        with self._lock:
            if self._is_closed:
                self._lost += 1
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="sonoteca-events", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait((kind, clock.now(), answer))
        except queue.Full:
            with self._lock:
                self._lost += 1

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until what was noted so far is written or lost; False if that took longer."""
        with self._lock:
            if self._thread is None or self._is_closed:
                return True
        reached = threading.Event()
        try:
            self._waiting.put(reached, timeout=timeout_s)
        except queue.Full:
            return False
        return reached.wait(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what was noted, and stop; a second time does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            thread = self._thread
        if thread is not None:
            try:
                self._waiting.put(None, timeout=timeout_s)
            except queue.Full:
                _log.warning("The events that wait cannot be written: they are lost.")
            thread.join(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- the thread that writes ---------------------------------------------------------------

    def _write_all(self) -> None:
        while True:
            some, marks, is_last = self._take()
            if some:
                self._write(some)
            for mark in marks:
                mark.set()
            if is_last:
                return

    def _take(self) -> tuple[list[tuple[EventKind, str, Answered]], list[threading.Event], bool]:
        """What waits, as soon as there is something; marks were set behind it."""
        some: list[tuple[EventKind, str, Answered]] = []
        marks: list[threading.Event] = []
        item = self._waiting.get()
        while True:
            if item is None:
                return some, marks, True
            if isinstance(item, threading.Event):
                marks.append(item)
            else:
                some.append(item)
            if len(some) >= _AT_ONCE or marks:
                return some, marks, False
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return some, marks, False

    def _write(self, some: Sequence[tuple[EventKind, str, Answered]]) -> None:
        try:
            with self._library.read() as connection:
                new = [NewEvent(event_type(kind), None, _details(connection, answer), at) for kind, at, answer in some]
            self._store(new)
        except Exception as error:
            # A fault here must end neither the thread nor the program whose answers it is about.
            expected = isinstance(error, SonotecaError)
            _log.warning("%d events are lost: %s", len(some), error, exc_info=not expected)
            with self._lock:
                self._lost += len(some)
        else:
            with self._lock:
                self._kept += len(new)

    def _store(self, new: Sequence[NewEvent]) -> None:
        self._until_forgetting -= len(new)
        for left in reversed(range(_TRIES)):
            try:
                with self._library.write(wait_s=_WAIT_S) as connection:
                    record_all(connection, new)
                    if self._until_forgetting <= 0:
                        before = clock.moment(datetime.now(UTC) - self._keep_for)
                        forget_old(connection, TYPES, before=before, most=self._most)
            except LibraryBusy:
                if not left:
                    raise
            else:
                break
        if self._until_forgetting <= 0:
            self._until_forgetting = min(_FORGET_EVERY, self._most)


def _details(connection: Connection, answer: Answered) -> dict[str, Any]:
    """What is kept of an answer: JSON values that every database takes."""
    request, is_uploaded = _echo(connection, answer.request.as_json())
    kept: dict[str, Any] = {
        "request": request,
        "uploaded": is_uploaded,
        "candidates": [_candidate(row.as_json()) for row in answer.rows[:MOST_CANDIDATES]],
        "total": getattr(answer, "total", None),
    }
    version = getattr(answer, "weights_version", None)
    return kept if version is None else kept | {"weights_version": version}


def _candidate(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("id", "region", "score")}


def _echo(connection: Connection, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """A request with sounds by their ids and without files, and whether it was asked about a file."""
    echo: dict[str, Any] = {}
    is_uploaded = False
    for name, value in asked.items():
        if name in _FILES:
            is_uploaded = True
        elif name in _SOUNDS:
            echo[name] = known = _as_ids(connection, value)
            is_uploaded |= name != "played" and (None in known if isinstance(known, list) else known is None)
        else:
            echo[name] = _storable(value)
    return echo, is_uploaded


def _as_ids(connection: Connection, named: Any) -> Any:
    """Public ids of named sounds; None for what is no sound of the library."""
    if isinstance(named, list | tuple):
        return [_as_ids(connection, each) for each in named]
    if not isinstance(named, str):
        return None
    try:
        return resolve_sound(connection, named).public_id
    except RequestError:
        return None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    if isinstance(value, Mapping):
        return {storable(str(name)): _storable(each) for name, each in value.items()}
    return value
