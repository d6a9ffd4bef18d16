"""K-weighting: the two filters and the channel weights of ITU-R BS.1770-4.

The recommendation tabulates the filters at 48 kHz only; for other rates the analogue
prototypes behind the table are transformed anew (the parameters are those that De Man
derived from the table: "Evaluation of Implementations of the EBU R128 Loudness
Measurement", AES 145, 2018; at 48 kHz they give the table's numbers back).
"""

from __future__ import annotations

from math import pi, tan

import numpy as np
from numpy.typing import NDArray
from scipy import signal

_SHELF_HZ, _SHELF_DB, _SHELF_Q, _SHELF_EXPONENT = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
# Below this rate the shelf lies above Nyquist, and what it would lift is not there.
_SHELF_MIN_RATE = 4_000

# Azimuth 60° to 120°: +1.5 dB. The LFE channels do not count.
_SURROUND_GAIN = 1.41


def sections(sample_rate: int) -> NDArray[np.float64]:
    """Second-order sections for ``scipy.signal.sosfilt``, shape (1 or 2, 6)."""
    k = tan(pi * _HIGHPASS_HZ / sample_rate)
    scale = 1.0 + k / _HIGHPASS_Q + k * k
    highpass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / _HIGHPASS_Q + k * k) / scale]
    if sample_rate < _SHELF_MIN_RATE:
        return np.array([highpass])
    k = tan(pi * _SHELF_HZ / sample_rate)
    gain = 10.0 ** (_SHELF_DB / 20.0)
    middle = gain**_SHELF_EXPONENT
    scale = 1.0 + k / _SHELF_Q + k * k
    shelf = [
        (gain + middle * k / _SHELF_Q + k * k) / scale,
        2.0 * (k * k - gain) / scale,
        (gain - middle * k / _SHELF_Q + k * k) / scale,
        1.0,
        2.0 * (k * k - 1.0) / scale,
        (1.0 - k / _SHELF_Q + k * k) / scale,
    ]
    return np.array([shelf, highpass])


def channel_weights(channel_names: tuple[str, ...]) -> NDArray[np.float64]:
    """Weights by FFmpeg's channel names ("FL", "LFE", "SL" ...), shape (n_channels,).

    In layouts that have side channels the back ones stand at ±135° and count 1; in layouts
    without (quad, 5.1 of older files) the back channels are the surrounds.
    """
    has_sides = "SL" in channel_names or "SR" in channel_names
    surrounds = {"SL", "SR"} if has_sides else {"BL", "BR"}
    weights = [
        0.0 if name in ("LFE", "LFE2") else _SURROUND_GAIN if name in surrounds else 1.0 for name in channel_names
    ]
    return np.array(weights, dtype=np.float64)


_DEFAULT_LAYOUTS = {
    1: "FC",
    2: "FL FR",
    3: "FL FR FC",
    4: "FL FR BL BR",
    5: "FL FR FC BL BR",
    6: "FL FR FC LFE BL BR",
    7: "FL FR FC LFE BC SL SR",
    8: "FL FR FC LFE BL BR SL SR",
}


def default_channel_names(n_channels: int) -> tuple[str, ...]:
    """Names for sound that does not say which channel is which, in WAVE's order."""
    if n_channels in _DEFAULT_LAYOUTS:
        return tuple(_DEFAULT_LAYOUTS[n_channels].split())
    return tuple(f"C{number}" for number in range(n_channels))


class KWeighting:
    """A running K-weighting filter over all channels of a sound."""

    def __init__(self, sample_rate: int, n_channels: int) -> None:
        self._sos = sections(sample_rate).astype(np.float32)
        self._state = np.zeros((len(self._sos), n_channels, 2), dtype=np.float32)

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Filter the next samples, shape (n_channels, n)."""
        filtered, self._state = signal.sosfilt(self._sos, block, axis=-1, zi=self._state)
        # After minutes of silence the state would decay into denormals, which are slow.
        self._state[np.abs(self._state) < 1e-20] = 0.0
        return filtered
