"""What this server is, and whether it is well."""

from __future__ import annotations

from typing import Annotated, Any

from starlette.concurrency import run_in_threadpool

import sonoteca
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.life import ABOUT, WELL, about_answer, well_answer
from sonoteca.server.request_fields import asked
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary

router = routes("about")

HealthFields = Annotated[dict[str, Any], asked(sonoteca.HealthRequest)]


@router.get("/", **documented("Name and version of this server, and where to go on.", example=ABOUT))
async def about() -> StrictJSONResponse:
    return about_answer()


@router.get(
    "/health",
    **documented(
        "That the server answers; asked for a check, what a closer look at the library found.",
        description="Without `check` nothing is looked at. A check ends within about two seconds; what is wrong is told in "
        "`findings`, and then `status` is failing and `ok` false.",
        example={
            **WELL,
            "ok": True,
            "check": "database",
            "findings": [{"code": "index", "message": "It lacks vectors.", "remedy": "Rebuild the index."}],
            "details": {"candidates": 200},
        },
    ),
)
async def health(fields: HealthFields, library: OpenLibrary) -> StrictJSONResponse:
    if fields.get("check") is None:
        return well_answer()
    found = await run_in_threadpool(sonoteca.check_health, library, sonoteca.HealthRequest(**fields))
    status = "ok" if found.ok else "failing"
    return StrictJSONResponse({**WELL, "status": status, **found.as_json()})
