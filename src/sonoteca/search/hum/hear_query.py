"""A recording of somebody humming, heard in a worker process: files of strangers are never decoded in ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from sonoteca.audio.decode import open_recording
from sonoteca.errors import SonotecaError
from sonoteca.ingest.executor import Failed, Task
from sonoteca.ingest.failures import error_of
from sonoteca.ingest.local_executor import LocalExecutor, WorkerLimits
from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S, QueryNotes, query_notes

_DEADLINE_S = 60.0


def notes_of_file(path: str) -> QueryNotes:
    """What is hummed in a file; runs in a worker."""
    with open_recording(path) as recording:
        return query_notes(recording.signal(0.0, min(LONGEST_QUERY_S, recording.info.duration_s)))


def hear_queries(
    paths: Sequence[str | os.PathLike[str]], *, memory_mb: int = 2000
) -> Iterator[QueryNotes | SonotecaError]:
    """Notes of hummed files, in order; a file that cannot be heard is its error."""
    names = [os.fsdecode(path) for path in paths]
    limits = WorkerLimits(memory_mb, address_space_mb=4 * memory_mb + 4_000)
    waiting: dict[int, QueryNotes | SonotecaError] = {}
    at = 0
    with LocalExecutor(1, limits=limits, preload=("sonoteca.search.hum.hear_query",)) as executor:
        tasks = [Task(str(number), name, _DEADLINE_S) for number, name in enumerate(names)]
        for outcome in executor.run(notes_of_file, tasks):
            number = int(outcome.key)
            waiting[number] = error_of(outcome, names[number]) if isinstance(outcome, Failed) else outcome.result
            while at in waiting:
                yield waiting.pop(at)
                at += 1
