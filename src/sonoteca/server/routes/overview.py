"""The library as a whole: its map, copies of a recording, and what is there, missing and still to be heard."""

from __future__ import annotations

from typing import Annotated, Any

import sonoteca
from sonoteca.errors import (
    AmbiguousSound,
    FileUnreadable,
    LibraryUnwritable,
    PathOutsideRoots,
    QuerySyntaxError,
    SoundNotFound,
    WorkerError,
)
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_fields import asked
from sonoteca.server.root_paths import folders_in_roots
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary, PlayingListener, WarmListener

router = routes("overview")

MapFields = Annotated[dict[str, Any], asked(sonoteca.MapRequest, without=("refit",))]
CopiesFields = Annotated[dict[str, Any], asked(sonoteca.CopiesRequest)]
AuditFields = Annotated[dict[str, Any], asked(sonoteca.AuditRequest)]
GapsFields = Annotated[dict[str, Any], asked(sonoteca.FindGapsRequest)]

_POINT = {
    "id": "k3v9q2h7d4mxw5ta",
    "external_id": "LP-1042",
    "title": "Dusty Break",
    "path": "/music/breaks/dusty.wav",
    "region": 0,
    "start_s": 0.0,
    "end_s": 5.33,
    "kind": "loop",
    "role": "drums",
    "sound_class": "kick",
    "bpm": 90.0,
    "camelot": "8A",
    "x": 0.25,
    "y": 0.75,
}
_MAP = {
    "query": {
        "mode": "map",
        "filter": "kind:loop",
        "method": "pca",
        "refit": False,
        "space": "spectral.v3.7509fb628ce5652a",
        "fitted_at": "2026-01-31T12:00:00.000Z",
        "fitted_to": 23,
    },
    "results": [_POINT],
}
_COPY: dict[str, Any] = {
    "id": "u6mbuhzvs2l5vl5k",
    "external_id": "LP-1042",
    "title": "Dusty Break",
    "artist": "Amon",
    "path": "/music/breaks/dusty.mp3",
    "region": 0,
    "start_s": 0.0,
    "end_s": 5.36,
    "score": 0.99,
    "parts": {"likeness": 0.99},
    "reasons": ["the same recording"],
    "mode": "copies",
    "price": 2.5,
    "currency": "EUR",
    "url": "https://shop.example/dusty",
    "copies": [{"id": "k3v9q2h7d4mxw5ta", "path": "/music/breaks/dusty.wav"}],
}
_AUDIT: dict[str, Any] = {
    "sounds_total": 23,
    "analysed": 20,
    "pending": 2,
    "failed": 1,
    "locations_total": 23,
    "missing_locations": 1,
    "unreadable_files": 0,
    "regions_total": 29,
    "embedding_ok": 20,
    "embedding_gap_total": 3,
    "missing_embedding_ref": 3,
    "embedding_file_missing": 0,
    "audio_files_scanned": 23,
    "pending_embedding_total": 2,
    "missing_meta_total": 0,
    "stale_meta_paths_total": 0,
    "orphaned_sounds": 0,
    "pending_by_stage": {"analysis": 2},
    "failed_by_reason": {"damaged_audio": 1},
    "failed_runs_by_producer": {"rhythm.bars.hypotheses": 1},
    "observations_by_producer": {"user:user@1": 4},
    "embeddings_by_space": {"spectral.v3.7509fb628ce5652a": 20},
    "indexed_by_space": {"spectral.v3.7509fb628ce5652a": 20},
    "sounds_by_kind": {"loop": 3},
    "missing_files": ["/music/breaks/lost.wav"],
    "gone_files": ["/music/breaks/gone.wav"],
}


@router.get(
    "/api/map",
    **documented(
        "Places on a plane: what sounds alike is near. New sounds get a place, the others keep theirs.",
        description="The first map is fitted by a worker, and kept as caches are. Rows carry no tags: `filter` tells which "
        "places have one (`tag:dusty`).",
        example=_MAP,
        errors=[QuerySyntaxError, LibraryUnwritable, WorkerError],
    ),
)
def show_map(fields: MapFields, library: OpenLibrary, listener: PlayingListener) -> StrictJSONResponse:
    return answered(sonoteca.place_sounds(library, sonoteca.MapRequest(**fields), listener=listener))


@router.post(
    "/api/map",
    **documented(
        "The map, laid out anew to all sounds of today if `refit` is true: then every place changes.",
        example=_MAP,
        errors=[QuerySyntaxError, LibraryUnwritable, WorkerError],
    ),
)
def refit_map(request: sonoteca.MapRequest, library: OpenLibrary, listener: PlayingListener) -> StrictJSONResponse:
    return answered(sonoteca.place_sounds(library, request, listener=listener))


@router.get(
    "/api/duplicates",
    **documented(
        "The other sounds that are the same recording as one, encoded again or as another edit; or all such recordings.",
        description="Without `sound` a row for each recording that is there more than once: the sound that stands for "
        "the others, and they as its `copies`.",
        example={
            "query": {"mode": "copies", "sound": "k3v9q2h7d4mxw5ta", "limit": 100, "offset": 0},
            "results": [_COPY],
            "total": 1,
        },
        errors=[SoundNotFound, AmbiguousSound],
    ),
)
def duplicates(fields: CopiesFields, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.find_copies(library, sonoteca.CopiesRequest(**fields)))


@router.get(
    "/api/audit",
    **documented(
        "How much is there, analysed, failed and missing; with `roots` also compared with the disk. Nothing is kept.",
        description="`roots` are folders that were added, or lie in one.",
        example=_AUDIT,
        errors=[PathOutsideRoots, FileUnreadable, WorkerError],
    ),
)
def audit(fields: AuditFields, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    request = sonoteca.AuditRequest(roots=folders_in_roots(library, fields.get("roots", ())))
    return answered(sonoteca.audit(library, request, is_kept=False, listener=listener))


@router.get(
    "/api/gaps",
    **documented(
        "Paths of files that are on disk and not heard yet: unknown, changed, not analysed or not embedded.",
        description="`roots` are folders that were added, or lie in one; all of them if none is named.",
        example={
            "query": {"roots": ["/music/breaks"], "limit": 1000, "offset": 0},
            "paths": ["/music/breaks/new.wav"],
            "total": 1,
        },
        errors=[PathOutsideRoots, FileUnreadable, WorkerError],
    ),
)
def gaps(fields: GapsFields, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    fields["roots"] = folders_in_roots(library, fields.get("roots", ()))
    return answered(sonoteca.find_gaps(library, sonoteca.FindGapsRequest(**fields), listener=listener))
