"""K-weighting: the two filters and the channel weights of ITU-R BS.1770-4.

The recommendation tabulates the filters at 48 kHz only; for other rates the analogue
prototypes behind the table are transformed anew (the parameters are those that De Man
derived from the table: "Evaluation of Implementations of the EBU R128 Loudness
Measurement", AES 145, 2018; at 48 kHz they give the table's numbers back).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, tan

import numpy as np
from numpy.typing import NDArray

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
    """Second-order sections as ``scipy.signal`` has them (b0 b1 b2 1 a1 a2), shape (1 or 2, 6)."""
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


# Samples filtered at once, and stretches of them carried over at once: see ``KWeighting``.
_STRETCH = 48
_GROUP = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """The filter of one sample rate as matrices over stretches of samples; see ``KWeighting``.

    Attributes
    ----------
    convolve : float32 (_STRETCH, _STRETCH)
        Output of a stretch that starts at rest.
    take_up : float32 (_STRETCH, n_states)
        State after a stretch that started at rest.
    to_ringing, ring : float64 (n_states, n_states), float32 (n_states, _STRETCH)
        Their product is what a state rings on. ``ring`` has orthonormal rows: nothing large
        cancels, so that float32 is enough.
    steps : float64 (_STRETCH + 1, n_states, n_states)
        What a state becomes after 0 ... _STRETCH samples of silence.
    carry : float64 (n_states, (_GROUP + 1) * n_states)
        States after 0 ... _GROUP stretches of silence.
    chain : float64 (_GROUP * n_states, (_GROUP + 1) * n_states)
        What all that is taken up in a group adds to the states before its stretches.
    """

    convolve: NDArray[np.float32]
    take_up: NDArray[np.float32]
    to_ringing: NDArray[np.float64]
    ring: NDArray[np.float32]
    steps: NDArray[np.float64]
    carry: NDArray[np.float64]
    chain: NDArray[np.float64]


@lru_cache(maxsize=16)
def _matrices(sample_rate: int) -> _Matrices:
    move, enter, leave, through = _state_space(sections(sample_rate))
    n_states = len(move)
    steps = _powers(move, _STRETCH)
    responses = np.array([through, *(enter @ steps[:_STRETCH] @ leave)])
    convolve = np.zeros((_STRETCH, _STRETCH))
    for at in range(_STRETCH):
        convolve[at, at:] = responses[: _STRETCH - at]
    orthonormal, triangular = np.linalg.qr(steps[:_STRETCH] @ leave)
    powers = _powers(steps[_STRETCH], _GROUP)
    chain = np.zeros((_GROUP, n_states, _GROUP + 1, n_states))
    for taken in range(_GROUP):
        chain[taken, :, taken + 1 :] = powers[: _GROUP - taken].transpose(1, 0, 2)
    return _Matrices(
        convolve=convolve.astype(np.float32),
        take_up=(enter @ steps[_STRETCH - 1 :: -1])[:_STRETCH].astype(np.float32),
        to_ringing=triangular.T,
        ring=orthonormal.T.astype(np.float32),
        steps=steps,
        carry=powers.transpose(1, 0, 2).reshape(n_states, -1),
        chain=chain.reshape(_GROUP * n_states, (_GROUP + 1) * n_states),
    )


def _powers(matrix: NDArray[np.float64], highest: int) -> NDArray[np.float64]:
    """``matrix`` to the power of 0, 1, ... ``highest``, shape (highest + 1, n, n)."""
    powers = [np.eye(len(matrix))]
    for _ in range(highest):
        powers.append(powers[-1] @ matrix)
    return np.stack(powers)


def _state_space(
    sos: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """The sections as ``next = state @ move + x * enter`` and ``y = state @ leave + x * through``.

    Found by sending unit vectors through one sample of the transposed direct form II.
    """
    n_states = 2 * len(sos)
    states = np.vstack([np.eye(n_states), np.zeros(n_states)])
    signal = np.zeros(n_states + 1)
    signal[-1] = 1.0
    after = np.empty_like(states)
    for number, (b0, b1, b2, _, a1, a2) in enumerate(sos):
        first, second = states[:, 2 * number], states[:, 2 * number + 1]
        output = b0 * signal + first
        after[:, 2 * number] = b1 * signal - a1 * output + second
        after[:, 2 * number + 1] = b2 * signal - a2 * output
        signal = output
    return after[:-1], after[-1], signal[:-1], float(signal[-1])


class KWeighting:
    """A running K-weighting filter over all channels of a sound.

    A recursive filter is sequential, sample after sample; here it runs as matrix products,
    several times faster. The output of a stretch of samples is their convolution with the start
    of the impulse response, plus what the state before the stretch still rings; the states
    themselves follow each other by a small linear recursion, solved for groups of stretches.
    """

    def __init__(self, sample_rate: int, n_channels: int) -> None:
        self._filter = _matrices(sample_rate)
        self._state = np.zeros((n_channels, len(self._filter.carry)))

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Filter the next samples, shape (n_channels, n)."""
        n_channels, n = block.shape
        n_stretches = n // _STRETCH
        n_fast = n_stretches * _STRETCH
        filtered = np.empty_like(block)
        if n_stretches:
            stretches = block[:, :n_fast].reshape(n_channels, n_stretches, _STRETCH)
            states = self._states(np.asarray(stretches @ self._filter.take_up, dtype=np.float64))
            fast = stretches @ self._filter.convolve
            fast += (states @ self._filter.to_ringing).astype(np.float32) @ self._filter.ring
            filtered[:, :n_fast] = fast.reshape(n_channels, n_fast)
        if n_rest := n - n_fast:
            rest = block[:, n_fast:]
            ringing = (self._state @ self._filter.to_ringing).astype(np.float32) @ self._filter.ring[:, :n_rest]
            filtered[:, n_fast:] = rest @ self._filter.convolve[:n_rest, :n_rest] + ringing
            taken_up = np.asarray(rest @ self._filter.take_up[-n_rest:], dtype=np.float64)
            self._state = self._state @ self._filter.steps[n_rest] + taken_up
        # After minutes of silence the state would decay into denormals, which are slow.
        self._state[np.abs(self._state) < 1e-20] = 0.0
        return filtered

    def _states(self, taken_up: NDArray[np.float64]) -> NDArray[np.float64]:
        """States before each stretch, (n_channels, n_stretches, n_states); keeps the one after the last."""
        n_channels, n_stretches, n_states = taken_up.shape
        n_groups = -(-n_stretches // _GROUP)
        padded = np.zeros((n_channels, n_groups * _GROUP, n_states))
        padded[:, :n_stretches] = taken_up
        states = padded.reshape(n_channels, n_groups, _GROUP * n_states) @ self._filter.chain
        states = states.reshape(n_channels, n_groups, _GROUP + 1, n_states)
        for group in range(n_groups):
            states[:, group] += (self._state @ self._filter.carry).reshape(n_channels, _GROUP + 1, n_states)
            n_here = min(_GROUP, n_stretches - group * _GROUP)
            self._state = states[:, group, n_here].copy()
        return states[:, :, :_GROUP].reshape(n_channels, -1, n_states)[:, :n_stretches]
