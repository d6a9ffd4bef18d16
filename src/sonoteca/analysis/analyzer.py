"""What an analyzer is, and the view of a region it is given.

An analyzer turns the frames and samples of one region into statements. It declares the
frame features it needs (one pass over the file computes all declared by anyone) and the
descriptors of other analyzers it builds on; it gets exactly those and nothing else.
To say nothing is right and common: rain has no tempo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from sonoteca.audio.recording import NativeMeasurements, Recording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import Kind, Source
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries

Known: TypeAlias = Mapping[Descriptor, Observation]

ALL_KINDS: frozenset[Kind] = frozenset(Kind)


@dataclass(frozen=True, slots=True, eq=False)
class RegionView:
    """One region of one decoded sound, as an analyzer sees it."""

    region: Region
    recording: Recording
    features: Mapping[Feature, FrameSeries]

    @property
    def duration_s(self) -> float:
        """Exact length: for region 0 of a loop this is N beats."""
        return self.region.duration_s

    @property
    def info(self) -> AudioInfo:
        return self.recording.info

    @property
    def measurements(self) -> NativeMeasurements:
        """Of the whole sound; steps of 100 ms have to be cut to the region."""
        return self.recording.measurements

    def frames(self, feature: Feature) -> FrameSeries:
        """The region's frames of a declared feature, in memory; KeyError for one that was not declared.

        Of a long sound they are read from a file for each call and belong to the caller.
        """
        whole = self.features[feature]
        return whole.in_memory() if self.region.is_whole else whole.between(self.region.start_s, self.region.end_s)

    def series(self, feature: Feature) -> FrameSeries:
        """The same frames for one who only asks ``between`` of it: of a long sound they stay in the file."""
        return self.features[feature] if self.region.is_whole else self.frames(feature)

    def signal(
        self, start_s: float | None = None, end_s: float | None = None, *, sample_rate: int = ANALYSIS_RATE
    ) -> AudioSignal:
        """Mono samples of the region, or of a span within it (times of the sound, at most 10 min).

        A ``sample_rate`` above 22,050 Hz has to be the analyzer's declared one (an attribute ``sample_rate``).
        """
        start_s = self.region.start_s if start_s is None else start_s
        end_s = self.region.end_s if end_s is None else end_s
        return self.recording.signal(start_s, end_s, sample_rate=sample_rate)


class Analyzer(Protocol):
    """A producer of observations.

    ``id`` reads ``subject.what.method`` ("rhythm.tempo.comb"). ``version`` rises whenever
    the same audio may give another value. ``kinds`` says on what it runs once the kind is
    known; the kind analyzer itself requires nothing.

    Attributes it may have besides: ``settings``, ``model_files`` and ``replaces`` (see
    ``engine``), and ``sample_rate`` [Hz] where it asks for samples above 22,050 Hz.
    """

    id: ClassVar[str]
    version: ClassVar[int]
    produces: ClassVar[tuple[Descriptor, ...]]
    requires: ClassVar[tuple[Descriptor, ...]]
    features: ClassVar[tuple[Feature, ...]]
    kinds: ClassVar[frozenset[Kind]]

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        """Statements about ``region``.

        ``known`` holds those of ``requires`` that were observed: one may be absent because
        its analyzer had nothing to say, so look with ``known.get``.
        """
        ...


def measured_by(analyzer: Analyzer | type[Analyzer], settings: str = "") -> Provenance:
    """Provenance of a value that ``analyzer`` made today."""
    return Provenance(Source.ANALYZER, analyzer.id, analyzer.version, settings)
