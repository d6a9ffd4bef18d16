"""From a recording of taps, claps or beatboxing to the times of its onsets."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
import soxr
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal

_RATE, _HOP = 11_025, 110


def find_taps(signal: AudioSignal) -> NDArray[np.float32]:
    """Onset times in seconds of taps, claps or beatboxing; empty for silence."""
    samples = np.nan_to_num(signal.samples.mean(axis=0))
    if signal.sample_rate != _RATE and len(samples):
        samples = soxr.resample(samples, signal.sample_rate, _RATE)
    if len(samples) < 4 * _HOP or float(np.abs(samples).max()) < 1e-4:
        return np.zeros(0, np.float32)
    n = len(samples) // _HOP
    power = np.square(samples[: n * _HOP].reshape(n, _HOP)).mean(axis=1)
    level = 10.0 * np.log10(power + float(power.max()) * 1e-5)
    # What a frame rises above the loudest of the 40 ms before.
    earlier = np.pad(level, (4, 0), constant_values=float(level.min()))[:-1]
    before = np.lib.stride_tricks.sliding_window_view(earlier, 4).max(axis=1)
    rise = np.maximum(level - before, 0.0)
    peak = scipy.ndimage.maximum_filter1d(rise, 9)
    loud = scipy.ndimage.maximum_filter1d(level, 9, origin=-3) > level.max() - 30.0
    frames = np.flatnonzero((rise >= peak) & (rise > 6.0) & loud)
    return (frames * (_HOP / _RATE)).astype(np.float32)
