"""Every error a person can meet: a code, a sentence, a remedy, an HTTP status and an exit code.

An error class names a situation, not a module. ``str(error)`` is the sentence alone; the
command line and the HTTP API print code, sentence and remedy from the attributes. A remedy
is told without the words of either: each adds how it is done with its own commands, options
or routes. Errors survive pickling, because workers send them to the parent process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


class SonotecaError(Exception):
    """Base of all errors meant for a person.

    Parameters
    ----------
    message : str
        One sentence that shows the offending value.
    remedy : str, optional
        What the reader can do; the class's own remedy when left out.
    field : str, optional
        The field of the request that the sentence is about, as JSON calls it.
    """

    code: ClassVar[str] = "internal_error"
    default_remedy: ClassVar[str] = "This is a fault in Sonoteca: please report it with the text above."
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy if remedy is not None else self.default_remedy
        self.field = field

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.remedy, {"field": self.field})

    def as_json(self) -> dict[str, Any]:
        """Code, sentence, remedy and field, for programs."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy, "field": self.field}


def _rebuild(kind: type[SonotecaError], message: str, remedy: str, named: dict[str, Any]) -> SonotecaError:
    return kind(message, remedy, **named)


@contextlib.contextmanager
def about(field: str) -> Iterator[None]:
    """Say of errors raised within which field of the request they are about, if they do not say it themselves."""
    try:
        yield
    except SonotecaError as error:
        if error.field is None:
            error.field = field
        raise


# --- sounds and files ---------------------------------------------------------------------------


class AudioError(SonotecaError):
    """A file that cannot become sound."""

    code = "audio_error"
    default_remedy = "Check that the file plays in an audio player; if it does, please report it."
    http_status = 422


class NotAudio(AudioError):
    """The bytes are not audio in any format that is opened."""

    code = "not_audio"
    default_remedy = "Leave the file out, or convert it to WAV or FLAC."


class UnsupportedFormat(AudioError):
    """Recognised, but refused or without a decoder (playlists, unknown codecs)."""

    code = "unsupported_format"
    default_remedy = "Convert the file to WAV or FLAC."


class DamagedAudio(AudioError):
    """The container was recognised, but no sound could be read from it."""

    code = "damaged_audio"
    default_remedy = "Restore the file from its source or a backup, then have it tried again."


class EmptyAudio(AudioError):
    """A valid container without a single sample."""

    code = "empty_audio"
    default_remedy = "The file holds no sound: delete it or export it again."


class FileUnreadable(AudioError):
    """The operating system refused to give the bytes."""

    code = "file_unreadable"
    default_remedy = "Check that the file exists and that you may read it."


class NotARegularFile(AudioError):
    """A FIFO, device, socket, folder or dangling link."""

    code = "not_a_file"
    default_remedy = "Name a regular file."


class FileUnfinished(AudioError):
    """Another program is still writing the file, or it has a name that says so."""

    code = "file_unfinished"
    default_remedy = "Add it again when it is finished and has its own name."


# --- work in worker processes -------------------------------------------------------------------


class WorkerError(SonotecaError):
    """Analysis of one file ended without a result."""

    code = "worker_error"
    default_remedy = "Have it tried again; if it fails again, please report the file's format."
    http_status = 422


class WorkerCrashed(WorkerError):
    """The worker process died (a segmentation fault, an exit, a kill)."""

    code = "crash"


class WorkerTimedOut(WorkerError):
    """The file took longer than its deadline."""

    code = "timeout"
    default_remedy = "Have it tried again with a longer deadline."


class WorkerOutOfMemory(WorkerError):
    """The worker outgrew its memory limit."""

    code = "memory"
    default_remedy = "Have it tried again with more memory."


class ListeningStopped(WorkerError):
    """The work was stopped from outside before it ended."""

    code = "listening_stopped"
    default_remedy = "Ask again."
    http_status = 503


