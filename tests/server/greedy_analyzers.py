"""An analyzer of a plugin that takes all the memory there is, of files that are longer than a second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView
from sonoteca.domain.descriptor import Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature


class Greedy:
    id: ClassVar[str] = "test.greedy"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = ()
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        held: list[bytearray] = []
        while region.info.duration_s > 1.0:
            # Written to: what is only promised is nobody's memory.
            held.append(bytearray(b"x" * 2**24))
        return ()


def analyzers() -> tuple[Greedy, ...]:
    return (Greedy(),)
