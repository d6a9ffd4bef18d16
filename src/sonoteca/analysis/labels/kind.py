"""What a region is: track, loop, one-shot or field recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.labels.envelope import trace
from sonoteca.domain.descriptor import KIND, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel

LOG_MEL = LogMel()
# Loops of sample packs hold at most 16 bars at 90 bpm; what is longer is a piece or a recording.
LONGEST_LOOP_S = 45.0


class KindOfRegion:
    """Kind from length, onsets and whether the sound still stands at its end."""

    id: ClassVar[str] = "labels.kind.onsets"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (KIND,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (LOG_MEL,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        if region.duration_s > LONGEST_LOOP_S:
            yield Observation(KIND, Kind.TRACK.value, None, measured_by(self))
            return
        frames = region.frames(LOG_MEL)
        envelope = trace(frames.values, frames.frame_rate)
        if envelope.is_silent:
            return
        late_db = float(envelope.level_db[len(envelope.level_db) // 2 :].max())
        n_onsets = len(envelope.onsets)
        is_loop = late_db > -8.0 and (
            (region.duration_s > 2.0 and n_onsets >= 6) or (region.duration_s > 2.6 and n_onsets * late_db > -8.0)
        )
        if region.duration_s > 4.5 and late_db > -20.0:
            is_loop = True
        yield Observation(KIND, (Kind.LOOP if is_loop else Kind.ONE_SHOT).value, None, measured_by(self))
