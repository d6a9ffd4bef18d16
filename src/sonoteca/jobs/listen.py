"""Jobs that listen: files of the library's folders, files that were sent, files that failed before.

A run is a ``add``, so a job that is begun again after a kill goes on where the first try was. What
came of each file is read from the catalogue at the end, not counted on the way: a file that an
earlier try stored is done as well.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.audio.names import name_claims
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.heard import file_claims
from sonoteca.catalogue.identity.inside_roots import path_inside_roots
from sonoteca.catalogue.identity.roots import Root, ensure_root, find_place, list_roots
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import claims, locations, sounds
from sonoteca.domain.answer import counted
from sonoteca.domain.claim import Claim
from sonoteca.domain.file_paths import shown_path
from sonoteca.domain.names import printable_path
from sonoteca.errors import JobFailed, SonotecaError, StoredFailure, about
from sonoteca.ingest.inspect import InspectRequest, inspect
from sonoteca.ingest.report import AddAnswer
from sonoteca.ingest.requests import AddRequest, RetryRequest
from sonoteca.jobs.kind import JobContext, JobOutcome
from sonoteca.jobs.requests import AnalyzeJob, AnalyzeUploadJob, KeepUploadJob, RetryFailedJob
from sonoteca.jobs.uploads import UPLOADS, keep_staged, staged_file
from sonoteca.search.add import add, retry
from sonoteca.workers.executor import WorkStopped

# So many files are named in a result, those that were not done first.
MOST_NAMED = 200
# A file that another run is listening to is looked at again so soon, and for so long.
_AGAIN_S = 0.5
_MOST_AGAIN = 1800

FileState = Literal["done", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file; ``error`` says why it was skipped or failed."""

    path: str
    state: FileState
    id: str | None = None
    error: SonotecaError | None = None

    def as_json(self) -> dict[str, Any]:
        error = self.error
        return {
            "path": shown_path(self.path),
            "state": self.state,
            "id": self.id,
            "code": None if error is None else error.code,
            "message": None if error is None else error.message,
            "remedy": None if error is None else error.remedy,
        }


# --- files of the library's folders -------------------------------------------------------------


def check_paths(library: Library, request: AnalyzeJob) -> None:
    """Refuse a single file that cannot be meant; of several each is told of at the end."""
    if len(request.paths) == 1:
        with library.read() as connection, about("paths"):
            path_inside_roots(list_roots(connection), request.paths[0])


def analyze(library: Library, request: AnalyzeJob, context: JobContext) -> JobOutcome:
    """Listen to files of the library's folders; the result says of each what came of it."""
    with library.read() as connection:
        roots = list_roots(connection)
    meant: dict[str, str] = {}
    results: dict[str, FileResult] = {}
    for given in dict.fromkeys(request.paths):
        try:
            meant[given] = path_inside_roots(roots, given)
        except SonotecaError as error:
            results[given] = FileResult(given, "skipped", error=error)
    if meant:
        paths = tuple(dict.fromkeys(meant.values()))
        asked = AddRequest(paths=paths, force=request.force, timeout_s=request.timeout_s)
        _add(library, asked, context)
        results |= _results(library, roots, meant, context)
    return _told([results[given] for given in dict.fromkeys(request.paths)], context)


def _results(
    library: Library, roots: Sequence[Root], meant: Mapping[str, str], context: JobContext
) -> dict[str, FileResult]:
    with library.read() as connection:
        return {given: _result(connection, given, path, context) for given, path in meant.items()}


