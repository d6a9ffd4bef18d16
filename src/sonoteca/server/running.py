"""What the running server holds, and how a route asks for it: a route takes ``library: OpenLibrary``."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from sonoteca import KeepingLimits, Library, Listener, QueueSettings
from sonoteca.errors import TryLater
from sonoteca.server.job_feed import JobFeed
from sonoteca.server.staging import Staging
from sonoteca.settings import ServerSettings, load_settings


def models_folder() -> Path:
    """Where models lie that were pulled."""
    return Path(load_settings().models_dir)


class Stopping:
    """Tells what goes on for long (streams of events, jobs) that the server is about to stop.

    Attributes
    ----------
    in_threads : threading.Event
        Tells it to threads.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()
        self.in_threads = threading.Event()

    def begin(self) -> None:
        """Bind it to the loop that runs; ``set`` may come from any thread or signal after that."""
        self._loop = asyncio.get_running_loop()

    def is_set(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self.in_threads.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Return when the server is about to stop."""
        await self._event.wait()


class Turns:
    """So many requests at once wait in threads for workers; who comes after them waits without one.

    A thread that waits for a worker answers nobody else: without turns a burst of uploads would take all
    threads, and not even a list could be read until the last of them was heard.
    """

    def __init__(self, most: int, stopping: Stopping) -> None:
        self._free = asyncio.Semaphore(most)
        self._stopping = stopping

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for a turn, which ends with the block, or before it if it is ended.

        Raises
        ------
        TryLater
            The server is about to end: nothing is begun any more.
        """
        if self._free.locked():
            await self._waited_for()
        else:
            await self._free.acquire()
        turn = Turn(self._free)
        try:
            yield turn
        finally:
            turn.end()

    async def _waited_for(self) -> None:
        comes, ends = asyncio.create_task(self._free.acquire()), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({comes, ends}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                raise about_to_end()
        except BaseException:
            if not comes.cancel() and not comes.cancelled():
                # It came in the same moment.
                self._free.release()
            raise
        finally:
            ends.cancel()


def about_to_end() -> TryLater:
    """What is said to those who are not answered any more."""
    return TryLater("The server is about to end.", "Ask again when it has started again.")


class Turn:
    """One of the turns; ``end`` gives it to the next, once."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free: asyncio.Semaphore | None = free

    def end(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            free.release()


async def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


async def _listener(request: Request) -> Listener:
    listener: Listener = request.app.state.listener
    return listener


async def _playing_listener(request: Request) -> AsyncIterator[Listener]:
    turns: Turns = request.app.state.playing_turns
    async with turns.turn():
        yield request.app.state.listener


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
# Of a route that plays or draws: what is not kept yet is waited for, in turns; they end before anything is sent.
PlayingListener = Annotated[Listener, Depends(_playing_listener, scope="function")]
OpenStaging = Annotated[Staging, Depends(_staging)]
Keeping = Annotated[KeepingLimits, Depends(_keeping)]
Limits = Annotated[ServerSettings, Depends(_settings)]
Queue = Annotated[QueueSettings, Depends(_queue)]
Feed = Annotated[JobFeed, Depends(_feed)]
Stop = Annotated[Stopping, Depends(_stopping)]
