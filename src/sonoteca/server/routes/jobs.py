"""Work that goes on in the background: how it stands, as it changes, and an end to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Body, Header, Path
from starlette.concurrency import run_in_threadpool

import sonoteca
from sonoteca import JobAnswer, Library
from sonoteca.errors import JobNotFound, QuerySyntaxError, QueueFull
from sonoteca.server.event_stream import HEARTBEAT, HEARTBEAT_S, MEDIA_TYPE, EventStream, event
from sonoteca.server.job_feed import JobFeed
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import Feed, OpenLibrary, Queue, Stop

router = routes("jobs")

JobId = Annotated[str, Path(description="Id of a job.", min_length=1, max_length=64)]
LastEventId = Annotated[
    str | None, Header(description="Id of the last event that was got; what came after it is sent.", max_length=100)
]
# Files have routes of their own.
JobOfLibrary = Annotated[
    sonoteca.MakeClipsJob | sonoteca.RetryFailedJob | sonoteca.RebuildIndexJob, Body(discriminator="kind")
]

JOB = {
    "id": "j7c2m9x4k1qd",
    "kind": "analyze",
    "state": "done",
    "attempts": 1,
    "cancel_asked": False,
    "progress": {"total": 1, "done": 1, "skipped": 0, "failed": 0},
    "result": {"total": 1, "done": 1, "skipped": 0, "failed": 0, "files": [{"path": "loops/a.wav", "state": "done"}]},
    "error": {"code": "job_failed", "message": "None of 3 files could be heard.", "remedy": "See what each says."},
    "callback": {"url": "https://shop.example/heard"},
    "change": 42,
    "created_at": "2026-11-29T12:00:00.000Z",
    "started_at": "2026-11-29T12:00:00.100Z",
    "finished_at": "2026-11-29T12:00:01.500Z",
    "request": {"kind": "analyze", "paths": ["loops/a.wav"]},
}
_EVENTS = {MEDIA_TYPE: {"schema": {"type": "string"}}}


@router.get(
    "/api/jobs",
    **documented(
        "Jobs, the last asked for first, and how many are in each state.",
        example={
            "query": {"limit": 50},
            "results": [JOB],
            "next_cursor": "j7c2m9x4k1qd",
            "counts": {"queued": 0, "running": 1, "done": 12, "failed": 0, "cancelled": 0},
        },
        errors=[JobNotFound],
    ),
)
def list_jobs(
    fields: Annotated[dict[str, Any], asked(sonoteca.ListJobsRequest)], library: OpenLibrary
) -> StrictJSONResponse:
    return answered(sonoteca.list_jobs(library, sonoteca.ListJobsRequest(**fields)))


@router.post(
    "/api/jobs",
    **documented(
        "Ask for work on the library as a whole: `make_clips`, `retry_failed` or `rebuild_index`; 202 and the job.",
        example={**JOB, "kind": "make_clips", "state": "queued", "request": {"kind": "make_clips", "filter": ""}},
        errors=[QueueFull, QuerySyntaxError],
        status=202,
    ),
)
def submit_job(request: JobOfLibrary, library: OpenLibrary, queue: Queue) -> StrictJSONResponse:
    return answered(sonoteca.submit_job(library, request, settings=queue), 202)


@router.get(
    "/api/jobs/events",
    **documented(
        "Changes of all jobs as they happen, as server-sent events.",
        description="Begins with an event `snapshot` of the jobs that wait or run, unless `Last-Event-ID` names an "
        "event of this library; then each changed job is an event `job`.",
        example=None,
        media_types=_EVENTS,
    ),
)
async def all_job_events(
    library: OpenLibrary, feed: Feed, stop: Stop, last_event_id: LastEventId = None
) -> EventStream:
    return EventStream(_all_events(library, feed, last_event_id), stop)


@router.get("/api/jobs/{id}", **documented("How a job stands, and what came of it.", example=JOB, errors=[JobNotFound]))
def get_job(id: JobId, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.get_job(library, id))


@router.get(
    "/api/jobs/{id}/events",
    **documented(
        "A job as it changes, as server-sent events, until it has ended.",
        description="Each event is named `job` and holds the job's object. The stream ends with the job.",
        example=None,
        media_types=_EVENTS,
        errors=[JobNotFound],
    ),
)
async def job_events(
    id: JobId, library: OpenLibrary, feed: Feed, stop: Stop, last_event_id: LastEventId = None
) -> EventStream:
    # Before the stream begins: a job that is not there is an answer of its own.
    await run_in_threadpool(sonoteca.get_job, library, id)
    return EventStream(_events_of(library, feed, id, last_event_id), stop)


@router.delete(
    "/api/jobs/{id}",
    **documented(
        "Ask that a job be not done: one that waits never is, one that runs stops within seconds.",
        example={**JOB, "state": "cancelled"},
        errors=[JobNotFound],
    ),
)
def cancel_job(id: JobId, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.cancel_job(library, id))


@router.post(
    "/api/jobs/{id}/retry",
    **documented(
        "Put a job that failed or was cancelled into the queue again, under its id.",
        example={**JOB, "state": "queued"},
        errors=[JobNotFound, QueueFull],
        status=202,
    ),
)
def retry_job(id: JobId, library: OpenLibrary, queue: Queue) -> StrictJSONResponse:
    return answered(sonoteca.retry_job(library, id, settings=queue), 202)


async def _events_of(library: Library, feed: JobFeed, id: str, last_event_id: str | None) -> AsyncGenerator[bytes]:
    seen = _resumed(library, last_event_id) or 0
    async with feed.listening():
        if seen > feed.last:
            # Of a state that a backup took back.
            seen = 0
        while True:
            job = (await run_in_threadpool(sonoteca.get_job, library, id)).job
            if job.change > seen:
                seen = job.change
                yield event("job", JobAnswer(job).as_json(), _event_id(library, seen))
            if job.has_ended:
                return
            if not await feed.changed(max(seen, feed.last), HEARTBEAT_S):
                yield HEARTBEAT


async def _all_events(library: Library, feed: JobFeed, last_event_id: str | None) -> AsyncGenerator[bytes]:
    seen = _resumed(library, last_event_id)
    async with feed.listening():
        if seen is None or seen > feed.last:
            seen = feed.last
            waiting = sonoteca.ListJobsRequest(states=("queued", "running"), limit=500)
            found = await run_in_threadpool(sonoteca.list_jobs, library, waiting)
            yield event("snapshot", found.as_json(), _event_id(library, seen))
        while True:
            changes = await run_in_threadpool(sonoteca.job_changes, library, seen)
            for each in changes.rows:
                yield event("job", each.as_json(), _event_id(library, each.job.change))
            seen = changes.last
            if not changes.rows and not await feed.changed(seen, HEARTBEAT_S):
                yield HEARTBEAT


def _event_id(library: Library, change: int) -> str:
    """Which library the number of a change belongs to, and the number."""
    return f"{library.uuid[:8]}-{change}"


def _resumed(library: Library, last_event_id: str | None) -> int | None:
    """The change that was seen last; None for none, or one of another library."""
    epoch, _, number = (last_event_id or "").partition("-")
    return int(number) if epoch == library.uuid[:8] and number.isascii() and number.isdigit() else None
