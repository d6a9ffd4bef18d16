"""What this server is, and whether it is well."""

from __future__ import annotations

from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.life import ABOUT, WELL, about_answer, well_answer
from sonoteca.server.route import documented, routes

router = routes("about")


@router.get("/", **documented("Name and version of this server, and where to go on.", example=ABOUT))
async def about() -> StrictJSONResponse:
    return about_answer()


@router.get("/health", **documented("That the server answers.", example=WELL))
async def health() -> StrictJSONResponse:
    return well_answer()
