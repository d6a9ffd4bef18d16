"""Tasks one after another in this very process: for tests, debuggers, and a single file one trusts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

from sonoteca.workers.executor import DEFAULT_AHEAD, Done, Executor, Failed, Input, Output, PoolState, Task, WorkStopped


class InProcessExecutor(Executor):
    """No isolation and no deadline: a crash is the caller's crash. An exception is still an outcome."""

    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._open = True

    def run(
        self,
        function: Callable[[Input], Output],
        tasks: Iterable[Task[Input]],
        *,
        retry: bool = True,
        ahead: int = DEFAULT_AHEAD,
        stop: threading.Event | None = None,
    ) -> Iterator[Done[Output] | Failed]:
        self._refuse_if_closed()
        for task in tasks:
            if stop is not None and stop.is_set():
                raise WorkStopped
            yield self._outcome(function, task)

    def submit(
        self, function: Callable[[Input], Output], task: Task[Input], *, retry: bool = True
    ) -> Future[Done[Output] | Failed]:
        """Do the task now; the future that comes back is done."""
        self._refuse_if_closed()
        future: Future[Done[Output] | Failed] = Future()
        future.set_result(self._outcome(function, task))
        return future

    def cancel(self, key: str) -> bool:
        """Remember to leave ``key`` out; nothing can be stopped once it runs."""
        self._cancelled.add(key)
        return True

    def state(self) -> PoolState:
        """No worker of its own: whoever asks does the work."""
        return PoolState("in_process", 1, idle=1)

    def restart_idle(self) -> int:
        """There is none."""
        return 0

    def close(self) -> None:
        self._open = False

    def _refuse_if_closed(self) -> None:
        if not self._open:
            raise ValueError("the executor is closed")

    def _outcome(self, function: Callable[[Input], Output], task: Task[Input]) -> Done[Output] | Failed:
        if task.key in self._cancelled:
            self._cancelled.discard(task.key)
            return Failed(task.key, "lost", "it was cancelled", None, 0.0)
        started = time.perf_counter()
        try:
            result = function(task.payload)
        except MemoryError as error:
            return Failed(task.key, "memory", "there is not enough memory", error, time.perf_counter() - started)
        except Exception as error:
            return Failed(task.key, "error", str(error) or type(error).__name__, error, time.perf_counter() - started)
        return Done(task.key, result, time.perf_counter() - started)
