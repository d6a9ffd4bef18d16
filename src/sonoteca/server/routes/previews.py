"""Hearing two sounds together, as a match puts them, or one going over into the other."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from starlette.responses import Response

import sonoteca
from sonoteca.errors import (
    AmbiguousSound,
    AudioError,
    LibraryFull,
    LibraryUnwritable,
    RangeRefused,
    SoundNotFound,
    SoundsMissing,
    WorkerError,
)
from sonoteca.server.byte_ranges import ASKED_AGAIN, BINARY, Held, sent
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import Keeping, OpenLibrary, PlayingListener, WarmListener
from sonoteca.server.uploads import UploadForm, upload_body

router = routes("previews")

PreviewFields = Annotated[dict[str, Any], asked(sonoteca.PreviewAudioRequest)]

_PREVIEWS = "/api/previews"
_AUDIO = f"{_PREVIEWS}/audio"
_AUDIO_TYPES: dict[str, Any] = {"audio/flac": BINARY, "audio/wav": BINARY, "audio/mpeg": BINARY}
_ERRORS = [SoundNotFound, AmbiguousSound, SoundsMissing, AudioError, WorkerError, LibraryFull, LibraryUnwritable]
_PREVIEW: dict[str, Any] = {
    "query": {
        "a": "k3v9q2h7d4mxw5ta",
        "b": "u6mbuhzvs2l5vl5k",
        "b_region": 0,
        "as": "match",
        "at": "bar:1",
        "bars": 4,
        "tempo_ratio": 1.0323,
        "semitones": -2,
        "format": "flac",
    },
    "media_type": "audio/flac",
    "etag": '"9f86d081884c7d659a2feaa0c55ad015"',
    "n_bytes": 1_411_200,
    "n_samples": 352_800,
    "sample_rate": 44_100,
    "channels": 2,
    "duration_s": 8.0,
    "gain_db": -0.4,
    "true_peak_dbtp": -1.05,
    "loudness_lufs": -15.2,
    "mode": "match",
    "tempo_ratio": 1.0323,
    "semitone_shift": -2,
    "at_s": 0.0,
    "notes": ["The tempo of k3v9q2h7d4mxw5ta is not known: nothing is stretched."],
    "audio": f"{_AUDIO}?a=k3v9q2h7d4mxw5ta&b=u6mbuhzvs2l5vl5k&as=match",
}


@router.post(
    _PREVIEWS,
    **documented(
        "Two sounds are put together to be heard: layered as a match says, or one going over into the other.",
        description="`tempo_ratio` and `semitones` are `tempo_ratio` and `semitone_shift` of a row of a match or of what "
        "may follow; left out, they are found. `b_region` is `region` of such a row. The answer says what was done, and where it is heard: `audio`.",
        example=_PREVIEW,
        errors=_ERRORS,
        scope="read",
    ),
)
def make_preview(
    request: sonoteca.PreviewAudioRequest, library: OpenLibrary, listener: PlayingListener, limits: Keeping
) -> StrictJSONResponse:
    made = sonoteca.preview_audio(library, request, listener=listener, limits=limits)
    wishes = {name: value for name, value in request.as_json().items() if value is not None}
    heard_at = f"{_AUDIO}?{urlencode(wishes)}"
    return StrictJSONResponse(made.as_json() | {"audio": heard_at}, headers={"Content-Location": heard_at})


@router.post(
    f"{_PREVIEWS}/upload",
    **documented(
        "A file that is sent and a sound of the library together, as a file that every browser plays.",
        description="The file is `a`: it stays as it is, and is kept nowhere. `b` is stretched and shifted to it.",
        example=None,
        media_types=_AUDIO_TYPES,
        errors=[*_ERRORS, RangeRefused],
        scope="read",
        body=upload_body(sonoteca.PreviewAudioRequest, without=("a",)),
    ),
)
def preview_upload(
    form: UploadForm, held: Held, library: OpenLibrary, listener: WarmListener, limits: Keeping
) -> Response:
    fields = form.fields(sonoteca.PreviewAudioRequest, without=("a",))
    request = sonoteca.PreviewAudioRequest(a=str(form.file().path), **fields)
    made = sonoteca.preview_audio(library, request, listener=listener, limits=limits, may_be_file=True)
    return sent(made, held, caching=ASKED_AGAIN)


@router.get(
    _AUDIO,
    **documented(
        "Two sounds together, as a file that every browser plays and seeks in.",
        description="What `POST /api/previews` names as `audio`; rendered by workers when it is first asked for, and kept. "
        "Answers ranges of bytes.",
        example=None,
        media_types=_AUDIO_TYPES,
        errors=[*_ERRORS, RangeRefused],
        partial=True,
    ),
)
def preview_audio(
    fields: PreviewFields, held: Held, library: OpenLibrary, listener: PlayingListener, limits: Keeping
) -> Response:
    request = sonoteca.PreviewAudioRequest(**fields)
    return sent(sonoteca.preview_audio(library, request, listener=listener, limits=limits), held, caching=ASKED_AGAIN)
