"""The OpenAPI document: what the routes say of themselves, and once for all of them what any may answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sonoteca.errors import MediaTypeRefused, NoSuchRoute
from sonoteca.server.route import COMMON, OF_BODIES, error_responses

# What FastAPI would answer to a wrong value; ours are problems.
_REPLACED = ("HTTPValidationError", "ValidationError")
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "The kind of problem as a URI."},
        "title": {"type": "string", "description": "The kind of problem in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What went wrong, with the value that is wrong."},
        "code": {"type": "string", "description": "The kind of problem as a word that stays."},
        "remedy": {"type": "string", "description": "What can be done."},
        "field": {"type": ["string", "null"], "description": "The field of the request that is wrong."},
        "instance": {"type": ["string", "null"], "description": "The id of the request, as the log has it."},
    },
    "required": ["type", "title", "status", "detail", "code", "remedy", "field", "instance"],
    "additionalProperties": True,
}
_METHODS = ("get", "put", "post", "delete", "patch")


def describe_itself(app: FastAPI) -> None:
    """Have the application make its document with what all routes share; it is made when it is first asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _REPLACED:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    # A server on the machine's own address asks for no key.
    document["security"] = [{}, {"bearer": []}, {"key": []}]
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(operations[method], has_names="{" in path)
    return document


def _complete(operation: dict[str, Any], *, has_names: bool) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for told in answers.values():
        # What FastAPI adds where a route says nothing of JSON.
        if told.get("content", {}).get("application/json") == {"schema": {}}:
            del told["content"]["application/json"]
    shared = (*COMMON, *OF_BODIES) if "requestBody" in operation else COMMON
    if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
        shared = (*shared, MediaTypeRefused)
    if has_names:
        # A name may hold what ends the path that the route answers.
        shared = (*shared, NoSuchRoute)
    for status, told in error_responses(shared).items():
        answers[str(status)] = _both(answers.get(str(status)), told)
    operation["responses"] = dict(sorted(answers.items()))


def _both(own: dict[str, Any] | None, shared: dict[str, Any]) -> dict[str, Any]:
    """The answers of one status that are the route's own and those that any route may give."""
    if own is None:
        return shared
    merged = {**own, "description": f"{own['description']} {shared['description']}", "content": {**own["content"]}}
    for media_type, content in shared["content"].items():
        before = own["content"].get(media_type, {})
        merged["content"][media_type] = content | {"examples": {**content["examples"], **before.get("examples", {})}}
    return merged
