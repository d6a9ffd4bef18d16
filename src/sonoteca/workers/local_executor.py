"""Tasks in processes of this machine: a crash, a hang, an eater of memory costs exactly itself.

Each worker has its own pipe and its own thread here, so a process that dies in the middle
of a message harms nobody else (why not a pool library: docs/decisions/local-executor.md).
One more thread is the watchdog: twenty times a second it looks at every worker's deadline
and resident size and kills what is beyond.

A task whose process died, hung or outgrew its memory is tried once more, alone: when
nothing else runs, in a fresh process. Only then it has failed. A task that raised has
failed at once, since it would raise again.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

import psutil

from sonoteca.errors import WorkerError
from sonoteca.workers.executor import Done, Executor, Failed, FailureKind, Input, Output, Task
from sonoteca.workers.worker import Raised, WorkerSettings
from sonoteca.workers.worker_process import Answer, StartMethod, Verdict, WorkerLost, WorkerProcess, best_start_method

WATCH_INTERVAL_S = 0.05
# Suspects wait for the end of the run, or until so many wait that the run pauses for them.
MAX_SUSPECTS = 32
MAX_FAILED_STARTS = 3
STALE_S = 86_400.0
SCRATCH_PREFIX = "sonoteca-work-"


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What a worker may use.

    ``memory_mb`` bounds the resident size (None: no bound); ``address_space_mb`` what may be
    mapped beyond the start (POSIX only): several times the former, because files and
    threads' stacks count. ``tasks`` is how many tasks a process does before a fresh one
    takes its place, so that a library that leaks cannot grow.
    """

    memory_mb: int | None = 2000
    address_space_mb: int | None = 10_000
    tasks: int = 500


@dataclass(slots=True)
class _Job:
    """A task on its way: its message is pickled once."""

    key: str
    message: bytes
    timeout_s: float
    is_retry: bool = False


