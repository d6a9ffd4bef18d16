"""Arrangements of the library's loops: composed, kept, listed, opened, changed, forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

import sonoteca
from sonoteca.errors import (
    AmbiguousArrangement,
    AmbiguousSound,
    ArrangementNotFound,
    AudioError,
    ConstraintsConflict,
    LibraryFull,
    LibraryUnwritable,
    QuerySyntaxError,
    RangeRefused,
    SoundNotFound,
    SoundsMissing,
    WorkerError,
)
from sonoteca.server.byte_ranges import ASKED_AGAIN, BINARY, Held, sent
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_bodies import said
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import Keeping, OpenLibrary, OpenStaging, PlayingListener, WarmListener

router = routes("arrangements")

ArrangementId = Annotated[str, Path(description="Id of an arrangement, or a unique beginning of one.", min_length=1)]
Edits = Annotated[
    dict[str, Any],
    said(
        sonoteca.ArrangementEditRequest,
        without=("arrangement",),
        example={"gain": ["bass@verse=-3"], "mute": ["vocal"], "title": "Rain"},
    ),
]
AudioFields = Annotated[dict[str, Any], asked(sonoteca.ArrangementAudioRequest, without=("arrangement",))]
FileFields = Annotated[dict[str, Any], asked(sonoteca.ArrangementExportRequest, without=("arrangement", "output"))]

# What each format is to a browser, and the end of its name.
_FILES = {
    "dawproject": ("application/zip", ".dawproject"),
    "midi-markers": ("audio/midi", ".mid"),
    "json": ("application/json", ".json"),
}
_SCORES = {
    "tensor": 0.8,
    "interval": 0.7,
    "chord": 0.9,
    "key": 1.0,
    "rhythm": 0.6,
    "tempo": 1.0,
    "energy": 0.5,
    "role_confidence": 0.95,
    "total_score": 0.81,
}
_ARRANGEMENT: dict[str, Any] = {
    "schema": 1,
    "id": "q6o5mzs3k2xr7abc",
    "title": "Rain",
    "tempo_bpm": 120.0,
    "beats_per_bar": 4,
    "key": "A minor",
    "bars": 48,
    "duration_s": 96.0,
    "seed": 0,
    "muted": ["vocal"],
    "locked": [["bass", "verse"]],
    "details": {"asked": {"form": "verse:16"}},
    "sections": [{"name": "verse", "start_bar": 0, "bars": 16}],
    "clips": [
        {
            "role": "drums",
            "content_hash": "x1:00112233445566778899aabbccddeeff",
            "start_s": 0.0,
            "end_s": 8.0,
            "start_bar": 0.0,
            "bars": 16.0,
            "pass_bars": 4.0,
            "tempo_ratio": 1.0,
            "semitone_shift": 0,
            "gain_db": -3.0,
            "score": 0.81,
            "reasons": ["the same tempo"],
            "fit": _SCORES,
            "fit_scores": _SCORES,
            "quality_flags": ["noisy"],
            "gating_status": "pass",
            "risk_reasons": ["It is noisy."],
        }
    ],
    "sounds": {
        "x1:00112233445566778899aabbccddeeff": {
            "id": "k3v9q2h7d4mxw5ta",
            "path": "/music/breaks/dusty.wav",
            "shown": "/music/breaks/dusty.wav",
            "missing": "its file is missing",
        }
    },
}
_ENTRY = {
    "public_id": "q6o5mzs3k2xr7abc",
    "title": "Rain",
    "tempo_bpm": 120.0,
    "tonic": 9,
    "mode": "minor",
    "sections": 4,
    "bars": 48.0,
    "clips": 12,
    "created_at": "2026-01-31T12:00:00.000Z",
    "changed_at": "2026-01-31T12:00:00.000Z",
}


@router.post(
    "/arrangements",
    **documented(
        "An arrangement is composed of the library's loops, and kept beside the others.",
        description="The same request on the same library makes the same choice; each call keeps another arrangement.",
        example=_ARRANGEMENT,
        errors=[SoundNotFound, AmbiguousSound, ConstraintsConflict, QuerySyntaxError, LibraryUnwritable],
        status=201,
    ),
)
def make_arrangement(
    request: sonoteca.ArrangeRequest, library: OpenLibrary, listener: WarmListener
) -> StrictJSONResponse:
    made = sonoteca.make_arrangement(library, request, listener=listener)
    return answered(made, 201, {"Location": f"/arrangements/{made.arrangement.public_id}"})


@router.get(
    "/arrangements",
    **documented("The arrangements that the library keeps, the last made first.", example={"results": [_ENTRY]}),
)
def list_arrangements(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.list_arrangements(library))


@router.get(
    "/arrangements/{id}",
    **documented(
        "An arrangement: its sections, its clips and how each goes with what plays with it, and where its sounds are.",
        example=_ARRANGEMENT,
        errors=[ArrangementNotFound, AmbiguousArrangement],
    ),
)
def show_arrangement(id: ArrangementId, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    return answered(sonoteca.open_arrangement(library, id, listener=listener))


@router.get(
    "/arrangements/{id}/audio",
    **documented(
        "The mix of an arrangement, as a file that every browser plays and seeks in.",
        description="Rendered by workers when it is first asked for, and kept: the same bytes as long as it sounds so. "
        "Answers ranges of bytes.",
        example=None,
        media_types={"audio/flac": BINARY, "audio/wav": BINARY, "audio/mpeg": BINARY},
        errors=[
            ArrangementNotFound,
            AmbiguousArrangement,
            SoundsMissing,
            AudioError,
            WorkerError,
            LibraryFull,
            LibraryUnwritable,
            RangeRefused,
        ],
        partial=True,
    ),
)
def arrangement_audio(
    id: ArrangementId, fields: AudioFields, held: Held, library: OpenLibrary, listener: PlayingListener, limits: Keeping
) -> Response:
    request = sonoteca.ArrangementAudioRequest(arrangement=id, **fields)
    return sent(
        sonoteca.arrangement_audio(library, request, listener=listener, limits=limits), held, caching=ASKED_AGAIN
    )


@router.get(
    "/arrangements/{id}/file",
    **documented(
        "An arrangement as a file for another program: a project for a DAW, markers in a MIDI file, or JSON.",
        description="A DAW project names the sounds where they lie on the server's machine, or holds them with `embed`.",
        example=None,
        media_types={media_type: BINARY for media_type, _ in _FILES.values()},
        errors=[ArrangementNotFound, AmbiguousArrangement, SoundsMissing],
    ),
)
def arrangement_file(
    id: ArrangementId, fields: FileFields, library: OpenLibrary, listener: WarmListener, staging: OpenStaging
) -> Response:
    wanted = sonoteca.ExportFormat(fields.pop("format", None) or sonoteca.ExportFormat.DAWPROJECT)
    media_type, suffix = _FILES[wanted]
    path = staging.new_path(suffix)
    try:
        sonoteca.export_arrangement(
            library,
            sonoteca.ArrangementExportRequest(arrangement=id, output=str(path), format=wanted, **fields),
            listener=listener,
        )
        content = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    headers = {"Content-Disposition": f'attachment; filename="arrangement{suffix}"'}
    return Response(content, media_type=media_type, headers=headers)


@router.patch(
    "/arrangements/{id}",
    **documented(
        "An arrangement is changed: all edits of a request are done or refused together. `undo` takes the last back.",
        example=_ARRANGEMENT,
        errors=[
            ArrangementNotFound,
            AmbiguousArrangement,
            SoundNotFound,
            AmbiguousSound,
            ConstraintsConflict,
            LibraryUnwritable,
        ],
    ),
)
def edit_arrangement(
    id: ArrangementId, said: Edits, library: OpenLibrary, listener: WarmListener
) -> StrictJSONResponse:
    request = sonoteca.ArrangementEditRequest(arrangement=id, **said)
    return answered(sonoteca.edit_arrangement(library, request, listener=listener))


@router.delete(
    "/arrangements/{id}",
    **documented(
        "An arrangement is forgotten; its sounds stay.",
        example={"removed": "q6o5mzs3k2xr7abc"},
        errors=[ArrangementNotFound, AmbiguousArrangement, LibraryUnwritable],
    ),
)
def remove_arrangement(id: ArrangementId, library: OpenLibrary) -> StrictJSONResponse:
    return StrictJSONResponse({"removed": sonoteca.remove_arrangement(library, id)})
