"""A request's fields as a JSON body, where the path of a URL gives the others.

    Said = Annotated[dict[str, Any], said(RenamePlaylistRequest, without=("playlist",))]

A route that takes ``Said`` gets the fields that were given, and makes the request of them; what is
wrong with a value is refused, and the documentation shows each field, as of a whole request.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Body, Depends
from pydantic import BaseModel, ConfigDict, create_model

import sonoteca.domain.request as requests
from sonoteca.domain.described_fields import described_fields


class Given(BaseModel):
    """Fields of a request of which a body gives some."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def said(
    *kinds: type[requests.Request], without: Collection[str] = (), example: dict[str, Any], is_optional: bool = False
) -> Any:
    """A dependency: those fields of a request, or of several, except ``without``, that the body of a request gives.

    Parameters
    ----------
    example : dict
        A body as it may look.
    is_optional : bool
        Whether a request may come without a body, which gives none of them.

    Raises
    ------
    ValueError
        When it is made: ``without`` or ``example`` name no field of the request.
    """
    names = [name for kind in kinds for name in kind.model_fields]
    if unknown := ({*without} | {*example}) - {*names}:
        raise ValueError(f"{kinds[0].__name__} has no field {', '.join(sorted(unknown))}")
    model = _without(kinds, without)

    def values(body: Given | None) -> dict[str, Any]:
        return {} if body is None else {name: getattr(body, name) for name in body.model_fields_set}

    shown = Body(openapi_examples={"example": {"value": example}})
    parameter = inspect.Parameter(
        "body",
        inspect.Parameter.KEYWORD_ONLY,
        default=None if is_optional else inspect.Parameter.empty,
        annotation=Annotated[(model | None if is_optional else model, shown)],
    )
    values.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    return Depends(values)


def _without(kinds: tuple[type[requests.Request], ...], without: Collection[str]) -> type[Given]:
    fields: dict[str, Any] = {}
    for kind in kinds:
        told = described_fields(kind)
        for name, field in kind.model_fields.items():
            if name not in without:
                described = copy.copy(field)
                described.description = told.get(name)
                fields[name] = (field.annotation, described)
    name = kinds[0].__name__.removesuffix("Request") + "Fields"
    return create_model(name, __base__=Given, __doc__=f"Fields of {kinds[0].__name__}.", **fields)
