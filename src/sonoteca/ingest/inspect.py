"""Listening without a library: files in, sound objects out, in input order.

The objects are made where the files are heard, in worker processes: who asks loads nothing for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from sonoteca.domain.file_analysis import AnalysisOrder
from sonoteca.domain.file_paths import FilePath, shown_path
from sonoteca.domain.request import Request
from sonoteca.ingest import worker_tasks
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.ingest.failures import error_of
from sonoteca.ingest.listener import Listener
from sonoteca.workers.executor import Failed, Task, run_in_order

if TYPE_CHECKING:
    from sonoteca.domain.sound_object import JsonObject


class InspectRequest(Request):
    """Which files to listen to.

    Attributes
    ----------
    paths : tuple of path
        Files; what is none becomes an object with an error.
    timeout_s : float > 0, optional
        Deadline of one file in seconds; 60 s and a fifth of its length when left out.
    """

    paths: tuple[FilePath, ...]
    timeout_s: float | None = Field(default=None, gt=0)


def inspect(request: InspectRequest, *, listener: Listener | None = None) -> Iterator[JsonObject]:
    """One sound object per path, in the order given, as soon as it and all before it are known.

    Parameters
    ----------
    listener : Listener, optional
        Hears the files; by default one worker that ends with the last file.

    Yields
    ------
    dict
        See ``domain.sound_object``. ``path`` is as given; bytes that are not text are escaped.
    """
    if listener is None:
        with Listener() as own:
            yield from inspect(request, listener=own)
        return
    # What sounds alike is a question to a library: nothing is embedded here.
    settings = listener.settings.without_embedders()
    tasks = (
        Task(str(number), AnalysisOrder(path, settings), request.timeout_s or deadline_of_file(path))
        for number, path in enumerate(request.paths)
    )
    outcomes = run_in_order(listener.executor, worker_tasks.describe, tasks)
    for path, outcome in zip(request.paths, outcomes, strict=True):
        described = _failed(path, outcome) if isinstance(outcome, Failed) else outcome.result
        yield {**described, "path": shown_path(path)}


def heard_sound(path: str | os.PathLike[str], *, listener: Listener, timeout_s: float | None = None) -> JsonObject:
    """The sound object of one file.

    Raises
    ------
    AudioError, WorkerError
        The file cannot become sound, or listening to it crashed, hung or ate memory.
    """
    name = os.fsdecode(path)
    order = AnalysisOrder(name, listener.settings.without_embedders())
    described = listener.ask(worker_tasks.describe, order, name, timeout_s=timeout_s or deadline_of_file(name))
    return {**described, "path": shown_path(name)}


def _failed(path: str, outcome: Failed) -> JsonObject:
    from sonoteca.domain.sound_object import sound_object

    return sound_object(path, sound_id=None, audio=None, error=error_of(outcome, path))
