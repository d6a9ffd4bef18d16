"""Who holds leases: this run, while it lives, and nobody once it is dead.

An owner's name says on which machine, in which process namespace, which process (and when
it was started, because process numbers come again) holds a lease. So the next run on the
same machine frees what a killed one held at once, instead of waiting until it expires.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import uuid
from types import TracebackType

import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import leases as lease_rows
from sonoteca.errors import LibraryError

HEARTBEAT_S = leases.DEFAULT_TTL_S / 4


def new_owner() -> str:
    """A name no other run has."""
    me = psutil.Process()
    return "|".join((_machine(), str(me.pid), f"{me.create_time():.2f}", uuid.uuid4().hex[:8]))


def release_dead(connection: Connection) -> int:
    """Free the leases of runs on this machine whose process is gone; returns how many."""
    owners = connection.execute(sa.select(lease_rows.c.owner).distinct()).scalars().all()
    return sum(leases.release(connection, owner) for owner in owners if is_dead(owner))


def is_dead(owner: str) -> bool:
    """True only for an owner of this machine whose process surely ended."""
    machine, _, rest = owner.partition("|")
    fields = rest.split("|")
    if machine != _machine() or len(fields) != 3 or not fields[0].isdigit():
        return False
    try:
        process = psutil.Process(int(fields[0]))
        return f"{process.create_time():.2f}" != fields[1] or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _machine() -> str:
    """Host name, and on Linux the process namespace: containers may share the former."""
    namespace = ""
    with contextlib.suppress(OSError, AttributeError):
        namespace = os.readlink("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{namespace}".replace("|", "_")


class Heartbeat:
    """Keeps an owner's leases alive from a thread of its own, so that one long file does not lose its lease."""

    def __init__(self, library: Library, owner: str, *, every_s: float = HEARTBEAT_S) -> None:
        self._library = library
        self._owner = owner
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="sonoteca-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._every_s):
            # A busy or full library now is the main thread's to report; the next beat tries again.
            with contextlib.suppress(LibraryError), self._library.write() as connection:
                leases.renew(connection, self._owner)
