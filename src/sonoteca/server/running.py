"""What the running server holds, and how a route asks for it: a route takes ``library: OpenLibrary``."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Request

from sonoteca import KeepingLimits, Library, Listener, QueueSettings
from sonoteca.server.job_feed import JobFeed
from sonoteca.server.staging import Staging
from sonoteca.settings import ServerSettings


class Stopping:
    """Tells what goes on for long (streams of events) that the server is about to stop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()

    def begin(self) -> None:
        """Bind it to the loop that runs; ``set`` may come from any thread or signal after that."""
        self._loop = asyncio.get_running_loop()

    def is_set(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Return when the server is about to stop."""
        await self._event.wait()


async def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


async def _listener(request: Request) -> Listener:
    listener: Listener = request.app.state.listener
    return listener


async def _settings(request: Request) -> ServerSettings:
    settings: ServerSettings = request.app.state.settings
    return settings


async def _staging(request: Request) -> Staging:
    staging: Staging = request.app.state.staging
    return staging


async def _queue(request: Request) -> QueueSettings:
    settings: QueueSettings = request.app.state.queue
    return settings


async def _feed(request: Request) -> JobFeed:
    feed: JobFeed = request.app.state.feed
    return feed


async def _stopping(request: Request) -> Stopping:
    stopping: Stopping = request.app.state.stopping
    return stopping


async def _keeping(request: Request) -> KeepingLimits:
    settings: ServerSettings = request.app.state.settings
    return KeepingLimits(most_bytes=settings.cache_mb * 2**20, unused_s=settings.cache_days * 86_400.0)


OpenLibrary = Annotated[Library, Depends(_library)]
WarmListener = Annotated[Listener, Depends(_listener)]
OpenStaging = Annotated[Staging, Depends(_staging)]
Keeping = Annotated[KeepingLimits, Depends(_keeping)]
Limits = Annotated[ServerSettings, Depends(_settings)]
Queue = Annotated[QueueSettings, Depends(_queue)]
Feed = Annotated[JobFeed, Depends(_feed)]
Stop = Annotated[Stopping, Depends(_stopping)]
