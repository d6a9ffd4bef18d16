"""Worker processes that are ready to listen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.workers.executor import Executor
from sonoteca.workers.limits import limits_of
from sonoteca.workers.local_executor import LocalExecutor
from sonoteca.workers.worker import Preparation
from sonoteca.workers.worker_process import StartMethod


@contextmanager
def listeners(
    given: Executor | None,
    ears: AnalysisSettings,
    *,
    workers: int,
    memory_mb: int,
    ahead: int = 8,
    start_method: StartMethod | None = None,
) -> Iterator[Executor]:
    """The executor given, which stays open, or processes of this machine that end with the block.

    They have what listening needs imported before the first task.
    """
    if given is not None:
        yield given
        return
    factories = (name.partition(":")[0] for name in (ears.analyzers, ears.embedders))
    preload = dict.fromkeys(("sonoteca.ingest.listen", "sonoteca.ingest.identify", *factories))
    with LocalExecutor(
        workers,
        limits=limits_of(memory_mb),
        start_method=start_method,
        preparation=Preparation(tuple(preload)),
        ahead=ahead,
    ) as executor:
        yield executor
