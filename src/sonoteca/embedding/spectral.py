"""A vector per region from spectral statistics, needing no downloaded weights.

Four parts stand side by side, each whitened, of fixed length and weightable on its own:

========== ====== =================================================================
part       share  from
========== ====== =================================================================
timbre     0.50   cepstral mean, spread and movement, onset and tail against the mean
rhythm     0.17   autocorrelation of onset curves in three bands, lags 0.1 to 2 s
harmony    0.13   pitch-class profile of bass and treble
dynamics   0.20   level after the onset, its distribution and movement
========== ====== =================================================================

``share`` is the part of the squared length, hence of the cosine. A part that a sound does
not have is zero and its share goes to the others. The whitening (mean, spread and principal axes per
part) was fitted on sounds described in ``training/embedding/README.md`` and is read from
``weights/spectral.npz``; its digest is in the space's preprocessing, so other weights are
another space.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.recording import Recording
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.region import Region
from sonoteca.embedding.spectral_statistics import RawAspects, raw_aspects
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import LogMel

WINDOW_S, HOP_S = 10.0, 5.0
PARTS = ("timbre", "rhythm", "harmony", "dynamics")
PART_DIMENSIONS = {"timbre": 58, "rhythm": 24, "harmony": 24, "dynamics": 22}
PART_SHARES = {"timbre": 0.50, "rhythm": 0.17, "harmony": 0.13, "dynamics": 0.20}
DIMENSIONS = sum(PART_DIMENSIONS.values())
_VERSION = 1
_LOG_MEL = LogMel()
_PITCH = PitchSpectrum()


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """``(raw - mean) @ axes``: float32 (n_raw,) and (n_raw, dimensions) of one part."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]

    def apply(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((raw - self.mean) @ self.axes, np.float32)


@lru_cache(maxsize=1)
def shipped_whitening() -> tuple[Mapping[str, Whitening], str]:
    """The fitted whitening per part, and the digest of its file."""
    resource = files("sonoteca.embedding") / "weights" / "spectral.npz"
    digest = hashlib.sha256(resource.read_bytes()).hexdigest()[:12]
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        parts = {part: Whitening(arrays[f"{part}_mean"], arrays[f"{part}_axes"]) for part in PARTS}
    return parts, digest


def vector_from(raw: RawAspects, whitening: Mapping[str, Whitening]) -> NDArray[np.float32]:
    """Unit vector float32 (DIMENSIONS,) of the aspects that are there."""
    pieces = []
    for part in PARTS:
        values = getattr(raw, part)
        if values is None:
            pieces.append(np.zeros(PART_DIMENSIONS[part], np.float32))
            continue
        white = whitening[part].apply(values)
        length = float(np.linalg.norm(white))
        pieces.append(white * np.float32(np.sqrt(PART_SHARES[part]) / max(length, 1e-9)))
    vector = np.concatenate(pieces)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


class SpectralEmbedder:
    """Regions to unit vectors of 128 dimensions in four parts; see the module's text."""

    def __init__(self) -> None:
        self._whitening, digest = shipped_whitening()
        stops = np.cumsum([PART_DIMENSIONS[part] for part in PARTS]).tolist()
        starts = [0, *stops[:-1]]
        self._space = Space(
            model="spectral",
            version=_VERSION,
            dimensions=DIMENSIONS,
            window_s=WINDOW_S,
            hop_s=HOP_S,
            pooling="statistics over sounding frames",
            preprocessing=f"mono 22050 Hz, log-mel 40, peaks on a pitch axis, whitening {digest}",
            parts=tuple(SpacePart(part, start, stop) for part, start, stop in zip(PARTS, starts, stops, strict=True)),
        )

    @property
    def space(self) -> Space:
        return self._space

    @property
    def features(self) -> tuple[Feature, ...]:
        return (_LOG_MEL, _PITCH)

    def embed(
        self, recording: Recording, features: Mapping[Feature, FrameSeries], regions: Sequence[Region]
    ) -> list[list[Embedding]]:
        """Whole-region vector, then windows of 10 s every 5 s where the region is longer than one window."""
        return [self._embed_region(features, region) for region in regions]

    def _embed_region(self, features: Mapping[Feature, FrameSeries], region: Region) -> list[Embedding]:
        whole = self._embed_span(features, region.start_s, region.end_s, is_window=False)
        if whole is None:
            return []
        windows = (
            self._embed_span(features, start_s, end_s, is_window=True) for start_s, end_s in window_spans(region)
        )
        return [whole, *(window for window in windows if window is not None)]

    def _embed_span(
        self, features: Mapping[Feature, FrameSeries], start_s: float, end_s: float, *, is_window: bool
    ) -> Embedding | None:
        raw = raw_aspects(
            features[_LOG_MEL].between(start_s, end_s), features[_PITCH].between(start_s, end_s), end_s - start_s
        )
        if raw is None:
            return None
        return Embedding(vector_from(raw, self._whitening), self._space.id, start_s, end_s, is_window)


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