class LocalExecutor(Executor):
    """Worker processes on this machine.

    Parameters
    ----------
    workers : int >= 1
    limits : WorkerLimits
    start_method : "forkserver", "spawn" or None
        None takes forkserver where it exists.
    preload : tuple of str
        Modules a worker imports before its first task (once for all under forkserver).
    ahead : int >= 0
        How many tasks beyond ``workers`` may be finished or under way without having been
        handed out by ``run``: enough to keep workers busy while the caller stores results.
    """

    def __init__(
        self,
        workers: int,
        *,
        limits: WorkerLimits = WorkerLimits(),
        start_method: StartMethod | None = None,
        preload: tuple[str, ...] = (),
        ahead: int = 8,
    ) -> None:
        if workers < 1 or ahead < 0:
            raise ValueError(f"need at least one worker and ahead >= 0, got {workers} and {ahead}")
        self._workers = workers
        self._limits = limits
        self._start_method: StartMethod = start_method or best_start_method()
        self._preload = preload
        self._ahead = ahead
        _remove_stale_scratch()
        self._scratch = tempfile.mkdtemp(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-")
        self._numbers = itertools.count()
        self._idle: list[WorkerProcess] = []
        self._running: dict[str, WorkerProcess] = {}
        self._run: _Run | None = None
        # Guards _idle and _running; every wait for work happens on it.
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="sonoteca-watchdog", daemon=True)
        self._watchdog.start()

    def run(
        self, function: Callable[[Input], Output], tasks: Iterable[Task[Input]], *, retry: bool = True
    ) -> Iterator[Done[Output] | Failed]:
        """See ``Executor.run``; ``retry`` False fails a suspect at once.

        Raises
        ------
        WorkerError
            If worker processes cannot be started at all; no fault of any task.
        """
        if self._closed.is_set():
            raise ValueError("the executor is closed")
        if self._run is not None:
            raise ValueError("the executor runs one set of tasks at a time")
        run = self._run = _Run(retry)
        threads = [
            threading.Thread(target=self._slot, args=(run,), name=f"sonoteca-slot-{number}", daemon=True)
            for number in range(self._workers)
        ]
        source = iter(tasks)
        under_way = 0
        try:
            for thread in threads:
                thread.start()
            while True:
                while not run.exhausted and under_way - len(run.suspects) < self._workers + self._ahead:
                    task = next(source, None)
                    job = None if task is None else _job(function, task)
                    with self._changed:
                        if job is None:
                            run.exhausted = True
                        else:
                            run.ready.append(job)
                            under_way += 1
                        self._changed.notify_all()
                if run.exhausted and under_way == 0:
                    return
                outcome = _next_outcome(run)
                if isinstance(outcome, _SuspectWaits):
                    continue
                if isinstance(outcome, Exception):
                    raise outcome
                under_way -= 1
                yield outcome
        finally:
            with self._changed:
                run.stopped = True
                self._changed.notify_all()
                for worker in self._running.values():
                    worker.kill(Verdict("lost", "the run was stopped"))
            for thread in threads:
                if thread.is_alive():
                    thread.join()
            self._run = None

    def cancel(self, key: str) -> bool:
        verdict = Verdict("lost", "it was cancelled")
        with self._changed:
            run = self._run
            if run is None:
                return False
            if key in run.taken:
                run.cancelled.add(key)
                if key in self._running:
                    self._running[key].kill(verdict)
                return True
            for waiting in (run.ready, run.suspects):
                for job in waiting:
                    if job.key == key:
                        waiting.remove(job)
                        run.outcomes.put(Failed(key, verdict.kind, verdict.message, None, 0.0))
                        return True
        return False

    def close(self) -> None:
        """Stop all workers and remove their temporary files."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._watchdog.join()
        with self._changed:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- threads ----------------------------------------------------------------------------

    def _watch(self) -> None:
        memory_bytes = None if self._limits.memory_mb is None else self._limits.memory_mb * 2**20
        while not self._closed.wait(WATCH_INTERVAL_S):
            with self._changed:
                workers = list(self._running.values())
            for worker in workers:
                worker.look(memory_bytes)

    def _slot(self, run: _Run) -> None:
        """Take job after job until the run has none left."""
        while (job := self._take(run)) is not None:
            try:
                outcome: Done[Any] | Failed | Exception = self._execute(run, job)
            except Exception as error:  # a fault here must not leave ``run`` waiting for ever
                outcome = error
            with self._changed:
                run.ended(job)
                self._settle(run, job, outcome)
                self._changed.notify_all()

    def _take(self, run: _Run) -> _Job | None:
        with self._changed:
            while True:
                if run.stopped:
                    return None
                if (job := run.take()) is not None:
                    return job
                if run.is_over():
                    return None
                self._changed.wait()

    def _settle(self, run: _Run, job: _Job, outcome: Done[Any] | Failed | Exception) -> None:
        is_suspect = isinstance(outcome, Failed) and outcome.kind in ("crash", "timeout", "memory")
        if is_suspect and run.retry and not job.is_retry and job.key not in run.cancelled:
            job.is_retry = True
            run.suspects.append(job)
            run.outcomes.put(_SuspectWaits())
        else:
            run.outcomes.put(outcome)

    def _execute(self, run: _Run, job: _Job) -> Done[Any] | Failed:
        worker = self._worker(fresh=job.is_retry)
        with self._changed:
            self._running[job.key] = worker
            # While a process was started for it, anything may have been decided.
            if run.stopped or job.key in run.cancelled:
                worker.kill(Verdict("lost", "the run was stopped" if run.stopped else "it was cancelled"))
        started = time.monotonic()
        try:
            worker.begin(job.message, job.timeout_s)
            answer = worker.finish()
        except WorkerLost as lost:
            self._leave(job, worker, keep=False)
            elapsed_s = time.monotonic() - started
            kind: FailureKind = lost.verdict.kind if lost.verdict is not None else "crash"
            message = lost.message
            if kind == "timeout":
                message = f"it took longer than its deadline of {job.timeout_s:g} s"
            return Failed(job.key, kind, message, None, elapsed_s)
        is_out_of_memory = answer.raised is not None and answer.raised.is_memory
        self._leave(job, worker, keep=worker.tasks_done < self._limits.tasks and not is_out_of_memory)
        return _outcome(job.key, answer)

    def _worker(self, *, fresh: bool) -> WorkerProcess:
        """An idle worker or a new one; WorkerError after several that died at once."""
        with self._changed:
            idle = self._idle.pop() if self._idle and not fresh else None
        if idle is not None:
            if idle.is_alive():
                return idle
            idle.stop()
        reasons: list[str] = []
        while len(reasons) < MAX_FAILED_STARTS:
            scratch = os.path.join(self._scratch, str(next(self._numbers)))
            is_forked = self._start_method == "forkserver"
            settings = WorkerSettings(scratch, self._limits.address_space_mb, is_forked, self._preload)
            try:
                return WorkerProcess(settings, self._start_method)
            except WorkerLost as lost:
                reasons.append(lost.message)
                time.sleep(0.1 * len(reasons))
        raise WorkerError(reasons[-1], "Run `sonoteca doctor`: it looks for what is wrong with the installation.")

    def _leave(self, job: _Job, worker: WorkerProcess, *, keep: bool) -> None:
        with self._changed:
            self._running.pop(job.key, None)
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.stop()


def _next_outcome(run: _Run) -> Done[Any] | Failed | _SuspectWaits | Exception:
    while True:
        # Without a timeout Windows would not let Ctrl-C through.
        with contextlib.suppress(queue.Empty):
            return run.outcomes.get(timeout=0.5)


class _SuspectWaits:
    """Wakes ``run``: a task will be tried again later, so another may start now."""


class _Run:
    """State of one ``run``; all but ``outcomes`` is guarded by the executor's condition."""

    def __init__(self, retry: bool) -> None:
        self.retry = retry
        self.ready: deque[_Job] = deque()
        self.suspects: deque[_Job] = deque()
        # Keys of jobs that a slot is working on.
        self.taken: set[str] = set()
        self.cancelled: set[str] = set()
        self.is_alone = False
        self.exhausted = False
        self.stopped = False
        self.outcomes: queue.Queue[Done[Any] | Failed | _SuspectWaits | Exception] = queue.Queue()

    def take(self) -> _Job | None:
        """The next job that may start now; beside a suspect none may."""
        if self.is_alone:
            return None
        if self.suspects and ((self.exhausted and not self.ready) or len(self.suspects) >= MAX_SUSPECTS):
            if self.taken:
                return None
            self.is_alone = True
            return self._started(self.suspects.popleft())
        return self._started(self.ready.popleft()) if self.ready else None

    def _started(self, job: _Job) -> _Job:
        self.taken.add(job.key)
        return job

    def ended(self, job: _Job) -> None:
        self.taken.discard(job.key)
        self.is_alone = False

    def is_over(self) -> bool:
        return self.exhausted and not self.ready and not self.suspects and not self.taken


