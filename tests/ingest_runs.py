"""A run of the main job as tests vary it: what is asked and who listens, in one value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.add import add_files, retry_files
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.report import AddAnswer, Progress
from sonoteca.ingest.requests import AddRequest, RetryRequest
from sonoteca.ingest.tally import AfterStored
from sonoteca.workers.executor import Executor
from sonoteca.workers.worker_process import StartMethod


@dataclass(frozen=True, slots=True)
class AddOptions:
    """The fields of a request, and the parameters of a listener."""

    workers: int = 1
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)
    timeout_s: float | None = None
    memory_mb: int = 2000
    checkpoint_every: int = 32
    exclude: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    accept_missing: bool = False
    failed_log: str | os.PathLike[str] | None = None
    start_method: StartMethod | None = None

    def listener(self, executor: Executor | None) -> Listener:
        return Listener(
            self.settings,
            workers=self.workers,
            memory_mb=self.memory_mb,
            executor=executor,
            start_method=self.start_method,
        )

    def asked(self) -> dict[str, Any]:
        return {
            "timeout_s": self.timeout_s,
            "checkpoint_every": self.checkpoint_every,
            "force": self.force,
            "dry_run": self.dry_run,
            "failed_log": self.failed_log,
        }


def add(
    library: Library,
    paths: Iterable[str | bytes | os.PathLike[str]],
    options: AddOptions = AddOptions(),
    progress: Progress | None = None,
    *,
    after_stored: AfterStored | None = None,
    executor: Executor | None = None,
) -> AddAnswer:
    request = AddRequest(
        paths=tuple(paths), exclude=options.exclude, accept_missing=options.accept_missing, **options.asked()
    )
    with options.listener(executor) as listener:
        return add_files(library, request, listener=listener, progress=progress, after_stored=after_stored)


def retry(
    library: Library,
    options: AddOptions = AddOptions(),
    *,
    codes: Sequence[str] = (),
    executor: Executor | None = None,
) -> AddAnswer:
    with options.listener(executor) as listener:
        return retry_files(library, RetryRequest(codes=tuple(codes), **options.asked()), listener=listener)
