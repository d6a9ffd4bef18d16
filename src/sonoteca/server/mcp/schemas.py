"""The JSON schema of a tool's arguments is that of its request, without what an assistant has no use for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sonoteca.domain.request import Request
from sonoteca.server.mcp.pages import MOST_ROWS, USUAL_ROWS

CURSOR = {"type": "string", "description": "The cursor of the last answer, to get the rows that follow it."}
# What says how many rows a page has.
COUNTS = ("k", "limit")


def input_schema(request: type[Request], *, shown: Collection[str], is_paged: bool) -> dict[str, Any]:
    """A schema that stands alone: no references, and no null for what may simply be left out.

    Parameters
    ----------
    shown : names of fields
        All others are left out.
    is_paged : bool
        Whether there is a ``cursor``.
    """
    whole = request.model_json_schema()
    defs = whole.get("$defs", {})
    properties = {name: _simple(each, defs) for name, each in whole.get("properties", {}).items() if name in shown}
    for name in COUNTS:
        if name in properties and is_page_of(request):
            told = {"description": properties[name].get("description", "How many rows.")}
            properties[name] = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS} | told
    if is_paged:
        properties["cursor"] = CURSOR
    required = [name for name in whole.get("required", []) if name in properties]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def is_page_of(request: type[Request]) -> bool:
    """Whether a request asks for a part of what there is, as ``k`` or ``limit`` then say how large a one."""
    return "offset" in request.model_fields


def _simple(schema: Any, defs: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_simple(each, defs) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        told = {name: value for name, value in schema.items() if name != "$ref"}
        return _simple(defs[schema["$ref"].rpartition("/")[2]] | told, defs)
    found = {name: value for name, value in schema.items() if name != "title" or not isinstance(value, str)}
    choices = [each for each in found.get("anyOf", []) if each != {"type": "null"}]
    if len(choices) == 1:
        del found["anyOf"]
        found = choices[0] | {name: value for name, value in found.items() if not (name == "default" and value is None)}
        return _simple(found, defs)
    if choices:
        found["anyOf"] = choices
    if found.get("default", "") is None:
        del found["default"]
    return {
        name: _properties(value, defs) if name == "properties" else _simple(value, defs)
        for name, value in found.items()
    }


def _properties(found: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """A property may be called like a keyword."""
    return {name: _simple(each, defs) for name, each in found.items()}
