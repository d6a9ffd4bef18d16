"""Finding sounds: by words, and by what they sound like."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

import sonoteca
from sonoteca.errors import AmbiguousSound, QuerySyntaxError, SoundNotFound, SpaceMismatch
from sonoteca.server.events import Log
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary

router = routes("search")

SoundId = Annotated[str, Path(description="Id of a sound, a unique beginning of one, or external:ID.", min_length=1)]

WordsFields = Annotated[dict[str, Any], asked(sonoteca.WordsRequest)]
SimilarFields = Annotated[dict[str, Any], asked(sonoteca.SimilarRequest, without=("sounds",))]

_ROW = {
    "id": "k3v9q2h7d4mx",
    "title": "Dusty Break",
    "artist": "Amon",
    "path": "/music/breaks/dusty.wav",
    "region": 0,
    "start_s": 0.0,
    "end_s": 5.33,
    "score": 0.93,
    "mode": "similar",
}


@router.get(
    "/api/search",
    **documented(
        "Sounds that have these words in their titles, artists, tags or paths, best match first.",
        example={"query": {"mode": "search", "words": "dusty", "total": 1, "next_offset": None}, "results": [_ROW]},
        errors=[QuerySyntaxError],
    ),
)
def search(fields: WordsFields, library: OpenLibrary, log: Log) -> StrictJSONResponse:
    return answered(log.noted("search", sonoteca.search_words(library, sonoteca.WordsRequest(**fields))))


@router.get(
    "/api/similar/{id}",
    **documented(
        "Sounds that sound like this one, and at which moment, best first.",
        example={
            "query": {"mode": "similar", "sounds": ["k3v9"], "k": 10, "total": 1, "next_offset": None},
            "results": [_ROW],
        },
        errors=[SoundNotFound, AmbiguousSound, SpaceMismatch, QuerySyntaxError],
    ),
)
def similar(id: SoundId, fields: SimilarFields, library: OpenLibrary, log: Log) -> StrictJSONResponse:
    # Without a listener: a name is a sound of the library, never a file of this machine.
    request = sonoteca.SimilarRequest(sounds=(id,), **fields)
    return answered(log.noted("similar", sonoteca.find_similar(library, request)))
