"""The session of a browser: a key, shown once, becomes a cookie; what it may do; and its end."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from sonoteca.server.guard.sessions import COOKIE, LASTS_S, Sessions, session_word
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes

router = routes("session")

_SESSION = {"needs_key": True, "right": "write", "session": True}


@router.get(
    "/api/session",
    **documented(
        "Whether this server asks for keys, what the one who asks may do, and whether a session says so.",
        description="`right` is read or write. A server without keys lets everybody write who reaches it.",
        example=_SESSION,
    ),
)
def show_session(request: Request) -> StrictJSONResponse:
    return StrictJSONResponse(_as_json(request))


@router.post(
    "/api/session",
    **documented(
        "Exchange the key that this request brings for a session, held by a cookie that scripts cannot read.",
        description="Browsers send the cookie from then on, also with audio and events, where no header can be sent. "
        "It lasts 30 days, or until the server is started anew. On a server without keys there is no cookie.",
        example=_SESSION,
        scope="read",
    ),
)
def begin_session(request: Request) -> StrictJSONResponse:
    key = getattr(request.state, "key", None)
    # A session does not make itself longer: whoever took one away would keep it for good.
    if key is None or request.state.by_session:
        return StrictJSONResponse(_as_json(request))
    answer = StrictJSONResponse({**_as_json(request), "session": True})
    # Behind a proxy that speaks TLS the page's own origin tells of it.
    is_secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
    word = _sessions(request).begin(key)
    answer.set_cookie(COOKIE, word, max_age=LASTS_S, httponly=True, samesite="strict", secure=is_secure, path="/")
    return answer


@router.delete(
    "/api/session",
    **documented(
        "The session ends, and its cookie is taken back.", example={**_SESSION, "session": False}, scope="read"
    ),
)
def end_session(request: Request) -> StrictJSONResponse:
    word = session_word(request.scope)
    if word is not None:
        _sessions(request).end(word)
    answer = StrictJSONResponse({**_as_json(request), "session": False})
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return answer


def _as_json(request: Request) -> dict[str, Any]:
    key = getattr(request.state, "key", None)
    return {
        "needs_key": bool(request.app.state.needs_key),
        "right": "write" if key is None else key.right,
        "session": bool(getattr(request.state, "by_session", False)),
    }


def _sessions(request: Request) -> Sessions[Any]:
    held: Sessions[Any] = request.app.state.sessions
    return held
