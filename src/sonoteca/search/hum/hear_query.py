"""A recording of somebody humming or tapping, heard in a worker process: files of strangers are never decoded in ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from sonoteca.errors import SonotecaError
from sonoteca.ingest.failures import error_of
from sonoteca.workers.executor import Executor, Failed, Task, run_in_order
from sonoteca.workers.limits import limits_of
from sonoteca.workers.local_executor import LocalExecutor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonoteca.search.hum.query_notes import QueryNotes

Heard = TypeVar("Heard")

_DEADLINE_S = 60.0


def notes_of_file(path: str) -> QueryNotes:
    """What is hummed in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S, query_notes

    return query_notes(read_beginning(path, LONGEST_QUERY_S))


def taps_of_file(path: str) -> NDArray[np.float32]:
    """When somebody taps in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S
    from sonoteca.search.hum.tap import find_taps

    return find_taps(read_beginning(path, LONGEST_QUERY_S))


def hear_queries(
    paths: Sequence[str | os.PathLike[str]], *, memory_mb: int = 2000, executor: Executor | None = None
) -> Iterator[QueryNotes | SonotecaError]:
    """Notes of hummed files, in order; a file that cannot be heard is its error.

    Heard by the workers of ``executor``, else by one that is started here.
    """
    yield from _heard(notes_of_file, paths, memory_mb, executor)


def hear_taps(
    paths: Sequence[str | os.PathLike[str]], *, memory_mb: int = 2000, executor: Executor | None = None
) -> Iterator[NDArray[np.float32] | SonotecaError]:
    """Tap times of tapped or beatboxed files, in order; a file that cannot be heard is its error."""
    yield from _heard(taps_of_file, paths, memory_mb, executor)


def _heard(
    listen: Callable[[str], Heard],
    paths: Sequence[str | os.PathLike[str]],
    memory_mb: int,
    given: Executor | None,
) -> Iterator[Heard | SonotecaError]:
    names = [os.fsdecode(path) for path in paths]
    tasks = (Task(str(number), name, _DEADLINE_S) for number, name in enumerate(names))
    with contextlib.ExitStack() as open_:
        executor = given
        if executor is None:
            # One process is all that is needed: a fork server would be a second.
            executor = open_.enter_context(
                LocalExecutor(1, limits=limits_of(memory_mb), start_method="spawn", is_background=False)
            )
        for name, outcome in zip(names, run_in_order(executor, listen, tasks), strict=True):
            yield error_of(outcome, name) if isinstance(outcome, Failed) else outcome.result