def _result(connection: Connection, given: str, path: str, context: JobContext) -> FileResult:
    row = _location(connection, path)
    if row is not None and row.status == "analysed":
        return FileResult(given, "done", row.public_id)
    if row is not None:
        code = row.sound_error_code or row.error_code
        if code is not None:
            message, remedy = row.sound_error_message or row.error_message, row.sound_error_remedy or row.error_remedy
            return FileResult(given, "failed", row.public_id, StoredFailure(code, message or "", remedy or ""))
    if (left := context.progress.left_out.get(path)) is not None:
        return FileResult(given, "skipped", error=left.error)
    if not os.path.lexists(path):
        return FileResult(given, "skipped", error=StoredFailure("file_unreadable", f"{shown_path(given)} is gone.", ""))
    waits = StoredFailure("not_analysed", "It was not listened to: another run has it.", "Have it tried again later.")
    return FileResult(given, "skipped", None if row is None else row.public_id, waits)


def _location(connection: Connection, path: str) -> Any:
    """Row of a file with its sound's state and error; None if the library does not know it."""
    place = find_place(connection, path)
    if place is None:
        return None
    query = (
        sa.select(
            locations.c.id,
            locations.c.sound_id,
            locations.c.error_code,
            locations.c.error_message,
            locations.c.error_remedy,
            sounds.c.public_id,
            sounds.c.status,
            sounds.c.error_code.label("sound_error_code"),
            sounds.c.error_message.label("sound_error_message"),
            sounds.c.error_remedy.label("sound_error_remedy"),
        )
        .outerjoin(sounds, sounds.c.id == locations.c.sound_id)
        .where(locations.c.root_id == place.root.id, locations.c.relative_path == place.relative_path)
    )
    return connection.execute(query).first()


def _add(library: Library, request: AddRequest, context: JobContext) -> AddAnswer:
    """Add files, again as long as another run is listening to one of them."""
    return _until_free(lambda: add(library, request, listener=context.listener, progress=context.progress), context)


def _until_free(run: Callable[[], AddAnswer], context: JobContext) -> AddAnswer:
    for _ in range(_MOST_AGAIN):
        answer = run()
        if answer.interrupted or context.stop.is_set():
            raise WorkStopped
        if not answer.elsewhere or context.stop.wait(_AGAIN_S):
            break
    context.progress.require_going_on()
    return answer


def _told(files: Sequence[FileResult], context: JobContext, **more: Any) -> JobOutcome:
    """The result of a batch, which has failed where not one file of it was done."""
    count = Counter(each.state for each in files)
    done, skipped, failed = count["done"], count["skipped"], count["failed"]
    context.progress.ended(total=len(files), done=done, skipped=skipped, failed=failed)
    named = sorted(files, key=lambda each: ("failed", "skipped", "done").index(each.state))
    result = {
        "total": len(files),
        "done": done,
        "skipped": skipped,
        "failed": failed,
        "files": [each.as_json() for each in named[:MOST_NAMED]],
        "truncated": len(named) > MOST_NAMED,
        **more,
    }
    if done or not files:
        return JobOutcome(result)
    return JobOutcome(result, _nothing_done(named))


def _nothing_done(files: Sequence[FileResult]) -> SonotecaError:
    first = files[0]
    if len(files) == 1 and first.error is not None:
        return first.error
    reasons = Counter(each.error.code for each in files if each.error is not None)
    why = ", ".join(f"{number:,} {code}" for code, number in reasons.most_common(5))
    return JobFailed(f"None of {counted(len(files), 'file')} was done: {why}.")


# --- files that failed before -------------------------------------------------------------------


def retry_failed(library: Library, request: RetryFailedJob, context: JobContext) -> JobOutcome:
    """Listen again to what failed; the result counts as ``retry`` does."""
    asked = RetryRequest(codes=request.codes, timeout_s=request.timeout_s)
    answer = retry(library, asked, listener=context.listener, progress=context.progress)
    if answer.interrupted or context.stop.is_set():
        raise WorkStopped
    skipped = answer.elsewhere + answer.still_pending
    context.progress.ended(total=answer.found, done=answer.analysed, skipped=skipped, failed=answer.failed)
    failures = [
        FileResult(each.path, "failed", error=each.error).as_json()
        for each in answer.failures
        if each.error is not None
    ]
    result = {
        "total": answer.found,
        "done": answer.analysed,
        "skipped": skipped,
        "failed": answer.failed,
        "files": failures[:MOST_NAMED],
        "truncated": len(failures) > MOST_NAMED,
    }
    if answer.found and not answer.analysed:
        return JobOutcome(result, JobFailed(f"None of {counted(answer.found, 'file')} that had failed was done."))
    return JobOutcome(result)