class AnalyzerFailed(WorkerError):
    """An analyzer raised; the others went on."""

    code = "analyzer_failed"


# --- the library --------------------------------------------------------------------------------


class LibraryError(SonotecaError):
    """The library as a whole cannot be used."""

    code = "library_error"
    default_remedy = "Check the library, the disk it lies on and this installation."
    http_status = 503
    exit_code = 3


class LibraryMissing(LibraryError):
    """There is no library at that place."""

    code = "library_missing"
    default_remedy = "Adding a folder of sounds makes one; or name the right library."


class LibraryUnwritable(LibraryError):
    """The library can be read but not changed, or its folder is missing."""

    code = "library_unwritable"
    default_remedy = "Check the permissions of the library and that its disk is mounted."


class LibraryFull(LibraryError):
    """The disk (or the database's page limit) has no room."""

    code = "library_full"
    default_remedy = "Free disk space and run the command again: what was stored before is intact."


class LibraryTooNew(LibraryError):
    """A newer program wrote this library."""

    code = "library_too_new"
    default_remedy = "Upgrade Sonoteca, or restore a backup made by this version."


class LibraryNeedsUpgrade(LibraryError):
    """An older program wrote this library, and it may not be upgraded silently here."""

    code = "library_needs_upgrade"
    default_remedy = "Upgrade the library: a backup is made first."


class LibraryDamaged(LibraryError):
    """The database file fails its own integrity check or is no database."""

    code = "library_damaged"
    default_remedy = "Restore a backup of the library."


class LibraryBusy(LibraryError):
    """Another process held the write lock for too long."""

    code = "library_busy"
    default_remedy = "Wait for the other program to end, then try again."


class WriteSwallowed(LibraryError):
    """The database accepted a write and then did not have it."""

    code = "write_swallowed"
    default_remedy = "Check row-level security and that the server is not a read-only replica."


# --- requests -----------------------------------------------------------------------------------


class RequestError(SonotecaError):
    """What was asked for cannot be done as asked."""

    code = "bad_request"
    default_remedy = "Its reference says what may be asked, and how it is written."
    http_status = 400
    exit_code = 2


