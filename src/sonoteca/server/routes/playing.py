"""Hearing and seeing a sound: as a file that every browser plays, as a clip for strangers, as a waveform."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Header, Path, Query
from starlette.responses import Response

import sonoteca
from sonoteca import Library
from sonoteca.errors import (
    AmbiguousSound,
    AudioError,
    FileUnreadable,
    LibraryFull,
    LibraryUnwritable,
    PathOutsideRoots,
    RangeRefused,
    SoundNotFound,
    SoundsMissing,
    WorkerError,
)
from sonoteca.server.byte_ranges import (
    ASKED_AGAIN,
    BINARY,
    NEVER_CHANGES,
    Held,
    not_modified,
    sent,
)
from sonoteca.server.json_answers import answered
from sonoteca.server.request_fields import asked
from sonoteca.server.root_paths import RootRelativePath
from sonoteca.server.route import documented, routes
from sonoteca.server.running import Keeping, OpenLibrary, PlayingListener

router = routes("playing")

SoundId = Annotated[str, Path(description="Id of a sound, a unique beginning of one, or external:ID.", min_length=1)]
SpanFields = Annotated[dict[str, Any], asked(sonoteca.RenditionRequest, without=("sound",))]
ClipFields = Annotated[dict[str, Any], asked(sonoteca.ClipRequest, without=("sound",))]
WaveformFields = Annotated[dict[str, Any], asked(sonoteca.WaveformRequest, without=("sound",))]
Format = Annotated[
    Literal["dat", "json"] | None,
    Query(description="BBC audiowaveform's binary format, or its JSON; left out, what Accept asks for, else JSON."),
]

DAT = "application/octet-stream"
OF_SOUNDS = [SoundNotFound, AmbiguousSound, SoundsMissing, AudioError, WorkerError, LibraryFull, LibraryUnwritable]
_AUDIO = {"audio/wav": BINARY, "audio/flac": BINARY}
_WAVEFORM = {
    "version": 2,
    "channels": 1,
    "sample_rate": 44100,
    "samples_per_pixel": 256,
    "bits": 16,
    "length": 1,
    "data": [-1200, 1310],
}


@router.get(
    "/api/audio/{id}",
    **documented(
        "A sound, or a part of it, as a file that every browser plays and seeks in.",
        description="The file as it is, where browsers play that; else FLAC, made once and kept for the next who asks. "
        "Answers ranges of bytes. Under the whole id it is kept by browsers, as its samples never change.",
        example=None,
        media_types=_AUDIO,
        errors=[*OF_SOUNDS, RangeRefused],
        partial=True,
    ),
)
def audio(
    id: SoundId, fields: SpanFields, held: Held, library: OpenLibrary, listener: PlayingListener, limits: Keeping
) -> Response:
    played = sonoteca.rendition(
        library, sonoteca.RenditionRequest(sound=id, **fields), listener=listener, limits=limits
    )
    return sent(played, held, caching=NEVER_CHANGES if played.sound == id else ASKED_AGAIN)


@router.get(
    "/api/processed_audio/{path:path}",
    **documented(
        "The sound that a file of the library holds, or a part of it, as a file that every browser plays and seeks in.",
        description="The file is named by its place below one of the library's roots. Answers ranges of bytes.",
        example=None,
        media_types=_AUDIO,
        errors=[*OF_SOUNDS, PathOutsideRoots, RangeRefused],
        partial=True,
    ),
)
def processed_audio(
    path: RootRelativePath,
    fields: SpanFields,
    held: Held,
    library: OpenLibrary,
    listener: PlayingListener,
    limits: Keeping,
) -> Response:
    found = sonoteca.describe_file(library, sonoteca.DescribeFileRequest(path=path))
    _refuse_outside(library, path)
    request = sonoteca.RenditionRequest(sound=found.sound["id"], **fields)
    return sent(sonoteca.rendition(library, request, listener=listener, limits=limits), held, caching=ASKED_AGAIN)


@router.get(
    "/api/sounds/{id}/preview",
    **documented(
        "A short clip of a sound as MP3, from its most telling place, for whoever may not have the whole.",
        description="Its place is not asked for: of many clips somebody could put the whole together.",
        example=None,
        media_types={"audio/mpeg": BINARY},
        errors=[*OF_SOUNDS, RangeRefused],
        partial=True,
    ),
)
def sound_preview(
    id: SoundId, fields: ClipFields, held: Held, library: OpenLibrary, listener: PlayingListener, limits: Keeping
) -> Response:
    request = sonoteca.ClipRequest(sound=id, **fields)
    return sent(sonoteca.clip(library, request, listener=listener, limits=limits), held, caching=ASKED_AGAIN)


@router.get(
    "/api/sounds/{id}/waveform",
    **documented(
        "The waveform of a sound: minimum and maximum of each pixel, as audiowaveform writes them.",
        description="As JSON, or as `.dat` for `format=dat` or `Accept: application/octet-stream`. Drawn once and kept.",
        example=_WAVEFORM,
        media_types={DAT: BINARY},
        errors=[SoundNotFound, AmbiguousSound, SoundsMissing, AudioError, WorkerError],
        not_modified=True,
    ),
)
def sound_waveform(
    id: SoundId,
    fields: WaveformFields,
    held: Held,
    library: OpenLibrary,
    listener: PlayingListener,
    format: Format = None,
    accept: Annotated[str | None, Header(description="application/octet-stream, or application/json.")] = None,
) -> Response:
    drawn = sonoteca.waveform(library, sonoteca.WaveformRequest(sound=id, **fields), listener=listener)
    is_dat = DAT in (accept or "").lower() if format is None else format == "dat"
    etag = drawn.etag if is_dat else f'{drawn.etag[:-1]}-json"'
    if held.has(etag):
        return not_modified(etag, ASKED_AGAIN, {"Vary": "Accept"})
    headers = {"ETag": etag, "Cache-Control": ASKED_AGAIN, "Vary": "Accept"}
    return Response(drawn.data, headers=headers, media_type=DAT) if is_dat else answered(drawn, headers=headers)


def _refuse_outside(library: Library, path: str) -> None:
    """Refuse a link that leads out of the roots; that nothing is there is told by what is to be played."""
    try:
        sonoteca.path_in_roots(library, path)
    except FileUnreadable:
        return
