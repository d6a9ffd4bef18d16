"""How a region is cut for an embedder, and how vectors of the spans become the region's.

A region has one vector for the whole and one per window where it is longer than a window. Past
``LONGEST_AT_ONCE_S`` the whole is the direction in which its windows lie together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from sonoteca.audio.recording import Recording
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.region import Region
from sonoteca.embedding.embedder import Embedder, SpanInput, Vector
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries

# Statistics over hours at once would cost hundreds of megabytes.
LONGEST_AT_ONCE_S = 120.0
# Spans together in one batch: 23 MB of samples at 48 kHz.
BATCH_S = 120.0


def window_spans(region: Region, *, window_s: float, hop_s: float) -> list[tuple[float, float]]:
    """Spans of ``window_s`` every ``hop_s``; none where the region is no longer than one. The last ends with the region.

    >>> window_spans(Region(0, 0.0, 17.0), window_s=10.0, hop_s=5.0)
    [(0.0, 10.0), (5.0, 15.0), (7.0, 17.0)]
    """
    if region.duration_s <= window_s:
        return []
    count = int(np.floor((region.duration_s - window_s) / hop_s + 1e-9)) + 1
    spans = [(region.start_s + n * hop_s, region.start_s + n * hop_s + window_s) for n in range(count)]
    # A remainder of less than a second is within the last window for all purposes.
    if region.end_s - spans[-1][1] > 1.0:
        spans.append((region.end_s - window_s, region.end_s))
    return spans


def batches_for(
    embedder: Embedder, recording: Recording, frames: Mapping[Feature, FrameSeries], regions: Sequence[Region]
) -> Iterator[tuple[SpanInput, ...]]:
    """All spans of these regions as the embedder takes them, cut lazily: at most ``BATCH_S`` are in memory at once.

    Parameters
    ----------
    recording : Recording
        Decoded with the embedder's rate among its ``rates``.
    frames : mapping
        Its declared features over the whole sound.
    """
    batch: list[SpanInput] = []
    held_s = 0.0
    for region in regions:
        for start_s, end_s, is_window in _spans(region, embedder.space):
            if batch and held_s + end_s - start_s > BATCH_S:
                yield tuple(batch)
                batch, held_s = [], 0.0
            heard = {feature: frames[feature].between(start_s, end_s) for feature in embedder.features}
            signal = None if heard else recording.signal(start_s, end_s, sample_rate=embedder.sample_rate)
            batch.append(SpanInput(region.number, start_s, end_s, is_window, heard, signal))
            held_s += end_s - start_s
    if batch:
        yield tuple(batch)


def _spans(region: Region, space: Space) -> Iterator[tuple[float, float, bool]]:
    windows = window_spans(region, window_s=space.window_s, hop_s=space.hop_s)
    for start_s, end_s in windows:
        yield start_s, end_s, True
    if not windows or region.duration_s <= LONGEST_AT_ONCE_S:
        yield region.start_s, region.end_s, False


def embeddings_of(
    space: Space, regions: Sequence[Region], answered: Iterable[tuple[SpanInput, Vector | None]]
) -> list[list[Embedding]]:
    """Per region the vector of the whole first, then those of its windows; an empty list where nothing sounds.

    Raises
    ------
    ValueError
        If a vector has not the dimensions of the space, or is not finite.
    """
    wholes: dict[int, Embedding] = {}
    windows: dict[int, list[Embedding]] = {region.number: [] for region in regions}
    space_id = space.id
    for span, vector in answered:
        if vector is None:
            continue
        if vector.shape != (space.dimensions,) or not np.isfinite(vector).all():
            raise ValueError(f"a vector of shape {vector.shape} is none of {space_id}")
        embedding = Embedding(vector, space_id, span.start_s, span.end_s, span.is_window)
        if span.is_window:
            windows[span.region].append(embedding)
        else:
            wholes[span.region] = embedding
    return [_of_region(region, wholes.get(region.number), windows[region.number]) for region in regions]


def _of_region(region: Region, whole: Embedding | None, windows: list[Embedding]) -> list[Embedding]:
    if whole is None and windows and region.duration_s > LONGEST_AT_ONCE_S:
        total = np.sum([window.vector for window in windows], axis=0, dtype=np.float32)
        vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)
        whole = Embedding(vector, windows[0].space_id, region.start_s, region.end_s, is_window=False)
    # A whole in which nothing sounds has no windows that do.
    return [] if whole is None else [whole, *windows]
