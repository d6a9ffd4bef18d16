"""A listener hears files, in worker processes that it keeps.

Whoever asks about a file hands one in: without it, a name means a sound of the library and
nothing else. Workers start with the first file (or ``start``) and stay until ``close``, so
that a program that lives longer hears the second file without starting anything. One listener
serves a whole program: any number of threads may ask it at once.
"""

from __future__ import annotations

import collections
import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.ingest import worker_tasks
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.ingest.failures import LISTENING, Doing, error_of
from sonoteca.workers.executor import DEFAULT_AHEAD, Done, Executor, Failed, Input, Output, PoolState, Task
from sonoteca.workers.limits import DEFAULT_MEMORY_MB, limits_of
from sonoteca.workers.local_executor import LocalExecutor
from sonoteca.workers.worker import Preparation
from sonoteca.workers.worker_process import StartMethod

if TYPE_CHECKING:
    # Whoever unpickles an answer loads NumPy then.
    from sonoteca.domain.file_analysis import FileAnalysis

# A container that is not open after this is not worth waiting for.
CHECK_TIMEOUT_S = 30.0


class Listener:
    """Hears files in worker processes.

    Parameters
    ----------
    settings : AnalysisSettings
        How files are analysed and embedded.
    workers : int >= 1
        How many files are heard at once.
    memory_mb : int
        Resident memory that one worker may use, in MB.
    executor : Executor, optional
        Instead of worker processes of its own; it is not closed.
    is_background : bool
        Whether workers leave the processor to what a person does meanwhile.
    start_method : "forkserver", "spawn" or None
        See ``LocalExecutor``. None: a single worker that is started for the first file is spawned, which is
        soonest; several, those in the background, and those that ``start`` keeps ready, are forked.
    preparation : Preparation, optional
        What stands ready in workers that ``start`` keeps; all that analysing a file needs unless given.

    Examples
    --------
    ::

        with Listener(workers=2) as listener:
            listener.start()
            analysis = listener.analyze_file("loop.wav")
    """

    def __init__(
        self,
        settings: AnalysisSettings = AnalysisSettings(),
        *,
        workers: int = 1,
        memory_mb: int = DEFAULT_MEMORY_MB,
        executor: Executor | None = None,
        is_background: bool = False,
        start_method: StartMethod | None = None,
        preparation: Preparation | None = None,
    ) -> None:
        if workers < 1:
            raise RequestError(f"A listener needs at least one worker, got {workers!r}.", field="workers")
        self.settings = settings
        self.workers = workers
        self.memory_mb = memory_mb
        self._is_background = is_background
        self._start_method = start_method
        self._preparation = preparation or Preparation(call=functools.partial(worker_tasks.prepare, settings))
        self._given = executor
        self._own: LocalExecutor | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def __repr__(self) -> str:
        return f"Listener(workers={self.workers}, memory_mb={self.memory_mb})"

    @property
    def executor(self) -> Executor:
        """The pool; its first worker starts with its first task."""
        if self._given is not None:
            return self._given
        if self.workers > 1 or self._is_background or self._start_method == "forkserver":
            return self._pool(self._start_method)
        # Its first task waits for it already, and brings what it needs: a hum needs no analyzer.
        return self._pool("spawn", Preparation())

    @property
    def ready_executor(self) -> Executor | None:
        """The pool that was handed in, or that is in use already; None where a task would be what starts it."""
        return self._own if self._given is None else self._given

    def _pool(self, start_method: StartMethod | None, preparation: Preparation | None = None) -> LocalExecutor:
        with self._lock:
            if self._own is None:
                self._own = LocalExecutor(
                    self.workers,
                    limits=limits_of(self.memory_mb),
                    start_method=start_method,
                    preparation=preparation or self._preparation,
                    is_background=self._is_background,
                )
            return self._own

    def start(self, *, wait: bool = True) -> None:
        """Start all workers now, and keep as many ready; with ``wait`` return when they are.

        Raises
        ------
        WorkerError
            If ``wait`` and worker processes cannot be started.
        """
        if self._given is None:
            self._pool(self._start_method).start(wait=wait)

    def state(self) -> PoolState:
        """What the workers do now; before the first file there are none."""
        pool = self.ready_executor
        return PoolState("local", self.workers) if pool is None else pool.state()

    def restart_idle(self) -> int:
        """Let idle workers end and have as many new ones stand ready; returns how many ended."""
        pool = self.ready_executor
        return 0 if pool is None else pool.restart_idle()

    def run(
        self, function: Callable[[Input], Output], tasks: Iterable[Task[Input]], *, ahead: int = DEFAULT_AHEAD
    ) -> Iterator[Done[Output] | Failed]:
        """See ``Executor.run``."""
        return self.executor.run(function, tasks, ahead=ahead)

    def submit(
        self, function: Callable[[Input], Output], payload: Input, *, timeout_s: float
    ) -> Future[Done[Output] | Failed]:
        """Begin one task beside all others; its outcome has a key of its own."""
        return self.executor.submit(function, Task(f"listener-{next(self._numbers)}", payload, timeout_s))

    def ask(
        self,
        function: Callable[[Input], Output],
        payload: Input,
        path: str,
        *,
        timeout_s: float,
        doing: Doing = LISTENING,
    ) -> Output:
        """What a worker makes of ``payload``, which is about the file at ``path``, or what is called so; errors say ``doing``.

        Raises
        ------
        AudioError, WorkerError
            The file cannot become sound, or the work crashed, hung or ate memory.
        """
        outcome = self.submit(function, payload, timeout_s=timeout_s).result()
        if isinstance(outcome, Failed):
            raise error_of(outcome, path, doing=doing)
        return outcome.result

    def ask_each(
        self, function: Callable[[str], Output], paths: Iterable[str | os.PathLike[str]], *, timeout_s: float
    ) -> Iterator[Output | SonotecaError]:
        """What workers make of each file, in order; a file that cannot be heard is its error.

        The first files are begun now, not when their answers are asked for: the caller does
        something else meanwhile.

        Raises
        ------
        WorkerError
            While iterating, if worker processes cannot be started at all.
        """
        names = map(os.fsdecode, paths)
        begun = ((name, self.submit(function, name, timeout_s=timeout_s)) for name in names)
        waiting = collections.deque(itertools.islice(begun, self.workers + DEFAULT_AHEAD))
        return _answers(waiting, begun)

    def analyze_file(self, path: str | os.PathLike[str], *, timeout_s: float | None = None) -> FileAnalysis:
        """Everything about one file, embeddings included.

        Raises
        ------
        AudioError, WorkerError
            The file cannot become sound, or listening to it crashed, hung or ate memory.
        """
        name = os.fsdecode(path)
        timeout_s = deadline_of_file(name) if timeout_s is None else timeout_s
        return self.ask(worker_tasks.analyze, AnalysisOrder(name, self.settings), name, timeout_s=timeout_s)

    def check_file(self, path: str | os.PathLike[str], *, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        """Refuse a file that is no audio, by what is in it: its container is opened, and nothing is decoded.

        Raises
        ------
        AudioError, WorkerError
            The file cannot become sound, or looking at it crashed, hung or ate memory.
        """
        name = os.fsdecode(path)
        self.ask(worker_tasks.check, name, name, timeout_s=timeout_s)

    def close(self) -> None:
        """Stop the workers. A file that is named later starts new ones."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _answers(
    waiting: collections.deque[tuple[str, Future[Done[Output] | Failed]]],
    more: Iterator[tuple[str, Future[Done[Output] | Failed]]],
) -> Iterator[Output | SonotecaError]:
    """Answers of what waits, each followed by one more; what is not asked for any longer is cancelled."""
    try:
        while waiting:
            name, future = waiting.popleft()
            outcome = future.result()
            waiting.extend(itertools.islice(more, 1))
            yield error_of(outcome, name) if isinstance(outcome, Failed) else outcome.result
    finally:
        for _, future in waiting:
            future.cancel()
