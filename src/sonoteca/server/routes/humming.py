"""Where is the tune that somebody hums, and the rhythm that somebody taps, in a recording that is sent."""

from __future__ import annotations

import sonoteca
from sonoteca.errors import AudioError, QuerySyntaxError, WorkerError
from sonoteca.server.events import Log
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary, WarmListener
from sonoteca.server.uploads import UploadForm, upload_body

router = routes("humming")

_ROW = {
    "id": "k3v9q2h7d4mx",
    "title": "Dusty Break",
    "artist": "Amon",
    "path": "/music/songs/dusty.wav",
    "region": 0,
    "start_s": 31.2,
    "end_s": 39.8,
    "score": 0.91,
    "mode": "hum",
}
_HEARD = [AudioError, WorkerError, QuerySyntaxError]
_RECORDING = {"file": "A recording of one voice; its first minute is heard."}


@router.post(
    "/api/hum",
    **documented(
        "The recording that holds a hummed, sung or whistled tune, and how far that can be trusted.",
        example={
            "query": {
                "mode": "hum",
                "verdict": "found",
                "confidence": 0.97,
                "message": "It is surely this.",
                "n_notes": 12,
                "next_offset": 10,
            },
            "results": [_ROW],
        },
        errors=_HEARD,
        scope="read",
        body=upload_body(sonoteca.HumRequest, without=("file",), files=_RECORDING),
    ),
)
def hum(form: UploadForm, library: OpenLibrary, listener: WarmListener, log: Log) -> StrictJSONResponse:
    request = sonoteca.HumRequest(file=form.file().path, **form.fields(sonoteca.HumRequest, without=("file",)))
    return form.answered(log.noted("hum", sonoteca.find_tune(library, request, listener=listener)))


@router.post(
    "/api/tap",
    **documented(
        "Drum loops and breaks that have a tapped or beatboxed rhythm, best first.",
        example={
            "query": {
                "mode": "tap",
                "verdict": "maybe",
                "confidence": 0.41,
                "n_taps": 9,
                "message": "Several rhythms fit: tap a bar or two more to tell them apart.",
                "next_offset": 10,
            },
            "results": [{**_ROW, "mode": "tap"}],
        },
        errors=_HEARD,
        scope="read",
        body=upload_body(sonoteca.TapRequest, without=("file",), files=_RECORDING),
    ),
)
def tap(form: UploadForm, library: OpenLibrary, listener: WarmListener, log: Log) -> StrictJSONResponse:
    request = sonoteca.TapRequest(file=form.file().path, **form.fields(sonoteca.TapRequest, without=("file",)))
    return form.answered(log.noted("tap", sonoteca.find_rhythm(library, request, listener=listener)))
