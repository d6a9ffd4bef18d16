"""The catalogue: its sounds page by page, the sound of one file, and how they divide."""

from __future__ import annotations

from typing import Annotated, Any

import sonoteca
from sonoteca.errors import AmbiguousSound, PathOutsideRoots, QuerySyntaxError, SoundNotFound
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_fields import asked
from sonoteca.server.root_paths import RootRelativePath
from sonoteca.server.route import documented, routes
from sonoteca.server.routes.sounds import SOUND_OBJECT
from sonoteca.server.running import OpenLibrary

router = routes("database")

FilesFields = Annotated[dict[str, Any], asked(sonoteca.FilesRequest)]
FacetsFields = Annotated[dict[str, Any], asked(sonoteca.FacetsRequest)]

_ROW = {
    "id": "k3v9q2h7d4mxw5ta",
    "external_id": "LP-1042",
    "title": "Dusty Break",
    "artist": "Amon",
    "album": "Breaks",
    "path": "/music/breaks/dusty.wav",
    "region": 0,
    "start_s": 0.0,
    "end_s": 5.33,
    "duration_s": 5.33,
    "kind": "loop",
    "role": "drums",
    "sound_class": "kick",
    "bpm": 174.0,
    "key": "F# minor",
    "camelot": "11A",
    "lufs": -11.2,
    "energy_level": 7.5,
    "rating": 4,
    "price": 2.5,
    "currency": "EUR",
    "tags": ["dusty"],
    "status": "analysed",
    "missing": False,
    "added_at": "2026-01-31T12:00:00.000Z",
    "certainty": {"kind": "stated", "bpm": "likely"},
    "doubts": [{"about": "tempo", "code": "half", "by": "tags", "confidence": 0.9, "believed": "heard"}],
}
_ASKED: dict[str, Any] = {"mode": "files", "query": "kind:loop", "status": "analysed", "limit": 100, "cursor": "WzEs"}
_ASKED |= {"offset": 0, "fields": ["id"]}
_FACETS: dict[str, Any] = {
    "total": 23,
    "kind": {"loop": 3},
    "role": {"drums": 2},
    "sound_class": {"kick": 1},
    "key": {"G minor": 2},
    "tempo_bpm": {"120": 1},
    "tag": {"dusty": 6},
}
_STATS: dict[str, Any] = {
    "sounds": 23,
    "by_status": {"analysed": 20},
    "by_kind": {"loop": 3},
    "by_role": {"drums": 2},
    "hours": 1.25,
    "regions": 29,
    "files": 22,
    "bytes": 1048576,
    "missing_files": 1,
    "missing_sounds": 1,
    "duplicate_files": 2,
    "duplicate_bytes": 4096,
}


@router.get(
    "/database/files",
    **documented(
        "The sounds that a query finds, newest first or as its sort: says, page by page.",
        description=(
            "A query is words, phrases in quotes and rules such as kind:loop bpm:120..128 -tag:vocal. `next_cursor` of "
            "a page asks for the next one; it is null on the last."
        ),
        example={"query": _ASKED, "results": [_ROW], "total": 1, "next_cursor": "WzEwMCwgIjAwIl0"},
        errors=[QuerySyntaxError],
    ),
)
def list_files(fields: FilesFields, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.list_files(library, sonoteca.FilesRequest(**fields)))


@router.get(
    "/database/files/{path:path}",
    **documented(
        "Everything that is known of the sound that a file of the library holds.",
        description="The file is named by its place below one of the library's roots. It need not be there now.",
        example=SOUND_OBJECT,
        errors=[SoundNotFound, AmbiguousSound, PathOutsideRoots],
    ),
)
def show_file(path: RootRelativePath, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.describe_file(library, sonoteca.DescribeFileRequest(path=path)))


@router.get(
    "/api/facets",
    **documented(
        "How many sounds a query finds, and how they divide by kind, role, sound class, key, tempo and tag.",
        example=_FACETS,
        errors=[QuerySyntaxError],
    ),
)
def facets(fields: FacetsFields, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.count_facets(library, sonoteca.FacetsRequest(**fields)))


@router.get(
    "/api/query-fields",
    **documented(
        "The fields of the query language: what each means, and the values of those that have a vocabulary.",
        description="`sorts` says whether `sort:` takes the field. It helps to write queries, and changes with versions only.",
        example={
            "fields": [
                {
                    "name": "kind",
                    "aliases": ["tempo"],
                    "meaning": "what the file is",
                    "example": "kind:loop",
                    "values": ["track", "loop"],
                    "sorts": True,
                }
            ]
        },
    ),
)
def query_fields() -> StrictJSONResponse:
    return answered(sonoteca.query_fields())


@router.get(
    "/database/stats",
    **documented("How much the library holds: sounds, hours, files and bytes, and what is missing.", example=_STATS),
)
def stats(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.library_stats(library))