class QuerySyntaxError(RequestError):
    """A query that cannot be read; ``position`` is the offending character, from 0."""

    code = "query_syntax"
    default_remedy = "A query is made of words, field:value, quotes, OR, parentheses and a leading minus."

    def __init__(
        self,
        message: str,
        remedy: str | None = None,
        *,
        field: str | None = None,
        query: str = "",
        position: int = 0,
    ) -> None:
        super().__init__(message, remedy, field=field)
        self.query = query
        self.position = position

    def __reduce__(self) -> tuple[Any, ...]:
        named = {"field": self.field, "query": self.query, "position": self.position}
        return _rebuild, (type(self), self.message, self.remedy, named)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sound that may have been meant: its public id, and what it is called."""

    id: str
    name: str


class UnclearSound(RequestError):
    """A name that means no one sound; ``candidates`` may have been meant."""

    def __init__(
        self,
        message: str,
        remedy: str | None = None,
        *,
        field: str | None = None,
        candidates: tuple[Candidate, ...] = (),
    ) -> None:
        super().__init__(message, remedy, field=field)
        self.candidates = candidates

    def __reduce__(self) -> tuple[Any, ...]:
        named = {"field": self.field, "candidates": self.candidates}
        return _rebuild, (type(self), self.message, self.remedy, named)

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "candidates": [asdict(each) for each in self.candidates]}


class SoundNotFound(UnclearSound):
    """No sound answers to that name."""

    code = "sound_not_found"
    default_remedy = 'Use an id, a path, a file\'s name, "Artist - Title", or external:ID, as lists show them.'
    http_status = 404


class AmbiguousSound(UnclearSound):
    """Several sounds answer to that name."""

    code = "ambiguous_sound"
    default_remedy = "Use one of the ids named."
    http_status = 409


class ArrangementNotFound(RequestError):
    """No arrangement answers to that id."""

    code = "arrangement_not_found"
    default_remedy = "The list of arrangements shows the ids."
    http_status = 404


class AmbiguousArrangement(RequestError):
    """Several arrangements answer to that prefix of an id."""

    code = "ambiguous_arrangement"
    default_remedy = "Use one of the ids named."
    http_status = 409


class SoundsMissing(SonotecaError):
    """Sounds that are needed now are not on this machine."""

    code = "sounds_missing"
    default_remedy = "Add the folder where the files are now, or replace the clips."
    http_status = 409


class EditsRefused(RequestError):
    """A change was asked for where only reading is allowed."""

    code = "edits_refused"
    default_remedy = "Whoever runs the program may allow edits."
    http_status = 403


class NotThereYet(RequestError):
    """Something that this version cannot do, and a later one will."""

    code = "not_there_yet"
    default_remedy = "A later version of Sonoteca can do it."
    http_status = 501


class PathOutsideRoots(RequestError):
    """A path that leads out of the folders that were added, whether or not something is there."""

    code = "path_outside_roots"
    default_remedy = "Name a file below one of the folders that were added."
    http_status = 403


class SpaceMismatch(RequestError):
    """Vectors of different embedding spaces were compared."""

    code = "space_mismatch"
    default_remedy = "Embed both sounds with the same version of the embedder: add their folders again."


class ConstraintsConflict(RequestError):
    """Wishes that cannot all be met; the message names them, the remedy the one to loosen."""

    code = "constraints_conflict"
    default_remedy = "Loosen one of them."
    http_status = 409


class JobNotFound(RequestError):
    """No job of that id: there never was one, or it was forgotten long after its end."""

    code = "job_not_found"
    default_remedy = "The list of jobs shows the ids."
    http_status = 404


class QueueFull(SonotecaError):
    """So much work waits already that no more is taken; ``retry_after_s`` says when to ask again, in seconds."""

    code = "queue_full"
    default_remedy = "Wait until some of it is done, then ask again."
    http_status = 503
    retry_after_s: ClassVar[int] = 30


class JobFailed(SonotecaError):
    """A job came to its end without having done what it was for."""

    code = "nothing_done"
    default_remedy = "The job's result says of each file what is wrong with it."
    http_status = 422


class UploadGone(RequestError):
    """The bytes that were sent are not kept any more: what was to be done with them was done, or took too long to begin."""

    code = "upload_gone"
    default_remedy = "Send the file again."
    http_status = 410


class WorksElsewhere(LibraryError):
    """This machine does not see what the library's jobs need: its data folder or its sounds."""

    code = "works_elsewhere"
    default_remedy = "Mount the same folders here as where the library is used, and name its data folder."


class PlaylistNotFound(RequestError):
    """No playlist of that name, and no file either."""

    code = "playlist_not_found"
    default_remedy = "The list of playlists shows those of this library."
    http_status = 404


class KnowledgeNotFound(RequestError):
    """No entry of the knowledge base has that id, or several begin so."""

    code = "knowledge_not_found"
    default_remedy = "The list of entries shows their ids."
    http_status = 404


class PlaylistUnreadable(RequestError):
    """A playlist file that cannot be read or written."""

    code = "playlist_unreadable"
    default_remedy = "Name an M3U or M3U8 file."


# --- asked over HTTP ----------------------------------------------------------------------------


class AddressUnusable(RequestError):
    """The server cannot listen there: another program does, or this machine does not have the address."""

    code = "address_unusable"
    default_remedy = "Use another port, or stop the program that listens there."


class HostRefused(RequestError):
    """The Host header names no host that this server answers for."""

    code = "host_refused"
    default_remedy = "Ask by an address of this machine, or have the server allow that name."
    http_status = 421


