"""API keys: who has one, and whether it may write.

A key is sent as ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``, or was exchanged for a session before. Of the keys that are known only
digests are held, made with a secret of this process, and all of them are compared, in constant
time. GET takes a key that reads, everything else one that writes, unless the route says otherwise
(``needs``). A server without keys answers whoever reaches it, which ``serve`` allows on loopback only.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from sonoteca.errors import KeyInsufficient, KeyRequired, RequestError, SonotecaError
from sonoteca.server.guard.rates import Rates
from sonoteca.server.guard.sessions import Sessions, session_word
from sonoteca.server.problems import problem_response

Right = Literal["read", "write"]

# What says what this server is, and whether it lives; a balancer asks the second without a key.
OPEN = frozenset({"/", "/health", "/docs", "/docs/page.js", "/docs/page.css", "/openapi.json", "/ui"})
# The page's files, which hold nothing of a library; what the page then asks needs a key.
_OPEN_BELOW = "/ui/"
READING = ("GET", "HEAD", "OPTIONS")
# Who tries keys may try so many a minute.
TRIES_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Key:
    """A known key: its digest, whether it may write, and a name for the log that says nothing of the key."""

    digest: bytes
    right: Right

    @property
    def name(self) -> str:
        return self.digest.hex()[:8]


class KeyRing:
    """The keys that may ask.

    Parameters
    ----------
    keys : iterable of str
        ``read:KEY``, ``write:KEY``, or ``KEY``, which may write.

    Raises
    ------
    RequestError
        A key is empty, or stands twice with two rights.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._secret = secrets.token_bytes(32)
        found: dict[bytes, Key] = {}
        for text in keys:
            right, colon, rest = text.partition(":")
            named = right in ("read", "write") and bool(colon)
            digest = self._digest(rest if named else text)
            key = Key(digest, cast(Right, right) if named else "write")
            if not (rest if named else text).strip():
                raise RequestError("An API key is empty.", field="api_keys")
            if found.setdefault(digest, key) != key:
                raise RequestError("One API key is given to read and to write.", field="api_keys")
        self._keys = tuple(found.values())

    def __bool__(self) -> bool:
        return bool(self._keys)

    def find(self, presented: str) -> Key | None:
        """The key that was presented, if it is known; it takes as long whichever it is."""
        digest = self._digest(presented)
        found: Key | None = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode("utf-8", "surrogateescape"), hashlib.sha256)


class Keys:
    """Lets through who has a key that suffices, or a session; ``scope["state"]`` says which key it was."""

    def __init__(self, app: ASGIApp, ring: KeyRing, rates: Rates, sessions: Sessions[Key]) -> None:
        self.app = app
        self._sessions = sessions
        self._ring = ring
        self._rates = rates
        self._tries = Rates(TRIES_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._ring and (error := self._refusal(scope)) is not None:
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> SonotecaError | None:
        presented = presented_key(scope)
        key = None if presented is None else self._ring.find(presented)
        by_session = False
        if presented is None and (word := session_word(scope)) is not None:
            key = self._sessions.find(word)
            by_session = key is not None
        if key is None:
            if _is_open(scope["path"]) and scope["method"] in READING and not scope["query_string"]:
                return None
            if presented is None:
                return KeyRequired("This server answers who has a key.")
            address = scope["client"][0] if scope.get("client") else ""
            return self._tries.refusal(address) or KeyRequired("This server does not know that key.")
        scope.setdefault("state", {}).update(key_name=key.name, key=key, right=key.right, by_session=by_session)
        if key.right == "read" and needed_right(scope) == "write":
            return KeyInsufficient(f"This key may read, and {scope['method']} {scope['path']} changes something.")
        return self._rates.refusal(key.name)


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(_OPEN_BELOW)


def presented_key(scope: Scope) -> str | None:
    """The key that a request brings; None without one."""
    for name, value in scope["headers"]:
        text = value.decode("latin-1").strip()
        if name == b"x-api-key" and text:
            return cast(str, text.encode("latin-1").decode("utf-8", "surrogateescape"))
        if name == b"authorization" and text[:7].lower() == "bearer ":
            return cast(str, text[7:].strip().encode("latin-1").decode("utf-8", "surrogateescape"))
    return None


def has_key(scope: Scope) -> bool:
    """Whether a request itself brought a key that is known: a session does not, which a browser sends by itself."""
    state = scope.get("state", {})
    return "key_name" in state and not state["by_session"]


def needed_right(scope: Scope) -> Right:
    """What a request needs: what its route says (``needs``), else what its method does."""
    asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
    routes: Iterable[BaseRoute] = scope["app"].routes
    for route in routes:
        if route.matches(asked)[0] is Match.FULL:
            if (needs := getattr(route, "needs", None)) is not None:
                return cast(Right, needs)
            break
    return "read" if scope["method"] in READING else "write"
