"""What this server is, and whether it is well."""

from __future__ import annotations

from typing import Any

from sonoteca import __version__
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes

router = routes("about")

_LINKS = {"docs": "/docs", "openapi": "/openapi.json", "health": "/health", "status": "/status", "metrics": "/metrics"}
_ABOUT: dict[str, Any] = {"name": "sonoteca", "version": __version__, "links": _LINKS}
_WELL: dict[str, Any] = {"status": "ok", "version": __version__}


@router.get("/", **documented("Name and version of this server, and where to go on.", example=_ABOUT))
async def about() -> StrictJSONResponse:
    return StrictJSONResponse(_ABOUT)


@router.get("/health", **documented("That the server answers.", example=_WELL))
async def health() -> StrictJSONResponse:
    return StrictJSONResponse(_WELL)
