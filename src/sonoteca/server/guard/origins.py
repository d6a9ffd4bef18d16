"""A page of another site cannot change anything here, although the browser of who looks at it could reach this server.

A change (everything but GET, HEAD and OPTIONS, uploads included) passes with a key, which no foreign
page has; or from an allowed origin: the server's own, or one of the settings. A browser always says
where a change comes from; what says nothing is no browser, and none may use a browser's session.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from sonoteca.errors import OriginRefused
from sonoteca.server.guard.keys import READING, has_key
from sonoteca.server.problems import problem_response


class Origins:
    """Lets through changes that no foreign page asked for."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self.app = app
        self._allowed = frozenset(each.rstrip("/").lower() for each in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := self._refusal(scope)) is not None:
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> OriginRefused | None:
        if scope["method"] in READING or has_key(scope):
            return None
        told = {name: value.decode("latin-1").lower() for name, value in scope["headers"]}
        # No page can say this of itself; behind a proxy that speaks TLS the origin alone would not tell it.
        if told.get(b"sec-fetch-site") == "same-origin":
            return None
        if (origin := told.get(b"origin")) is not None:
            if origin in self._allowed or origin == f"{scope['scheme']}://{told.get(b'host', '')}":
                return None
            return OriginRefused(f"A page of {origin[:100]!r} may not change anything here.")
        # Also where an origin is withheld, a browser of today says whether it is this one.
        if told.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
            return OriginRefused("A page of another origin may not change anything here.")
        if scope.get("state", {}).get("by_session"):
            return OriginRefused("A change with a session has to say from which page it comes.")
        return None
