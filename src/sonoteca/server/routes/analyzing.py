"""Listening on demand: to files of the library's folders, and to files that are sent."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

import sonoteca
from sonoteca import JobAnswer, Library
from sonoteca.domain.request import Request
from sonoteca.errors import (
    AudioError,
    FileUnreadable,
    PathOutsideRoots,
    QueueFull,
    RequestError,
    StoredFailure,
    WorkerError,
)
from sonoteca.server.job_feed import JobFeed
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.route import documented, routes
from sonoteca.server.routes.jobs import JOB
from sonoteca.server.running import Feed, OpenLibrary, OpenStaging, Queue, Stop, Stopping, WarmListener
from sonoteca.server.uploads import Form, UploadForm, upload_body

router = routes("analyzing")

# So long an answer is waited for; what takes longer is a job to be asked for.
_MOST_WAITED_S = 120.0
_ACCEPTED = 202

SOUND = {
    "schema": 1,
    "id": "k3v9q2h7d4mx",
    "path": "walking.wav",
    "status": "ok",
    "kind": {"value": "loop", "confidence": 0.97},
    "tempo": {"bpm": 90.0, "confidence": 0.95},
    "key": {"name": "A minor", "confidence": 0.8},
}
Wait = Annotated[bool, Query(description="Answer when it was heard, after at most two minutes, not at once.")]
Keep = Annotated[bool, Query(description="Keep the file in the library, in its folder of uploads.")]


class FileToAnalyze(Request):
    """A file to listen to.

    Attributes
    ----------
    file_path : str
        It lies in a folder of the library; absolute, or relative to one of the folders.
    wait : bool
        Answer when it was heard, after at most two minutes, not at once.
    force : bool
        Listen also to what is known.
    timeout_s : float > 0, optional
        Deadline of the file in seconds; 60 s and a fifth of its length when left out.
    callback_url : str, optional
        An address that is told when the job ends; its host has to be allowed.
    """

    file_path: str = Field(min_length=1)
    wait: bool = False
    force: bool = False
    timeout_s: float | None = Field(default=None, gt=0)
    callback_url: str | None = None


class FilesToAnalyze(Request):
    """Files to listen to: fields as of ``FileToAnalyze``, but for ``file_paths``, 1 to 100,000 of them."""

    file_paths: tuple[str, ...] = Field(min_length=1, max_length=100_000)
    force: bool = False
    timeout_s: float | None = Field(default=None, gt=0)
    callback_url: str | None = None


@router.post(
    "/analyze",
    **documented(
        "Listen to a file of the library's folders and keep what is heard: 202 and the job, or, waited for, the job's end.",
        example=JOB,
        errors=[PathOutsideRoots, FileUnreadable, QueueFull],
        status=_ACCEPTED,
        also={200: JOB},
    ),
)
async def analyze(
    asked: FileToAnalyze, library: OpenLibrary, queue: Queue, feed: Feed, stop: Stop
) -> StrictJSONResponse:
    request = sonoteca.AnalyzeJob(
        paths=(asked.file_path,), force=asked.force, timeout_s=asked.timeout_s, callback_url=asked.callback_url
    )
    job = await run_in_threadpool(sonoteca.submit_job, library, request, settings=queue)
    if asked.wait:
        job = await _ended(library, job, feed, stop)
    return _accepted(job)


@router.post(
    "/api/analyze/batch",
    **documented(
        "Listen to files of the library's folders and keep what is heard, as one job that says of each what came of it.",
        example=JOB,
        errors=[PathOutsideRoots, FileUnreadable, QueueFull],
        status=_ACCEPTED,
    ),
)
def analyze_batch(asked: FilesToAnalyze, library: OpenLibrary, queue: Queue) -> StrictJSONResponse:
    request = sonoteca.AnalyzeJob(
        paths=asked.file_paths, force=asked.force, timeout_s=asked.timeout_s, callback_url=asked.callback_url
    )
    return _accepted(sonoteca.submit_job(library, request, settings=queue))


@router.post(
    "/api/analyze/upload",
    **documented(
        "Listen to a file that is sent: its sound object, and nothing stays; or, kept, 202 and the job that adds it.",
        description="Without `keep` the answer is the sound object and no row of it stays, unless `wait=false` asks for "
        "a job. With `keep=true` the bytes are in the library's folder of uploads under a name made of their content.",
        example=SOUND,
        errors=[AudioError, WorkerError, QueueFull],
        body=upload_body(
            beside={"callback_url": {"type": "string", "description": "Told when the job ends."}},
        ),
        also={200: JOB, _ACCEPTED: JOB},
    ),
)
async def analyze_upload(
    form: UploadForm,
    library: OpenLibrary,
    listener: WarmListener,
    staging: OpenStaging,
    queue: Queue,
    feed: Feed,
    stop: Stop,
    keep: Keep = False,
    wait: Annotated[
        bool | None,
        Query(description="Answer when it was heard, after at most two minutes; so it is unless the file is kept."),
    ] = None,
) -> StrictJSONResponse:
    upload = form.file()
    waits = not keep if wait is None else wait
    _refuse_others(form, {"callback_url"})
    if waits and not keep:
        heard = await run_in_threadpool(sonoteca.heard_sound, upload.path, listener=listener)
        return StrictJSONResponse(form.named(heard))
    await run_in_threadpool(listener.check_file, upload.path)
    kind = sonoteca.KeepUploadJob if keep else sonoteca.AnalyzeUploadJob
    name, callback_url = upload.name, form.text("callback_url")
    # The job's file is in its place before its row is.
    staged = await run_in_threadpool(staging.hand_over, upload.path)
    try:
        request = kind(staged=staged, name=name, callback_url=callback_url)
        job = await run_in_threadpool(sonoteca.submit_job, library, request, settings=queue)
    except BaseException:
        await run_in_threadpool(staging.take_back, staged)
        raise
    if waits:
        # For a job, not for a worker: no thread is held.
        if form.turn is not None:
            form.turn.end()
        job = await _ended(library, job, feed, stop)
        if job.job.state == "failed":
            raise _failure(job)
    return _accepted(job)


async def _ended(library: Library, job: JobAnswer, feed: JobFeed, stop: Stopping) -> JobAnswer:
    """The job when it has ended, or as it stands when it was waited for long enough."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _MOST_WAITED_S
    async with feed.listening():
        while not job.job.has_ended and loop.time() < until and not stop.is_set():
            await feed.changed(feed.last, min(1.0, until - loop.time()))
            job = await run_in_threadpool(sonoteca.get_job, library, job.id)
    return job


def _accepted(job: JobAnswer) -> StrictJSONResponse:
    status = 200 if job.job.has_ended else _ACCEPTED
    return answered(job, status, {"Location": f"/api/jobs/{job.id}"})


def _failure(job: JobAnswer) -> StoredFailure:
    error: dict[str, Any] = dict(job.job.error or {})
    return StoredFailure(error.get("code", "job_failed"), error.get("message", ""), error.get("remedy", ""))


def _refuse_others(form: Form, known: set[str]) -> None:
    for name in form.texts:
        if name not in known:
            raise RequestError(
                f"The form has an unknown field {name!r}.", f"It may have {', '.join(known)}.", field=name
            )
