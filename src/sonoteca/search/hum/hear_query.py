"""A recording of somebody humming or tapping, heard in a worker process: files of strangers are never decoded in ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.beginning import read_beginning
from sonoteca.errors import SonotecaError
from sonoteca.ingest.failures import error_of
from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S, QueryNotes, query_notes
from sonoteca.search.hum.tap import find_taps
from sonoteca.workers.executor import Failed, Task
from sonoteca.workers.local_executor import LocalExecutor, WorkerLimits

Heard = TypeVar("Heard")

_DEADLINE_S = 60.0


def notes_of_file(path: str) -> QueryNotes:
    """What is hummed in the first minute of a file; runs in a worker."""
    return query_notes(read_beginning(path, LONGEST_QUERY_S))


def taps_of_file(path: str) -> NDArray[np.float32]:
    """When somebody taps in the first minute of a file; runs in a worker."""
    return find_taps(read_beginning(path, LONGEST_QUERY_S))


def hear_queries(
    paths: Sequence[str | os.PathLike[str]], *, memory_mb: int = 2000
) -> Iterator[QueryNotes | SonotecaError]:
    """Notes of hummed files, in order; a file that cannot be heard is its error."""
    yield from _heard(notes_of_file, paths, memory_mb)


def hear_taps(
    paths: Sequence[str | os.PathLike[str]], *, memory_mb: int = 2000
) -> Iterator[NDArray[np.float32] | SonotecaError]:
    """Tap times of tapped or beatboxed files, in order; a file that cannot be heard is its error."""
    yield from _heard(taps_of_file, paths, memory_mb)


def _heard(
    listen: Callable[[str], Heard], paths: Sequence[str | os.PathLike[str]], memory_mb: int
) -> Iterator[Heard | SonotecaError]:
    names = [os.fsdecode(path) for path in paths]
    limits = WorkerLimits(memory_mb, address_space_mb=4 * memory_mb + 4_000)
    waiting: dict[int, Heard | SonotecaError] = {}
    at = 0
    with LocalExecutor(1, limits=limits, preload=("sonoteca.search.hum.hear_query",)) as executor:
        tasks = [Task(str(number), name, _DEADLINE_S) for number, name in enumerate(names)]
        for outcome in executor.run(listen, tasks):
            number = int(outcome.key)
            waiting[number] = error_of(outcome, names[number]) if isinstance(outcome, Failed) else outcome.result
            while at in waiting:
                yield waiting.pop(at)
                at += 1
