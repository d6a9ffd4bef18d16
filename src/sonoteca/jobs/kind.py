"""What a kind of job is: how its request is looked at when it is asked for, and what runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import SonotecaError
from sonoteca.ingest.listener import Listener
from sonoteca.jobs.progress import JobProgress
from sonoteca.media.kept_files import KeepingLimits

R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class JobContext:
    """What the run of a job works with.

    Attributes
    ----------
    job_id : str
    listener : Listener
        Hears files until the job is to stop; then it raises ``WorkStopped``.
    progress : JobProgress
    stop : threading.Event
        Set when the job is to stop: somebody cancelled it, or who runs it ends.
    kept : KeepingLimits
        How much is kept of what is made to be played.
    """

    job_id: str
    listener: Listener
    progress: JobProgress
    stop: threading.Event
    kept: KeepingLimits = field(default_factory=KeepingLimits)


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What came of a job: a result as JSON values, and why it failed, if it did."""

    result: Any = None
    error: SonotecaError | None = None


def nothing_to_check(library: Library, request: Any) -> None:
    """Whatever is asked is taken into the queue."""


@dataclass(frozen=True, slots=True)
class JobKind(Generic[R]):
    """A kind of job.

    Attributes
    ----------
    request : type
        The class of its requests; its field ``kind`` names the kind.
    run : callable
        Does it; WorkStopped when it was told to stop, any SonotecaError when it failed.
    check : callable
        Refuses, with an error, what cannot be done, when it is asked for.
    """

    request: type[R]
    run: Callable[[Library, R, JobContext], JobOutcome]
    check: Callable[[Library, R], None] = nothing_to_check
