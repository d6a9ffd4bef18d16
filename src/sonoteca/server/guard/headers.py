"""Headers that keep answers from being framed, sniffed, run as pages, or kept by caches in between."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    # A route whose answers may be kept says so itself.
    b"cache-control": b"no-store",
}


class Headers:
    """Adds to every answer what it does not say itself.

    Parameters
    ----------
    is_shared : bool
        Whether pages of other origins may use answers (where origins are configured).
    """

    def __init__(self, app: ASGIApp, *, is_shared: bool) -> None:
        self.app = app
        added = dict(SECURITY)
        if is_shared:
            added[b"cross-origin-resource-policy"] = b"cross-origin"
        self._added = added

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                more = [(name, value) for name, value in self._added.items() if name not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, sending)
