"""The rhythm of a bar as a short vector: what a tapped rhythm is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.onset import onset_strength


def onset_pattern(
    bands: FrameSeries,
    beat_s: NDArray[np.float64],
    downbeat_s: NDArray[np.float64],
    *,
    beats_per_bar: int,
    steps_per_beat: int = 12,
) -> NDArray[np.float32] | None:
    """Mean onset strength at each step of the bar.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude`` frames of the sound.
    beat_s, downbeat_s : float64, rising
        Seconds of the sound, as the analyzers say them.
    beats_per_bar : int
        Felt beats in a bar.
    steps_per_beat : int
        12 holds sixteenths and triplets alike.

    Returns
    -------
    float32 (beats_per_bar * steps_per_beat,) or None
        Scaled to a largest value of 1; None when there is no whole bar, or no onset.
    """
    if len(beat_s) < 2 or len(downbeat_s) == 0:
        return None
    first = int(np.searchsorted(beat_s, downbeat_s[0] - 0.01))
    # Each beat's end is the next beat; the last one is as long as the one before it.
    edges = np.append(beat_s[first:], 2 * beat_s[-1] - beat_s[-2])
    n_bars = (len(edges) - 1) // beats_per_bar
    if n_bars < 1:
        return None
    steps = np.arange(n_bars * beats_per_bar * steps_per_beat) / steps_per_beat
    times = np.interp(steps, np.arange(len(edges)), edges)
    strength = onset_strength(bands)
    at = np.interp(times, strength.times_s, strength.values, right=0.0)
    pattern = at.reshape(n_bars, -1).mean(axis=0)
    return np.asarray(pattern / pattern.max(), np.float32) if pattern.max() > 0 else None
