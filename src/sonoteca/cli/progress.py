"""A progress bar for long work: files, rate, time left, failures as they happen."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sonoteca.cli.output import fitted, messages, printable

if TYPE_CHECKING:
    from sonoteca import FileOutcome, PlanCounts
    from sonoteca.errors import SonotecaError

_STAGE_WORDS: dict[str, str] = {"identify": "reading", "read": "reading tags", "listen": "listening"}


class ProgressBar:
    """An ingest ``Progress`` on stderr: a live bar on a terminal, a line now and then elsewhere."""

    _LINE_EVERY_S = 10.0

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = messages()
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._stage: str = "identify"
        self._total = self._done = 0
        self._audio_s = 0.0
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_plan(self, plan: PlanCounts) -> None:
        if not self._quiet and plan.to_identify:
            self._console.print(
                f"Found {_files(plan.found)}; {plan.to_identify:,} of them are new or changed.", style="dim"
            )

    def on_stage(self, stage: str, total: int) -> None:
        self._stage, self._total, self._done, self._audio_s = stage, total, 0, 0.0
        self._started = self._last_line = time.monotonic()
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(_STAGE_WORDS[stage], total=total, rate="") if total else None

    def on_outcome(self, outcome: FileOutcome) -> None:
        if outcome.state == "failed" and outcome.error is not None and not self._quiet:
            self._tell(_failure(outcome.path, outcome.error))
        if outcome.state == "left_out":
            return
        self._done += 1
        self._audio_s += outcome.duration_s or 0.0
        elapsed = max(1e-3, time.monotonic() - self._started)
        if self._task is not None:
            self._bar.update(self._task, advance=1, rate=self._rate(elapsed))
        if (
            not self._quiet
            and not self._console.is_terminal
            and time.monotonic() - self._last_line > self._LINE_EVERY_S
        ):
            self._last_line = time.monotonic()
            left = elapsed / self._done * (self._total - self._done)
            self._console.print(
                f"{_STAGE_WORDS[self._stage]} {self._done}/{self._total}, {self._rate(elapsed)}, {left:.0f} s left"
            )

    def _tell(self, sentence: str) -> None:
        """A line above the bar, wrapped between words where it is a terminal."""
        for line in fitted(sentence, indent="  "):
            self._bar.console.print(Text(line, style="yellow"))

    def _rate(self, elapsed: float) -> str:
        files = f"{self._done / elapsed:.1f} files/s"
        return f"{files}, {self._audio_s / elapsed:.0f} x real time" if self._audio_s else files


def _failure(path: str, error: SonotecaError) -> str:
    """What is wrong with a file, its path named once.

    >>> from sonoteca.errors import NotAudio
    >>> _failure("/m/a.wav", NotAudio("/m/a.wav is no audio.")), _failure("/m/a.wav", NotAudio("It is no audio."))
    ('failed: /m/a.wav is no audio. [not_audio]', 'failed: /m/a.wav: It is no audio. [not_audio]')
    """
    said = printable(error.message)
    named = said if printable(path) in said else f"{printable(path)}: {said}"
    return f"failed: {named} [{error.code}]"


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
