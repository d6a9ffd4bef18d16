"""What an executor is: tasks go in, outcomes come out as they finish.

A task that crashes, hangs or eats memory costs exactly itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")

FailureKind = Literal["error", "crash", "timeout", "memory", "lost"]


@dataclass(frozen=True, slots=True)
class Task(Generic[Input]):
    """``key`` names the task in outcomes and for ``cancel``; ``timeout_s`` is its own deadline."""

    key: str
    payload: Input
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Done(Generic[Output]):
    key: str
    result: Output
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """``error`` is None when the process died without a word; ``message`` always says what happened."""

    key: str
    kind: FailureKind
    message: str
    error: Exception | None
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class PoolState:
    """What the workers of a pool do now; ``workers`` is how many there may be, the others count those there are."""

    kind: str
    workers: int
    idle: int = 0
    busy: int = 0
    starting: int = 0

    def as_json(self) -> dict[str, Any]:
        """Kind, most workers, and how many are in each state."""
        states = {"idle": self.idle, "busy": self.busy, "starting": self.starting}
        return {"kind": self.kind, "workers": self.workers, "states": states}


# How many tasks beyond the workers' own may be under way: enough to keep them busy while results are stored.
DEFAULT_AHEAD = 8


class WorkStopped(KeyboardInterrupt):
    """Somebody told a run to stop: to those who wait for it the same as Ctrl-C, what is finished is kept."""


class Executor(Protocol):
    """Runs an importable function over many tasks; several threads may ask one executor at once."""

    def run(
        self,
        function: Callable[[Input], Output],
        tasks: Iterable[Task[Input]],
        *,
        retry: bool = True,
        ahead: int = DEFAULT_AHEAD,
        stop: threading.Event | None = None,
    ) -> Iterator[Done[Output] | Failed]:
        """Outcomes as they finish, in any order, exactly one per task; ``tasks`` is consumed lazily.

        Keys are unique within a run. A task whose process died, hung or ate memory is tried
        once more, alone, unless ``retry`` is False. At most as many tasks as there are workers, and
        ``ahead`` more, are finished or under way without having been handed out.

        Raises
        ------
        WorkStopped
            Soon after ``stop`` was set; what was under way is stopped.
        """
        ...

    def submit(
        self, function: Callable[[Input], Output], task: Task[Input], *, retry: bool = True
    ) -> Future[Done[Output] | Failed]:
        """Begin one task beside all others; the future holds its outcome, a failure too.

        The future raises only if nothing can be run at all (WorkerError).
        """
        ...

    def cancel(self, key: str) -> bool:
        """Stop every task of that key that has not finished; False if none is known."""
        ...

    def state(self) -> PoolState:
        """What the workers do now."""
        ...

    def restart_idle(self) -> int:
        """Let workers that do nothing end, with whatever memory they hold; returns how many. As many stand ready afterwards."""
        ...

    def close(self) -> None: ...


class StoppableExecutor(Executor):
    """Another executor, until ``stop`` is set: then each run through this one raises ``WorkStopped``."""

    def __init__(self, executor: Executor, stop: threading.Event) -> None:
        self._executor = executor
        self._stop = stop

    def run(
        self,
        function: Callable[[Input], Output],
        tasks: Iterable[Task[Input]],
        *,
        retry: bool = True,
        ahead: int = DEFAULT_AHEAD,
        stop: threading.Event | None = None,
    ) -> Iterator[Done[Output] | Failed]:
        return self._executor.run(function, tasks, retry=retry, ahead=ahead, stop=stop or self._stop)

    def submit(
        self, function: Callable[[Input], Output], task: Task[Input], *, retry: bool = True
    ) -> Future[Done[Output] | Failed]:
        """Begin one task as the other executor does; WorkStopped if it is too late for that."""
        if self._stop.is_set():
            raise WorkStopped
        return self._executor.submit(function, task, retry=retry)

    def cancel(self, key: str) -> bool:
        return self._executor.cancel(key)

    def state(self) -> PoolState:
        return self._executor.state()

    def restart_idle(self) -> int:
        """See ``Executor.restart_idle``: they are those of the pool."""
        return self._executor.restart_idle()

    def close(self) -> None:
        """The other executor stays open."""


def run_in_order(
    executor: Executor, function: Callable[[Input], Output], tasks: Iterable[Task[Input]], *, retry: bool = True
) -> Iterator[Done[Output] | Failed]:
    """The outcomes of ``executor.run`` in the order of the tasks, each as soon as it and all before it are there."""
    keys: list[str] = []

    def noted() -> Iterator[Task[Input]]:
        for task in tasks:
            keys.append(task.key)
            yield task

    waiting: dict[str, Done[Output] | Failed] = {}
    at = 0
    for outcome in executor.run(function, noted(), retry=retry):
        waiting[outcome.key] = outcome
        while at < len(keys) and keys[at] in waiting:
            yield waiting.pop(keys[at])
            at += 1
