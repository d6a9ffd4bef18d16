"""One sound, or all that a query finds: what is known of it, corrections, forgetting, and taking these back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

import sonoteca
from sonoteca.errors import AmbiguousSound, LibraryUnwritable, QuerySyntaxError, SoundNotFound
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_bodies import said
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary

router = routes("sounds")

SoundId = Annotated[str, Path(description="Id of a sound, a unique beginning of one, or external:ID.", min_length=1)]
Corrections = Annotated[
    dict[str, Any],
    said(sonoteca.SoundEditRequest, without=("sound",), example={"bpm": 174, "tags": ["+dusty", "-vocal"]}),
]

SOUND_OBJECT: dict[str, Any] = {
    "schema": 1,
    "id": "k3v9q2h7d4mxw5ta",
    "path": "/music/breaks/dusty.wav",
    "status": "ok",
    "state": "analysed",
    "error": {"code": "damaged_audio", "message": "No sound could be read.", "remedy": "Restore the file."},
    "warnings": ["The file is cut off."],
    "skipped": [{"producer": "rhythm.bars.hypotheses", "reason": "A one-shot has no bars."}],
    "audio": {
        "duration_s": 5.33,
        "sample_rate": 44100,
        "channels": 2,
        "codec": "pcm_s16le",
        "container": "wav",
        "content_hash": "x1:00112233445566778899aabbccddeeff",
    },
    "kind": {"value": "loop", "confidence": 0.97, "certainty": "stated"},
    "loudness": {"integrated_lufs": -11.2, "range_lu": 2.1, "true_peak_dbtp": -0.4},
    "tempo": {"bpm": 174.0, "confidence": 0.92, "alternatives_bpm": [87.0]},
    "key": {"tonic": 6, "mode": "minor", "name": "F# minor", "camelot": "11A", "confidence": 0.8},
    "beats_s": [0.0, 0.345],
    "bars": 4,
    "role": {"value": "drums", "confidence": 0.95, "scores": {"drums": 0.95, "bass": 0.02}},
    "cues": [{"at_s": 0.0, "type": "start", "name": "Start"}],
    "energy_level": 7.5,
    "descriptors": {"brightness": 0.6, "warmth": 0.4},
    "quality": [{"code": "clipped", "value": 0.01}],
    "provenance": {
        "tempo": {"source": "user", "producer": "user", "version": 1, "settings": "", "at": "2026-01-31T12:00:00.000Z"}
    },
    "regions": [{"number": 1, "start_s": 0.0, "end_s": 1.2}],
    "external_id": "LP-1042",
    "title": "Dusty Break",
    "artist": "Amon",
    "album": "Breaks",
    "shop_title": "Dusty Break 174",
    "price": 2.5,
    "currency": "EUR",
    "url": "https://shop.example/dusty",
    "tags": [{"label": "dusty", "source": "user", "confidence": 1.0}],
    "locations": [{"path": "/music/breaks/dusty.wav", "missing": False, "title": "Dusty Break", "track": 1}],
    "locked": False,
    "grid_shift_s": 0.01,
    "added_at": "2026-01-31T12:00:00.000Z",
    "analysed_at": "2026-01-31T12:00:05.000Z",
}
_CHANGE = {"id": "k3v9q2h7d4mxw5ta", "path": "/music/breaks/dusty.wav", "field": "bpm", "from": 87.0, "to": 174.0}
# One of each type that a value may have.
_CHANGES = [
    _CHANGE,
    {**_CHANGE, "field": "key", "from": None, "to": "A minor"},
    {**_CHANGE, "field": "lock", "from": False, "to": True},
    {**_CHANGE, "field": "cues", "from": None, "to": [{"at_s": 12.5, "type": "cue", "name": "Drop"}]},
]
_EDITED = {"found": 1, "changed": 1, "batch": 15, "locked": 0, "unfit": 0, "changes": _CHANGES}
_REMOVED = {"found": 1, "removed": 1}


@router.get(
    "/api/sounds/{id}",
    **documented(
        "Everything that is known of a sound, and who said it.",
        description="The sound object. What is not known is null or an empty list.",
        example=SOUND_OBJECT,
        errors=[SoundNotFound, AmbiguousSound],
    ),
)
def sound(id: SoundId, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.describe_sound(library, sonoteca.DescribeRequest(sound=id)))


@router.patch(
    "/api/sounds/{id}",
    **documented(
        "A sound is corrected: values, tags, cues, grid, lock. It can be undone.",
        description=(
            'A value is written as a person types it; "none" states that the sound has none, "auto" takes back what was '
            "said before. What is said stays, whatever is analysed later. Files are never touched."
        ),
        example=_EDITED,
        errors=[SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def edit_sound(id: SoundId, said: Corrections, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.edit_sound(library, sonoteca.SoundEditRequest(**{**said, "sound": id})))


@router.delete(
    "/api/sounds/{id}",
    **documented(
        "A sound is forgotten, with its analysis and edits; its files stay. It can be undone.",
        example=_REMOVED,
        errors=[SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def remove_sound(id: SoundId, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.remove_sound(library, sonoteca.RemoveSoundRequest(sound=id)))


@router.post(
    "/api/sounds/edit",
    **documented(
        "All sounds that a query finds are corrected at once. It can be undone.",
        example=_EDITED,
        errors=[QuerySyntaxError, SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def edit_sounds(request: sonoteca.EditRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.edit(library, request))


@router.post(
    "/api/sounds/remove",
    **documented(
        "All sounds that a query finds are forgotten; their files stay. It can be undone.",
        example=_REMOVED,
        errors=[QuerySyntaxError, SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def remove_sounds(request: sonoteca.RemoveRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.remove_sounds(library, request))


@router.post(
    "/api/undo",
    **documented(
        "The last edit, change of a playlist or removal that was not taken back yet is taken back.",
        example={"changed": 1, "batch": 15, "is_empty": False, "changes": _CHANGES},
        errors=[LibraryUnwritable],
    ),
)
def undo(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.undo(library))
