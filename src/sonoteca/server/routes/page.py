"""The page at ``/ui/``: static files that speak to the other routes, and ask nothing of any other machine."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from sonoteca.errors import NoSuchRoute
from sonoteca.server.page_files import FIRST, PageFiles, media_type
from sonoteca.server.route import routes

router = routes("page")

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
# What stands under the name of a state never changes.
_FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/ui", include_in_schema=False)
def page_beside() -> Response:
    # Relative, as the server does not know below which address it stands.
    return Response(status_code=307, headers={"Location": "ui/"})


@router.get("/ui/", include_in_schema=False)
def page(request: Request) -> Response:
    state = _files(request).read()
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": f'"{state.version}"'}
    return Response(state.first(), headers=headers, media_type=media_type(FIRST))


@router.get("/ui/{version}/{path:path}", include_in_schema=False)
async def page_file(version: str, path: str, request: Request) -> Response:
    state = _files(request).held()
    content = state.contents.get(path)
    if version != state.version or content is None or path == FIRST:
        raise NoSuchRoute(f"The page has no file {path[:100]!r} in this version.", "Load the page again.")
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": _FOR_GOOD}
    return Response(content, headers=headers, media_type=media_type(path))


def _files(request: Request) -> PageFiles:
    held: PageFiles = request.app.state.page
    return held
