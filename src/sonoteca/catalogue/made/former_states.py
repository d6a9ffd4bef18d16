"""What playlists, advice and removed sounds were before a change, kept so that it can be undone.

Changes of values and tags keep their own log (table ``edits``); both count their batches in one row of numbers, so
that undoing goes back through all changes in order.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema import edits
from sonoteca.catalogue.store.schema_made import former_states

PLAYLIST: Final = "playlist"
SOUND: Final = "sound"
KNOWLEDGE: Final = "knowledge"
# Changes that can be undone, newest first: a removed sound keeps its vectors, so removals cost room.
_KEPT_BATCHES: Final = {PLAYLIST: 50, SOUND: 10, KNOWLEDGE: 50}


@dataclass(frozen=True, slots=True)
class FormerState:
    """One thing before a change: ``before`` is its document, None where there was none; ``after`` tells what it became.

    ``what`` is ``PLAYLIST``, ``SOUND`` or ``KNOWLEDGE``; ``name`` that of the playlist, or the public id.
    """

    what: str
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def next_batch(connection: Connection) -> int:
    """The number of the next change, of whatever kind; numbers are never used twice."""
    newest = [connection.execute(sa.select(sa.func.max(table.c.batch))).scalar() for table in (edits, former_states)]
    return 1 + max((each for each in newest if each is not None), default=0)


def last_batch(connection: Connection) -> tuple[int, bool] | None:
    """The last change that was not undone, and whether its former states are kept here (else it is one of ``edits``)."""
    found = [
        (batch, table is former_states)
        for table in (edits, former_states)
        if (
            batch := connection.execute(sa.select(sa.func.max(table.c.batch)).where(table.c.undone.is_(False))).scalar()
        )
        is not None
    ]
    return max(found, default=None)


def keep_states(connection: Connection, batch: int, what: str, states: Iterable[FormerState]) -> None:
    """Keep the states before a change; the oldest changes of that kind cannot be undone any more."""
    now = clock.now()
    for state in states:
        values = {
            "batch": batch,
            "what": what,
            "name": state.name,
            "before": None if state.before is None else _packed(state.before),
            "after": state.after,
            "at": now,
        }
        connection.execute(sa.insert(former_states).values(values))
    of_kind = former_states.c.what == what
    newest = sa.select(former_states.c.batch).where(of_kind).distinct().order_by(former_states.c.batch.desc())
    oldest = connection.execute(newest.offset(_KEPT_BATCHES[what] - 1).limit(1)).scalar()
    if oldest is not None:
        connection.execute(sa.delete(former_states).where(of_kind, former_states.c.batch < oldest))


def states_of(connection: Connection, batch: int) -> Iterable[FormerState]:
    """The states before a change, one after the other."""
    rows = sa.select(former_states).where(former_states.c.batch == batch).order_by(former_states.c.id)
    numbers = connection.execute(rows.with_only_columns(former_states.c.id)).scalars().all()
    for number in numbers:
        row = connection.execute(sa.select(former_states).where(former_states.c.id == number)).one()
        yield FormerState(row.what, row.name, None if row.before is None else _unpacked(row.before), row.after)


def mark_undone(connection: Connection, batch: int) -> None:
    """The change is undone: what was before is there again, and need not be kept."""
    of_batch = former_states.c.batch == batch
    connection.execute(sa.update(former_states).where(of_batch).values(undone=True, before=None))


def _packed(document: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, default=_as_text).encode())


def _as_text(value: object) -> dict[str, str]:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}
    raise TypeError(f"no JSON: {type(value).__name__}")


def _unpacked(blob: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(bytes(blob)), object_hook=_as_bytes)
    return document


def _as_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
