"""Loudness by EBU R 128: integrated loudness and loudness range from K-weighted power.

Everything here works on ``NativeMeasurements.kweighted_power``: the K-weighted,
channel-weighted mean square of consecutive 100 ms steps. Gating blocks are 4 steps with an
overlap of 3 (ITU-R BS.1770-4), short-term windows are 30 steps (EBU Tech 3342), so any span
of a sound can be measured from its slice of steps without touching the sound again.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.recording import STEP_S

_OFFSET_DB = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_RELATIVE_GATE_LU = -20.0
_MOMENTARY_STEPS = 4
_SHORT_TERM_STEPS = 30


def steps_between(kweighted_power: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.float64]:
    """The steps that a span touches, at least one of a sound that has any; a view."""
    # A millionth of a step of tolerance: 0.3 / 0.1 is a little less than 3.
    first = min(math.floor(start_s / STEP_S + 1e-6), max(0, len(kweighted_power) - 1))
    stop = max(first + 1, math.ceil(end_s / STEP_S - 1e-6))
    return kweighted_power[max(0, first) : stop]


def momentary_lufs(kweighted_power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of every 400 ms block, hop 100 ms, shape (max(1, n_steps - 3),); -inf for silence."""
    return _lufs(_sliding_mean(kweighted_power, _MOMENTARY_STEPS))


def short_term_lufs(kweighted_power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of every 3 s window, hop 100 ms, shape (max(1, n_steps - 29),); -inf for silence."""
    return _lufs(_sliding_mean(kweighted_power, _SHORT_TERM_STEPS))


def integrated_lufs(kweighted_power: NDArray[np.float64]) -> float | None:
    """Gated loudness of a programme (ITU-R BS.1770-4), or None if nothing passes the gate at -70 LUFS.

    Parameters
    ----------
    kweighted_power : float64 (n_steps,)
        ``NativeMeasurements.kweighted_power`` or a slice of it. Shorter than 400 ms: all of it
        is one block, so that a one-shot has a loudness too.

    Examples
    --------
    A steady tone at -23 LUFS, then silence, which the gates leave out:

    >>> power = np.zeros(200)
    >>> power[:100] = 10 ** ((-23.0 + 0.691) / 10)
    >>> round(integrated_lufs(power), 1)
    -23.1
    """
    blocks = _sliding_mean(kweighted_power, _MOMENTARY_STEPS)
    blocks = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not len(blocks):
        return None
    relative_gate = 10.0 ** (_RELATIVE_GATE_LU / 10.0) * blocks.mean()
    return float(_lufs(blocks[blocks > relative_gate].mean()))


def loudness_range_lu(kweighted_power: NDArray[np.float64]) -> float | None:
    """Loudness range (EBU Tech 3342), or None for sound below the gate or shorter than 3 s.

    The span between the 10th and the 95th percentile of the short-term loudness that passes
    an absolute gate at -70 LUFS and a relative one 20 LU below the mean power.
    """
    if len(kweighted_power) < _SHORT_TERM_STEPS:
        return None
    windows = _sliding_mean(kweighted_power, _SHORT_TERM_STEPS)
    windows = windows[_lufs(windows) > _ABSOLUTE_GATE_LUFS]
    if not len(windows):
        return None
    relative_gate = 10.0 ** (_RANGE_RELATIVE_GATE_LU / 10.0) * windows.mean()
    low, high = np.percentile(_lufs(windows[windows > relative_gate]), (10.0, 95.0))
    return float(high - low)


def _sliding_mean(power: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
    """Means of ``n_steps`` neighbours; one mean of all when there are fewer."""
    if len(power) == 0:
        return np.zeros(0)
    if len(power) < n_steps:
        return np.array([power.mean()])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(power, n_steps).mean(axis=1))


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET_DB + 10.0 * np.log10(power), dtype=np.float64)
