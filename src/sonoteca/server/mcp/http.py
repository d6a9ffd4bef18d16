"""The endpoint ``/mcp`` of the application: the same tools over HTTP, without sessions.

Every request stands alone, so a restart between two of them is not noticed. What guards all routes stands
before it. The kit of the protocol takes longer to import than everything else of the server, so
it comes with the first request.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sonoteca import Library, Listener
from sonoteca.errors import NotThereYet
from sonoteca.server.mcp.kit import REMEDY, SENTENCE, has_kit
from sonoteca.settings import ServerSettings

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
T = TypeVar("T")


class McpRoute(Route):
    """Where assistants ask. A key that reads is enough: what changes the library looks at the key itself."""

    needs = "read"


class Assistants:
    """An ASGI application that answers assistants as long as it is ``running``.

    Parameters
    ----------
    settings : ServerSettings
        Whether assistants may change the library; those may that have a key that writes.
    is_ending : callable
        Whether the server is about to end.
    """

    def __init__(
        self, library: Library, listener: Listener, settings: ServerSettings, is_ending: Callable[[], bool]
    ) -> None:
        self._library = library
        self._is_ending = is_ending
        self._listener = listener
        self._settings = settings
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._manager: StreamableHTTPSessionManager | None = None
        self._error: Exception | None = None

    def route(self) -> Route:
        """Its place in an application. There is nothing to get: answers come with the request they answer."""
        return McpRoute(PATH, self, methods=["POST"])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer until the end of the block."""
        serving = asyncio.create_task(self._serve(), name="mcp")
        try:
            yield
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not has_kit():
            raise NotThereYet(SENTENCE, REMEDY)
        self._wanted.set()
        await self._ready.wait()
        if self._manager is None:
            raise self._error or RuntimeError("assistants are not answered any more")
        await self._manager.handle_request(scope, receive, send)

    async def _serve(self) -> None:
        await self._wanted.wait()
        try:
            self._manager = await _in_thread(self._make)
            async with self._manager.run():
                self._ready.set()
                await asyncio.Event().wait()
        except Exception as error:
            self._error = error
            raise
        finally:
            self._manager = None
            # Who waits is told that nobody comes.
            self._ready.set()

    def _make(self) -> StreamableHTTPSessionManager:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from sonoteca.server.mcp.protocol import Asked, make_server

        allow_edits = self._settings.allow_edits

        def may_edit(asked: Asked) -> bool:
            return allow_edits and right_of(asked.request) == "write"

        server = make_server(self._library, self._listener, may_edit=may_edit, is_ending=self._is_ending)
        return StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=self._settings.max_body_mb * 2**20
        )


async def _in_thread(work: Callable[[], T]) -> T:
    """What ``work`` makes in a thread that holds up no end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(T, result))

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except Exception as error:
            failed = error
        # Who waited may be gone, and the loop with it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name="mcp", daemon=True).start()
    return await done


def right_of(request: Any) -> str | None:
    """What the key of a request allows; None without one."""
    right: str | None = None if request is None else request.scope.get("state", {}).get("right")
    return right
