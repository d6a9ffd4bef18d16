"""Sessions of browsers: a key that was shown once, exchanged for a cookie that no script can read.

A session is a long random word. Of those that are known only digests are held, in this process's memory: who
starts the server anew is asked for the key again. A session has the rights of its key. As a
browser sends cookies by itself, a change has to come from an allowed origin as well (``origins``).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.requests import cookie_parser
from starlette.types import Scope

COOKIE = "sonoteca_session"
LASTS_S = 30 * 86_400
_MOST = 10_000
T = TypeVar("T")


class Sessions(Generic[T]):
    """What was exchanged for which key.

    Parameters
    ----------
    clock : function
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[T, float]] = {}

    def begin(self, key: T) -> str:
        """The word of a new session that has the rights of a key."""
        word = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._known = {digest: each for digest, each in self._known.items() if each[1] > now}
            while len(self._known) >= _MOST:
                # The oldest.
                del self._known[next(iter(self._known))]
            self._known[_digest(word)] = (key, now + LASTS_S)
        return word

    def find(self, word: str) -> T | None:
        """The key that a session stands for; None where there is no such session."""
        with self._lock:
            found = self._known.get(_digest(word))
        return found[0] if found is not None and found[1] > self._clock() else None

    def end(self, word: str) -> None:
        """Forget a session."""
        with self._lock:
            self._known.pop(_digest(word), None)


def session_word(scope: Scope) -> str | None:
    """The word of a session that a request brings; None without one.

    >>> session_word({"headers": [(b"cookie", b"a=1; sonoteca_session=w0rd")]})
    'w0rd'
    >>> session_word({"headers": [(b"cookie", b'junk; prefs={"a": 1}; sonoteca_session=w0rd')]})
    'w0rd'
    """
    for name, value in scope["headers"]:
        # Cookies of other programs on this host may be of any form: ours is found beside them.
        if name == b"cookie" and (word := cookie_parser(value.decode("latin-1")).get(COOKIE)):
            return word
    return None


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogateescape")).digest()
