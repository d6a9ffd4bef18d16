"""How far a job is: counted while it goes, read by whoever keeps it."""

from __future__ import annotations

import threading
from typing import Any

from sonoteca.domain.names import printable_path
from sonoteca.ingest.report import FileOutcome, PlanCounts, Progress, Stage
from sonoteca.workers.executor import WorkStopped


class JobProgress(Progress):
    """Counts of a job: ``total`` things, of them ``done``, ``skipped`` and ``failed``; ``current`` was the last.

    One thread counts; others read. When ``stop`` is set, counting raises ``WorkStopped``, so that also
    what does not wait for a worker comes to its end.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._total: int | None = None
        self._done = self._skipped = self._failed = 0
        self._current: str | None = None
        self._name: str | None = None
        self._is_new = False
        # Why files were left out, by path; only the run itself tells.
        self.left_out: dict[str, FileOutcome] = {}

    def require_going_on(self) -> None:
        """Raise ``WorkStopped`` once the job is to stop."""
        if self._stop.is_set():
            raise WorkStopped

    def call_it(self, name: str) -> None:
        """Tell of ``name`` whatever is worked on: where a file that was sent lies is nobody's business."""
        self._name = printable_path(name)

    def step(self, current: str | None, *, total: int | None = None, done: int | None = None) -> None:
        """The job comes to something that has a name; ``total`` and ``done`` are set where they are given."""
        self.require_going_on()
        with self._lock:
            self._current = None if current is None else printable_path(current)
            self._total = self._total if total is None else total
            self._done = self._done if done is None else done
            self._is_new = True

    def ended(self, *, total: int, done: int, skipped: int, failed: int) -> None:
        """What was counted in the end."""
        with self._lock:
            self._total, self._done, self._skipped, self._failed = total, done, skipped, failed
            self._current = self._name = None
            self._is_new = True

    def news(self) -> dict[str, Any] | None:
        """The counts, if they are others than when they were last asked for."""
        with self._lock:
            is_new, self._is_new = self._is_new, False
            return self._values() if is_new else None

    def values(self) -> dict[str, Any]:
        with self._lock:
            return self._values()

    def _values(self) -> dict[str, Any]:
        return {
            "total": self._total,
            "done": self._done,
            "skipped": self._skipped,
            "failed": self._failed,
            "current": self._name or self._current,
        }

    # --- as the main job tells it -----------------------------------------------------------

    def on_plan(self, plan: PlanCounts) -> None:
        self.step(None, total=plan.found + plan.left_out, done=0)

    def on_stage(self, stage: Stage, total: int) -> None:
        self.require_going_on()
        if stage == "listen":
            with self._lock:
                # What need not be listened to is done.
                left = (self._total or 0) - self._skipped - self._failed - total
                self._done = max(0, left)
                self._is_new = True

    def on_outcome(self, outcome: FileOutcome) -> None:
        with self._lock:
            self._current = printable_path(outcome.path)
            self._is_new = True
            if outcome.state == "left_out":
                self._skipped += 1
                self.left_out[outcome.path] = outcome
            elif outcome.state == "failed":
                self._failed += 1
            elif outcome.state == "analysed":
                self._done += 1
        self.require_going_on()
