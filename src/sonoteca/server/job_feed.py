"""Changes of jobs for those who listen: one look at the library for all of them, and none where nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

import sonoteca
from sonoteca import Library
from sonoteca.errors import SonotecaError

_LOOK_EVERY_S = 0.25
# No change has so high a number: what is told is how far they go.
_BEYOND = 2**62
_log = logging.getLogger(__name__)


class JobFeed:
    """Knows the number of the last change of any job, as long as somebody listens.

    Jobs may run in any process, so the library is what tells of them: it is asked four times a second, by one task
    for all who listen, which ends with the last of them.

    Attributes
    ----------
    listeners : int
        How many listen now.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self.listeners = 0
        self.last = 0
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Be told of changes while inside."""
        self.listeners += 1
        try:
            if self._task is None:
                self._task = asyncio.create_task(self._watch())
                self.last = max(self.last, await self._look())
            yield
        finally:
            self.listeners -= 1
            if not self.listeners and self._task is not None:
                self._task.cancel()
                self._task = None

    async def changed(self, after: int, timeout_s: float) -> bool:
        """Wait until something changed after the change ``after``; False where nothing did in time."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.last > after)
        except TimeoutError:
            return False
        return True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                last = await self._look()
            except SonotecaError as error:
                # A library that is busy for a moment is asked again.
                _log.warning("the queue cannot be read: %s", error)
                continue
            if last != self.last:
                async with self._changed:
                    self.last = last
                    self._changed.notify_all()

    async def _look(self) -> int:
        return (await run_in_threadpool(sonoteca.job_changes, self._library, _BEYOND)).last