class OriginRefused(RequestError):
    """A page of another origin asked for a change."""

    code = "origin_refused"
    default_remedy = "Send an API key, or have the server allow that origin."
    http_status = 403


class KeyRequired(RequestError):
    """No API key was sent, or one that this server does not know."""

    code = "key_required"
    default_remedy = "Send a key of this server in the header Authorization: Bearer KEY."
    http_status = 401


class KeyInsufficient(RequestError):
    """The API key may read only, and a change was asked for."""

    code = "key_insufficient"
    default_remedy = "Send a key that may write."
    http_status = 403


class NoSuchRoute(RequestError):
    """Nothing answers at that path."""

    code = "no_such_route"
    default_remedy = "The interactive documentation lists all paths: /docs."
    http_status = 404


class MethodNotAllowed(RequestError):
    """The path exists, but not with that method."""

    code = "method_not_allowed"
    default_remedy = "The header Allow names the methods of the path."
    http_status = 405


class BodyUnreadable(RequestError):
    """The body of the request is not what the route reads."""

    code = "body_unreadable"
    default_remedy = "The interactive documentation shows what the route reads: /docs."


class RangeRefused(RequestError):
    """The file has no such range of bytes."""

    code = "range_refused"
    default_remedy = "Ask for bytes that the file has: the header Content-Range says how many there are."
    http_status = 416


class MediaTypeRefused(RequestError):
    """The body of the request is of a type that the route does not read."""

    code = "media_type_refused"
    default_remedy = "The header Content-Type has to say application/json, or multipart/form-data for uploads."
    http_status = 415


class BodyTooLarge(RequestError):
    """The body of the request is larger than the server takes."""

    code = "body_too_large"
    default_remedy = "Send less, or have the server's limit raised."
    http_status = 413


class BodyTooSlow(RequestError):
    """The body of the request did not come within the time limit."""

    code = "body_too_slow"
    default_remedy = "Send it again over a faster connection, or have the server's limit raised."
    http_status = 408


class DiskLow(SonotecaError):
    """The disk that would take an upload is almost full."""

    code = "disk_low"
    default_remedy = "Free disk space, then send it again."
    http_status = 507


class TryLater(SonotecaError):
    """The server has more to do than it can take now.

    Parameters
    ----------
    retry_after_s : int >= 1 [s]
        When it is worth asking again.
    """

    code = "try_later"
    default_remedy = "Ask again later."
    http_status = 503

    def __init__(
        self, message: str, remedy: str | None = None, *, field: str | None = None, retry_after_s: int = 1
    ) -> None:
        super().__init__(message, remedy, field=field)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        named = {"field": self.field, "retry_after_s": self.retry_after_s}
        return _rebuild, (type(self), self.message, self.remedy, named)


class TooManyRequests(TryLater):
    """A key, or an address without one, asked more often than it may."""

    code = "too_many_requests"
    http_status = 429


class OutputUnwritable(SonotecaError):
    """What was to be printed could not be written: the disk behind it is full or has gone."""

    code = "output_unwritable"
    default_remedy = "Free disk space where the output goes, or send it elsewhere; what was stored is kept."


class WeightsDamaged(SonotecaError):
    """A file of learned weights is missing, or is not the one this version ships."""

    code = "weights_damaged"
    default_remedy = "Install Sonoteca again: its own files were changed."


class ModelUnavailable(SonotecaError):
    """A model of another project is not on this machine, or cannot run here."""

    code = "model_unavailable"
    default_remedy = "Pull it, or ask without it."
    http_status = 503


class PluginBroken(SonotecaError):
    """An entry point could not be loaded or does not keep the contract."""

    code = "plugin_broken"
    default_remedy = "Upgrade or uninstall the plugin's package."


class StoredFailure(SonotecaError):
    """A failure as the catalogue remembers it: its code is data, not a class."""

    http_status = 422

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.code = code  # type: ignore[misc]

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredFailure, (self.code, self.message, self.remedy)
