"""From what an executor says to what a person reads."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Doing:
    """What a worker does, as sentences about it say: ``did`` something, ``doing`` something."""

    did: str
    doing: str


LISTENING = Doing("listened to", "Listening to")
MIXING = Doing("mixed", "Mixing")
LOADING = Doing("loaded", "Loading")
LAYING_OUT = Doing("laid out", "Laying out")


def error_of(failed: Failed, path: str, *, doing: Doing = LISTENING) -> SonotecaError:
    """The failure of one file, or of what else a worker works on, with a code, a sentence and a remedy."""
    shown = printable_path(path)
    if isinstance(failed.error, SonotecaError):
        return failed.error
    if failed.kind == "crash":
        return WorkerCrashed(f"The process that {doing.did} {shown} died: {failed.message}.")
    if failed.kind == "timeout":
        return WorkerTimedOut(f"{doing.doing} {shown} did not end: {failed.message}.")
    if failed.kind == "memory":
        return WorkerOutOfMemory(f"{doing.doing} {shown} needed too much memory: {failed.message or 'out of memory'}.")
    if failed.kind == "lost":
        return ListeningStopped(f"{doing.doing} {shown} was stopped: {failed.message}.")
    kind = "" if failed.error is None else f"{type(failed.error).__name__}: "
    return WorkerError(f"{doing.doing} {shown} failed: {kind}{failed.message}")
