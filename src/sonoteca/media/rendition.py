"""A rendition is a sound, or a span of one, as a file that every browser plays and seeks to the sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from sonoteca.audio.file_stamp import stamp_of
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.media import worker_tasks
from sonoteca.media.kept_files import KeepingLimits, Kept
from sonoteca.media.playable_file import PlayableSound
from sonoteca.media.source import MediaSound, Source, find_region_span, find_sound, find_source

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

AUDIO_FOLDER = ("cache", "audio")
# Raise it whenever the same content would become another file.
_VERSION = 1
_FLAC = "audio/flac"


class RenditionRequest(Request):
    """A sound, or a part of it, in a form that every browser plays.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``, a title.
    region : int >= 0 or None
        A region by its number; 0 is the whole sound. Not together with a span.
    start_s, end_s : float >= 0 or None [s]
        A span, half-open, cut to the sample. An end beyond the sound is the sound's end.
    """

    sound: str
    region: int | None = Field(default=None, ge=0)
    start_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    end_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_one_span(self) -> RenditionRequest:
        if self.region is not None and (self.start_s is not None or self.end_s is not None):
            raise RequestError("A region has its own start and end.", "Ask for a region or for a span.", field="region")
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise RequestError(
                f"A span that ends at {self.end_s:g} s cannot begin at {self.start_s or 0.0:g} s.",
                "Let it end after its start.",
                field="end_s",
            )
        return self


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RenditionAnswer(PlayableSound):
    """What is to be played; ``is_original``: the file is the sound's own, as it is."""

    is_original: bool

    def as_json(self) -> dict[str, Any]:
        # The class is made anew for its slots, which the short form of super does not know.
        return PlayableSound.as_json(self) | {"is_original": self.is_original}


def rendition(
    library: Library,
    request: RenditionRequest,
    *,
    listener: Listener,
    limits: KeepingLimits = KeepingLimits(),
) -> RenditionAnswer:
    """Give a sound, or a part of it, as a file that every browser plays.

    A file that they play as it is (``audio.file_look``) is the answer itself; any other, and every part, is
    transcoded in a worker and kept among the library's data for the next who asks.

    Parameters
    ----------
    listener : Listener
        Its workers read and transcode: the calling process decodes nothing.
    limits : KeepingLimits
        How much is kept of what was transcoded.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    SoundsMissing
        The library knows the sound, and no file holds it now.
    RequestError
        The sound has no such region, or ends before the span; or the library has no folder for what is kept.
    AudioError, WorkerError
        The file cannot be heard; EmptyAudio for one without a single sample.
    LibraryFull, LibraryUnwritable
        What was transcoded has no place.
    """
    sound = find_sound(library, request.sound)
    start_s, end_s = _span(library, sound, request)
    source = find_source(library, sound, listener)
    if start_s == 0.0 and end_s is None and _is_exact(source, sound):
        return _original(request, sound, source)
    kept = Kept(library, *AUDIO_FOLDER, limits=limits)

    def make(target: Path) -> dict[str, Any]:
        order = worker_tasks.SpanOrder(source.path, source.stamp, os.fspath(target), start_s, end_s)
        timeout_s = deadline_of_file(source.path)
        written = listener.ask(worker_tasks.transcode, order, source.path, timeout_s=timeout_s)
        return worker_tasks.note_of(written)

    made = kept.get(_name(sound.content_hash, start_s, end_s), make)
    note = made.note
    return RenditionAnswer(
        request=request,
        sound=sound.public_id,
        path=made.path,
        media_type=_FLAC,
        etag=f'"{note["bytes_hash"]}"',
        n_bytes=note["n_bytes"],
        n_samples=note["n_samples"],
        sample_rate=note["sample_rate"],
        channels=note["channels"],
        is_original=False,
        start_s=start_s,
        stamp=stamp_of(os.fspath(made.path)),
    )


def _span(library: Library, sound: MediaSound, request: RenditionRequest) -> tuple[float, float | None]:
    """Start and end; no end where it is the sound's own."""
    start_s, end_s = request.start_s or 0.0, request.end_s
    if request.region:
        span = find_region_span(library, sound, request.region)
        if span is None:
            raise RequestError(
                f"{sound.shown} has no region {request.region}.",
                "What is known of a sound lists its regions.",
                field="region",
            )
        start_s, end_s = span
    if sound.duration_s is not None:
        if start_s and start_s >= sound.duration_s:
            raise RequestError(
                f"{sound.shown} lasts {sound.duration_s:g} s: nothing begins at {start_s:g} s.", field="start_s"
            )
        if end_s is not None and end_s >= sound.duration_s:
            end_s = None
    return start_s, end_s


def _is_exact(source: Source, sound: MediaSound) -> bool:
    """Whether a browser will hear in the file as it is what was heard when it was analysed."""
    return source.as_it_is is not None and sound.n_samples in (None, source.as_it_is.n_samples)


def _original(request: RenditionRequest, sound: MediaSound, source: Source) -> RenditionAnswer:
    told = source.as_it_is
    assert told is not None
    return RenditionAnswer(
        request=request,
        sound=sound.public_id,
        path=Path(source.path),
        media_type=told.media_type,
        etag=f'"{told.bytes_hash}"',
        n_bytes=source.stamp.size,
        n_samples=told.n_samples,
        sample_rate=told.sample_rate,
        channels=told.channels,
        is_original=True,
        start_s=0.0,
        stamp=source.stamp,
    )


def _name(content_hash: str, start_s: float, end_s: float | None) -> str:
    span = "" if not start_s and end_s is None else f".{start_s:.7f}-{'' if end_s is None else f'{end_s:.7f}'}"
    return f"{content_hash.replace(':', '-')}{span}.v{_VERSION}.flac"
