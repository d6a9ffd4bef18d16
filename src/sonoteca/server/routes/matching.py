"""What goes with a sound, and which loops are like it: of a file that is sent, or of a sound of the library."""

from __future__ import annotations

import sonoteca
from sonoteca import Listener
from sonoteca.errors import (
    AmbiguousSound,
    AudioError,
    QuerySyntaxError,
    SoundNotFound,
    SpaceMismatch,
    WorkerError,
)
from sonoteca.server.events import Log
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary, WarmListener
from sonoteca.server.uploads import Form, UploadFormOrJson, upload_body

router = routes("matching")

_FIT = {
    "tensor": 0.81,
    "interval": 0.77,
    "chord": 0.7,
    "key": 1.0,
    "rhythm": 0.74,
    "tempo": 0.98,
    "energy": 0.9,
    "role_confidence": 0.93,
    "total_score": 0.83,
}
_ROW = {
    "id": "k3v9q2h7d4mx",
    "external_id": "LP-1042",
    "title": "Walking Bass",
    "artist": "Amon",
    "path": "/music/loops/walking.wav",
    "region": 0,
    "start_s": 0.0,
    "end_s": 5.33,
    "score": 0.83,
    "mode": "match",
    "role": "bass",
    "role_certainty": "stated",
    "fit": _FIT,
    "fit_scores": _FIT,
    "missing": ["chord"],
    "tempo_ratio": 0.985,
    "semitone_shift": -2,
    "quality_flags": ["noisy"],
    "gating_status": "pass",
    "risk_reasons": ["stretched by 2 %"],
}
_OF_SOUNDS = [SoundNotFound, AmbiguousSound, QuerySyntaxError, AudioError, WorkerError]
_SOUND_ID = {"sound_id": {"type": "string", "description": "A sound of the library, instead of a file."}}


@router.post(
    "/match",
    **documented(
        "What goes with a loop, a stem or a hum, in which role, at which stretch and shift, best first.",
        example={
            "query": {"mode": "loop", "role": "bass", "weights_version": "3", "total": 1, "next_offset": None},
            "results": [_ROW],
        },
        errors=_OF_SOUNDS,
        scope="read",
        body=upload_body(
            sonoteca.MatchRequest, without=("sound",), optional_files=True, beside=_SOUND_ID, or_json=True
        ),
    ),
)
def match(form: UploadFormOrJson, library: OpenLibrary, listener: WarmListener, log: Log) -> StrictJSONResponse:
    sound, hears = _asked(form, listener)
    fields = form.fields(sonoteca.MatchRequest, without=("sound",), beside=tuple(_SOUND_ID))
    request = sonoteca.MatchRequest(sound=sound, **fields)
    return form.answered(log.noted("match", sonoteca.find_matches(library, request, listener=hears)))


@router.post(
    "/loops/similar",
    **documented(
        "Loops that sound like a loop, the likest first, each with how well it goes with it.",
        example={
            "query": {"mode": "similar", "weights_version": "3", "total": 1, "next_offset": None},
            "results": [{**_ROW, "mode": "similar", "score": 0.93}],
        },
        errors=[*_OF_SOUNDS, SpaceMismatch],
        scope="read",
        body=upload_body(
            sonoteca.SimilarLoopsRequest, without=("sound",), optional_files=True, beside=_SOUND_ID, or_json=True
        ),
    ),
)
def similar_loops(form: UploadFormOrJson, library: OpenLibrary, listener: WarmListener, log: Log) -> StrictJSONResponse:
    sound, hears = _asked(form, listener)
    fields = form.fields(sonoteca.SimilarLoopsRequest, without=("sound",), beside=tuple(_SOUND_ID))
    request = sonoteca.SimilarLoopsRequest(sound=sound, **fields)
    return form.answered(log.noted("similar", sonoteca.find_similar_loops(library, request, listener=hears)))


@router.post(
    "/analysis/upload-role",
    **documented(
        "What a file that is sent does in a piece: its role with the chances of all, its kind and its sound class.",
        example={
            "path": "walking.wav",
            "kind": {"value": "loop", "confidence": 0.97},
            "role": {"value": "bass", "confidence": 0.93, "scores": {"bass": 0.93, "melody": 0.04}},
            "sound_class": None,
            "tempo": {"bpm": 90.0, "confidence": 0.95},
            "key": {"name": "A minor", "confidence": 0.8},
            "warnings": ["clipped"],
        },
        errors=[AudioError, WorkerError],
        scope="read",
        body=upload_body(),
    ),
)
def upload_role(form: UploadFormOrJson, listener: WarmListener) -> StrictJSONResponse:
    heard = sonoteca.heard_sound(form.file().path, listener=listener)
    told = ("path", "kind", "role", "sound_class", "tempo", "key", "warnings")
    return StrictJSONResponse(form.named({name: heard[name] for name in told}))


def _asked(form: Form, listener: Listener) -> tuple[str, Listener | None]:
    """The sound that is meant, and who hears it: nobody for a name, which is never a file of this machine."""
    return form.sound_or_file("sound_id"), listener if form.files else None
