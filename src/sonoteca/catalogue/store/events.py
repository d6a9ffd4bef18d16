"""Events: what happened to the library, in order, for people and for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


def record(
    connection: Connection, type: str, *, public_id: str | None = None, details: dict[str, JsonValue] | None = None
) -> None:
    """Keep an event; it becomes visible with the transaction it is about."""
    connection.execute(sa.insert(events).values(type=type, public_id=public_id, details=details or {}, at=clock.now()))


def list_events(connection: Connection, *, after: int = 0, type: str | None = None) -> Iterator[Event]:
    """Events with an id above ``after``, oldest first."""
    query = sa.select(events).where(events.c.id > after).order_by(events.c.id)
    if type is not None:
        query = query.where(events.c.type == type)
    for row in connection.execute(query):
        yield Event(row.id, row.type, row.at, row.public_id, row.details)
