"""Tasks one after another in this very process: for tests, debuggers, and a single file one trusts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from sonoteca.workers.executor import Done, Executor, Failed, Input, Output, Task


class InProcessExecutor(Executor):
    """No isolation and no deadline: a crash is the caller's crash. An exception is still an outcome."""

    def __init__(self) -> None:
        self._cancelled: set[str] = set()
        self._open = True

    def run(
        self, function: Callable[[Input], Output], tasks: Iterable[Task[Input]], *, retry: bool = True
    ) -> Iterator[Done[Output] | Failed]:
        if not self._open:
            raise ValueError("the executor is closed")
        for task in tasks:
            if task.key in self._cancelled:
                self._cancelled.discard(task.key)
                yield Failed(task.key, "lost", "it was cancelled", None, 0.0)
                continue
            started = time.perf_counter()
            try:
                result = function(task.payload)
            except MemoryError as error:
                yield Failed(task.key, "memory", "there is not enough memory", error, time.perf_counter() - started)
            except Exception as error:
                yield Failed(
                    task.key, "error", str(error) or type(error).__name__, error, time.perf_counter() - started
                )
            else:
                yield Done(task.key, result, time.perf_counter() - started)

    def cancel(self, key: str) -> bool:
        """Remember to leave ``key`` out; nothing can be stopped once it runs."""
        self._cancelled.add(key)
        return True

    def close(self) -> None:
        self._open = False
