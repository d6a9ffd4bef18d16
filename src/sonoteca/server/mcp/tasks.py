"""Calls that take longer than anybody waits go on in the background, under an id by which their answer is asked for.

They live as long as this process: what is to outlive it is a job of the library.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sonoteca.errors import LibraryBusy

MOST_AT_ONCE = 16
_MOST_KEPT = 64
_KEPT_S = 900.0


@dataclass(slots=True)
class Task:
    """One call: ``finished`` is set when there is an ``answer`` or an ``error``."""

    id: str
    tool: str
    began_at: float
    finished: threading.Event = field(default_factory=threading.Event)
    answer: dict[str, Any] | None = None
    error: BaseException | None = None

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began_at


class Tasks:
    """The calls that are under way, and the last that ended. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}

    def begin(self, tool: str, work: Callable[[], dict[str, Any]]) -> Task:
        """Begin a call in a thread of its own, which does not keep the process alive.

        Raises
        ------
        LibraryBusy
            So many are under way already.
        """
        task = Task(f"task-{secrets.token_urlsafe(9)}", tool, time.monotonic())
        with self._lock:
            self._drop_old()
            if sum(not each.finished.is_set() for each in self._tasks.values()) >= MOST_AT_ONCE:
                raise LibraryBusy(
                    f"{MOST_AT_ONCE} calls are under way already.", "Wait until one of them has ended, then ask again."
                )
            self._tasks[task.id] = task
        threading.Thread(target=_run, args=(task, work), name=f"sonoteca-{tool}", daemon=True).start()
        return task

    def find(self, task_id: str) -> Task | None:
        """The call of this id; None where there is none, or it ended long ago."""
        with self._lock:
            self._drop_old()
            return self._tasks.get(task_id)

    def forget(self, task: Task) -> None:
        """Forget a call whose answer was given."""
        with self._lock:
            self._tasks.pop(task.id, None)

    def _drop_old(self) -> None:
        ended = [each for each in self._tasks.values() if each.finished.is_set()]
        for at, task in enumerate(reversed(ended)):
            if at >= _MOST_KEPT or task.elapsed_s > _KEPT_S:
                del self._tasks[task.id]


def _run(task: Task, work: Callable[[], dict[str, Any]]) -> None:
    try:
        task.answer = work()
    except BaseException as error:
        task.error = error
    finally:
        task.finished.set()