def _job(function: Callable[[Input], Output], task: Task[Input]) -> _Job:
    return _Job(task.key, ForkingPickler.dumps((function, task.payload)).tobytes(), task.timeout_s)


def _outcome(key: str, answer: Answer) -> Done[Any] | Failed:
    raised = answer.raised
    if raised is None:
        try:
            return Done(key, pickle.loads(answer.body or b""), answer.elapsed_s)
        except Exception as error:  # what unpickling raises depends on the object
            return Failed(key, "error", f"the result could not be read: {error}", error, answer.elapsed_s)
    kind: FailureKind = "memory" if raised.is_memory else "error"
    message = raised.message or raised.type_name
    return Failed(key, kind, message, _rebuilt(raised), answer.elapsed_s)


def _rebuilt(raised: Raised) -> Exception:
    """The exception as it was raised, or one that says the same, with the worker's traceback as a note."""
    try:
        loaded = pickle.loads(raised.pickled or b"")
    except Exception:  # an exception class may need arguments that pickle does not know of
        loaded = None
    error = loaded if isinstance(loaded, Exception) else WorkerError(f"{raised.type_name}: {raised.message}")
    error.add_note(raised.traceback)
    return error


def _remove_stale_scratch() -> None:
    """Remove what runs that were killed left behind, once they are a day old."""
    folder = tempfile.gettempdir()
    for name in os.listdir(folder):
        pid, _, rest = name.removeprefix(SCRATCH_PREFIX).partition("-")
        path = os.path.join(folder, name)
        if name.startswith(SCRATCH_PREFIX) and rest and pid.isdigit() and not psutil.pid_exists(int(pid)):
            # A container that shares this folder has process numbers of its own.
            with contextlib.suppress(OSError):
                if time.time() - os.stat(path).st_mtime > STALE_S:
                    shutil.rmtree(path, ignore_errors=True)
