"""What an embedder is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sonoteca.audio.recording import Recording
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.region import Region
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries


class Embedder(Protocol):
    """Regions to vectors of one space."""

    @property
    def space(self) -> Space: ...

    @property
    def features(self) -> tuple[Feature, ...]:
        """Frame features needed, computed in the same pass as the analyzers'."""
        ...

    def embed(
        self, recording: Recording, features: Mapping[Feature, FrameSeries], regions: Sequence[Region]
    ) -> list[list[Embedding]]:
        """Per region the whole-region vector first, then its windows; an empty list where nothing sounds."""
        ...
