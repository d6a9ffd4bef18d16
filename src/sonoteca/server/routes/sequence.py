"""What comes after what: the next track, sets, walks between two sounds, and playlists judged."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

import sonoteca
from sonoteca.errors import (
    AmbiguousSound,
    ConstraintsConflict,
    LibraryUnwritable,
    PlaylistNotFound,
    QuerySyntaxError,
    SoundNotFound,
)
from sonoteca.server.events import Log
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_bodies import said
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary

router = routes("sequence")

NowPlaying = Annotated[
    str, Path(description="What plays now: the id of a sound, a unique beginning of one, or external:ID.", min_length=1)
]
NextFields = Annotated[dict[str, Any], asked(sonoteca.NextRequest, without=("sound",))]
WalkFields = Annotated[dict[str, Any], asked(sonoteca.WalkRequest)]
_KEPT = ("pick", "save", "replace")
SetToKeep = Annotated[
    dict[str, Any],
    said(
        sonoteca.SetRequest,
        sonoteca.KeepSetRequest,
        without=("output",),
        example={"length": "60m", "curve": "peak", "save": "friday"},
    ),
]

_ROW: dict[str, Any] = {
    "id": "k3v9q2h7d4mxw5ta",
    "external_id": "LP-1042",
    "title": "Night Drive",
    "artist": "Amon",
    "path": "/music/night drive.flac",
    "region": 0,
    "start_s": 0.0,
    "end_s": 301.5,
    "score": 0.91,
    "parts": {"tempo": 0.98, "key": 1.0},
    "reasons": ["tempo +0.8 %"],
    "mode": "next",
    "price": 2.5,
    "currency": "EUR",
    "url": "https://shop.example/night",
    "copies": [{"id": "u6mbuhzvs2l5vl5k", "path": "/music/night drive.mp3"}],
}
_NEXT = {
    **_ROW,
    "bpm": 124.0,
    "camelot": "8A",
    "energy_level": 6.5,
    "duration_s": 301.5,
    "tempo_ratio": 1.008,
    "missing": ["rhythm"],
}
_SETS: dict[str, Any] = {
    "query": {"mode": "set", "length": "60m", "choosable": 812, "notes": ["3 tracks were not considered: no tempo."]},
    "results": [
        {
            "cliffs": "1 transition stretches by 9 %: a tempo cliff",
            "score": 0.83,
            "parts": {"transitions": 0.85, "curve": 0.8},
            "duration_s": 3570.0,
            "shared_tracks": {"1": 7},
            "reasons": ["no keys clash"],
            "tracks": [{**_NEXT, "position": 1, "at_s": 0.0}],
        }
    ],
}


@router.get(
    "/api/next/{id}",
    **documented(
        "What may come after a sound, ranked by the transition that leads into it.",
        description="`played` is a playlist of the library: what it holds comes neither again nor its artists soon.",
        example={
            "query": {
                "mode": "next",
                "sound": "k3v9q2h7d4mxw5ta",
                "candidates": 40,
                "weights": {"tempo": 0.32},
                "notes": ["12 more were left out: 12 by tempo."],
                "total": 40,
                "next_offset": 10,
            },
            "results": [_NEXT],
        },
        errors=[SoundNotFound, AmbiguousSound, PlaylistNotFound, QuerySyntaxError],
    ),
)
def next_sounds(id: NowPlaying, fields: NextFields, library: OpenLibrary, log: Log) -> StrictJSONResponse:
    answer = sonoteca.find_next(library, sonoteca.NextRequest(sound=id, **fields), may_be_file=False)
    return answered(log.noted("next", answer))


@router.get(
    "/api/path",
    **documented(
        "Sounds that lead from one sound to another, each a little nearer to the end.",
        example={
            "query": {
                "mode": "path",
                "start": "k3v9q2h7d4mxw5ta",
                "end": "u6mbuhzvs2l5vl5k",
                "steps": 5,
                "notes": ["Only 3 sounds lie between the two without going back."],
            },
            "results": [{**_ROW, "mode": "path", "parts": {"progress": 0.2, "step": 0.9, "nearness": 0.8}}],
        },
        errors=[SoundNotFound, AmbiguousSound, ConstraintsConflict, QuerySyntaxError],
    ),
)
def walk(fields: WalkFields, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.walk(library, sonoteca.WalkRequest(**fields)))


@router.post(
    "/api/sets",
    **documented(
        "Orders of tracks that fill so much time or so many places, best first; nothing is kept.",
        description="`curve` is warmup, peak or closing. The same request on the same library gives the same answer.",
        example=_SETS,
        errors=[SoundNotFound, AmbiguousSound, ConstraintsConflict, QuerySyntaxError],
        scope="read",
    ),
)
def build_set(request: sonoteca.SetRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.build_set(library, request, may_be_file=False))


@router.post(
    "/api/sets/keep",
    **documented(
        "The sets of a request, of which one (`pick`) is kept as the playlist `save`. It can be undone.",
        example=_SETS,
        errors=[SoundNotFound, AmbiguousSound, ConstraintsConflict, QuerySyntaxError, LibraryUnwritable],
    ),
)
def keep_set(said: SetToKeep, library: OpenLibrary) -> StrictJSONResponse:
    wanted = sonoteca.KeepSetRequest(**{name: said.pop(name) for name in _KEPT if name in said})
    answer = sonoteca.build_set(library, sonoteca.SetRequest(**said), may_be_file=False)
    sonoteca.keep_set(library, answer, wanted)
    return answered(answer)


@router.post(
    "/api/lint",
    **documented(
        "What is wrong with the order of a playlist of the library, and the smallest repairs; nothing is changed.",
        description="`sounds` is an order that is in no playlist, instead of `playlist`.",
        example={
            "query": {"mode": "lint", "playlist": "friday", "sounds": ["k3v9q2h7d4mx"], "entries": 20, "known": 19},
            "score": 0.81,
            "results": [{"code": "key_clash", "position": 7, "earlier": 6, "message": "A after B: keys clash"}],
            "repairs": [
                {
                    "kind": "drop",
                    "message": "drop A at 7",
                    "replacement": "k3v9q2h7d4mxw5ta",
                    "flags": {"before": 2, "after": 1},
                    "score": {"before": 0.81, "after": 0.84},
                }
            ],
        },
        errors=[PlaylistNotFound, SoundNotFound, AmbiguousSound, QuerySyntaxError],
        scope="read",
    ),
)
def lint(request: sonoteca.LintRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.lint(library, request, may_be_file=False))
