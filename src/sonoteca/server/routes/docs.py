"""The interactive documentation: a page of our own that loads nothing from elsewhere, so that it works without a net."""

from __future__ import annotations

from importlib.resources import files

from fastapi.responses import Response

from sonoteca.server.route import routes

router = routes("docs")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGES = files("sonoteca.server") / "docs_page"


def _file(name: str, media_type: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return Response((_PAGES / name).read_bytes(), headers=headers, media_type=media_type)


@router.get("/docs", include_in_schema=False)
def docs() -> Response:
    return _file("page.html", "text/html; charset=utf-8")


@router.get("/docs/page.js", include_in_schema=False)
def docs_script() -> Response:
    return _file("page.js", "text/javascript; charset=utf-8")


@router.get("/docs/page.css", include_in_schema=False)
def docs_style() -> Response:
    return _file("page.css", "text/css; charset=utf-8")
