"""What every route has in common: how it is documented, who may ask it, and what it refuses before it is asked.

A module of ``routes`` makes its ``router = routes("subject")`` and gives each route
``**documented(...)``: a sentence, an example of its answer, and the errors that are its own. What
any route may answer (a wrong value, no key, too many requests, ...) is documented of all at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from sonoteca.errors import (
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    HostRefused,
    KeyInsufficient,
    KeyRequired,
    LibraryBusy,
    OriginRefused,
    RequestError,
    SonotecaError,
    TooManyRequests,
)
from sonoteca.server import problems
from sonoteca.server.guard.keys import Right
from sonoteca.server.json_answers import StrictJSONResponse, StrictRequest, is_text

# What any route may answer, and what those may that read a body.
COMMON = (
    RequestError,
    KeyRequired,
    KeyInsufficient,
    OriginRefused,
    HostRefused,
    TooManyRequests,
    SonotecaError,
    LibraryBusy,
)
OF_BODIES = (BodyUnreadable, BodyTooLarge, BodyTooSlow)


class Route(APIRoute):
    """A route that refuses parameters it does not have, and text that is none; its JSON bodies are read strictly."""

    @property
    def needs(self) -> Right | None:
        """What a key must allow, where the route says so itself."""
        right: Right | None = (self.openapi_extra or {}).get("x-scope")
        return right

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def checked(request: Request) -> Response:
            self._refuse_unknown(request)
            return await answer(StrictRequest(request.scope, request.receive))

        return checked

    def _refuse_unknown(self, request: Request) -> None:
        for name, value in request.path_params.items():
            if isinstance(value, str) and not is_text(value):
                raise RequestError(f"{name} holds a NUL.", field=name)
        known = self._query_names()
        for name, value in request.query_params.multi_items():
            if name not in known:
                has = f"It has {', '.join(known)}." if known else "It has none."
                raise RequestError(f"{request.url.path} has no parameter {name!r}.", has, field=name)
            if not is_text(value):
                raise RequestError(f"{name} holds a NUL.", field=name)

    def _query_names(self) -> list[str]:
        fields = get_flat_params(self.dependant)
        return [field.alias for field in fields if isinstance(field.field_info, Query)]


def routes(subject: str) -> APIRouter:
    """A router for the routes of one subject, under which the documentation lists them."""
    return APIRouter(
        route_class=Route,
        tags=[subject],
        default_response_class=StrictJSONResponse,
        # Clients that are generated call a route by the name of its function.
        generate_unique_id_function=lambda route: route.name,
    )


def _either(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of values of which some are as one schema says, some as the other; an empty one says nothing."""
    if not one or not other:
        return {**one, **other}
    merged = {**one, **other}
    # Of a number that is whole nobody can see whether it always is.
    kinds = [kind for kind in dict.fromkeys([*one["type"], *other["type"]]) if kind != "null"]
    merged["type"] = [*(kind for kind in kinds if not (kind == "integer" and "number" in kinds)), "null"]
    if "items" in one and "items" in other:
        merged["items"] = _either(one["items"], other["items"])
    if "properties" in one and "properties" in other:
        names = dict.fromkeys([*one["properties"], *other["properties"]])
        merged["properties"] = {
            name: _either(one["properties"].get(name, {}), other["properties"].get(name, {})) for name in names
        }
    return merged


def documented(
    summary: str,
    *,
    example: Any,
    errors: Collection[type[SonotecaError]] = (),
    description: str = "",
    status: int = 200,
    media_types: Mapping[str, Any] | None = None,
    scope: Right | None = None,
    also: Mapping[int, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    partial: bool = False,
    not_modified: bool = False,
) -> dict[str, Any]:
    """What a route says of itself, as the arguments of ``@router.get`` and its sisters.

    Parameters
    ----------
    summary : str
        A sentence: what the answer is.
    example : JSON value
        An answer as it may look, with every key it can have: keys and types of answers are documented from it. None
        for a route whose answers are no JSON.
    errors : collection of error classes
        Those that are this route's own.
    status : int
        Of the answer when all is well.
    media_types : mapping, optional
        What the answer can be beside JSON, each with its schema, e.g. ``{"audio/flac": BINARY}``.
    scope : "read" or "write", optional
        What a key must allow. Left out, GET takes a key that reads and everything else one that writes.
    also : mapping of status to example, optional
        Other answers when all is well; of a status that has one already either may come.
    body : mapping, optional
        The ``requestBody`` of OpenAPI, where it is not made from the route's arguments (uploads).
    partial, not_modified : bool
        It answers ranges of bytes (206), and that a client holds the answer already (304).
    """
    content = dict(media_types or {})
    if example is not None:
        content |= _json(example)
    extra: dict[str, Any] = {}
    if scope is not None:
        extra["x-scope"] = scope
    if body is not None:
        extra["requestBody"] = body
    good: dict[int | str, Any] = {status: {"description": summary, "content": content}}
    for other_status, other in (also or {}).items():
        told = good.setdefault(other_status, {"description": summary, "content": _json(other)})
        json_told = told["content"]["application/json"]
        json_told["schema"] = _either(json_told["schema"], schema_of(other))
    if partial:
        good[206] = {"description": "The range of it that was asked for.", "content": content}
    if partial or not_modified:
        good[304] = {"description": "What the client holds is still that."}
    return {
        "summary": summary.rstrip("."),
        "description": description or summary,
        "status_code": status,
        "response_model": None,
        "responses": good | error_responses(errors),
        "openapi_extra": extra or None,
    }


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema_of(example), "example": example}}


def error_responses(errors: Collection[type[SonotecaError]]) -> dict[int | str, dict[str, Any]]:
    """How errors are documented, by status: what they mean, and a problem of each as an example."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in errors:
        told = by_status.setdefault(kind.http_status, {"description": "", "content": {problems.MEDIA_TYPE: {}}})
        told["description"] = " ".join(filter(None, [told["description"], problems.title_of(kind)]))
        content = told["content"][problems.MEDIA_TYPE]
        content["schema"] = {"$ref": "#/components/schemas/Problem"}
        example = problems.problem(kind(problems.title_of(kind)), "0c6f3a52")
        content.setdefault("examples", {})[kind.code] = {"value": example}
    return by_status


def schema_of(example: Any) -> dict[str, Any]:
    """The schema that an example shows: its keys and types, any of which may be null, and keys beside them.

    What differs from one item of a list to the next is of all their types.

    >>> schema_of({"rows": [{"id": "a"}], "total": 1})["properties"]["total"]
    {'type': ['integer', 'null']}
    >>> schema_of([{"to": 174.0}, {"to": "A minor"}])["items"]["properties"]["to"]
    {'type': ['number', 'string', 'null']}
    """
    if isinstance(example, Mapping):
        properties = {name: schema_of(value) for name, value in example.items()}
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": True}
    if isinstance(example, list | tuple):
        nothing: dict[str, Any] = {}
        return {"type": ["array", "null"], "items": functools.reduce(_either, map(schema_of, example), nothing)}
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(example, kind):
            return {"type": [name, "null"]}
    return {}
