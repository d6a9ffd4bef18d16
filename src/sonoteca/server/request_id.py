"""The id of a request: a client may send it, every answer says it, and the log has it on every line."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,64}")
current: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id() -> str | None:
    """The id of the request that is answered here; None outside of one."""
    return current.get()


def id_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The id that headers bring, else a new one."""
    given = next((value for name, value in headers if name == HEADER), b"")
    return given.decode("ascii") if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
