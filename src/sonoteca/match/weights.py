"""The numbers by which the axes of a match become one score; what each means stands in ``weights.toml`` too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from sonoteca.domain.vocabulary import Role
from sonoteca.domain.weights import Changes, KeyRelationWeights, Share, Weight, WeightsFile, WeightTable


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


class AxisWeights(WeightTable):
    """What each axis of ``match.axes`` counts in the score; at least one is above 0."""

    tensor: Weight
    interval: Weight
    chord: Weight
    key: Weight
    rhythm: Weight
    tempo: Weight
    energy: Weight
    role_confidence: Weight
    """The chance that the candidate plays the role it is judged in."""


AXES = tuple(AxisWeights.model_fields)


class FormulaWeights(AxisWeights):
    """A ``Formula`` as it stands in the file."""

    _counted = AXES

    slope: Weight
    """How fast the score rises with the weighted mean."""
    middle: Annotated[float, Field(ge=-10.0, le=1000.0)]
    """The weighted mean at which the score is 0.5."""

    @cached_property
    def formula(self) -> Formula:
        return Formula({name: getattr(self, name) for name in AXES}, self.slope, self.middle)


class RoleWeights(WeightTable):
    """A formula for each role of the candidate."""

    drums: FormulaWeights
    bass: FormulaWeights
    harmony: FormulaWeights
    melody: FormulaWeights
    vocal: FormulaWeights
    fx: FormulaWeights
    mix: FormulaWeights


class GateWeights(WeightTable):
    """What is rejected before ranking, whatever the axes say."""

    widest_stretch: Weight
    """Share of tempo change, half and double time counted as none."""
    widest_shift: Weight
    """Semitones."""
    least_role_score: Weight
    """Chance of the role asked for, of 1."""


class CostWeights(WeightTable):
    """What moving a candidate costs, in units of the weighted axes."""

    moved: Weight
    """Of any stretch or shift at all."""
    per_semitone: Weight
    """Of each semitone."""


class CapWeights(WeightTable):
    """The highest score that a candidate with each flag (``match.gate``) can reach."""

    clipped: Share
    noisy: Share
    low_confidence: Share
    no_bars: Share
    other_meter: Share
    truncated_bar: Share
    wide_stretch: Share
    wide_shift: Share
    far_key: Share
    unsure_role: Share


FLAGS = tuple(CapWeights.model_fields)


class Weights(WeightTable):
    """All numbers of a match."""

    version: Annotated[str, BeforeValidator(str)]
    """Of the set; answers name it."""
    gate: GateWeights
    cost: CostWeights
    caps: CapWeights
    key: KeyRelationWeights
    """What the relation of two keys after the shift is worth on the axis ``key``."""
    role: RoleWeights
    hum: FormulaWeights
    """Instead of a role's where the query is a hum."""

    @cached_property
    def roles(self) -> Mapping[Role, Formula]:
        """The formula of each role of the candidate."""
        return {role: getattr(self.role, role).formula for role in Role}

    def changed(self, changes: Changes) -> Weights:
        """The same set with some numbers replaced; RequestError as in ``parse_weights``."""
        return MATCH_WEIGHTS.changed(self, changes)

    def as_toml(self) -> str:
        """The whole set with the comments of the shipped file; ``parse_weights`` reads it back."""
        return MATCH_WEIGHTS.as_toml(self)

    def as_json(self) -> dict[str, Any]:
        """The whole set as it stands in TOML."""
        return self.model_dump()


MATCH_WEIGHTS = WeightsFile(Weights, "sonoteca.match")
# What a request may say: a mapping, or a text that is read as one.
GivenWeights: TypeAlias = Annotated[
    dict[str, Any] | None,
    BeforeValidator(MATCH_WEIGHTS.checked, json_schema_input_type=dict[str, Any] | str | None),
]


def default_weights() -> Weights:
    """The shipped numbers."""
    return MATCH_WEIGHTS.shipped


def parse_weights(given: str | Changes) -> Weights:
    """The shipped numbers with those replaced that are given, as TOML, as ``name=number,...`` or as a mapping.

    Raises
    ------
    RequestError
        For what cannot be read, a name that means nothing here, and a number out of its range.
    """
    return MATCH_WEIGHTS.read(given)
