"""The numbers behind every score of this package: defaults in ``weights.toml``, overridable at run time."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sonoteca.errors import RequestError

VERSION = 1
AXES = ("tempo", "key", "energy", "timbre", "rhythm", "freshness")


@dataclass(frozen=True, slots=True)
class AxisWeights:
    """What each part counts in the total; at least one is above 0."""

    tempo: float
    key: float
    energy: float
    timbre: float
    rhythm: float
    freshness: float


@dataclass(frozen=True, slots=True)
class TempoWeights:
    half_pct: float
    double_time: float


@dataclass(frozen=True, slots=True)
class KeyWeights:
    """A score per ``KeyRelation``, and the detuning at which half of it is left."""

    same: float
    relative: float
    fifth: float
    diagonal: float
    two_steps: float
    parallel: float
    semitone: float
    other: float
    half_cents: float


@dataclass(frozen=True, slots=True)
class EnergyWeights:
    half_lift: float
    half_drop: float
    step: float


@dataclass(frozen=True, slots=True)
class RhythmWeights:
    other_meter: float
    half_octaves: float


@dataclass(frozen=True, slots=True)
class FreshnessWeights:
    artist_gap: int


@dataclass(frozen=True, slots=True)
class SetWeights:
    transitions: float
    mixable: float
    curve: float
    length: float
    half_off_curve: float
    overlap_s: float
    reuse: float
    taste: float
    beam: int


@dataclass(frozen=True, slots=True)
class LintLimits:
    tempo_cliff_pct: float
    key_clash: float
    energy_drop: float
    artist_gap: int
    same_sound: float
    likeness: float


@dataclass(frozen=True, slots=True)
class Weights:
    """All numbers of ``weights.toml``; what each means stands there."""

    axes: AxisWeights
    tempo: TempoWeights
    key: KeyWeights
    energy: EnergyWeights
    rhythm: RhythmWeights
    freshness: FreshnessWeights
    set: SetWeights
    lint: LintLimits


_TABLES: Mapping[str, type] = {
    "axes": AxisWeights,
    "tempo": TempoWeights,
    "key": KeyWeights,
    "energy": EnergyWeights,
    "rhythm": RhythmWeights,
    "freshness": FreshnessWeights,
    "set": SetWeights,
    "lint": LintLimits,
}
# Numbers that something is divided by, or counted.
_POSITIVE = frozenset(
    {
        "tempo.half_pct", "key.half_cents", "energy.half_lift", "energy.half_drop", "rhythm.half_octaves",
        "set.half_off_curve", "set.beam", "freshness.artist_gap",
    }
)  # fmt: skip
_REMEDY = "The names and what they mean are in the documentation of sets (docs/sets.md)."


def parse_weights(text: str, *, over: Weights | None = None) -> Weights:
    """Read weights as TOML; what the text does not name is taken from ``over``, by default the shipped ones.

    Raises
    ------
    RequestError
        The text is no TOML, a name is not known, or a number is out of its range.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"The weights are not TOML: {error}.", _REMEDY) from error
    if (version := document.pop("version", VERSION)) != VERSION:
        raise RequestError(f"These weights are of version {version!r}; this program knows version {VERSION}.", _REMEDY)
    return _merged(over if over is not None else default_weights(), document)


@cache
def default_weights() -> Weights:
    """The weights that ship with the program."""
    text = resources.files("sonoteca.sequence").joinpath("weights.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    del document["version"]
    return _weights_of({name: document[name] for name in _TABLES})


def named_weights(option: str | None) -> Weights:
    """The weights that a person asked for: the path of a TOML file, or ``name=number,...``.

    A bare name is one of the axes; numbers of other tables are named with their table.

    >>> named_weights("key=0,tempo.half_pct=3").tempo.half_pct
    3.0

    Raises
    ------
    RequestError
        The file cannot be read, a name is not known, or a number is out of its range.
    """
    if not option:
        return default_weights()
    if "=" not in option:
        try:
            return parse_weights(Path(option).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RequestError(
                f"The weights file {option} cannot be read ({error}).", "Name a TOML file, or write key=0,tempo=2."
            ) from error
    changes: dict[str, dict[str, Any]] = {}
    for item in option.split(","):
        name, _, number = (each.strip() for each in item.partition("="))
        table, _, field = name.rpartition(".")
        try:
            changes.setdefault(table or "axes", {})[field] = float(number)
        except ValueError as error:
            raise RequestError(f"{item.strip()!r} is not name=number.", "Write for example key=0,tempo=2.") from error
    return _merged(default_weights(), changes)


def as_document(weights: Weights) -> dict[str, dict[str, float]]:
    """The weights as nested mappings, the way the file has them."""
    return {
        table: {field.name: getattr(getattr(weights, table), field.name) for field in fields(kind)}
        for table, kind in _TABLES.items()
    }


def _merged(base: Weights, changes: Mapping[str, Any]) -> Weights:
    document = as_document(base)
    for table, values in changes.items():
        if table not in document:
            raise RequestError(f"{table!r} is not a table of the weights.", f"Tables: {', '.join(document)}.")
        if not isinstance(values, dict):
            raise RequestError(f"{table!r} is a table of the weights, not a number.", _REMEDY)
        for name, value in values.items():
            if name not in document[table]:
                raise RequestError(
                    f"{name!r} is not a number of {table!r} in the weights.",
                    f"There are {', '.join(document[table])}.",
                )
            document[table][name] = value
    return _weights_of(document)


def _weights_of(document: Mapping[str, Mapping[str, Any]]) -> Weights:
    tables = {}
    for table, kind in _TABLES.items():
        numbers: dict[str, Any] = {}
        for field in fields(kind):
            number = _number(document[table][field.name], f"{table}.{field.name}")
            numbers[field.name] = round(number) if field.type == "int" else number
        tables[table] = kind(**numbers)
    weights = Weights(**tables)
    if not any(getattr(weights.axes, axis) for axis in AXES):
        raise RequestError("All parts of a transition have weight 0.", "Give one of them a weight above 0.")
    return weights


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise RequestError(f"{name} = {value!r}: a weight is a number from 0 up.", _REMEDY)
    if value == 0 and name in _POSITIVE:
        raise RequestError(f"{name} must be above 0.", _REMEDY)
    return float(value)
