"""What a run tells: while it goes (``Progress``) and at its end (``AddAnswer``)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import IO, Any, Literal, Protocol

from sonoteca.catalogue.store import clock
from sonoteca.errors import SonotecaError
from sonoteca.ingest.requests import HearingRequest

Stage = Literal["identify", "read", "listen"]
State = Literal["identified", "analysed", "failed", "left_out"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How one file ended in one stage. ``error`` is set if ``state`` is failed or left_out."""

    path: str
    stage: Stage
    state: State
    error: SonotecaError | None = None
    elapsed_s: float = 0.0
    duration_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Which file, and what is wrong with it."""
        error = self.error
        return {
            "path": self.path,
            "stage": self.stage,
            "code": None if error is None else error.code,
            "message": None if error is None else error.message,
            "remedy": None if error is None else error.remedy,
        }


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """What the comparison of disk and catalogue says is to be done."""

    found: int
    unchanged: int
    to_identify: int
    left_out: int
    gone: int


class Progress(Protocol):
    """Somebody who watches; called in the thread that called ``add``."""

    def on_plan(self, plan: PlanCounts) -> None:
        """Disk and catalogue were compared."""
        ...

    def on_stage(self, stage: Stage, total: int) -> None:
        """A stage begins, with ``total`` files."""
        ...

    def on_outcome(self, outcome: FileOutcome) -> None:
        """A file ended a stage, or was left out of all."""
        ...


class Unwatched:
    """A ``Progress`` that says nothing."""

    def on_plan(self, plan: PlanCounts) -> None: ...

    def on_stage(self, stage: Stage, total: int) -> None: ...

    def on_outcome(self, outcome: FileOutcome) -> None: ...


@dataclass(frozen=True, slots=True)
class AddAnswer:
    """What a run did.

    A dry run reads no file: what has size and time of a file that is gone counts as moved, and what has another size or
    time than it had as changed.

    Every file found is exactly one of: new (its content was never seen), copied (one more
    place of a known content), moved, changed (other content at a known path), retagged (same
    content, file touched), unchanged, unreadable.

    Attributes
    ----------
    request : HearingRequest
    found : int
        Candidate files on disk.
    read_again : int
        Of the unchanged, those whose tags were read anew because an older version had read them.
    returned : int
        Of the unchanged and retagged, those that were missing before.
    missing : int
        Known paths that are not on disk any more, newly so.
    missing_files : tuple of str
        Which.
    absent : tuple of str
        Paths that were asked for by name and do not exist.
    left_out : int
        Pipes, devices, dangling links, unreadable folders, files that are still being written.
    analysed, failed : int
        Sounds whose analysis ended in this run; ``failed`` counts unreadable files too.
    elsewhere : int
        Sounds that another run is working on.
    again : int
        Of the sounds that a dry run would analyse, those that were analysed before: something was said of them since that
        analyzers build on, or an analyzer is another one.
    still_pending : int
        Sounds of these files that remain to be done (the run was interrupted, or a file
        vanished or changed meanwhile).
    failed_before : int
        Files that failed in an earlier run, did not change and were not tried again.
    """

    request: HearingRequest
    found: int = 0
    new: int = 0
    copied: int = 0
    moved: int = 0
    changed: int = 0
    retagged: int = 0
    unchanged: int = 0
    unreadable: int = 0
    read_again: int = 0
    returned: int = 0
    missing: int = 0
    left_out: int = 0
    analysed: int = 0
    failed: int = 0
    failed_before: int = 0
    elsewhere: int = 0
    still_pending: int = 0
    again: int = 0
    audio_s: float = 0.0
    elapsed_s: float = 0.0
    interrupted: bool = False
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    failures: tuple[FileOutcome, ...] = ()
    missing_files: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every count, and each failure as a JSON object."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "request"}
        values |= {name: list(getattr(self, name)) for name in ("warnings", "missing_files", "absent")}
        values["failures"] = [failure.as_json() for failure in self.failures]
        return values

    def __repr__(self) -> str:
        return f"<AddAnswer: {self.sentence()}>"

    def sentence(self) -> str:
        """One line that adds up.

        >>> from sonoteca.ingest.requests import AddRequest
        >>> request = AddRequest(paths=["/music"])
        >>> AddAnswer(request, found=5, new=2, moved=1, unchanged=2, analysed=1, failed=1).sentence()
        'Found 5 files: 2 new, 1 moved, 2 unchanged. Analysed 1 sound, 1 failed.'
        """
        if self.interrupted and not self.found and not self.analysed:
            return "Stopped while looking through the folders: nothing was listened to yet."
        # Files that another run has just recorded are no old ones.
        unchanged = self.unchanged - max(0, min(self.unchanged, self.elsewhere - self.new - self.changed - self.copied))
        kinds = [
            f"{count:,} {name}"
            for name, count in (
                ("new", self.new),
                ("copies" if self.copied > 1 else "copy", self.copied),
                ("moved", self.moved),
                ("changed or retagged" if self.dry_run else "changed", self.changed),
                ("retagged", self.retagged),
                ("unchanged", unchanged),
                ("just found by another run", self.unchanged - unchanged),
                ("unreadable", self.unreadable),
            )
            if count
        ]
        files = f"Found {_counted(self.found, 'file')}" + (f": {', '.join(kinds)}." if kinds else ".")
        sounds = _counted(self.analysed, "sound")
        ends = [f"Would analyse up to {sounds}" if self.dry_run and self.changed else f"Analysed {sounds}"]
        if self.dry_run and not self.changed:
            ends = [f"Would analyse {sounds}"]
        if self.again:
            ends[0] += f" ({self.again:,} again: edited since, or another version listens)"
        ends += [
            f"{count:,} {what}"
            for what, count in (
                ("failed", self.failed),
                ("failed before", self.failed_before),
                ("missing", self.missing),
                ("left out", self.left_out - len(self.absent)),
                ("not there", len(self.absent)),
                ("in work elsewhere", self.elsewhere),
                ("still to do", self.still_pending),
            )
            if count
        ]
        return f"{files} {', '.join(ends)}."


class FailedLog:
    """One JSON line per file that failed or was left out, appended as it happens."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._file: IO[str] | None = None
        if path is not None:
            self._file = open(path, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed in close()

    def write(self, outcome: FileOutcome) -> None:
        if self._file is None or outcome.error is None:
            return
        error = outcome.error
        entry = {
            "path": outcome.path,
            "stage": outcome.stage,
            "state": outcome.state,
            "code": error.code,
            "message": error.message,
            "remedy": error.remedy,
            "elapsed_s": round(outcome.elapsed_s, 3),
            "at": clock.now(),
        }
        # ASCII escapes keep bytes that are not UTF-8 (lone surrogates) readable by any JSON reader.
        self._file.write(json.dumps(entry, ensure_ascii=True) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
