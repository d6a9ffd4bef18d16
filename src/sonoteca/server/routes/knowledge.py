"""The knowledge base: questions answered with advice, and advice taken in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

import sonoteca
from sonoteca.errors import LibraryUnwritable, ModelUnavailable, QuerySyntaxError
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary, models_folder

router = routes("knowledge")

SearchFields = Annotated[dict[str, Any], asked(sonoteca.SearchKnowledgeRequest, without=("question",))]
Question = Annotated[str, Query(description="What is wanted to be known, in words.", max_length=2_000)]

_ENTRY: dict[str, Any] = {
    "id": "38929125-4556-5a64-bf47-4cf462016933",
    "topic": "eq",
    "category": "vocals",
    "suggestion": {
        "title": "Clear a muddy vocal",
        "description": "Cut 2 to 4 dB with a bell of Q 1 to 1.5 between 200 and 400 Hz.",
        "parameters": {"cut": "2-4 dB at 200-400 Hz", "Q": "1-1.5"},
    },
    "confidence": 0.9,
    "source": None,
    # One of each type that a value may have.
    "conditions": [
        {"field": "descriptors.warmth", "op": ">", "value": 0.65, "recommend": 0.5},
        {"field": "key.mode", "op": "=", "value": "minor", "recommend": "major"},
    ],
    "about": "role:vocal",
    "created_at": "2026-01-31T12:00:00.000Z",
    "updated_at": "2026-01-31T12:00:00.000Z",
}
_FOUND = _ENTRY | {
    "title": "Clear a muddy vocal",
    "score": 0.67,
    "nearness": 0.72,
    "reasons": ["title: 'muddy', 'vocal'"],
    "highlights": [{"field": "title", "text": "Clear a muddy vocal", "marks": [[8, 13], [14, 19]]}],
}


@router.get(
    "/api/knowledge/search",
    **documented(
        "Advice that answers a question, best first; `mode` says by what it was found.",
        example={
            "query": {"mode": "full_text", "question": "vocals sound muddy", "k": 5, "total": 1, "notes": []},
            "results": [_FOUND],
        },
    ),
)
def search_knowledge(q: Question, fields: SearchFields, library: OpenLibrary) -> StrictJSONResponse:
    request = sonoteca.SearchKnowledgeRequest(question=q, **fields)
    return answered(sonoteca.search_knowledge(library, request, models=models_folder()))


@router.post(
    "/api/knowledge",
    **documented(
        "A piece of advice is kept. It can be undone.",
        example={"changed": True, "entry": _ENTRY},
        errors=[QuerySyntaxError, LibraryUnwritable],
        status=201,
    ),
)
def add_knowledge(request: sonoteca.AddKnowledgeRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.add_knowledge(library, request), 201)


@router.post(
    "/api/knowledge/backfill",
    **documented(
        "Entries that lack a vector get one; each batch is written, and read back by another connection.",
        description="`success` is false, and `refused` says why, where a vector is not there afterwards. "
        "`dry_run` only says how many are planned.",
        example={
            "success": True,
            "model": "all-MiniLM-L6-v2",
            "version": "53aa51172d14-mean-256",
            "planned": 20,
            "processed": 20,
            "updated": 20,
            "verified": 20,
            "refused": [{"entries": ["38929125-4556-5a64-bf47-4cf462016933"], "message": "Nothing of this was kept."}],
        },
        errors=[ModelUnavailable, LibraryUnwritable],
    ),
)
def backfill_knowledge(request: sonoteca.BackfillRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.backfill_knowledge(library, request, models=models_folder()))


@router.get(
    "/api/knowledge/verify",
    **documented(
        "Every vector is read back: how many entries have one of today's model, none, another model's, a damaged one.",
        example={
            "ok": True,
            "model": "all-MiniLM-L6-v2",
            "version": "53aa51172d14-mean-256",
            "entries": 176,
            "verified": 176,
            "missing": 0,
            "of_other_models": 0,
            "damaged": ["38929125-4556-5a64-bf47-4cf462016933"],
        },
    ),
)
def verify_knowledge(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.verify_knowledge(library))
