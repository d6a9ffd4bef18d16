"""Statements about regions, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.vocabulary import Source

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made a value.

    ``settings`` is the digest of everything besides the audio that could change the
    value; ``at`` an ISO 8601 UTC time, ``None`` until it is stored. ``preference`` is
    the producer's place among today's producers of the descriptor: 0 is preferred.
    """

    source: Source
    producer: str
    version: int
    settings: str = ""
    at: str | None = None
    preference: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of one descriptor on one region.

    ``confidence`` is the probability 0..1 that the value is right, or ``None`` when it
    was not estimated (a measurement has none). Not known is no observation at all;
    ``value`` ``None`` is reserved for a user who states absence.
    """

    descriptor: Descriptor
    value: JsonValue
    confidence: float | None = None
    provenance: Provenance = field(default=Provenance(Source.ANALYZER, "", 0))

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence of {self.descriptor.name} must be 0..1, got {self.confidence}")
