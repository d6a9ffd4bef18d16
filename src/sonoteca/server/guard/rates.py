"""How often one may ask: so many a minute, counted over the minute that lies behind."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from sonoteca.errors import TooManyRequests

WINDOW_S = 60.0
_MOST_COUNTED = 10_000


class Rates:
    """Counts requests of each key or address.

    Two counts are held of each: of this minute of the clock, and of the one before, of which the
    part counts that is not yet a minute old, as if it had come evenly.

    Parameters
    ----------
    per_minute : int >= 1
    clock : function
        Seconds that only grow.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        # Number of the minute, requests in it, requests in the one before.
        self._counts: dict[str, tuple[int, int, int]] = {}

    def refusal(self, who: str) -> TooManyRequests | None:
        """Count one request; the error if it is one too many, which is not counted."""
        now = self._clock()
        minute, passed = int(now // WINDOW_S), now % WINDOW_S / WINDOW_S
        with self._lock:
            number, here, before = self._counts.get(who, (minute, 0, 0))
            if number != minute:
                here, before = 0, here if number == minute - 1 else 0
            counted = here + before * (1.0 - passed)
            if counted + 1.0 > self._most:
                return TooManyRequests(
                    f"More than {self._most} requests came within a minute.",
                    retry_after_s=self._wait_s(here, before, passed),
                )
            if who not in self._counts and len(self._counts) >= _MOST_COUNTED:
                self._forget(minute)
            self._counts[who] = (minute, here + 1, before)
        return None

    def _wait_s(self, here: int, before: int, passed: float) -> int:
        """Seconds until one more would be counted."""
        excess = here + before * (1.0 - passed) + 1.0 - self._most
        within = excess / before * WINDOW_S if before else math.inf
        rest = (1.0 - passed) * WINDOW_S
        if within <= rest:
            return max(1, math.ceil(within))
        # In the next minute this one counts less from moment to moment.
        return max(1, math.ceil(rest + max(0.0, 1.0 - (self._most - 1.0) / max(here, 1)) * WINDOW_S))

    def _forget(self, minute: int) -> None:
        self._counts = {who: count for who, count in self._counts.items() if count[0] >= minute - 1}
        if len(self._counts) >= _MOST_COUNTED:
            self._counts.clear()
