"""The numbers by which axes become one score: read from TOML, overridden part by part."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError

AXES = ("tensor", "interval", "chord", "key", "rhythm", "tempo", "energy", "role_confidence")
FLAGS = (
    "clipped",
    "noisy",
    "low_confidence",
    "no_bars",
    "truncated_bar",
    "wide_stretch",
    "wide_shift",
    "far_key",
    "unsure_role",
)
_PACKAGED = "weights.toml"
_HEADING = re.compile(r"\[([\w.]+)\]")
_ASSIGNMENT = re.compile(r"(\w+) = [^#]*?(?:\s+# (.*))?$")
_GATE = ("widest_stretch", "widest_shift", "least_role_score")
_COST = ("moved", "per_semitone")

Table: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Formula:
    """How the axes of one role become a score.

    ``axes`` holds a weight >= 0 for each of ``AXES`` (0: the axis does not count); the weighted mean of
    those present becomes ``1 / (1 + exp(-slope * share * (mean - middle)))``, where ``share`` is how much of all
    weight they have: what is missing says neither yes nor no.
    """

    axes: Mapping[str, float]
    slope: float
    middle: float


@dataclass(frozen=True, slots=True)
class Weights:
    """All numbers of a match.

    Attributes
    ----------
    version : str
        Of the set; answers name it.
    roles : mapping of Role to Formula
        By the candidate's role.
    hum : Formula
        Where the query is a hum.
    gate, cost, caps : mapping of str to float
        As ``weights.toml`` explains them.
    table : mapping
        The whole set as it stands in TOML.
    """

    version: str
    roles: Mapping[Role, Formula]
    hum: Formula
    gate: Mapping[str, float]
    cost: Mapping[str, float]
    caps: Mapping[str, float]
    table: Table

    def changed(self, changes: Table) -> Weights:
        """The same set with some numbers replaced; RequestError as in ``parse_weights``."""
        return _weights(_merged(self.table, changes, ""))

    def as_toml(self) -> str:
        """The whole set with the comments of the shipped file; ``parse_weights`` reads it back."""
        return _commented(self.table)


@cache
def packaged_text() -> str:
    """The shipped ``weights.toml``, comments included."""
    return resources.files("sonoteca.match").joinpath(_PACKAGED).read_text(encoding="utf-8")


@cache
def default_weights() -> Weights:
    """The shipped numbers."""
    return _weights(tomllib.loads(packaged_text()))


def parse_weights(text: str) -> Weights:
    """A set of weights from TOML that may name only what differs from the shipped numbers.

    Raises
    ------
    RequestError
        For a text that is no TOML, a name that means nothing here, and a number out of its range.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"The weights are no TOML: {error}.", "Start from `sonoteca match weights`.") from error
    return default_weights().changed(given)


def _commented(table: Table) -> str:
    """The shipped text with the values of ``table``; a number it does not name stands below its section's heading."""
    lines: list[str] = []
    section: Table = table
    shipped: Table = tomllib.loads(packaged_text())
    for line in packaged_text().splitlines():
        lines.append(line)
        if heading := _HEADING.match(line):
            section = _section(table, heading[1])
            extra = section.keys() - _section(shipped, heading[1]).keys()
            lines += [f"{name} = {_toml(section[name])}" for name in sorted(extra)]
        elif assignment := _ASSIGNMENT.match(line):
            lines[-1] = f"{assignment[1]} = {_toml(section[assignment[1]])}"
            if assignment[2]:
                lines[-1] = f"{lines[-1]:<27} # {assignment[2]}"
    return "\n".join(lines) + "\n"


def _section(table: Table, path: str) -> Table:
    for name in path.split("."):
        table = table[name]
    return table


def _toml(value: Any) -> str:
    return json.dumps(value)


def _merged(base: Table, given: Table, where: str) -> Table:
    """``base`` with the values of ``given``; RequestError for a name that ``base`` cannot have."""
    merged = dict(base)
    for name, value in given.items():
        path = f"{where}.{name}" if where else name
        is_axis = where.startswith("role.") or where == "hum"
        if name not in base and not (is_axis and name in AXES):
            raise RequestError(f"Weights have no {path}.", f"There is {', '.join(base)}.")
        if isinstance(base.get(name), dict) is not isinstance(value, dict):
            raise RequestError(f"{path} of the weights is not {value!r}.", "See `sonoteca match weights`.")
        merged[name] = _merged(base[name], value, path) if isinstance(value, dict) else value
    return merged


def _weights(table: Table) -> Weights:
    return Weights(
        version=str(table["version"]),
        roles={role: _formula(table["role"][role.value], f"role.{role.value}") for role in Role},
        hum=_formula(table["hum"], "hum"),
        gate={name: _number(table["gate"], name, "gate") for name in _GATE},
        cost={name: _number(table["cost"], name, "cost") for name in _COST},
        caps={name: _number(table["caps"], name, "caps", high=1.0) for name in FLAGS},
        table=table,
    )


def _formula(table: Table, where: str) -> Formula:
    axes = {name: _number(table, name, where) if name in table else 0.0 for name in AXES}
    if not any(axes.values()):
        raise RequestError(f"All axes of {where} have weight 0.", "Give one of them a weight above 0.")
    return Formula(axes, _number(table, "slope", where), _number(table, "middle", where, low=-10.0))


def _number(table: Table, name: str, where: str, *, low: float = 0.0, high: float = 1000.0) -> float:
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RequestError(f"{where}.{name} is a number from {low:g} to {high:g}, not {value!r}.")
    return float(value)
