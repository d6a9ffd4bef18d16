"""Weights are the numbers behind scores: a program ships them as TOML with comments, and a person changes some by name.

A set of weights is a frozen pydantic model whose fields are tables of numbers; ``WeightsFile``
ties it to the file that ships. What a person gives may name only what differs: a TOML text, the
nested mapping it stands for, or ``name=number,...`` for a few numbers.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Annotated, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from sonoteca.domain.music import ALL_KEYS, key_relation
from sonoteca.domain.request import reason
from sonoteca.errors import RequestError

_ASSIGNMENTS = re.compile(r"\s*[\w.]+\s*=\s*[^\s\"'\[{,]+\s*(,\s*[\w.]+\s*=[^,\n]*)*,?\s*")

Changes: TypeAlias = Mapping[str, Any]


class WeightTable(BaseModel):
    """One table of a weights file, or all of it: numbers with a name and a range.

    Of the numbers ``_counted``, which are weighed against each other, one has to be above 0.
    """

    _counted: ClassVar[tuple[str, ...]] = ()

    # Not ``use_attribute_docstrings``: for each table it looks through all modules that are loaded.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if self._counted and not any(getattr(self, name) for name in self._counted):
            raise ValueError(f"{', '.join(self._counted[:-1])} and {self._counted[-1]} all have weight 0")
        return self


def _whole(value: object) -> object:
    """Counts are written as any number and rounded; what is no number stays, to be refused."""
    return round(value) if isinstance(value, float) and math.isfinite(value) else value


Weight = Annotated[float, Field(ge=0.0, le=1000.0)]
# What something is divided by.
Positive = Annotated[float, Field(gt=0.0, le=1000.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, BeforeValidator(_whole), Field(gt=0)]


class KeyRelationWeights(WeightTable):
    """A score for each ``domain.music.KeyRelation`` of two keys; the same in both directions."""

    same: Weight
    """8A to 8A."""
    relative: Weight
    """8A to 8B: the same seven notes."""
    fifth: Weight
    """8A to 7A or 9A: six of seven notes in common."""
    diagonal: Weight
    """8A to 7B or 9B."""
    two_steps: Weight
    """8A to 6A or 10A: a whole tone."""
    parallel: Weight
    """8A to 11B: the same tonic, the other mode."""
    semitone: Weight
    """8A to 3A: everything a semitone up or down."""
    other: Weight
    """Any other two keys."""

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """Scores (24, 24) of two keys by number; symmetrical, and not to be written to."""
        scores = [[getattr(self, key_relation(one, other)) for other in ALL_KEYS] for one in ALL_KEYS]
        table = np.array(scores, np.float32)
        table.setflags(write=False)
        return table


Model = TypeVar("Model", bound=WeightTable)


@dataclass(frozen=True, eq=False)
class WeightsFile(Generic[Model]):
    """The weights that ship with a package, and how a person's own replace some of them.

    Attributes
    ----------
    model : type of Model
        What the file holds.
    package : str
        Where ``weights.toml`` lies.
    bare : str
        The table whose numbers may be named without it in ``name=number``; empty for none.
    """

    model: type[Model]
    package: str
    bare: str = ""

    @cached_property
    def text(self) -> str:
        """The shipped file, comments included."""
        return resources.files(self.package).joinpath("weights.toml").read_text(encoding="utf-8")

    @cached_property
    def shipped(self) -> Model:
        """The shipped numbers."""
        return self.model.model_validate(tomllib.loads(self.text))

    def read(self, given: str | Changes) -> Model:
        """The shipped numbers with those replaced that are given.

        Raises
        ------
        RequestError
            The text is neither TOML nor ``name=number``, a name means nothing here, or a number is out of its range;
            ``field`` is ``weights``.
        """
        return self.changed(self.shipped, self.changes_of(given))

    def changes_of(self, given: str | Changes) -> Changes:
        """What a text names, as a nested mapping; RequestError where it cannot be read."""
        if isinstance(given, Mapping):
            return given
        if not isinstance(given, str):
            raise _refused(f"The weights cannot be {given!r}.", "Give numbers by table and name.")
        if _ASSIGNMENTS.fullmatch(given):
            return self._assigned(given)
        try:
            return tomllib.loads(given)
        except tomllib.TOMLDecodeError as error:
            raise _refused(
                f"The weights are no TOML: {error}.", "Write for example key = 0.5 below [table]."
            ) from error

    def checked(self, given: str | Changes | None) -> Changes | None:
        """What a request may say of weights, as a nested mapping; RequestError as in ``read``, None where nothing is said."""
        if not given:
            return None
        changes = self.changes_of(given)
        self.changed(self.shipped, changes)
        return changes

    def changed(self, base: Model, changes: Changes) -> Model:
        """A set with some numbers replaced; RequestError as in ``read``."""
        try:
            return self.model.model_validate(_merged(base.model_dump(), changes))
        except ValidationError as error:
            raise self._refusal(error) from error

    def as_toml(self, weights: Model) -> str:
        """A whole set with the comments of the shipped file; ``read`` reads it back."""
        import tomlkit

        document = tomlkit.parse(self.text)
        _write(document, weights.model_dump())
        return tomlkit.dumps(document)

    def named_apart(self, weights: Model) -> dict[str, Any]:
        """What differs from the shipped numbers, as a nested mapping that ``read`` reads back."""
        return _difference(self.shipped.model_dump(), weights.model_dump())

    def _assigned(self, text: str) -> Changes:
        changes: dict[str, Any] = {}
        for item in filter(None, (each.strip() for each in text.split(","))):
            path, _, number = item.partition("=")
            *tables, name = path.strip().split(".")
            try:
                value: Any = float(number)
            except ValueError as error:
                raise _refused(f"{item!r} is not name=number.", "Write for example key=0,tempo=2.") from error
            for table in (name, *reversed(tables or self._table_of(name))):
                value = {table: value}
            changes = _merged(changes, value)
        return changes

    def _table_of(self, name: str) -> list[str]:
        """The table that is meant where a number is named alone."""
        is_bare = self.bare and (
            name in type(getattr(self.shipped, self.bare)).model_fields or name not in self.model.model_fields
        )
        return [self.bare] if is_bare else []

    def _refusal(self, error: ValidationError) -> RequestError:
        """The first thing that is wrong, as a sentence that names it."""
        details = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in details["loc"])
        if details["type"] == "extra_forbidden":
            known = self.shipped.model_dump()
            for part in details["loc"][:-1]:
                known = known[str(part)]
            return _refused(f"Weights have no {path}.", f"There is {', '.join(known)}.")
        if details["type"] == "value_error":
            return _refused(f"{path} of the weights: {reason(details)}.", "Give one of them a weight above 0.")
        if details["type"] in ("model_type", "dict_type"):
            return _refused(f"{path} of the weights is a table, not {details['input']!r}.", None)
        return _refused(f"{path} of the weights cannot be {details['input']!r}: {reason(details)}.", None)


def _refused(sentence: str, remedy: str | None) -> RequestError:
    return RequestError(sentence, remedy or "Print the weights to see what each number means.", field="weights")


def _merged(base: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """``base`` with the values of ``changes``; tables are merged, everything else replaces."""
    merged = dict(base)
    for name, value in changes.items():
        held = base.get(name)
        both = isinstance(held, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(held, value) if both else value  # type: ignore[arg-type]
    return merged


def _difference(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    differing: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            if inner := _difference(base[name], value):
                differing[name] = inner
        elif value != base[name]:
            differing[name] = value
    return differing


def _write(document: Any, values: Mapping[str, Any]) -> None:
    """Put values into a TOML document where they differ, so that lines which do not keep their spelling."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            _write(document[name], value)
        elif document[name] != value:
            document[name] = value
