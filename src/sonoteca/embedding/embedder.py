"""What an embedder is: spans of sound in batches to vectors of one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.embedding import Space
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SpanInput:
    """One span of a sound as an embedder is given it; without frames it can be pickled.

    Attributes
    ----------
    region : int
        Number of the region that the span belongs to.
    start_s, end_s : float
        Seconds of the sound.
    is_window : bool
        False for a span that is a whole region.
    frames : mapping
        The span's frames of each declared feature; empty for an embedder that declares none.
    signal : AudioSignal, optional
        Mono samples at the embedder's rate; None for one that declares features.
    """

    region: int
    start_s: float
    end_s: float
    is_window: bool
    frames: Mapping[Feature, FrameSeries] = field(default_factory=dict)
    signal: AudioSignal | None = None

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class Embedder(Protocol):
    """Spans to vectors of one space.

    An embedder that declares ``features`` hears frames, which are computed in the same pass as the
    analyzers'; one that declares none hears samples at its own ``sample_rate``.
    """

    @property
    def space(self) -> Space: ...

    @property
    def sample_rate(self) -> int:
        """Rate in Hz of the samples, or of the sound that the frames are made of."""
        ...

    @property
    def features(self) -> tuple[Feature, ...]: ...

    def embed(self, batch: Sequence[SpanInput]) -> Sequence[Vector | None]:
        """A unit vector float32 (dimensions,) per span, in the order given; None where nothing sounds.

        Spans of a batch may be of several regions and of several lengths.
        """
        ...
