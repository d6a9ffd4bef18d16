"""Routes are loaded while the server answers already that it lives: what they ask with takes longer to import than to serve.

Until they are there, a few paths that need nothing answer at once, and every other request waits.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import sonoteca.server.routes
from sonoteca.server.guard.keys import READING

_log = logging.getLogger(__name__)


class Routes:
    """The routes of an application, loaded when ``load`` is called or, beside what it does, when ``begin`` is."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._loaded = asyncio.Event()
        self._error: Exception | None = None

    @property
    def are_there(self) -> bool:
        return self._loaded.is_set() and self._error is None

    def load(self) -> None:
        """Import every module of routes and add its router."""
        for router in _routers():
            # As they are: what is included is matched by way of a copy of each.
            self._app.router.routes.extend(router.routes)
        self._loaded.set()

    def begin(self) -> None:
        """Load them in a thread; to be called where the application's loop runs."""
        if self._loaded.is_set():
            return
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._load_beside, args=[loop], name="routes", daemon=True)
        thread.start()

    async def wait(self) -> None:
        """Return when they are there; what went wrong with loading them is raised for everybody who waits."""
        await self._loaded.wait()
        if self._error is not None:
            raise self._error

    def _load_beside(self, loop: asyncio.AbstractEventLoop) -> None:
        routers: list[APIRouter] = []
        try:
            routers = list(_routers())
        except Exception as error:
            _log.exception("routes cannot be loaded")
            self._error = error
        for router in routers:
            self._app.router.routes.extend(router.routes)
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._loaded.set)


class Loading:
    """Lets requests wait for the routes, except for paths that are answered ``meanwhile``."""

    def __init__(self, app: ASGIApp, routes: Routes, meanwhile: Mapping[str, Callable[[], Response]]) -> None:
        self.app = app
        self._routes = routes
        self._meanwhile = meanwhile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._routes.are_there:
            answer = self._meanwhile.get(scope["path"])
            if answer is not None and scope["method"] in READING[:2] and not scope["query_string"]:
                await answer()(scope, receive, send)
                return
            await self._routes.wait()
        await self.app(scope, receive, send)


def _routers() -> Iterator[APIRouter]:
    for found in pkgutil.iter_modules(sonoteca.server.routes.__path__, "sonoteca.server.routes."):
        yield importlib.import_module(found.name).router
