"""One analyzer in a package of its own: bursts of loudness per second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import ALL_KINDS, Analyzer, Known, RegionView, measured_by
from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel

BURST_RATE = Descriptor("burst_rate", "rises of 12 dB within 46 ms, per second", "1/s", 0)
RISE_DB = 12.0


class BurstRate:
    """Bursts per second: the loudest mel band rises by ``RISE_DB`` within two frames."""

    id: ClassVar[str] = "rhythm.burst_rate.example"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (BURST_RATE,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (LogMel(),)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        level = region.frames(self.features[0]).values.max(axis=0)
        if len(level) < 3 or level.max() < -90.0:
            return
        rises = (level[2:] - level[:-2]) > RISE_DB
        bursts = int((rises[1:] & ~rises[:-1]).sum()) + int(rises[0])
        yield Observation(BURST_RATE, bursts / region.duration_s, None, measured_by(self))


def analyzers() -> tuple[Analyzer, ...]:
    """What the entry point names."""
    return (BurstRate(),)
