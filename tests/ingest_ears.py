"""Quick settings for tests of ingest: one analyzer that counts, one embedder of eight numbers.

``SONOTECA_TEST_HEARD`` names a file to which each analysis appends the sound's content hash,
so that a test can count what was heard, also across processes that are killed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Analyzer, Known, RegionView, measured_by
from sonoteca.domain.descriptor import BRIGHTNESS, KIND, Descriptor
from sonoteca.domain.embedding import Space
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.embedding.embedder import Embedder, SpanInput, Vector
from sonoteca.features.feature import Feature

FACTORY = "ingest_ears:analyzers"
NEXT_VERSION = "ingest_ears:analyzers_of_next_version"
FRAGILE = "ingest_ears:fragile_analyzers"
EMBEDDERS = "ingest_ears:embedders"
BROKEN_EMBEDDERS = "ingest_ears:broken_embedders"


class Counting:
    """Says that everything is a loop, and how loud it is at most; notes that it ran."""

    id: ClassVar[str] = "test.counting"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (KIND, BRIGHTNESS)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS
    heard: ClassVar[list[str]] = []

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        if region.region.is_whole:
            self.heard.append(region.info.content_hash)
            log = os.environ.get("SONOTECA_TEST_HEARD")
            if log:
                with open(log, "a") as file:
                    file.write(region.info.content_hash + "\n")
            time.sleep(float(os.environ.get("SONOTECA_TEST_PAUSE_S", "0")))
        yield Observation(KIND, Kind.LOOP.value, 1.0, measured_by(self))
        loudest = float(np.abs(region.signal(0.0, min(1.0, region.info.duration_s)).samples).max(initial=0.0))
        yield Observation(BRIGHTNESS, min(1.0, loudest), None, measured_by(self))


class NextVersion(Counting):
    version: ClassVar[int] = 2


class Fragile(Counting):
    """Does what the first sample says: a segmentation fault, a hang, an eater of memory, or nothing bad."""

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        import ingest_tasks

        first = float(region.recording.read(0, 1)[0])
        for level, how in ((0.25, "segfault"), (0.5, "hang"), (0.75, "eat")):
            if abs(first - level) < 0.02:
                ingest_tasks.behave(how)
        yield from super().analyze(region, known)


class EightNumbers:
    """The mean level of eight equal parts, at unit length."""

    space = Space("test.eight", 1, 8, 10.0, 5.0, "mean", "none")
    features: tuple[Feature, ...] = ()

    sample_rate = 22_050

    def embed(self, batch: Sequence[SpanInput]) -> list[Vector | None]:
        return [self._vector(span) for span in batch]

    def _vector(self, span: SpanInput) -> Vector:
        assert span.signal is not None
        assert span.signal.sample_rate == self.sample_rate
        parts = np.array_split(np.abs(span.signal.samples[0]), 8)
        vector = np.array([part.mean() if len(part) else 0.0 for part in parts], np.float32) + np.float32(1e-3)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


class BrokenEmbedder(EightNumbers):
    space = Space("test.broken", 1, 8, 10.0, 5.0, "mean", "none")

    def embed(self, batch: Sequence[SpanInput]) -> list[Vector | None]:
        raise RuntimeError("no weights")


def analyzers() -> tuple[Analyzer, ...]:
    return (Counting(),)


def analyzers_of_next_version() -> tuple[Analyzer, ...]:
    return (NextVersion(),)


def fragile_analyzers() -> tuple[Analyzer, ...]:
    return (Fragile(),)


def embedders() -> tuple[Embedder, ...]:
    return (EightNumbers(),)


def broken_embedders() -> tuple[Embedder, ...]:
    return (EightNumbers(), BrokenEmbedder())
