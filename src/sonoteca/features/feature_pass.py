"""One walk over a sound that computes every declared feature once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.feature import BLOCK_LENGTH, MARGIN, Block, Feature
from sonoteca.features.frame_series import FrameSeries

# (first sample, number of samples) -> float32 (n,); never asked beyond the sound.
ReadSamples = Callable[[int, int], NDArray[np.float32]]


def compute_features(
    read: ReadSamples, *, n_samples: int, sample_rate: int, features: Iterable[Feature]
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

    Returns
    -------
    mapping of Feature to FrameSeries
        ``ceil(n_samples / hop_length)`` frames each.
    """
    if n_samples < 1:
        raise ValueError(f"a sound has at least one sample, got {n_samples}")
    streams = {feature: feature.open(sample_rate) for feature in dict.fromkeys(features)}
    frames: dict[Feature, NDArray[np.float32]] = {}
    for start in range(0, n_samples, BLOCK_LENGTH):
        block = _read_block(read, start=start, n_samples=n_samples, sample_rate=sample_rate)
        for feature, stream in streams.items():
            part = stream.push(block)
            if part.shape[-1] != block.n_frames(feature.hop_length):
                raise ValueError(f"{feature} gave {part.shape[-1]} frames, not {block.n_frames(feature.hop_length)}")
            if feature not in frames:
                # Filled in place: collecting the parts and joining them would need the memory twice.
                n_frames = max(1, -(-n_samples // feature.hop_length))
                frames[feature] = np.empty((*part.shape[:-1], n_frames), dtype=np.float32)
            first = start // feature.hop_length
            frames[feature][..., first : first + part.shape[-1]] = part
    return {feature: FrameSeries(values, sample_rate, feature.hop_length) for feature, values in frames.items()}


def _read_block(read: ReadSamples, *, start: int, n_samples: int, sample_rate: int) -> Block:
    length = min(BLOCK_LENGTH, n_samples - start)
    first, stop = max(0, start - MARGIN), min(n_samples, start + length + MARGIN)
    padded = np.zeros(length + 2 * MARGIN, dtype=np.float32)
    offset = first - (start - MARGIN)
    padded[offset : offset + stop - first] = read(first, stop - first)
    return Block(padded, start=start, n_samples=length, sample_rate=sample_rate, is_last=start + length >= n_samples)
