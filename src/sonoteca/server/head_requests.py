"""HEAD is answered as GET would be, without a body: the same status and headers on every route."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Answered(OSError):
    """The headers are out: nothing more of a body that has no end is asked for."""


class HeadRequests:
    """Asks everything below with GET, and sends the beginning of the answer alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        is_answered = False
        asked = {**scope, "method": "GET"}

        async def sending(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                is_answered = True
            elif message.get("more_body"):
                # What a client that went away looks like to who sends.
                raise _Answered

        try:
            await self.app(asked, receive, sending)
        except Exception:
            # Whatever the end of a stream became on its way up: the answer is out.
            if not is_answered:
                raise
        finally:
            # Requests are counted by the route that answered them.
            scope["route"] = asked.get("route")
