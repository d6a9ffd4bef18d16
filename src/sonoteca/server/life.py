"""What the server says of itself before anything else of it is loaded: what it is, and that it lives."""

from __future__ import annotations

from typing import Any

from sonoteca import __version__
from sonoteca.server.json_answers import StrictJSONResponse

LINKS = {
    "page": "/ui/",
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
    "status": "/status",
    "metrics": "/metrics",
}
ABOUT: dict[str, Any] = {"name": "sonoteca", "version": __version__, "links": LINKS}
WELL: dict[str, Any] = {"status": "ok", "version": __version__}


def about_answer() -> StrictJSONResponse:
    return StrictJSONResponse(ABOUT)


def well_answer() -> StrictJSONResponse:
    return StrictJSONResponse(WELL)
