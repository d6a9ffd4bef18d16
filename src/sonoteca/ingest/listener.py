"""A listener hears files that are in no library, in worker processes that it keeps.

Whoever asks about a file hands one in: without it, a name means a sound of the library and
nothing else. Workers start with the first file (or ``start``) and stay until ``close``, so
that a program that lives longer hears the second file without starting anything.
"""

from __future__ import annotations

import contextlib
import os
from types import TracebackType
from typing import Self

from sonoteca.domain.file_analysis import AnalysisSettings, FileAnalysis
from sonoteca.ingest.inspect import analyze_file
from sonoteca.ingest.workers import listeners
from sonoteca.workers.executor import Executor


class Listener:
    """Hears files in worker processes.

    Parameters
    ----------
    settings : AnalysisSettings
        How files are analysed and embedded.
    workers : int >= 1
    memory_mb : int
        Resident memory that one worker may use, in MB.
    executor : Executor, optional
        Instead of worker processes of its own; it is not closed.
    """

    def __init__(
        self,
        settings: AnalysisSettings = AnalysisSettings(),
        *,
        workers: int = 1,
        memory_mb: int = 2000,
        executor: Executor | None = None,
    ) -> None:
        self.settings = settings
        self._workers = workers
        self._memory_mb = memory_mb
        self._given = executor
        self._open = contextlib.ExitStack()
        self._executor: Executor | None = None

    @property
    def executor(self) -> Executor:
        """The pool, started if it was not."""
        if self._executor is None:
            pool = listeners(self._given, self.settings, workers=self._workers, memory_mb=self._memory_mb)
            self._executor = self._open.enter_context(pool)
        return self._executor

    def analyze_file(self, path: str | os.PathLike[str], *, timeout_s: float | None = None) -> FileAnalysis:
        """Everything about one file, embeddings included.

        Raises
        ------
        AudioError, WorkerError
            The file cannot become sound, or listening to it crashed, hung or ate memory.
        """
        return analyze_file(path, ears=self.settings, executor=self.executor, timeout_s=timeout_s)

    def close(self) -> None:
        """Stop the workers; a listener that was closed cannot hear any more."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
