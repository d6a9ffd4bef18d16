"""A vector per region from spectral statistics, needing no downloaded weights.

Four parts stand side by side, each of fixed length and weightable on its own:

========== ====== ==========================================================================
part       share  from
========== ====== ==========================================================================
timbre     0.70   cepstral mean, spread and movement, attack to tail around onsets, peakedness
rhythm     0.10   autocorrelation of onset curves in three bands, lags 0.1 to 2.4 s
harmony    0.08   pitch-class profile of bass and treble
dynamics   0.12   level after the first and after all onsets, its distribution and movement
========== ====== ==========================================================================

``share`` is the part of the squared length, hence of the cosine. A part that a sound does
not have is zero and its share goes to the others: rhythm needs three onsets, harmony
steady peaks, so single hits have no rhythm and drums and noise no harmony. A learned metric
per part maps statistics to the vector, so that what people call alike is near: sounds of one class,
loops of one instrument, excerpts of one piece. It was fitted on sounds described in
``training/embedding/README.md`` and is read from ``spectral.npz`` of ``models/weights``; its digest is in the
space's preprocessing, so another metric is another space.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.embedding import Space, SpacePart
from sonoteca.embedding.embedder import SpanInput, Vector
from sonoteca.embedding.spans import LONGEST_AT_ONCE_S
from sonoteca.embedding.spectral_metric import shipped_metric
from sonoteca.embedding.spectral_statistics import raw_aspects
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_traits import SpectralTraits

WINDOW_S, HOP_S = 10.0, 5.0
PARTS = ("timbre", "rhythm", "harmony", "dynamics")
PART_DIMENSIONS = {"timbre": 58, "rhythm": 24, "harmony": 24, "dynamics": 22}
PART_SHARES = {"timbre": 0.70, "rhythm": 0.10, "harmony": 0.08, "dynamics": 0.12}
DIMENSIONS = sum(PART_DIMENSIONS.values())
_VERSION = 3
_LOG_MEL = LogMel()
_PITCH = PitchSpectrum()
_TRAITS = SpectralTraits()


class SpectralEmbedder:
    """Spans to unit vectors of 128 dimensions in four parts; see the module's text."""

    def __init__(self) -> None:
        self._metric, digest = shipped_metric(PARTS)
        stops = np.cumsum([PART_DIMENSIONS[part] for part in PARTS]).tolist()
        starts = [0, *stops[:-1]]
        self._space = Space(
            model="spectral",
            version=_VERSION,
            dimensions=DIMENSIONS,
            window_s=WINDOW_S,
            hop_s=HOP_S,
            pooling=f"statistics over sounding frames; past {LONGEST_AT_ONCE_S:g} s the mean of the windows",
            preprocessing=f"mono 22050 Hz, log-mel 40, peaks on a pitch axis, octave crests, metric {digest}",
            parts=tuple(SpacePart(part, start, stop) for part, start, stop in zip(PARTS, starts, stops, strict=True)),
        )

    @property
    def space(self) -> Space:
        return self._space

    @property
    def features(self) -> tuple[Feature, ...]:
        return (_LOG_MEL, _PITCH, _TRAITS)

    @property
    def sample_rate(self) -> int:
        return ANALYSIS_RATE

    def embed(self, batch: Sequence[SpanInput]) -> list[Vector | None]:
        """A unit vector per span; None where nothing sounds."""
        return [self._vector(span) for span in batch]

    def _vector(self, span: SpanInput) -> Vector | None:
        raw = raw_aspects(span.frames[_LOG_MEL], span.frames[_PITCH], span.frames[_TRAITS], span.duration_s)
        return None if raw is None else self._metric.vector(raw, PART_SHARES)
