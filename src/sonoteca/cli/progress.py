"""A progress bar for long work: how many files of how many, time left, rate, failures as they happen."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TextColumn
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
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TextColumn("{task.fields[pace]}"),
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
        self._task = self._bar.add_task(_STAGE_WORDS[stage], total=total, pace="") if total else None

    def on_outcome(self, outcome: FileOutcome) -> None:
        if outcome.state == "failed" and outcome.error is not None and not self._quiet:
            self._tell(_failure(outcome.path, outcome.error))
        if outcome.state == "left_out":
            return
        self._done += 1
        self._audio_s += outcome.duration_s or 0.0
        elapsed = max(1e-3, time.monotonic() - self._started)
        if self._task is not None:
            self._bar.update(self._task, advance=1, pace=self._pace(elapsed))
        if (
            not self._quiet
            and not self._console.is_terminal
            and time.monotonic() - self._last_line > self._LINE_EVERY_S
        ):
            self._last_line = time.monotonic()
            self._console.print(
                f"{_STAGE_WORDS[self._stage]}: {self._done:,} of {_files(self._total)}, {self._pace(elapsed)}"
            )

    def _tell(self, sentence: str) -> None:
        """A line above the bar, wrapped between words where it is a terminal."""
        for line in fitted(sentence, indent="  "):
            self._bar.console.print(Text(line, style="yellow"))

    def _pace(self, elapsed: float) -> str:
        """How fast it goes and what is left; at the end how long it took."""
        audio = f", {self._audio_s / elapsed:.0f} x real time" if self._audio_s else ""
        left = elapsed / self._done * (self._total - self._done)
        time_ = f"{_whole_clock(left)} left" if self._done < self._total else f"took {_whole_clock(elapsed)}"
        return f"{time_}, {self._done / elapsed:.1f} files/s{audio}"


def _failure(path: str, error: SonotecaError) -> str:
    """What is wrong with a file, its path named once.

    >>> from sonoteca.errors import NotAudio
    >>> _failure("/m/a.wav", NotAudio("/m/a.wav is no audio.")), _failure("/m/a.wav", NotAudio("It is no audio."))
    ('failed: /m/a.wav is no audio. [not_audio]', 'failed: /m/a.wav: It is no audio. [not_audio]')
    """
    said = printable(error.message)
    named = said if printable(path) in said else f"{printable(path)}: {said}"
    return f"failed: {named} [{error.code}]"


def _whole_clock(seconds: float) -> str:
    """A time in whole seconds: 0.4 s left is 1 s.

    >>> _whole_clock(0.4), _whole_clock(61.0), _whole_clock(5400.0)
    ('0:01', '1:01', '1:30:00')
    """
    minutes, rest = divmod(max(1, math.ceil(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
