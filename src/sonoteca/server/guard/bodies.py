"""How large a body may be: counted while it comes, whatever its length was said to be.

Uploads (``multipart/form-data``) may be as large as the settings allow them; any other body is
JSON, which is held in memory.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonoteca.errors import BodyTooLarge
from sonoteca.server.problems import Refusal, problem_response
from sonoteca.settings import ServerSettings

# What stands around an upload in its body: names, boundaries, the other fields.
_AROUND = 2**20
_READ_AWAY_S = 5.0
# What a scope says once its body has come to its end.
WHOLE = "sonoteca.body_is_whole"


class Bodies:
    """Ends a request whose body is larger than it may be."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"])
        most, error = self._limit(told.get(b"content-type", b"").lower())
        length = told.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > most:
            await read_away(scope, receive)
            await problem_response(error)(scope, receive, send)
            return
        taken = 0

        async def receiving() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            scope[WHOLE] = not message.get("more_body", False)
            if taken > most:
                await read_away(scope, receive)
                raise Refusal(error)
            return message

        await self.app(scope, receiving, send)

    def _limit(self, content_type: bytes) -> tuple[int, BodyTooLarge]:
        """How many bytes a body of this type may have, and what is said of more."""
        if content_type.startswith(b"multipart/form-data"):
            limit_mb = self._settings.max_upload_mb
            return limit_mb * 2**20 + _AROUND, upload_too_large(limit_mb)
        limit_mb = self._settings.max_body_mb
        return limit_mb * 2**20, BodyTooLarge(f"The body is larger than {limit_mb} MB, which is the limit.")


async def read_away(scope: Scope, receive: Receive) -> None:
    """Read on for a moment: who is still sending when the connection is closed does not see the answer.

    Who waits to be told that it may send (``Expect``) is answered at once.
    """
    if scope.get(WHOLE) or any(name == b"expect" for name, _ in scope["headers"]):
        return
    with contextlib.suppress(TimeoutError, Refusal):
        async with asyncio.timeout(_READ_AWAY_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass


def upload_too_large(limit_mb: int) -> BodyTooLarge:
    """What is said of an upload beyond the limit."""
    return BodyTooLarge(f"The upload is larger than {limit_mb} MB, which is the limit.", field="file")
