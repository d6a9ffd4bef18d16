"""Leases: who works on what right now, so that two runs never do the same work.

A lease is a key, an owner and an end. It is taken in the writer's transaction, so no two owners
hold one key. Whoever dies stops renewing, and its keys are free when they expire.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.database import chunks, dialect_of
from sonoteca.catalogue.store.schema import leases

DEFAULT_TTL_S = 120.0


def new_owner() -> str:
    """A name for this run that no other run has, readable in a listing."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def claim(connection: Connection, keys: Iterable[str], owner: str, *, ttl_s: float = DEFAULT_TTL_S) -> set[str]:
    """Those of ``keys`` that are ``owner``'s now, until ``ttl_s`` from now: free, expired or already its own.

    After claiming, look again whether the work is still to be done: another run may have
    finished it just before its lease ended (``pending.claim_sounds`` does both).
    """
    wanted = list(dict.fromkeys(keys))
    now_ms = int(time.time() * 1000)
    insert = _insert(connection)(leases)
    statement = insert.on_conflict_do_update(
        index_elements=[leases.c.key],
        set_={"owner": insert.excluded.owner, "expires_ms": insert.excluded.expires_ms},
        where=(leases.c.expires_ms <= now_ms) | (leases.c.owner == owner),
    )
    expires_ms = now_ms + int(ttl_s * 1000)
    held: set[str] = set()
    for some in chunks(wanted, 5_000):
        connection.execute(statement, [{"key": key, "owner": owner, "expires_ms": expires_ms} for key in some])
        mine = sa.select(leases.c.key).where(leases.c.key.in_(some), leases.c.owner == owner)
        held.update(connection.execute(mine).scalars())
    return held


def renew(connection: Connection, owner: str, *, ttl_s: float = DEFAULT_TTL_S) -> int:
    """Heartbeat: move the end of all leases of ``owner``; returns how many it holds."""
    expires_ms = int((time.time() + ttl_s) * 1000)
    return connection.execute(sa.update(leases).where(leases.c.owner == owner).values(expires_ms=expires_ms)).rowcount


def release(connection: Connection, owner: str, keys: Sequence[str] | None = None) -> int:
    """Give leases back (all of the owner's by default); call it in the transaction that stores the results."""
    if keys is None:
        return connection.execute(sa.delete(leases).where(leases.c.owner == owner)).rowcount
    released = 0
    for some in chunks(list(keys)):
        released += connection.execute(
            sa.delete(leases).where(leases.c.owner == owner, leases.c.key.in_(some))
        ).rowcount
    return released


def remove_expired(connection: Connection) -> int:
    """Tidy up after runs that died."""
    return connection.execute(sa.delete(leases).where(leases.c.expires_ms <= int(time.time() * 1000))).rowcount


def _insert(connection: Connection):  # type: ignore[no-untyped-def]
    if dialect_of(connection) == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return postgres_insert
