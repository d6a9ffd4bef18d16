"""The loop that does what waits in the queue: claims jobs, runs some at once, tells how far they are.

One thread claims; each job has a thread of its own, whose work goes to the listener's processes; one
thread gives signs of life, keeps progress and looks who was cancelled; one tells those who asked to be
told. Told to stop, the loop claims nothing more, lets what runs end within a short time and gives the
rest back to the queue, where it waits as if it had not been begun.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.engine import Connection

from sonoteca.catalogue.made import jobs as rows
from sonoteca.catalogue.made.jobs import Job
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import counted
from sonoteca.errors import LibraryError, RequestError, SonotecaError, WorkerError
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.ownership import is_dead, new_owner
from sonoteca.jobs.callback import tell_one
from sonoteca.jobs.kind import JobContext, JobOutcome
from sonoteca.jobs.kinds import KINDS
from sonoteca.jobs.progress import JobProgress
from sonoteca.jobs.queue import JobAnswer, let_go, wake
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import from_stored
from sonoteca.workers.executor import StoppableExecutor, WorkStopped

_log = logging.getLogger("sonoteca.jobs")

Until = Literal["stopped", "empty", "one"]

# Progress is written no more often than that.
_PROGRESS_EVERY_S = 1.0
# What does not wait for a worker process may take so long to notice that it is to stop.
_MOST_STOPPING_S = 5.0
# Ends of jobs are kept also while other programs write: so often is it tried.
_MOST_STORES = 5


@dataclass(frozen=True, slots=True)
class RunJobsAnswer:
    """How many jobs ended how while the loop ran; ``given_back`` wait in the queue again."""

    done: int = 0
    failed: int = 0
    cancelled: int = 0
    given_back: int = 0

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def sentence(self) -> str:
        """One line for people.

        >>> RunJobsAnswer(done=3, given_back=1).sentence()
        '3 jobs done, 1 given back to the queue.'
        >>> RunJobsAnswer().sentence()
        '0 jobs done.'
        """
        told = [counted(self.done, "job") + " done"]
        told += [
            f"{number:,} {what}"
            for number, what in (
                (self.failed, "failed"),
                (self.cancelled, "cancelled"),
                (self.given_back, "given back to the queue"),
            )
            if number
        ]
        return ", ".join(told) + "."


def run_jobs(
    library: Library,
    listener: Listener,
    *,
    settings: QueueSettings = QueueSettings(),
    at_once: int | None = None,
    stop: threading.Event | None = None,
    until: Until = "stopped",
    on_end: Callable[[JobAnswer], None] | None = None,
) -> RunJobsAnswer:
    """Do what waits in the queue of a library, until told to stop.

    Any number of loops, in any number of processes, may run at once: no two take the same job.

    Parameters
    ----------
    listener : Listener
        Hears files; it stays open.
    at_once : int >= 1, optional
        How many jobs run at once; as many as the listener has workers.
    stop : threading.Event, optional
        Once it is set nothing more is begun; jobs that do not end within ``settings.grace_s`` are given back.
    until : "stopped", "empty" or "one"
        Whether to go on for ever, as long as a job waits, or for one job.
    on_end : callable, optional
        Told of each job that ends here, in a thread of the job's.

    Raises
    ------
    LibraryError
        The library cannot be used, and the loop was not to go on for ever.
    KeyboardInterrupt
        Ctrl-C came; what runs was ended or given back first.
    """
    if at_once is not None and at_once < 1:
        raise RequestError(f"At least one job has to run at once, got {at_once!r}.", field="at_once")
    loop = _Loop(library, listener, settings, at_once or listener.workers, stop or threading.Event(), until, on_end)
    return loop.run()


@dataclass(slots=True)
class _Running:
    job: Job
    progress: JobProgress
    stop: threading.Event
    thread: threading.Thread | None = field(default=None)


class _Loop:
    """The state of one ``run_jobs``: what runs, and the threads around it."""

    def __init__(
        self,
        library: Library,
        listener: Listener,
        settings: QueueSettings,
        at_once: int,
        stop: threading.Event,
        until: Until,
        on_end: Callable[[JobAnswer], None] | None,
    ) -> None:
        self._library = library
        self._listener = listener
        self._settings = settings
        self._at_once = at_once
        self._stop = stop
        self._until = until
        self._on_end = on_end
        self._owner = new_owner()
        self._wake = wake(library)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._n_begun = 0
        self._counts: Counter[str] = Counter()
        self._dead_looked_at = 0.0

    def run(self) -> RunJobsAnswer:
        threads = [
            threading.Thread(target=self._beat, name="sonoteca-jobs-beat", daemon=True),
            threading.Thread(target=self._tell, name="sonoteca-jobs-tell", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            self._claim_on()
        finally:
            try:
                self._end_running()
            finally:
                self._closing.set()
                # Telling may wait for a far machine: it is not waited for.
                threads[0].join()
                threads[1].join(timeout=0.2)
        if self._until != "stopped" and not self._stop.is_set():
            self._tell_all_due()
        counts = self._counts
        return RunJobsAnswer(counts["done"], counts["failed"], counts["cancelled"], counts["given_back"])

    # --- claiming ---------------------------------------------------------------------------

    def _claim_on(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            is_empty = False
            try:
                self._free_dead()
                is_empty = self._fill()
            except LibraryError as error:
                if self._until != "stopped":
                    raise
                _log.warning("the queue cannot be read or written: %s", error)
            with self._lock:
                is_idle = not self._running
            if is_idle and (
                (self._until == "empty" and is_empty) or (self._until == "one" and self._is_begun(is_empty))
            ):
                return
            self._wake.wait(self._settings.look_every_s)

    def _is_begun(self, is_empty: bool) -> bool:
        return self._n_begun > 0 or is_empty

    def _fill(self) -> bool:
        """Begin jobs until as many run as may, or none waits: True then."""
        while not self._stop.is_set():
            with self._lock:
                if len(self._running) >= self._at_once or (self._until == "one" and self._n_begun):
                    return False
            with self._library.read() as connection:
                if not rows.is_waiting(connection):
                    return True
            with self._library.write() as connection:
                job = rows.claim(connection, self._owner, lease_s=self._settings.lease_s)
            if job is None:
                return True
            self._begin(job)
        return False

    def _free_dead(self) -> None:
        """Let others' jobs be taken up at once where who ran them surely is dead."""
        if time.monotonic() - self._dead_looked_at < self._settings.lease_s / 4 and self._dead_looked_at:
            return
        self._dead_looked_at = time.monotonic()
        with self._library.read() as connection:
            dead = [owner for owner in rows.owners(connection) if owner != self._owner and is_dead(owner)]
        if dead:
            with self._library.write() as connection:
                for owner in dead:
                    rows.end_leases(connection, owner)

    def _begin(self, job: Job) -> None:
        stop = threading.Event()
        running = _Running(job, JobProgress(stop), stop)
        running.thread = threading.Thread(target=self._do, args=(running,), name=f"sonoteca-job-{job.id}", daemon=True)
        with self._lock:
            self._running[job.id] = running
            self._n_begun += 1
        running.thread.start()

    # --- one job ----------------------------------------------------------------------------

    def _do(self, running: _Running) -> None:
        """Run a job and keep how it ended; whatever happens, it does not run here any more then."""
        try:
            ended = self._run_one(running)
        except SonotecaError as error:
            # It is taken up again when its lease has run out.
            _log.error("job %s could not be ended: %s", running.job.id, error)
        except Exception:
            _log.exception("job %s could not be ended", running.job.id)
        else:
            self._counts["given_back" if not ended.has_ended else ended.state] += 1
            if ended.has_ended:
                let_go(self._library, ended)
                if self._on_end is not None:
                    self._on_end(JobAnswer(ended))
        finally:
            with self._lock:
                self._running.pop(running.job.id, None)
            self._wake.set()

    def _run_one(self, running: _Running) -> Job:
        job = running.job
        try:
            outcome = self._outcome(running)
        except WorkStopped:
            return self._store(functools.partial(self._give_back, job.id))
        except (LibraryError, WorkerError) as error:
            # No fault of what was asked for: another time it may go well.
            if job.attempts < rows.MOST_ATTEMPTS:
                running.stop.wait(float(job.attempts))
                return self._store(lambda connection: rows.give_back(connection, job.id, self._owner, is_attempt=True))
            outcome = JobOutcome(error=error)
        except SonotecaError as error:
            outcome = JobOutcome(error=error)
        except Exception as error:
            _log.exception("job %s (%s) failed", job.id, job.kind)
            outcome = JobOutcome(error=SonotecaError(f"The job ended with a fault: {type(error).__name__}."))
        error_told = None if outcome.error is None else _told(outcome.error)
        return self._store(
            lambda connection: rows.finish(
                connection,
                job.id,
                self._owner,
                "done" if error_told is None else "failed",
                result=outcome.result,
                error=error_told,
                progress=running.progress.values(),
            )
        )

    def _outcome(self, running: _Running) -> JobOutcome:
        request = from_stored(running.job.request)
        listener = Listener(
            self._listener.settings,
            workers=self._listener.workers,
            memory_mb=self._listener.memory_mb,
            executor=StoppableExecutor(self._listener.executor, running.stop),
        )
        context = JobContext(running.job.id, listener, running.progress, running.stop, self._settings.kept)
        return KINDS[running.job.kind].run(self._library, request, context)

    def _store(self, change: Callable[[Connection], Job]) -> Job:
        """Keep how a job ended, again where another program was in the way."""
        for attempt in range(1, _MOST_STORES + 1):
            try:
                with self._library.write() as connection:
                    return change(connection)
            except LibraryError:
                if attempt == _MOST_STORES:
                    raise
                time.sleep(0.2 * attempt)
        raise AssertionError("unreachable")

    # --- around it --------------------------------------------------------------------------

    def _beat(self) -> None:
        """Give signs of life, keep progress, and stop what was cancelled or is another's by now."""
        lived = kept = time.monotonic()
        while not self._closing.wait(self._settings.look_every_s):
            with self._lock:
                running = dict(self._running)
            if not running:
                lived = time.monotonic()
                continue
            # A busy or full library now is the job's to meet; the next beat tries again.
            with contextlib.suppress(LibraryError):
                with self._library.read() as connection:
                    to_stop = rows.cancelled_or_lost(connection, self._owner, running)
                for job_id in to_stop:
                    running[job_id].stop.set()
                now = time.monotonic()
                is_due = now - lived > self._settings.lease_s / 4
                news = {}
                if now - kept > _PROGRESS_EVERY_S:
                    told = {job_id: each.progress.news() for job_id, each in running.items()}
                    news = {job_id: values for job_id, values in told.items() if values is not None}
                    kept = now
                if is_due or news:
                    signs = {job_id: news.get(job_id) for job_id in (running if is_due else news)}
                    with self._library.write() as connection:
                        rows.beat(connection, self._owner, signs, lease_s=self._settings.lease_s)
                    lived = now if is_due else lived

    def _tell(self) -> None:
        while not self._closing.is_set():
            try:
                told = tell_one(self._library, self._settings)
            except SonotecaError as error:
                told = False
                if not self._closing.is_set():
                    _log.warning("nobody could be told that a job ended: %s", error)
            if not told:
                self._closing.wait(max(self._settings.look_every_s, 0.5))

    def _tell_all_due(self) -> None:
        with contextlib.suppress(SonotecaError):
            while tell_one(self._library, self._settings):
                pass

    def _end_running(self) -> None:
        """Let what runs end in the time there is, and have the rest given back."""
        self._wait_for_running(self._settings.grace_s)
        with self._lock:
            left = list(self._running.values())
        for running in left:
            running.stop.set()
        self._wait_for_running(_MOST_STOPPING_S)
        with self._lock:
            left = list(self._running.values())
        for running in left:
            # Its thread ends with the process, or finds that the job is not its own any more.
            job_id = running.job.id
            with contextlib.suppress(SonotecaError):
                self._store(functools.partial(self._give_back, job_id))
                self._counts["given_back"] += 1

    def _give_back(self, job_id: str, connection: Connection) -> Job:
        return rows.give_back(connection, job_id, self._owner, is_attempt=False)

    def _wait_for_running(self, seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            with self._lock:
                threads = [each.thread for each in self._running.values() if each.thread is not None]
            if not threads:
                return
            threads[0].join(timeout=max(0.0, min(0.1, give_up_at - time.monotonic())))


def _told(error: SonotecaError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy}
