"""Which names this server answers to: a page elsewhere whose name was bound to this machine's address is refused.

Allowed are ``localhost``, ``127.0.0.1`` and ``[::1]``, the address that was asked, and the names that
the settings give; any port may stand behind them.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from sonoteca.errors import HostRefused
from sonoteca.server.problems import problem_response

OWN = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)


class Hosts:
    """Lets through what was asked by an allowed name."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self.app = app
        self._allowed = OWN | {name for each in allowed if (name := host_name(each)) is not None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := self._refusal(scope)) is not None:
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> HostRefused | None:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return HostRefused("The request has no Host header." if not given else "The request has several hosts.")
        name = host_name(given[0])
        # The address that the connection came to cannot be another site's name.
        asked = scope["server"][0] if scope.get("server") else None
        if name is not None and (name in self._allowed or name == asked):
            return None
        return HostRefused(f"This server does not answer to {given[0][:100]!r}.")


def host_name(text: str) -> str | None:
    """The name in a Host header, without its port; None where it is none.

    >>> host_name("LocalHost:8000"), host_name("[::1]:80"), host_name("a b"), host_name("shop.example.")
    ('localhost', '::1', None, 'shop.example')
    """
    found = _HOST.fullmatch(text.lower())
    return None if found is None else found["name"].strip("[]").removesuffix(".") or None
