"""Finds onsets that are good enough to line frames up with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Mean rise over the bands within two frames that counts as an onset, in dB above its usual size. Noise,
# whose bands rise and fall all the time, stays within 1 dB of it.
_RISE_DB = 3.0
# Frames quieter than this below the loudest begin nothing that matters.
_LOUD_DB = 30.0
# Nearer onsets are one: 4 frames are 93 ms.
_APART = 4
_MOST = 24


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """``frames`` int (n,) in time order, at least one; ``weights`` float32 (n,) sum to 1; ``rise`` float32 (n_bands, n_frames).

    ``count`` is how many there are in all, ``per_second`` their density, both before the weakest
    were left out of ``frames``; a lone start counts.
    """

    frames: NDArray[np.int64]
    weights: NDArray[np.float32]
    rise: NDArray[np.float32]
    count: int
    per_second: float


def find_onsets(bands: NDArray[np.float32], level: NDArray[np.float32], frame_rate: float = 22_050 / 512) -> Onsets:
    """Peaks of the mean rise of the bands, dB; where there is none, the first loud frame.

    Parameters
    ----------
    bands : float32, shape (n_bands, n_frames) [dB]
    level : float32, shape (n_frames,) [dB]
        0 at the loudest frame.
    """
    n_frames = bands.shape[1]
    rise = np.zeros_like(bands)
    if n_frames > 2:
        np.maximum(bands[:, 2:] - bands[:, :-2], 0.0, out=rise[:, 1:-1])
    curve = np.full(len(bands), 1.0 / len(bands), np.float32) @ rise
    excess = curve - np.float32(np.sort(curve)[n_frames // 2])
    # The level peaks a little after the rise.
    loud = _highest_near(level, 0, 2) > -_LOUD_DB
    found = np.flatnonzero((excess >= _highest_near(excess, _APART, _APART)) & (excess > _RISE_DB) & loud)
    first = int(np.argmax(level > -20.0))
    # A sound cut to its start rises out of nothing: no frame before it to rise from.
    if not len(found) or first < found[0] - _APART:
        found = np.concatenate([[first], found])
    count = len(found)
    strength = np.maximum(excess[found], _RISE_DB).astype(np.float32)
    if count > _MOST:
        kept = np.sort(np.argsort(-strength, kind="stable")[:_MOST])
        found, strength = found[kept], strength[kept]
    return Onsets(found.astype(np.int64), strength / strength.sum(), rise, count, count * frame_rate / max(n_frames, 1))


def _highest_near(curve: NDArray[np.float32], before: int, after: int) -> NDArray[np.float32]:
    """Largest value within so many frames of each; same shape."""
    highest = curve.copy()
    for shift in range(1, before + 1):
        np.maximum(highest[shift:], curve[:-shift], out=highest[shift:])
    for shift in range(1, after + 1):
        np.maximum(highest[:-shift], curve[shift:], out=highest[:-shift])
    return highest
