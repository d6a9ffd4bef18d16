"""What a run says and counts on its way to the summary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sonoteca.catalogue.identity.locations import Change
from sonoteca.catalogue.store.library import Library
from sonoteca.ingest.analyse import Analysed
from sonoteca.ingest.plan import Plan
from sonoteca.ingest.record import RecordedFiles
from sonoteca.ingest.report import AddAnswer, FailedLog, FileOutcome, PlanCounts, Progress, Stage, Unwatched
from sonoteca.ingest.requests import HearingRequest

# Given the library after results were stored, to bring indexes up to date.
AfterStored = Callable[[Library], None]
AFTER_STORED_EVERY_S = 60.0


class Watch:
    """Passes on to the progress given, keeps the failed log, and calls ``after_stored`` now and then."""

    def __init__(
        self,
        library: Library,
        progress: Progress | None,
        *,
        failed_log: str | os.PathLike[str] | None,
        after_stored: AfterStored | None,
    ) -> None:
        self._progress = progress or Unwatched()
        self._log = FailedLog(failed_log)
        self._after_stored = after_stored
        self._library = library
        self._last = time.monotonic()

    def on_plan(self, plan: PlanCounts) -> None:
        self._progress.on_plan(plan)

    def on_stage(self, stage: Stage, total: int) -> None:
        self._progress.on_stage(stage, total)

    def on_outcome(self, outcome: FileOutcome) -> None:
        self._log.write(outcome)
        self._progress.on_outcome(outcome)
        self.stored()

    def stored(self, *, at_end: bool = False) -> None:
        if self._after_stored is None or not (at_end or time.monotonic() - self._last > AFTER_STORED_EVERY_S):
            return
        self._after_stored(self._library)
        self._last = time.monotonic()

    def close(self) -> None:
        self._log.close()


@dataclass(slots=True)
class Tally:
    """What the steps counted, on the way to an ``AddAnswer``."""

    request: HearingRequest
    started: float = field(default_factory=time.monotonic)
    plan: Plan = field(default_factory=Plan)
    recorded: RecordedFiles = field(default_factory=RecordedFiles)
    analysed: Analysed = field(default_factory=Analysed)
    read_again: int = 0
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    failed_before: int = 0
    any_retried: bool = False
    again: int = 0
    n_todo: int = 0
    warnings: tuple[str, ...] = ()
    interrupted: bool = False

    def result(self) -> AddAnswer:
        plan, recorded, analysed = self.plan, self.recorded, self.analysed
        changes = recorded.changes
        return AddAnswer(
            request=self.request,
            found=plan.found - recorded.vanished - len(recorded.unfinished),
            new=changes[Change.NEW],
            copied=changes[Change.COPY],
            moved=changes[Change.MOVED],
            changed=changes[Change.CHANGED],
            retagged=changes[Change.TOUCHED] + changes[Change.RETURNED],
            unchanged=plan.unchanged + changes[Change.SAME],
            unreadable=len(recorded.unreadable),
            read_again=self.read_again,
            returned=len(plan.returned) + changes[Change.RETURNED],
            missing=len(self.missing),
            missing_files=self.missing,
            absent=self.absent,
            left_out=len(plan.left_out) + len(recorded.unfinished),
            analysed=analysed.analysed,
            failed=analysed.failed + len(recorded.unreadable),
            failed_before=self.failed_before + plan.failed_before,
            elsewhere=len(analysed.elsewhere),
            still_pending=max(0, self.n_todo - analysed.analysed - analysed.failed - len(analysed.elsewhere)),
            again=self.again,
            audio_s=analysed.audio_s,
            elapsed_s=time.monotonic() - self.started,
            interrupted=self.interrupted,
            dry_run=self.request.dry_run,
            warnings=self.warnings,
            failures=(*recorded.unreadable, *analysed.failures),
        )
