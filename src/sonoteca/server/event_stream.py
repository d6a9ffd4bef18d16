"""Server-sent events: an answer that goes on, written piece by piece, until one of both ends has enough.

Plain ASGI: nothing between this and the socket gathers what is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sonoteca.server.running import Stopping

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0
HEARTBEAT = b": still here\n\n"
# So soon a browser asks again when the stream broke, in milliseconds.
_RETRY = b"retry: 2000\n\n"
_HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}


def event(name: str, data: Any, event_id: str) -> bytes:
    """One event as bytes.

    >>> event("job", {"state": "done"}, "a-7")
    b'id: a-7\\nevent: job\\ndata: {"state": "done"}\\n\\n'
    """
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n".encode()


class EventStream(Response):
    """Sends what ``events`` yields as it comes; it ends with them, with the client, or with the server.

    Parameters
    ----------
    events : generator of bytes
        Closed at the end, whatever that is.
    stopping : Stopping
        Tells that the server is about to end.
    """

    media_type = MEDIA_TYPE

    def __init__(self, events: AsyncGenerator[bytes], stopping: Stopping) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._stopping.wait())]
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
            while (data := await self._next(ended)) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for task in ended:
                task.cancel()
            await self._events.aclose()

    async def _next(self, ended: list[asyncio.Task[None]]) -> bytes | None:
        step = asyncio.create_task(anext(self._events, None))
        try:
            await asyncio.wait({step, *ended}, return_when=asyncio.FIRST_COMPLETED)
            return step.result() if step.done() else None
        finally:
            if not step.done():
                step.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await step


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
