"""Jobs that make something: an arrangement's sound, and all that is derived from the library."""

from __future__ import annotations

from sonoteca.arrange.keep.store import load_arrangement
from sonoteca.arrange.sound.render import RenderRequest, render
from sonoteca.catalogue.store.library import Library
from sonoteca.jobs.kind import JobContext, JobOutcome
from sonoteca.jobs.requests import RebuildIndexJob, RenderJob
from sonoteca.upkeep.derived_things import rebuild_index

RENDERS = "renders"


def check_arrangement(library: Library, request: RenderJob) -> None:
    """Refuse what is no arrangement of the library."""
    with library.read() as connection:
        load_arrangement(connection, request.arrangement)


def render_arrangement(library: Library, request: RenderJob, context: JobContext) -> JobOutcome:
    """Render an arrangement to a file of the job's own; the result says where it is, and how it sounds."""
    context.progress.step(request.arrangement, total=1, done=0)
    output = library.data_folder(RENDERS) / f"{context.job_id}.{request.format}"
    asked = RenderRequest(
        arrangement=request.arrangement,
        output=str(output),
        stems=request.stems,
        rate=request.rate,
        allow_missing=request.allow_missing,
    )
    answer = render(library, asked, listener=context.listener)
    context.progress.ended(total=1, done=1, skipped=0, failed=0)
    return JobOutcome(answer.as_json())


def rebuild(library: Library, request: RebuildIndexJob, context: JobContext) -> JobOutcome:
    """Make all that is derived anew; the result is the check of it."""
    answer = rebuild_index(library, progress=context.progress.step)
    context.progress.ended(total=1, done=1, skipped=0, failed=0)
    return JobOutcome(answer.as_json())
