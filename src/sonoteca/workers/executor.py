"""What an executor is: tasks go in, outcomes come out as they finish.

A task that crashes, hangs or eats memory costs exactly itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

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


class Executor(Protocol):
    """Runs an importable function over many tasks."""

    def run(
        self, function: Callable[[Input], Output], tasks: Iterable[Task[Input]], *, retry: bool = True
    ) -> Iterator[Done[Output] | Failed]:
        """Outcomes as they finish, in any order, exactly one per task; ``tasks`` is consumed lazily.

        Keys are unique within a run. A task whose process died, hung or ate memory is tried
        once more, alone, unless ``retry`` is False.
        """
        ...

    def cancel(self, key: str) -> bool:
        """Stop a task that has not finished; False if it is not known."""
        ...

    def close(self) -> None: ...
