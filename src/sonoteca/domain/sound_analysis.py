"""What an analysis of one sound says: statements per region, and one run per producer.

A *producer* is whatever makes statements: an analyzer, the region finder, an embedder. A *run* is one
producer at work on one region, and its *identity* is what decides whether it has to run again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.domain.observation import Observation
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import RunOutcome

# The producer of event regions. Raise the version whenever the same audio may be split elsewhere.
REGION_PRODUCER = "regions.silence.bands"
REGION_VERSION = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run has to match to count as done today."""

    producer: str
    version: int
    settings: str


@dataclass(frozen=True, slots=True)
class Run:
    """How one producer ended on one region. ``reason`` is "" for a plain success."""

    producer: str
    version: int
    settings: str
    outcome: RunOutcome
    reason: str
    elapsed_s: float

    @property
    def identity(self) -> Identity:
        return Identity(self.producer, self.version, self.settings)


@dataclass(frozen=True, slots=True)
class RegionAnalysis:
    """Everything that was stated about one region, and one run per analyzer."""

    region: Region
    observations: tuple[Observation, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class SoundAnalysis:
    """Region 0 first, then the event regions in time order. ``warnings`` are sentences for a person."""

    regions: tuple[RegionAnalysis, ...]
    warnings: tuple[str, ...] = ()

    @property
    def whole(self) -> RegionAnalysis:
        return self.regions[0]
