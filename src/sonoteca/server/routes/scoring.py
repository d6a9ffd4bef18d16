"""How matches are scored here: the weights in use, those used before, and which matches people took or turned down."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

import sonoteca
from sonoteca.errors import AmbiguousSound, AudioError, LibraryUnwritable, SoundNotFound, WorkerError
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary, WarmListener
from sonoteca.server.uploads import UploadFormOrJson, upload_body

router = routes("scoring")

Numbers = Annotated[
    dict[str, Any],
    Body(
        description="Numbers that differ from the shipped ones, by table and name; or all of them, as GET answers.",
        openapi_examples={"example": {"value": {"cost": {"moved": 0.25}, "role": {"bass": {"key": 1.0}}}}},
    ),
]

_MATCHED = {"query": {"type": "string", "description": "The sound of the library that was matched, instead of a file."}}
_FORMULA = {
    "tensor": 0.1,
    "interval": 1.5,
    "chord": 3.2,
    "key": 0.5,
    "rhythm": 1.5,
    "tempo": 0.5,
    "energy": 0.03,
    "role_confidence": 0.03,
    "slope": 10.0,
    "middle": 0.58,
}
_WEIGHTS: dict[str, Any] = {
    "version": "library-3",
    "gate": {"widest_stretch": 0.25, "widest_shift": 6.0, "least_role_score": 0.25},
    "cost": {"moved": 0.25, "per_semitone": 0.003},
    "caps": {"clipped": 0.85, "noisy": 0.8, "no_bars": 0.4},
    "key": {"same": 1.0, "relative": 0.9, "fifth": 0.75, "other": 0.1},
    "role": {"bass": _FORMULA},
    "hum": _FORMULA,
}
_VERSION = {
    "version": 3,
    "active": True,
    "at": "2026-01-31T12:00:00.000Z",
    "note": "softer on keys",
    "toml": "[cost]\nmoved = 0.25\n",
}


@router.get(
    "/scoring/config",
    **documented("The numbers by which matches are made now.", example=_WEIGHTS),
)
def scoring_config(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.match_weights(library, sonoteca.MatchWeightsRequest()))


@router.put(
    "/scoring/config",
    **documented(
        "Matches are made by these numbers from now on; what is not named is as shipped.",
        description="They become a new version of the library's weights, unless they are in use already.",
        example=_WEIGHTS,
        errors=[LibraryUnwritable],
    ),
)
def set_scoring_config(numbers: Numbers, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.keep_match_weights(library, sonoteca.KeepWeightsRequest(weights=numbers)))


@router.get(
    "/api/scoring/versions",
    **documented("The library's own versions of the numbers, oldest first.", example={"versions": [_VERSION]}),
)
def scoring_versions(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.list_match_weights(library))


@router.post(
    "/api/scoring/use",
    **documented(
        "Matches are made by another version of the numbers from now on, or by the shipped ones.",
        example=_WEIGHTS,
        errors=[LibraryUnwritable],
    ),
)
def use_scoring_version(request: sonoteca.UseWeightsRequest, library: OpenLibrary) -> StrictJSONResponse:
    sonoteca.use_match_weights(library, request)
    return answered(sonoteca.match_weights(library, sonoteca.MatchWeightsRequest()))


@router.post(
    "/api/matches/choices",
    **documented(
        "It is remembered that a match was taken or turned down; the weights can be learnt from that.",
        example={
            "query": "k3v9q2h7d4mxw5ta",
            "candidate": "u6mbuhzvs2l5vl5k",
            "candidate_region": 0,
            "liked": True,
            "axes": {"tensor": 0.9, "interval": 0.8, "key": 1.0},
        },
        description="A form may bring the file that was matched in place of `query`.",
        errors=[SoundNotFound, AmbiguousSound, LibraryUnwritable, AudioError, WorkerError],
        body=upload_body(
            sonoteca.ChoiceRequest, without=("query",), optional_files=True, beside=_MATCHED, or_json=True
        ),
    ),
)
def choose_match(form: UploadFormOrJson, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    query, hears = form.sound_or_file("query"), listener if form.files else None
    request = sonoteca.ChoiceRequest(
        query=query, **form.fields(sonoteca.ChoiceRequest, without=("query",), beside=("query",))
    )
    return form.answered(sonoteca.choose_match(library, request, listener=hears))
