"""A request is one frozen value that says everything a person asks.

Every question of the library is asked with one: the command line fills it from options, the
HTTP API from a body, a program by hand. Fields carry the names that JSON carries, so an
answer echoes its request with ``as_json``, and ``model_json_schema`` describes it.
"""

from __future__ import annotations

import os
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from sonoteca.domain.described_fields import described_fields
from sonoteca.errors import RequestError


class Request(BaseModel):
    """What a person asks, checked when it is made and never changed afterwards.

    Raises
    ------
    RequestError
        When a value is made that cannot be asked; ``field`` names it.

    Examples
    --------
    >>> class Count(Request):
    ...     k: int = 10
    >>> Count(k=3).as_json()
    {'k': 3}
    >>> Count(k="many")
    Traceback (most recent call last):
    ...
    sonoteca.errors.RequestError: k cannot be 'many': it should be a valid integer, unable to parse string as an integer.
    """

    # A number that is none cannot be told in JSON either.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**{name: _plain(value) for name, value in values.items()})
        except ValidationError as error:
            # The sentence says all that is of use; the chain would bury it.
            raise request_error(error, type(self)) from None

    def as_json(self) -> dict[str, Any]:
        """All fields as JSON values: what an answer prints as its question."""
        return self.model_dump(mode="json")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema with what the docstring says of each field; of the docstring itself the first sentences alone."""
        schema = handler(core_schema)
        body = handler.resolve_ref_schema(schema)
        body["description"] = (cls.__doc__ or "").partition("\n\n    Attributes")[0].strip()
        for name, told in described_fields(cls).items():
            if name in body.get("properties", {}):
                body["properties"][name].setdefault("description", told)
        return schema


def _plain(value: Any) -> Any:
    """Paths as text, alone and in lists: names of sounds and of files are told alike."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def request_error(error: ValidationError, kind: type[Request]) -> RequestError:
    """The first thing that is wrong with the values of a request, as a sentence for a person."""
    # A name that is none explains best why another is missing.
    details = min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
    if details["type"] == "extra_forbidden":
        field = _field(details["loc"])
        return RequestError(
            f"{kind.__name__} has no field {field}.", f"Its fields are {', '.join(kind.model_fields)}.", field=field
        )
    return value_error(details)


def value_error(details: ErrorDetails) -> RequestError:
    """What pydantic says of one wrong value, as a sentence for a person."""
    field = _field(details["loc"])
    sentence, remedy = _sentence(field or "the request", details)
    return RequestError(sentence, remedy, field=field)


def _field(place: tuple[int | str, ...]) -> str | None:
    return ".".join(map(str, place)) or None


def _sentence(field: str, details: ErrorDetails) -> tuple[str, str | None]:
    value = details["input"]
    if details["type"] in ("enum", "literal_error"):
        choices = str(details["ctx"]["expected"]).replace("'", "")
        return f"{value!r} is no {field.replace('_', ' ')}.", f"It is one of {choices}."
    if details["type"] == "tuple_type":
        return f"{field} is a list, not {value!r}.", f"Write [{value!r}]."
    if details["type"] == "too_short":
        return f"{field} holds too little.", f"It needs {details['ctx']['min_length']} or more."
    if details["type"] == "extra_forbidden":
        return f"There is no field {field}.", None
    if details["type"] == "missing":
        return f"{field} is missing.", None
    return f"{field} cannot be {value!r}: {reason(details)}.", None


def reason(details: ErrorDetails) -> str:
    """Why pydantic refuses a value, without "Input" and "Value error", which are its words and not the reader's."""
    said = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"it {said.removeprefix('Input ')}" if said.startswith("Input ") else said
