"""Measures the seam of a loop, where its end meets its start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.features.feature import hann

_N_FFT = 1024
_HOP = 256
# Octaves and a bit from 60 Hz; the highest band ends at 10 kHz.
_EDGES_HZ = np.geomspace(60.0, 10_000.0, 11)
_RANGE_DB = 45.0
# 23 ms to both sides of a moment: the window's own length apart.
_APART = 4
_GAP_HOP = 220  # 10 ms
_GAP_DB = 40.0


@dataclass(frozen=True, slots=True)
class Seam:
    """Compared with what the sound does elsewhere.

    ``rise`` and ``fall``: change of the band levels over the seam, in units of the largest
    changes inside (their 97th percentile). ``rest_s``: silence at the end and the start
    together, beyond the longest silence inside. ``click``: the step between last and first
    sample in units of what its surroundings hide.
    """

    rise: float
    fall: float
    rest_s: float
    click: float


def find_seam(samples: NDArray[np.float32]) -> Seam | None:
    """The seam of mono samples at the analysis rate; None for silence and less than half a second."""
    if len(samples) < ANALYSIS_RATE // 2 or np.abs(samples).max() < 1e-5:
        return None
    rises, falls = _changes(samples)
    # Windows centred within 46 ms of the seam see both sides.
    near = _APART
    at_seam = np.concatenate([np.arange(near), np.arange(len(rises) - near, len(rises))])
    inside = slice(2 * near, max(2 * near + 1, len(rises) - 2 * near))
    return Seam(
        rise=float(rises[at_seam].max() / max(np.percentile(rises[inside], 97), 1.0)),
        fall=float(falls[at_seam].max() / max(np.percentile(falls[inside], 97), 1.0)),
        rest_s=_rest_s(samples),
        click=_click(samples),
    )


def _changes(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean rise and mean fall of band levels around each moment of the endless loop, in dB."""
    n_frames = len(samples) // _HOP
    # The loop played round: frames at the start see the end.
    reach = _N_FFT // 2 + _APART * _HOP
    endless = np.concatenate([samples[-reach:], samples, samples[: reach + _HOP]])
    frames = np.lib.stride_tricks.sliding_window_view(endless, _N_FFT)[::_HOP][: n_frames + 2 * _APART]
    power = np.square(np.abs(scipy.fft.rfft(frames * hann(_N_FFT), axis=-1)))
    bins = np.round(_EDGES_HZ * _N_FFT / ANALYSIS_RATE).astype(np.intp)
    level = 10.0 * np.log10(np.add.reduceat(power, bins, axis=1)[:, :-1] + np.float32(1e-12))
    level = np.maximum(level, np.percentile(level.max(axis=1), 95) - _RANGE_DB)
    change = level[2 * _APART :] - level[: -2 * _APART]
    return np.maximum(change, 0.0).mean(axis=1), np.maximum(-change, 0.0).mean(axis=1)


def _rest_s(samples: NDArray[np.float32]) -> float:
    """Silence across the seam less the longest silence inside, at least 0."""
    n_steps = len(samples) // _GAP_HOP
    power = np.square(samples[: n_steps * _GAP_HOP]).reshape(n_steps, _GAP_HOP).mean(axis=1)
    is_sounding = power > np.percentile(power, 98) * 10.0 ** (-_GAP_DB / 10.0)
    at = np.flatnonzero(is_sounding)
    if len(at) == 0:
        return 0.0
    across = at[0] + n_steps - 1 - at[-1]
    longest = int(np.diff(at).max() - 1) if len(at) > 1 else 0
    return max(0.0, float(across - longest) * _GAP_HOP / ANALYSIS_RATE)


def _click(samples: NDArray[np.float32]) -> float:
    """Step between the last sample and the first over what is expected from the sound around it."""
    reach = ANALYSIS_RATE // 50
    before, after = samples[-reach:], samples[:reach]
    step = abs(float(after[0]) - float(before[-1]))
    usual = max(float(np.abs(np.diff(before)).max()), float(np.abs(np.diff(after)).max()))
    # An attack hides a step: what follows at once is much louder than what was.
    loud = float(np.sqrt(np.square(after).mean()))
    return step / max(usual + 0.5 * loud, 1e-6)
