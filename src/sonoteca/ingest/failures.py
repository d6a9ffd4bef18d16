"""From what an executor says to what a person reads."""

from __future__ import annotations

from sonoteca.domain.names import printable_path
from sonoteca.errors import (
    ListeningStopped,
    SonotecaError,
    WorkerCrashed,
    WorkerError,
    WorkerOutOfMemory,
    WorkerTimedOut,
)
from sonoteca.workers.executor import Failed


class FileChanged(WorkerError):
    """A file's content was another when it was heard than when it was identified."""

    code = "file_changed"
    default_remedy = "Add its folder again when no other program writes to the file."


def error_of(failed: Failed, path: str) -> SonotecaError:
    """The failure of one file, with a code, a sentence and a remedy."""
    shown = printable_path(path)
    if isinstance(failed.error, SonotecaError):
        return failed.error
    if failed.kind == "crash":
        return WorkerCrashed(f"The process that listened to {shown} died: {failed.message}.")
    if failed.kind == "timeout":
        return WorkerTimedOut(f"Listening to {shown} did not end: {failed.message}.")
    if failed.kind == "memory":
        return WorkerOutOfMemory(f"Listening to {shown} needed too much memory: {failed.message or 'out of memory'}.")
    if failed.kind == "lost":
        return ListeningStopped(f"Listening to {shown} was stopped: {failed.message}.")
    kind = "" if failed.error is None else f"{type(failed.error).__name__}: "
    return WorkerError(f"Listening to {shown} failed: {kind}{failed.message}")
