"""An entry is one piece of advice: what to do, with which numbers, where that is from, and which sounds it is about.

Entries travel as JSON, one a line; the keys are those of a ``music_knowledge`` table, and two more that may be
left out: ``conditions`` and ``about``.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from sonoteca.catalogue.made.knowledge import StoredAdvice
from sonoteca.catalogue.store.names import is_storable
from sonoteca.domain.request import reason


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("it holds a character that no database keeps")
    return text


Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_storable)]
Value: TypeAlias = int | float | Text
Operator: TypeAlias = Literal["<", "<=", ">", ">=", "=", "!=", "in", "known"]

_FIELD = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_ORDERED = ("<", "<=", ">", ">=")


class _Stated(BaseModel):
    """What an entry is made of: checked when it is read, never changed afterwards."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Suggestion(_Stated):
    """The advice itself."""

    title: Text
    description: Text
    parameters: dict[Text, Value] = {}
    """Numbers by name; a text where a number needs its unit or is a range."""


class Condition(_Stated):
    """What has to be measured of a sound for an entry to speak of it.

    A value that is not known meets no condition.

    Examples
    --------
    >>> Condition(field="loudness.true_peak_dbtp", op=">", value=-1.0, recommend=-1.0).op
    '>'
    """

    field: str
    """Where the value stands in the sound object, names joined by dots; of ``quality`` the code stands for its value,
    as in ``quality.clipping``."""
    op: Operator
    """How the measured value is compared with ``value``: ``in`` is one of several, ``known`` asks only that there is one."""
    value: Value | Annotated[tuple[Value, ...], Field(strict=False)] | None = None
    recommend: Value | None = None
    """The value that the entry recommends instead, in the unit of the field."""

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if not _FIELD.fullmatch(self.field):
            raise ValueError(f"{self.field!r} is no name of a value: names are joined by dots")
        shape = {"in": isinstance(self.value, tuple) and bool(self.value), "known": self.value is None}
        is_number = isinstance(self.value, int | float)
        if not shape.get(self.op, is_number if self.op in _ORDERED else is_number or isinstance(self.value, str)):
            raise ValueError(f"{self.value!r} cannot be compared by {self.op!r}")
        return self


class Entry(_Stated):
    """One piece of advice."""

    id: Annotated[UUID, Field(strict=False)]
    topic: Text
    category: Text
    """A finer word within the topic: vocals, drums, streaming."""
    suggestion: Suggestion
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None
    """How surely it holds: 0.95 for arithmetic and published standards, 0.8 for habits of the craft."""
    source: Text | None
    """The standard, page or paper that states it; none where it is craft."""
    conditions: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    """All have to hold; without any, no measurement calls for the entry."""
    about: Text | None = None
    """The sounds of a library that it speaks of, in the query language."""

    @classmethod
    def of(cls, stored: StoredAdvice) -> Entry:
        """What the catalogue keeps, as an entry."""
        return cls.model_validate({"id": stored.public_id, **stored.said})

    def stored(self) -> StoredAdvice:
        """The entry as the catalogue keeps it."""
        values = self.model_dump(mode="json", exclude_none=True)
        return StoredAdvice(
            str(self.id),
            self.topic,
            self.category,
            values["suggestion"],
            self.confidence,
            self.source,
            values["conditions"],
            self.about,
        )


def read_entry(line: str) -> Entry:
    """One line of JSON as an entry.

    Raises
    ------
    ValueError
        With a sentence that names the key and what is wrong with it.

    Examples
    --------
    >>> read_entry('{"topic": "eq"}')
    Traceback (most recent call last):
    ...
    ValueError: id: Field required
    """
    try:
        return Entry.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ValueError(f"{where}: {reason(first)}") from None
