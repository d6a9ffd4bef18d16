"""Finds where the spectrum ends, which gives away an encoder's low-pass in a lossless file."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

# Encoders cut between these; lower is a telephone or a filter of taste, higher are the filters of converters.
_LOWEST_HZ, _HIGHEST_HZ = 9_000.0, 20_200.0
# An encoder's filter falls this far ...
_DROP_DB = 20.0
# ... within this; instruments and microphones fade out over octaves.
_EDGE_HZ = 700.0
# Above the edge nothing rises again by more than this.
_RISE_DB = 8.0
_SMOOTHING_HZ = 150.0


def find_low_pass(spectrum: NDArray[np.float64], sample_rate: int) -> float | None:
    """Cut-off of a brick-wall low-pass in Hz, or None.

    Parameters
    ----------
    spectrum : float64 (n_bins,)
        Long-term mean power from 0 Hz to Nyquist.
    sample_rate : int [Hz]
        At least 32,000: below, the whole band ends where encoders begin to cut.

    Notes
    -----
    Encoders remove what lies above 11 to 20 kHz depending on the bit rate, with a filter
    that falls by tens of decibels within a few hundred hertz and leaves nothing above.
    """
    if len(spectrum) < 256 or sample_rate < 32_000:
        return None
    per_bin = sample_rate / 2.0 / (len(spectrum) - 1)
    level = 10.0 * np.log10(np.maximum(spectrum, 1e-16))
    level = scipy.ndimage.uniform_filter1d(level, max(1, round(_SMOOTHING_HZ / per_bin)), mode="nearest")
    step = max(1, round(_EDGE_HZ / per_bin))
    low = int(_LOWEST_HZ / per_bin)
    high = min(int(_HIGHEST_HZ / per_bin), len(level) - 2 * step)
    if high <= low:
        return None
    drop = level[low:high] - level[low + step : high + step]
    edge = int(drop.argmax())
    if drop[edge] < _DROP_DB:
        return None
    above = level[low + edge + step :]
    # Dithered silence beyond the edge is flat: what rises again was a hole, not an end.
    if above.max() - above[: step // 2 + 1].mean() > _RISE_DB or level[low + edge] < -110.0:
        return None
    middle = level[low + edge] - drop[edge] / 2.0
    inside = np.flatnonzero(level[low + edge : low + edge + step + 1] <= middle)
    return float((low + edge + (int(inside[0]) if len(inside) else step // 2)) * per_bin)
