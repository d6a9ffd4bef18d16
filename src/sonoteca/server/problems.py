"""Errors as problem documents (RFC 9457): one shape for whatever goes wrong, and no traceback in any of them.

A problem says ``type``, ``title``, ``status``, ``detail``, ``code``, ``remedy``, ``field`` and
``instance``: the error's code, sentence and remedy, the field of the request it is about, and
the id of the request, under which the log tells more. Errors that have more to say (candidates
of a name, the place in a query) say it beside these.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.routing import Match

from sonoteca.domain.request import value_error
from sonoteca.errors import (
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    DiskLow,
    KeyRequired,
    LibraryBusy,
    ListeningStopped,
    MediaTypeRefused,
    MethodNotAllowed,
    NoSuchRoute,
    QuerySyntaxError,
    QueueFull,
    RequestError,
    SonotecaError,
    TryLater,
)
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.request_id import request_id

MEDIA_TYPE = "application/problem+json"
_BUSY_S = 1
_log = logging.getLogger(__name__)


class Refusal(HTTPException):
    """An error of ours that passes where a framework turns all others into its own: while a body is read."""

    def __init__(self, error: SonotecaError) -> None:
        super().__init__(error.http_status, error.message)
        self.error = error


def problem(error: SonotecaError, request_id: str | None = None) -> dict[str, Any]:
    """The document of an error.

    >>> from sonoteca.errors import SoundNotFound
    >>> problem(SoundNotFound("No sound answers to 'x'.", field="sounds"), "r1")["instance"]
    'urn:sonoteca:request:r1'
    """
    told = error.as_json()
    if isinstance(error, QuerySyntaxError):
        told |= {"query": error.query, "position": error.position}
    return {
        "type": f"urn:sonoteca:error:{error.code}",
        "title": title_of(type(error)),
        "status": error.http_status,
        "detail": told.pop("message"),
        "instance": None if request_id is None else f"urn:sonoteca:request:{request_id}",
        **told,
    }


def title_of(kind: type[SonotecaError]) -> str:
    """What kind of problem it is, the same for each of its kind: the first sentence of the class."""
    first = (kind.__doc__ or "").strip().partition("\n")[0]
    return first or HTTPStatus(kind.http_status).phrase


def problem_response(error: SonotecaError, headers: dict[str, str] | None = None) -> StrictJSONResponse:
    """The answer to a request that an error ended."""
    told = dict(headers or {})
    if isinstance(error, TryLater | QueueFull):
        told["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, LibraryBusy | ListeningStopped):
        told["Retry-After"] = str(_BUSY_S)
    elif isinstance(error, KeyRequired):
        told["WWW-Authenticate"] = 'Bearer realm="sonoteca"'
    elif isinstance(error, BodyTooLarge | BodyTooSlow | DiskLow):
        # The rest of the body is not read.
        told["Connection"] = "close"
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s: %s", error.code, error.message, exc_info=error.__cause__)
    return StrictJSONResponse(problem(error, request_id()), error.http_status, told, media_type=MEDIA_TYPE)


def unexpected(error: Exception) -> StrictJSONResponse:
    """The answer where the program itself is wrong: what went wrong stands in the log under the request's id."""
    _log.error("unexpected error", exc_info=error)
    return problem_response(
        SonotecaError("The server met an error of its own.", "Please report it with the log of this request.")
    )


def answer_errors(app: FastAPI) -> None:
    """Have all errors below the routes answered with problems."""

    async def ours(request: Request, error: Exception) -> StrictJSONResponse:
        assert isinstance(error, SonotecaError)
        return problem_response(error)

    async def theirs(request: Request, error: Exception) -> StrictJSONResponse:
        assert isinstance(error, HTTPException)
        return _http_problem(app, request, error)

    async def invalid(request: Request, error: Exception) -> StrictJSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem_response(_invalid(error.errors()))

    app.add_exception_handler(SonotecaError, ours)
    app.add_exception_handler(HTTPException, theirs)
    app.add_exception_handler(RequestValidationError, invalid)


def _http_problem(app: FastAPI, request: Request, error: HTTPException) -> StrictJSONResponse:
    if isinstance(error, Refusal):
        return problem_response(error.error)
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(NoSuchRoute(f"Nothing answers at {path}."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = _methods(app, request)
        refused = MethodNotAllowed(f"{path} does not answer {request.method}.")
        return problem_response(refused, {"Allow": ", ".join(methods)})
    if error.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return problem_response(MediaTypeRefused(f"{path} does not read {request.headers.get('content-type')!r}."))
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem_response(BodyUnreadable(f"The request cannot be read ({error.detail})."))
    return unexpected(error)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """The methods that a path answers, of all its routes."""
    methods: set[str] = set()
    for route in app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _invalid(details: Any) -> RequestError:
    """What is wrong with the first of the values that were refused; the place it came from is no part of its name."""
    first: ErrorDetails = min(details, key=lambda each: each["type"] != "extra_forbidden")
    if first["type"] == "json_invalid":
        return BodyUnreadable(f"The body is no JSON: {first['ctx']['error']} at character {first['loc'][-1]}.")
    place = first["loc"][1:]
    if not place:
        if first["type"] == "missing":
            return BodyUnreadable("The request needs a body.")
        return BodyUnreadable("The body is no JSON object, or its Content-Type is not application/json.")
    return value_error({**first, "loc": place})