# --- files that were sent -----------------------------------------------------------------------


def check_staged(library: Library, request: AnalyzeUploadJob | KeepUploadJob) -> None:
    """Refuse what is about bytes that are not there."""
    staged_file(library, request.staged)


def analyze_upload(library: Library, request: AnalyzeUploadJob, context: JobContext) -> JobOutcome:
    """Listen to a file that was sent, and keep nothing of it; the result is its sound object."""
    path = staged_file(library, request.staged)
    context.progress.call_it(request.name)
    context.progress.step(None, total=1, done=0)
    asked = InspectRequest(paths=(str(path),), timeout_s=request.timeout_s)
    [heard] = inspect(asked, listener=context.listener)
    return _of_sound({**heard, "path": request.name}, path, request.name, context)


def keep_upload(library: Library, request: KeepUploadJob, context: JobContext) -> JobOutcome:
    """Keep a file that was sent under its content, and add it; the result is its sound object."""
    staged = staged_file(library, request.staged)
    context.progress.call_it(request.name)
    context.progress.step(None, total=1, done=0)
    kept = keep_staged(library, staged, request.name)
    with library.write() as connection:
        # One root for all, whatever folder of it a file comes into.
        ensure_root(connection, library.data_folder(UPLOADS))
    _add(library, AddRequest(paths=(str(kept),), timeout_s=request.timeout_s), context)
    with library.read() as connection:
        result = _result(connection, request.name, str(kept), context)
        row = _location(connection, str(kept))
    if row is None or row.sound_id is None:
        context.progress.ended(total=1, done=0, skipped=0, failed=1)
        return JobOutcome(None, _without_path(result.error or JobFailed("It was not kept."), kept, request.name))
    with library.write() as connection:
        _call_it(connection, row.id, row.sound_id, request.name)
    with library.read() as connection:
        sound = stored_sound_object(connection, row.sound_id)
    return _of_sound(sound, kept, request.name, context, error=result.error)


def _of_sound(
    sound: dict[str, Any],
    path: Path,
    name: str,
    context: JobContext,
    *,
    error: SonotecaError | None = None,
) -> JobOutcome:
    if sound["error"] is not None:
        told = sound["error"]
        error = _without_path(StoredFailure(told["code"], told["message"], told["remedy"]), path, name)
        sound = {**sound, "error": {**told, "message": error.message}}
    is_done = error is None
    context.progress.ended(total=1, done=int(is_done), skipped=0, failed=int(not is_done))
    return JobOutcome(sound, error)


def _without_path(error: SonotecaError, path: Path, name: str) -> SonotecaError:
    """The same error, about the file by the name that its sender knows: where it is kept is the library's business."""
    message = error.message.replace(printable_path(path), name).replace(path.name, name)
    return StoredFailure(error.code, message, error.remedy)


def _call_it(connection: Connection, location_id: int, sound_id: int, name: str) -> None:
    """Let a kept file be called what it was called where it comes from, where its own tags say nothing."""
    query = sa.select(claims).where(claims.c.location_id == location_id).order_by(claims.c.position)
    said = [Claim(row.field, row.value, row.producer) for row in connection.execute(query)]
    known = {claim.field for claim in said}
    more: list[Claim] = [claim for claim in name_claims(name) if claim.field not in known]
    if "title" not in known and (title := os.path.splitext(name)[0].strip()):
        more.append(Claim("title", title, "name"))
    if more:
        file_claims.keep(connection, {location_id: [*said, *more]})
        file_claims.settle_places(connection, [sound_id])
