"""A request's fields as parameters of a query, with their types, bounds and what its docstring says of them.

    Asked = Annotated[dict[str, Any], asked(SimilarRequest, without=("sounds",))]

A route that takes ``Asked`` gets the fields that were given, and makes the request of them; it
refuses what is wrong with a value, and the documentation shows each field. A list is given by
naming its field again; a field that holds more than that is one text, which the request reads.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Collection
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi import Depends, Query, Request
from pydantic.fields import FieldInfo

import sonoteca.domain.request as requests
from sonoteca.domain.described_fields import described_fields
from sonoteca.errors import RequestError

_SCALARS = (str, int, float, bool)
_LARGEST = 2**63
_DIGITS = 18


def asked(kind: type[requests.Request], *, without: Collection[str] = ()) -> Any:
    """A dependency: those fields of a request, except ``without``, that the query of a URL gives, by name.

    Raises
    ------
    ValueError
        When it is made: ``without`` names no field of the request.
    """
    if unknown := set(without) - set(kind.model_fields):
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    told = described_fields(kind)
    names = [name for name in kind.model_fields if name not in without]

    async def values(http_request: Request, **read: Any) -> dict[str, Any]:
        given = http_request.query_params
        return {name: storable(name, value) for name, value in read.items() if _spelled(kind, name) in given}

    parameters = [_parameter(name, kind.model_fields[name], told.get(name)) for name in names]
    request = inspect.Parameter("http_request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    values.__signature__ = inspect.Signature([request, *parameters])  # type: ignore[attr-defined]
    return Depends(values)


def _spelled(kind: type[requests.Request], name: str) -> str:
    """How JSON and URLs spell a field."""
    return kind.model_fields[name].alias or name


def _parameter(name: str, field: FieldInfo, told: str | None) -> inspect.Parameter:
    kind, is_plain = _kind_in_query(field.annotation)
    rules = field.metadata if is_plain else ()
    default: Any = ... if field.is_required() else field.get_default(call_default_factory=True)
    if default is not ... and not is_plain:
        default = None
    elif isinstance(default, tuple):
        default = list(default)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if default is ... else default,
        annotation=Annotated[(kind, *rules, Query(description=told, alias=field.alias))],
    )


def _kind_in_query(annotation: Any) -> tuple[Any, bool]:
    """What a parameter of a query holds for a field of this type, and whether it is held to the field's own bounds."""
    if _is_scalar(annotation):
        return annotation, True
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1:
        kind, is_plain = _kind_in_query(inner[0])
        return kind | None, is_plain
    if get_origin(annotation) in (tuple, list) and _is_scalar(inner[0]):
        return types.GenericAlias(list, (inner[0],)), True
    return str | None, False


def _is_scalar(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) in (Union, types.UnionType):
        return all(_is_scalar(each) or each is type(None) for each in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _is_scalar(get_args(annotation)[0])
    return isinstance(annotation, type) and issubclass(annotation, (*_SCALARS, Enum))


def is_listed(annotation: Any) -> bool:
    """Whether a field of this type holds several values."""
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1:
        return is_listed(inner[0])
    return get_origin(annotation) in (tuple, list)


def storable(name: str, value: Any) -> Any:
    """A value as it is, if a database can hold it; RequestError for an integer beyond 64 bits."""
    if isinstance(value, str) and len(value) > _DIGITS and value.lstrip("+-").isdigit():
        value = int(value[:1000])
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise RequestError(f"{name} cannot be {value}: it is too large a number.", field=name)
    return value
