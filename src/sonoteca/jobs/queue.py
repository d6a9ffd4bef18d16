"""What a program asks of the queue: to take work, to say how it stands, to let it be."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from sonoteca.catalogue.made import jobs as rows
from sonoteca.catalogue.made.jobs import Job, JobState
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.errors import about
from sonoteca.jobs.callback import check_callback
from sonoteca.jobs.kinds import KINDS
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import AnyJobRequest, as_shown, as_stored, check_named, from_stored
from sonoteca.jobs.uploads import remove_staged, staged_of

_WAKE = "jobs.wake"


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """A job as it stands."""

    job: Job

    @property
    def id(self) -> str:
        return self.job.id

    def as_json(self) -> dict[str, Any]:
        """The job's object: id, kind, state, attempts, cancel_asked, progress, result, error, callback, change, moments, request."""
        return {**self.job.as_json(), "request": as_shown(self.job.request)}


class ListJobsRequest(Request):
    """Which jobs to list, the last asked for first.

    Attributes
    ----------
    states : tuple of str
        Only jobs in one of these states: queued, running, done, failed, cancelled.
    kinds : tuple of str
        Only jobs of these kinds.
    limit : int in 1..500
        So many on a page.
    cursor : str, optional
        Where the page before ended: its ``next_cursor``.
    """

    states: tuple[JobState, ...] = ()
    kinds: tuple[str, ...] = ()
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class JobList(Rows):
    """A page of jobs; ``next_cursor`` is None where nothing follows, ``counts`` are of all jobs by state."""

    request: ListJobsRequest
    rows: tuple[JobAnswer, ...]
    next_cursor: str | None
    counts: Mapping[JobState, int]

    def as_json(self) -> dict[str, Any]:
        return {
            "query": self.request.as_json(),
            "results": self.as_rows(),
            "next_cursor": self.next_cursor,
            "counts": dict(self.counts),
        }


@dataclass(frozen=True, slots=True, repr=False)
class JobChanges(Rows):
    """Jobs that changed, each once and as it is now, the longest ago first.

    ``last`` is what to ask after next: the number of the last change that is told of here, or, where nothing
    changed, of the last there was.
    """

    rows: tuple[JobAnswer, ...]
    last: int

    def as_json(self) -> dict[str, Any]:
        return {"results": self.as_rows(), "last": self.last}


class PurgeJobsRequest(Request):
    """Which jobs to forget.

    Attributes
    ----------
    older_than_days : float >= 0 [days]
        Only jobs that ended so long ago.
    states : tuple of str
        Only jobs that ended so: done, failed, cancelled.
    """

    older_than_days: float = Field(default=30.0, ge=0)
    states: tuple[JobState, ...] = rows.ENDED


@dataclass(frozen=True, slots=True)
class PurgeAnswer:
    """How many jobs were forgotten."""

    request: PurgeJobsRequest
    jobs: int

    def as_json(self) -> dict[str, Any]:
        return {"query": self.request.as_json(), "jobs": self.jobs}


def submit_job(library: Library, request: AnyJobRequest, *, settings: QueueSettings = QueueSettings()) -> JobAnswer:
    """Take work into the queue; once this returns it is kept, and is done whatever happens to this process.

    Parameters
    ----------
    request : AnalyzeJob, AnalyzeUploadJob, KeepUploadJob, RetryFailedJob, RenderJob or RebuildIndexJob

    Raises
    ------
    QueueFull
        Too many jobs wait.
    RequestError
        What is asked for cannot be done: see the request's class; or ``callback_url`` may not be told.
    LibraryError
        The library cannot be written.
    """
    check_named(request)
    check_callback(request.callback_url, settings)
    KINDS[request.kind].check(library, request)
    with library.write() as connection:
        job = rows.submit(
            connection,
            request.kind,
            as_stored(request),
            most_queued=settings.most_queued,
            callback_url=request.callback_url,
        )
    wake(library).set()
    return JobAnswer(job)


def get_job(library: Library, job: str) -> JobAnswer:
    """How a job stands; JobNotFound if there is none of that id."""
    with library.read() as connection, about("job"):
        return JobAnswer(rows.get_job(connection, job))


def list_jobs(library: Library, request: ListJobsRequest = ListJobsRequest()) -> JobList:
    """List jobs, the last asked for first; JobNotFound if the cursor is none."""
    with library.read() as connection, about("cursor"):
        found = rows.list_jobs(
            connection,
            states=request.states,
            kinds=request.kinds,
            limit=request.limit + 1,
            before=request.cursor,
        )
        counts = rows.count_by_state(connection)
    page = tuple(JobAnswer(job) for job in found[: request.limit])
    return JobList(request, page, page[-1].id if len(found) > request.limit else None, counts)


def job_changes(library: Library, after: int = 0, *, job: str | None = None, limit: int = 200) -> JobChanges:
    """Which jobs changed since the change number ``after``; cheap enough to be asked twice a second.

    Parameters
    ----------
    after : int >= 0
        ``last`` of the answer before, or ``change`` of a job.
    job : str, optional
        Only this one.
    limit : int >= 1
        No more jobs than that; what is left out comes with the next question.
    """
    with library.read() as connection:
        last = rows.last_change(connection)
        if last <= after:
            return JobChanges((), last)
        changed = rows.changed_jobs(connection, after, public_id=job, limit=limit)
    return JobChanges(tuple(map(JobAnswer, changed)), changed[-1].change if len(changed) == limit else last)


def cancel_job(library: Library, job: str) -> JobAnswer:
    """Ask that a job be not done: one that waits never is, one that runs stops within seconds.

    What a running job has stored by then stays. A job that has ended stays as it ended. JobNotFound if there is none.
    """
    with library.write() as connection, about("job"):
        found = rows.cancel(connection, job)
    if found.has_ended:
        let_go(library, found)
    wake(library).set()
    return JobAnswer(found)


def retry_job(library: Library, job: str, *, settings: QueueSettings = QueueSettings()) -> JobAnswer:
    """Put a job that failed or was cancelled into the queue again, under its id.

    Raises
    ------
    JobNotFound, QueueFull
    RequestError
        It has not ended so, or what it needs is not there any more.
    """
    with library.read() as connection, about("job"):
        found = rows.get_job(connection, job)
    request = from_stored(found.request, found.callback_url)
    check_callback(request.callback_url, settings)
    KINDS[request.kind].check(library, request)
    with library.write() as connection:
        found = rows.queue_again(connection, job, most_queued=settings.most_queued)
    wake(library).set()
    return JobAnswer(found)


def purge_jobs(library: Library, request: PurgeJobsRequest = PurgeJobsRequest()) -> PurgeAnswer:
    """Forget jobs that ended long ago; files that were sent and that no job waits for go with ``clean_up``."""
    before = clock.moment(datetime.now(UTC) - timedelta(days=request.older_than_days))
    with library.write() as connection:
        forgotten = rows.purge(connection, ended_before=before, states=request.states)
    return PurgeAnswer(request, forgotten)


def let_go(library: Library, job: Job) -> None:
    """Remove what a job that has ended needs no more."""
    staged = staged_of(job.request)
    if staged is not None:
        remove_staged(library, staged)


def wake(library: Library) -> threading.Event:
    """Set when something is to be done in the queue of a library: who runs it in this process need not look."""
    with library.lock(_WAKE):
        event: threading.Event = library.held.setdefault(_WAKE, threading.Event())
        return event
