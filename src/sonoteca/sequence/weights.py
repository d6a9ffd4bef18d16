"""The numbers behind every score of this package; what each means stands in ``weights.toml`` too."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from sonoteca.domain.weights import (
    Changes,
    Count,
    KeyRelationWeights,
    Positive,
    Weight,
    WeightsFile,
    WeightTable,
)


class AxisWeights(WeightTable):
    """What each part of a transition counts in the total; at least one is above 0."""

    _counted = ("tempo", "key", "energy", "timbre", "rhythm", "freshness")

    tempo: Weight
    key: Weight
    energy: Weight
    timbre: Weight
    rhythm: Weight
    freshness: Weight
    """Whether the artist was heard a moment ago."""


class TempoWeights(WeightTable):
    half_pct: Positive
    """The stretch [%] at which half of the score is left."""
    double_time: Weight
    """What is left of the score where one track runs at half or double the beat of the other."""


class KeyWeights(KeyRelationWeights):
    """A score per relation of two keys, and what detuning takes off."""

    half_cents: Positive
    """The detuning [cents] at which half of the score is left."""


class EnergyWeights(WeightTable):
    half_lift: Positive
    """The rise at which the score halves; 1 is the whole scale of energy."""
    half_drop: Positive
    """The fall at which it halves."""
    step: Weight
    """The change that is best where energy shall go up or down."""


class RhythmWeights(WeightTable):
    other_meter: Weight
    """What is left of the score between 4/4 and 3/4."""
    half_octaves: Positive
    """The score halves where one has this many doublings more onsets per second."""


class FreshnessWeights(WeightTable):
    artist_gap: Count
    """An artist counts as fresh again after so many other tracks."""


class SetWeights(WeightTable):
    """What the parts of a set count, and how it is searched for."""

    transitions: Weight
    """Their mean score."""
    mixable: Weight
    """The share of transitions that is no tempo cliff."""
    curve: Weight
    """Closeness to the energy curve."""
    length: Weight
    """Closeness to the wished time."""
    half_off_curve: Positive
    """The distance from the curve at which the score of a track's energy halves; 1 is the whole scale."""
    overlap_s: Weight
    """How long two tracks sound together [s]."""
    reuse: Weight
    """What choosing a track of an earlier alternative costs."""
    taste: Weight
    """How much a seed other than 0 may favour one track over another."""
    beam: Count
    """Partial sets kept at each step of the search."""


class LintLimits(WeightTable):
    """From where on a playlist is flagged."""

    tempo_cliff_pct: Weight
    """A stretch beyond this [%]."""
    key_clash: Weight
    """A key part below this."""
    energy_drop: Weight
    """The next track starts less lively by more than this; 1 is the whole scale."""
    artist_gap: Count
    """The same artist again within so many tracks."""
    same_sound: Weight
    """A cosine of two whole tracks of one tempo above this: one recording twice."""
    likeness: Weight
    """What sounding like the track that is replaced counts beside the two new transitions."""


class Weights(WeightTable):
    """All numbers of ``weights.toml``."""

    version: Literal[1] = 1
    axes: AxisWeights
    tempo: TempoWeights
    key: KeyWeights
    energy: EnergyWeights
    rhythm: RhythmWeights
    freshness: FreshnessWeights
    set: SetWeights
    lint: LintLimits


AXES = tuple(AxisWeights.model_fields)
# A bare name is one of the axes; numbers of other tables are named with their table: ``key=0,tempo.half_pct=3``.
SEQUENCE_WEIGHTS = WeightsFile(Weights, "sonoteca.sequence", bare="axes")
# What a request may say: a mapping, or a text that is read as one.
GivenWeights: TypeAlias = Annotated[
    dict[str, Any] | None,
    BeforeValidator(SEQUENCE_WEIGHTS.checked, json_schema_input_type=dict[str, Any] | str | None),
]


def default_weights() -> Weights:
    """The shipped numbers."""
    return SEQUENCE_WEIGHTS.shipped


def weights_of(given: Changes | None) -> Weights:
    """The weights of one question: the shipped ones with what was given."""
    return default_weights() if given is None else parse_weights(given)


def parse_weights(given: str | Changes) -> Weights:
    """The shipped numbers with those replaced that are given, as TOML, as ``name=number,...`` or as a mapping.

    >>> parse_weights("key=0,tempo.half_pct=3").tempo.half_pct
    3.0

    Raises
    ------
    RequestError
        For what cannot be read, a name that means nothing here, and a number out of its range.
    """
    return SEQUENCE_WEIGHTS.read(given)
