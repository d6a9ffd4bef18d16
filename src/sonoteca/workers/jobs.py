"""Which task of a pool may start now: the rules of order, of second tries, and of being alone.

Several runs share one pool. Their tasks start in turn, one of each. A task whose process died,
hung or outgrew its memory is a suspect: it is tried once more when its run has nothing else to
start (or many suspects), *alone in the whole pool*: all that is under way, of whichever run, is
let finish, nothing else starts beside it. Thus a suspect that fails again has failed by itself, and
one that eats the machine's memory takes nobody with it. Other runs wait meanwhile; they lose nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sonoteca.workers.executor import Done, Failed

# Suspects wait for the end of their run, or until so many wait that the pool pauses for them.
MAX_SUSPECTS = 32


class SuspectWaits:
    """Tells who feeds a run: a task will be tried again later, so another may start now."""


Event = Done[Any] | Failed | SuspectWaits | Exception


@dataclass(slots=True, eq=False)
class Job:
    """A task on its way: its message is pickled once. ``is_cancelled`` also stops one that is under way."""

    run: Run
    key: str
    message: bytes
    timeout_s: float
    is_retry: bool = False
    is_cancelled: bool = False


class Run:
    """One set of tasks; ``deliver`` is told of each outcome, in the thread that had it done."""

    def __init__(self, *, retry: bool, deliver: Callable[[Event], None]) -> None:
        self.retry = retry
        self.deliver = deliver
        self.ready: deque[Job] = deque()
        self.suspects: deque[Job] = deque()
        self.taken: set[Job] = set()
        # No more tasks will come.
        self.exhausted = False
        self.stopped = False

    def has_due_suspect(self) -> bool:
        """Whether a suspect's turn has come."""
        return bool(self.suspects) and ((self.exhausted and not self.ready) or len(self.suspects) >= MAX_SUSPECTS)

    def is_over(self) -> bool:
        return self.stopped or (self.exhausted and not (self.ready or self.suspects or self.taken))


class Schedule:
    """The runs of one pool; whoever calls holds the pool's lock."""

    def __init__(self) -> None:
        # The run whose turn it is stands first.
        self._runs: deque[Run] = deque()
        self._taken: set[Job] = set()
        self._is_alone = False

    def add(self, run: Run) -> None:
        self._runs.append(run)

    def remove(self, run: Run) -> None:
        if run in self._runs:
            self._runs.remove(run)

    def take(self) -> Job | None:
        """The next job that may start now."""
        if self._is_alone:
            return None
        for run in self._runs:
            if run.has_due_suspect():
                if self._taken:
                    return None
                self._is_alone = True
                return self._started(run.suspects.popleft())
        for _ in range(len(self._runs)):
            run = self._runs[0]
            self._runs.rotate(-1)
            if run.ready:
                return self._started(run.ready.popleft())
        return None

    def _started(self, job: Job) -> Job:
        self._taken.add(job)
        job.run.taken.add(job)
        return job

    def settle(self, job: Job, outcome: Done[Any] | Failed | Exception) -> Event:
        """A job has ended: what its run is to be told. A run that is over leaves the schedule."""
        run = job.run
        self._taken.discard(job)
        run.taken.discard(job)
        self._is_alone = False
        event: Event = outcome
        is_suspect = isinstance(outcome, Failed) and outcome.kind in ("crash", "timeout", "memory")
        if is_suspect and run.retry and not job.is_retry and not job.is_cancelled and not run.stopped:
            job.is_retry = True
            run.suspects.append(job)
            event = SuspectWaits()
        if run.is_over() and not run.taken:
            self.remove(run)
        return event

    def cancel(self, key: str) -> tuple[list[Job], list[Job]]:
        """Jobs of a key: those that waited and are taken out, and those under way, now marked as cancelled."""
        waited: list[Job] = []
        for run in self._runs:
            for waiting in (run.ready, run.suspects):
                found = [job for job in waiting if job.key == key]
                for job in found:
                    waiting.remove(job)
                waited += found
        under_way = [job for job in self._taken if job.key == key]
        for job in under_way:
            job.is_cancelled = True
        for run in list(self._runs):
            if run.is_over():
                self.remove(run)
        return waited, under_way

    def stop(self, run: Run) -> list[Job]:
        """Let nothing of a run start any more; its jobs under way."""
        run.stopped = True
        run.ready.clear()
        run.suspects.clear()
        if not run.taken:
            self.remove(run)
        return list(run.taken)

    def runs(self) -> list[Run]:
        return list(self._runs)
