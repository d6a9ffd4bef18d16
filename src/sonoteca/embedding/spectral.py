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

from collections.abc import Mapping, Sequence

import numpy as np

from sonoteca.audio.recording import Recording
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.region import Region
from sonoteca.embedding.spectral_metric import shipped_metric
from sonoteca.embedding.spectral_statistics import raw_aspects
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_traits import SpectralTraits

WINDOW_S, HOP_S = 10.0, 5.0
# A region longer than this is the mean of its windows: statistics over hours at once would cost hundreds of megabytes.
LONGEST_AT_ONCE_S = 120.0
PARTS = ("timbre", "rhythm", "harmony", "dynamics")
PART_DIMENSIONS = {"timbre": 58, "rhythm": 24, "harmony": 24, "dynamics": 22}
PART_SHARES = {"timbre": 0.70, "rhythm": 0.10, "harmony": 0.08, "dynamics": 0.12}
DIMENSIONS = sum(PART_DIMENSIONS.values())
_VERSION = 3
_LOG_MEL = LogMel()
_PITCH = PitchSpectrum()
_TRAITS = SpectralTraits()


class SpectralEmbedder:
    """Regions to unit vectors of 128 dimensions in four parts; see the module's text."""

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
        # A digest over all fields: read once, not per vector.
        self._space_id = self._space.id

    @property
    def space(self) -> Space:
        return self._space

    @property
    def features(self) -> tuple[Feature, ...]:
        return (_LOG_MEL, _PITCH, _TRAITS)

    def embed(
        self, recording: Recording, features: Mapping[Feature, FrameSeries], regions: Sequence[Region]
    ) -> list[list[Embedding]]:
        """Whole-region vector, then windows of 10 s every 5 s where the region is longer than one window."""
        return [self._embed_region(features, region) for region in regions]

    def _embed_region(self, features: Mapping[Feature, FrameSeries], region: Region) -> list[Embedding]:
        windows = [
            window
            for start_s, end_s in window_spans(region)
            if (window := self._embed_span(features, start_s, end_s, is_window=True)) is not None
        ]
        if region.duration_s > LONGEST_AT_ONCE_S:
            return [self._mean_of(windows, region), *windows] if windows else []
        whole = self._embed_span(features, region.start_s, region.end_s, is_window=False)
        return [] if whole is None else [whole, *windows]

    def _mean_of(self, windows: Sequence[Embedding], region: Region) -> Embedding:
        """The direction in which the windows lie together."""
        total = np.sum([window.vector for window in windows], axis=0, dtype=np.float32)
        vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)
        return Embedding(vector, self._space_id, region.start_s, region.end_s, is_window=False)

    def _embed_span(
        self, features: Mapping[Feature, FrameSeries], start_s: float, end_s: float, *, is_window: bool
    ) -> Embedding | None:
        raw = raw_aspects(
            features[_LOG_MEL].between(start_s, end_s),
            features[_PITCH].between(start_s, end_s),
            features[_TRAITS].between(start_s, end_s),
            end_s - start_s,
        )
        if raw is None:
            return None
        return Embedding(self._metric.vector(raw, PART_SHARES), self._space_id, start_s, end_s, is_window)


def window_spans(region: Region) -> list[tuple[float, float]]:
    """Spans of 10 s every 5 s; none where the region is no longer than one window. The last ends with the region.

    >>> window_spans(Region(0, 0.0, 17.0))
    [(0.0, 10.0), (5.0, 15.0), (7.0, 17.0)]
    """
    if region.duration_s <= WINDOW_S:
        return []
    count = int(np.floor((region.duration_s - WINDOW_S) / HOP_S + 1e-9)) + 1
    spans = [(region.start_s + n * HOP_S, region.start_s + n * HOP_S + WINDOW_S) for n in range(count)]
    # A remainder of less than a second is within the last window for all purposes.
    if region.end_s - spans[-1][1] > 1.0:
        spans.append((region.end_s - WINDOW_S, region.end_s))
    return spans
