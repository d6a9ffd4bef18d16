"""One walk over a sound that computes every declared feature once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import BLOCK_LENGTH, MARGIN, Block, Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.frame_spool import FrameSpool, SpooledSeries

# (first sample, number of samples) -> float32 (n,); never asked beyond the sound.
ReadSamples = Callable[[int, int], NDArray[np.float32]]

# Frames of all features take 48 KB per second of sound: those of longer sounds go to a file.
IN_MEMORY_S = 1_200.0


def compute_features(
    read: ReadSamples,
    *,
    n_samples: int,
    sample_rate: int,
    features: Iterable[Feature],
    in_memory_s: float = IN_MEMORY_S,
) -> Mapping[Feature, FrameSeries]:
    """Compute ``features`` over a whole sound, block by block.

    Parameters
    ----------
    read : callable
        ``read(first_sample, n)`` gives mono float32 samples; asked in order, each sample
        at most twice.
    n_samples : int >= 1 [samples]
        Length of the sound.
    sample_rate : int [Hz]
    features : iterable of Feature
        Duplicates are computed once.
    in_memory_s : float [s]
        The frames of a longer sound lie in a temporary file until nobody holds them.

    Returns
    -------
    mapping of Feature to FrameSeries
        ``ceil(n_samples / hop_length)`` frames each. Of a long sound, each ``values``,
        ``between`` or ``in_memory`` reads from the file.

    Raises
    ------
    AudioError
        If the temporary file cannot be written.
    """
    if n_samples < 1:
        raise ValueError(f"a sound has at least one sample, got {n_samples}")
    streams = {feature: feature.open(sample_rate) for feature in dict.fromkeys(features)}
    is_long = n_samples > in_memory_s * sample_rate
    kept: dict[Feature, _Frames | FrameSpool] = {}
    for start in range(0, n_samples, BLOCK_LENGTH):
        block = _read_block(read, start=start, n_samples=n_samples, sample_rate=sample_rate)
        for feature, stream in streams.items():
            part = stream.push(block)
            if part.shape[-1] != block.n_frames(feature.hop_length):
                raise ValueError(f"{feature} gave {part.shape[-1]} frames, not {block.n_frames(feature.hop_length)}")
            if feature not in kept:
                n_frames = max(1, -(-n_samples // feature.hop_length))
                kept[feature] = FrameSpool() if is_long else _Frames(part.shape[:-1], n_frames)
            kept[feature].append(part)
    return {feature: _series(frames, sample_rate, feature.hop_length) for feature, frames in kept.items()}


class _Frames:
    """Frames in memory, filled in place: collecting the parts and joining them would need the memory twice."""

    def __init__(self, lead: tuple[int, ...], n_frames: int) -> None:
        self.values = np.empty((*lead, n_frames), dtype=np.float32)
        self._n_filled = 0

    def append(self, part: NDArray[np.float32]) -> None:
        self.values[..., self._n_filled : self._n_filled + part.shape[-1]] = part
        self._n_filled += part.shape[-1]


def _series(frames: _Frames | FrameSpool, sample_rate: int, hop_length: int) -> FrameSeries:
    if isinstance(frames, FrameSpool):
        frames.seal()
        return SpooledSeries(frames, sample_rate, hop_length)
    return FrameSeries(frames.values, sample_rate, hop_length)


def _read_block(read: ReadSamples, *, start: int, n_samples: int, sample_rate: int) -> Block:
    length = min(BLOCK_LENGTH, n_samples - start)
    first, stop = max(0, start - MARGIN), min(n_samples, start + length + MARGIN)
    padded = np.zeros(length + 2 * MARGIN, dtype=np.float32)
    offset = first - (start - MARGIN)
    padded[offset : offset + stop - first] = read(first, stop - first)
    return Block(padded, start=start, n_samples=length, sample_rate=sample_rate, is_last=start + length >= n_samples)
