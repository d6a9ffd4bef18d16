"""Tasks in processes of this machine: a crash, a hang, an eater of memory costs exactly itself.

Each worker has its own channel and, while it works, its own thread here, so a process that dies in
the middle of a message harms nobody else (why not a pool library: docs/decisions/0006-local-executor.md).
One more thread is the watchdog: twenty times a second it looks at every worker's deadline
and resident size and kills what is beyond.

A pool is one for a whole program: any number of ``run`` and ``submit`` go on at once, from any
thread. A task whose process died, hung or outgrew its memory is tried once more, alone: when
nothing else of the pool runs, in a fresh process (see ``jobs``). Only then it has failed. A task
that raised has failed at once, since it would raise again.
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
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

import psutil

from sonoteca.errors import WorkerError
from sonoteca.workers.executor import (
    DEFAULT_AHEAD,
    Done,
    Executor,
    Failed,
    FailureKind,
    Input,
    Output,
    PoolState,
    Task,
    WorkStopped,
)
from sonoteca.workers.fork_server import ForkServer
from sonoteca.workers.jobs import Event, Job, Run, Schedule, SuspectWaits
from sonoteca.workers.limits import WorkerLimits
from sonoteca.workers.worker import Preparation, Raised, WorkerSettings
from sonoteca.workers.worker_process import (
    Answer,
    StartMethod,
    Verdict,
    WorkerLost,
    WorkerProcess,
    best_start_method,
    last_words,
)

WATCH_INTERVAL_S = 0.05
MAX_FAILED_STARTS = 3
STALE_S = 86_400.0
SCRATCH_PREFIX = "sonoteca-work-"
_NOT_STARTED_REMEDY = "Examine the installation with the doctor: it looks for what is wrong."


class LocalExecutor(Executor):
    """Worker processes on this machine; none is started before the first task, or ``start``.

    Parameters
    ----------
    workers : int >= 1
        How many processes at most.
    limits : WorkerLimits
    start_method : "forkserver", "spawn" or None
        forkserver forks workers from one process that has everything imported; spawn starts a Python
        for each, which is sooner ready if there is to be only one. None takes forkserver where it exists.
    preparation : Preparation
        What a worker has imported and loaded before its first task (once for all under forkserver).
    is_background : bool
        Whether workers leave the processor to what a person does meanwhile.
    """

    def __init__(
        self,
        workers: int,
        *,
        limits: WorkerLimits = WorkerLimits(),
        start_method: StartMethod | None = None,
        preparation: Preparation = Preparation(),
        is_background: bool = True,
    ) -> None:
        if workers < 1:
            raise ValueError(f"need at least one worker, got {workers}")
        self._workers = workers
        self._limits = limits
        self._start_method: StartMethod = start_method or best_start_method()
        self._preparation = preparation
        self._is_background = is_background
        _remove_stale_scratch()
        self._scratch = tempfile.mkdtemp(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-")
        # A program that ends without closing its pool leaves nothing behind either.
        self._scratch_remover = weakref.finalize(self, shutil.rmtree, self._scratch, True)
        self._numbers = itertools.count()
        self._server: ForkServer | None = None
        self._server_lock = threading.Lock()
        self._starting: ForkServer | None = None
        # Guards the schedule, the workers and the threads; every wait for work happens on it.
        self._changed = threading.Condition()
        self._schedule = Schedule()
        self._idle: list[WorkerProcess] = []
        self._running: dict[Job, WorkerProcess] = {}
        self._slots: list[threading.Thread] = []
        self._watchdog: threading.Thread | None = None
        # How many workers to keep ready, and how many are being started for that.
        self._n_warm = self._n_starting = 0
        self._closed = threading.Event()

    def start(self, *, wait: bool = True) -> None:
        """Start all workers now, and keep as many: replacements are started before a task asks for them.

        With ``wait`` this returns when they are ready; otherwise at once.

        Raises
        ------
        WorkerError
            If ``wait`` and worker processes cannot be started.
        """
        self._refuse_if_closed()
        self._n_warm = self._workers
        if not wait:
            with self._changed:
                self._start_threads()
                self._changed.notify_all()
            return
        while self._start_one():
            pass

    def run(
        self,
        function: Callable[[Input], Output],
        tasks: Iterable[Task[Input]],
        *,
        retry: bool = True,
        ahead: int = DEFAULT_AHEAD,
        stop: threading.Event | None = None,
    ) -> Iterator[Done[Output] | Failed]:
        """See ``Executor.run``; ``retry`` False fails a suspect at once.

        Raises
        ------
        WorkerError
            If worker processes cannot be started at all; no fault of any task.
        """
        self._refuse_if_closed()
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        run = Run(retry=retry, deliver=events.put)
        source = iter(tasks)
        under_way = 0
        try:
            self._begin(run)
            while True:
                while not run.exhausted and under_way - len(run.suspects) < self._workers + ahead:
                    task = next(source, None)
                    job = None if task is None else _job(run, function, task)
                    with self._changed:
                        if job is None or run.stopped:
                            run.exhausted = True
                        else:
                            run.ready.append(job)
                            under_way += 1
                        self._changed.notify_all()
                if run.exhausted and under_way == 0:
                    return
                event = _next_event(events, stop)
                if isinstance(event, SuspectWaits):
                    continue
                if isinstance(event, Exception):
                    raise event
                under_way -= 1
                yield event
        finally:
            self._end(run)

    def submit(
        self, function: Callable[[Input], Output], task: Task[Input], *, retry: bool = True
    ) -> Future[Done[Output] | Failed]:
        """See ``Executor.submit``; ``cancel`` of the future stops the task."""
        self._refuse_if_closed()
        future: Future[Done[Output] | Failed] = Future()

        def deliver(event: Event) -> None:
            if isinstance(event, SuspectWaits) or not future.set_running_or_notify_cancel():
                return
            if isinstance(event, Exception):
                future.set_exception(event)
            else:
                future.set_result(event)

        run = Run(retry=retry, deliver=deliver)
        run.ready.append(_job(run, function, task))
        run.exhausted = True
        future.add_done_callback(lambda done: self._kill_all_of(run) if done.cancelled() else None)
        self._begin(run)
        return future

    def cancel(self, key: str) -> bool:
        """See ``Executor.cancel``: the outcome of each is ``lost``."""
        verdict = Verdict("lost", "it was cancelled")
        with self._changed:
            waited, under_way = self._schedule.cancel(key)
            for job in under_way:
                if job in self._running:
                    self._running[job].kill(verdict)
            self._changed.notify_all()
        for job in waited:
            job.run.deliver(Failed(key, verdict.kind, verdict.message, None, 0.0))
        return bool(waited or under_way)

    def state(self) -> PoolState:
        """How many worker processes are there, and what they do."""
        with self._changed:
            return PoolState("local", self._workers, len(self._idle), len(self._running), self._n_starting)

    def restart_idle(self) -> int:
        """See ``Executor.restart_idle``; a pool that was started has new ones when this returns."""
        with self._changed:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
        self._keep_warm()
        return len(idle)

    def close(self) -> None:
        """Stop all workers and remove their temporary files. What was under way is lost, and says so."""
        if self._closed.is_set():
            return
        self._closed.set()
        verdict = Verdict("lost", "the executor was closed")
        unstarted: list[Job] = []
        with self._changed:
            for run in self._schedule.runs():
                unstarted += [*run.ready, *run.suspects]
                self._schedule.stop(run)
            for worker in self._running.values():
                worker.kill(verdict)
            self._changed.notify_all()
        for job in unstarted:
            job.run.deliver(Failed(job.key, verdict.kind, verdict.message, None, 0.0))
        # Loading everything takes seconds; nobody needs it any more.
        if (starting := self._starting) is not None:
            starting.abandon()
        for thread in [*self._slots, *([self._watchdog] if self._watchdog else [])]:
            thread.join()
        for worker in self._idle:
            worker.stop()
        self._idle = []
        if self._server is not None:
            self._server.close()
        self._scratch_remover()

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_if_closed(self) -> None:
        if self._closed.is_set():
            raise ValueError("the executor is closed")

    def _begin(self, run: Run) -> None:
        with self._changed:
            self._schedule.add(run)
            self._start_threads()
            self._changed.notify_all()

    def _end(self, run: Run) -> None:
        """Stop what of a run is under way, and return when it has stopped."""
        self._kill_all_of(run)
        with self._changed:
            while run.taken:
                self._changed.wait()

    def _kill_all_of(self, run: Run) -> None:
        with self._changed:
            for job in self._schedule.stop(run):
                if job in self._running:
                    self._running[job].kill(Verdict("lost", "the run was stopped"))
            self._changed.notify_all()

    # --- threads ----------------------------------------------------------------------------

    def _start_threads(self) -> None:
        if self._watchdog is None:
            self._watchdog = threading.Thread(target=self._watch, name="sonoteca-watchdog", daemon=True)
            self._watchdog.start()
        while len(self._slots) < self._workers:
            slot = threading.Thread(target=self._slot, name=f"sonoteca-slot-{len(self._slots)}", daemon=True)
            self._slots.append(slot)
            slot.start()

    def _watch(self) -> None:
        memory_bytes = None if self._limits.memory_mb is None else self._limits.memory_mb * 2**20
        while not self._closed.wait(WATCH_INTERVAL_S):
            with self._changed:
                workers = list(self._running.values())
            for worker in workers:
                worker.look(memory_bytes)

    def _slot(self) -> None:
        """Take job after job until the pool is closed."""
        while True:
            self._keep_warm()
            job = self._take()
            if job is None:
                return
            try:
                outcome: Done[Any] | Failed | Exception = self._execute(job)
            except Exception as error:  # a fault here must not leave anybody waiting for ever
                outcome = error
            with self._changed:
                event = self._schedule.settle(job, outcome)
                self._changed.notify_all()
            job.run.deliver(event)

    def _keep_warm(self) -> None:
        """Have a worker ready before a task asks for it, in a pool that was started."""
        # Whoever asks for a task to be done is told why none can be started.
        with contextlib.suppress(WorkerError):
            while not self._closed.is_set() and self._start_one():
                pass

    def _start_one(self) -> bool:
        """Start a worker for later if the pool has fewer than it shall keep; False if it has them all."""
        with self._changed:
            if len(self._idle) + len(self._running) + self._n_starting >= self._n_warm:
                return False
            self._n_starting += 1
        try:
            worker = self._new_worker()
            with self._changed:
                self._idle.append(worker)
        finally:
            with self._changed:
                self._n_starting -= 1
        return True

    def _take(self) -> Job | None:
        with self._changed:
            while not self._closed.is_set():
                if (job := self._schedule.take()) is not None:
                    return job
                self._changed.wait()
        return None

    def _execute(self, job: Job) -> Done[Any] | Failed:
        try:
            worker = self._worker_for(job)
        except WorkerError:
            if not self._closed.is_set():
                raise
            return Failed(job.key, "lost", "the executor was closed", None, 0.0)
        with self._changed:
            # While a process was started for it, anything may have been decided.
            if self._closed.is_set():
                worker.kill(Verdict("lost", "the executor was closed"))
            elif job.run.stopped or job.is_cancelled:
                worker.kill(Verdict("lost", "the run was stopped" if job.run.stopped else "it was cancelled"))
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

    def _worker_for(self, job: Job) -> WorkerProcess:
        """An idle worker or a new one, now running the job; WorkerError after several that died at once.

        At every moment a worker counts as idle, as running or as starting: one that counted as nothing
        on its way from one to the next would be replaced, and the pool have one too many.
        """
        while not job.is_retry:
            with self._changed:
                if not self._idle:
                    break
                worker = self._running[job] = self._idle.pop()
            if worker.is_alive():
                return worker
            with self._changed:
                del self._running[job]
            worker.stop()
        with self._changed:
            self._n_starting += 1
        try:
            worker = self._new_worker()
            with self._changed:
                self._running[job] = worker
        finally:
            with self._changed:
                self._n_starting -= 1
        return worker

    def _new_worker(self) -> WorkerProcess:
        reasons: list[str] = []
        while len(reasons) < MAX_FAILED_STARTS and not (reasons and self._closed.is_set()):
            scratch = os.path.join(self._scratch, str(next(self._numbers)))
            is_forked = self._start_method == "forkserver"
            settings = WorkerSettings(
                scratch, self._limits.address_space_mb, is_forked, self._preparation, self._is_background
            )
            try:
                return WorkerProcess(settings, self._fork_server() if is_forked else None)
            except WorkerLost as lost:
                reasons.append(lost.message)
                time.sleep(0.1 * len(reasons))
        raise WorkerError(reasons[-1], _NOT_STARTED_REMEDY)

    def _fork_server(self) -> ForkServer:
        """The pool's fork server, started anew if it has died."""
        with self._server_lock:
            if self._server is not None and not self._server.is_alive():
                self._server.close()
                self._server = None
            if self._server is None:
                try:
                    self._server = self._started_server()
                except (EOFError, OSError) as error:
                    why = last_words(self._scratch) or str(error)
                    raise WorkerLost(f"no worker process can be started: {why}", None) from error
            return self._server

    def _started_server(self) -> ForkServer:
        server = self._starting = ForkServer(self._preparation, self._scratch)
        try:
            if self._closed.is_set():
                server.abandon()
            server.wait()
        finally:
            self._starting = None
        return server

    def _leave(self, job: Job, worker: WorkerProcess, *, keep: bool) -> None:
        with self._changed:
            self._running.pop(job, None)
            # A second try began in a fresh process beside the idle ones: no more are kept than may run.
            keep = keep and len(self._idle) + len(self._running) < self._workers
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.stop()


def _next_event(events: queue.SimpleQueue[Event], stop: threading.Event | None) -> Event:
    while True:
        if stop is not None and stop.is_set():
            raise WorkStopped
        # Without a timeout Windows would not let Ctrl-C through.
        with contextlib.suppress(queue.Empty):
            return events.get(timeout=0.5)


def _job(run: Run, function: Callable[[Input], Output], task: Task[Input]) -> Job:
    return Job(run, task.key, pickle.dumps((function, task.payload)), task.timeout_s)


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
