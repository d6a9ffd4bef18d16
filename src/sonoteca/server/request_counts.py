"""How many requests each route answered, how, and how long it took: what ``/metrics`` tells of them."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Upper ends of the classes that durations are counted in, in seconds; what takes longer is in a last one.
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Of requests that reached no route: a path is whatever somebody typed.
_NO_ROUTE = "none"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Durations:
    """Of the requests of one route: how many took how long, by class, and the sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0


class RequestCounts:
    """Counts what is answered; ``snapshot`` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_status: dict[tuple[str, str, int], int] = defaultdict(int)
        self._by_route: dict[tuple[str, str], Durations] = defaultdict(Durations)
        self.under_way = 0

    def begin(self) -> None:
        with self._lock:
            self.under_way += 1

    def end(self, method: str, route: str, status: int, took_s: float) -> None:
        with self._lock:
            self.under_way -= 1
            self._by_status[method, route, status] += 1
            durations = self._by_route[method, route]
            durations.counts[bisect_left(BUCKETS_S, took_s)] += 1
            durations.sum_s += took_s

    def snapshot(self) -> tuple[dict[tuple[str, str, int], int], dict[tuple[str, str], Durations]]:
        """Answers by method, route and status; durations by method and route."""
        with self._lock:
            durations = {name: Durations(list(each.counts), each.sum_s) for name, each in self._by_route.items()}
            return dict(self._by_status), durations


class Counted:
    """Counts every request by the route that answered it, not by its path."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self.app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # What a client that went away before it was answered is called in logs of servers.
        status = 499
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._counts.begin()
        try:
            await self.app(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._counts.end(method, route, status, time.perf_counter() - began)
