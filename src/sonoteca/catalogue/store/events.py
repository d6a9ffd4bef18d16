"""Events: what happened to the library, in order, for people and for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema import events
from sonoteca.domain.observation import JsonValue


@dataclass(frozen=True, slots=True)
class Event:
    """``public_id`` names the sound it is about, if it is about one."""

    id: int
    type: str
    at: str
    public_id: str | None
    details: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not kept yet."""

    type: str
    public_id: str | None = None
    details: dict[str, JsonValue] = field(default_factory=dict)
    at: str = field(default_factory=clock.now)


def record(
    connection: Connection, type: str, *, public_id: str | None = None, details: dict[str, JsonValue] | None = None
) -> None:
    """Keep an event; it becomes visible with the transaction it is about."""
    record_all(connection, [NewEvent(type, public_id, details or {})])


def record_all(connection: Connection, new: Iterable[NewEvent]) -> None:
    """Keep events, in their order."""
    rows = [{"type": each.type, "public_id": each.public_id, "details": each.details, "at": each.at} for each in new]
    if rows:
        connection.execute(sa.insert(events), rows)


def list_events(connection: Connection, *, after: int = 0, type: str | None = None) -> Iterator[Event]:
    """Events with an id above ``after``, oldest first."""
    query = sa.select(events).where(events.c.id > after).order_by(events.c.id)
    if type is not None:
        query = query.where(events.c.type == type)
    for row in connection.execute(query):
        yield _event(row)


def page_of_events(
    connection: Connection, types: Sequence[str], *, after: int = 0, since: str | None = None, limit: int
) -> list[Event]:
    """At most ``limit`` events of some types with an id above ``after``, from a moment on, oldest first."""
    query = sa.select(events).where(events.c.id > after, events.c.type.in_(types)).order_by(events.c.id).limit(limit)
    if since is not None:
        query = query.where(events.c.at >= since)
    return [_event(row) for row in connection.execute(query)]


def forget_old(connection: Connection, types: Sequence[str], *, before: str, most: int) -> int:
    """Delete events of some types that are older than a moment, and of the others all but the newest ``most``.

    Returns how many were deleted. Other types are not touched.
    """
    of_types = events.c.type.in_(types)
    gone = connection.execute(sa.delete(events).where(of_types, events.c.at < before)).rowcount
    last = sa.select(events.c.id).where(of_types).order_by(events.c.id.desc()).offset(most).limit(1)
    newest_to_go = connection.execute(last).scalar()
    if newest_to_go is not None:
        gone += connection.execute(sa.delete(events).where(of_types, events.c.id <= newest_to_go)).rowcount
    return gone


def _event(row: sa.Row[tuple[object, ...]]) -> Event:
    found = row._mapping
    return Event(found["id"], found["type"], found["at"], found["public_id"], found["details"])
