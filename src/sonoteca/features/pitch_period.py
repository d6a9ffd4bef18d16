"""Evidence for every period: the normalised square difference function, for many frames at once.

McLeod and Wyvill, "A Smarter Way to Find Pitch", ICMC 2005. The value at a lag is 1 for a
signal that repeats exactly after that lag, about 0 for noise; a missing fundamental (a
telephone cuts below 300 Hz) changes nothing, because the partials still share its period.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray


def period_evidence(frames: NDArray[np.float32], n_lags: int) -> NDArray[np.float32]:
    """Normalised square difference of each frame with itself, lags ``0 .. n_lags - 1``.

    Parameters
    ----------
    frames : float32 (n_frames, win_length)
        ``n_lags`` must be less than ``win_length``.
    n_lags : int [samples]

    Returns
    -------
    float32 (n_frames, n_lags)
        -1..1; 0 everywhere for a frame of digital silence.
    """
    win_length = frames.shape[1]
    if not 0 < n_lags < win_length:
        raise ValueError(f"n_lags must be 1..{win_length - 1}, got {n_lags}")
    n_fft = scipy.fft.next_fast_len(win_length + n_lags, real=True)
    spectrum = scipy.fft.rfft(frames, n_fft, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    correlation = scipy.fft.irfft(power, n_fft, axis=1)[:, :n_lags]
    # Energy of the two parts that are compared at a lag: it shrinks by one sample at both ends.
    squared = np.cumsum(frames.astype(np.float64) ** 2, axis=1)
    total = squared[:, -1:]
    head = np.concatenate([np.zeros((len(frames), 1)), squared[:, : n_lags - 1]], axis=1)
    tail = total - squared[:, win_length - 1 - np.arange(n_lags)]
    energy = 2.0 * total - head - tail
    return np.where(energy > 1e-9 * win_length, 2.0 * correlation / np.maximum(energy, 1e-12), 0.0).astype(np.float32)


def between_lags(
    evidence: NDArray[np.float32], lags: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Parabola through each lag and its neighbours: refined lag in samples and evidence there.

    ``evidence`` (n_frames, n_lags); ``lags`` (n_frames, k) or (n_frames,), within 1 .. n_lags - 2.
    """
    rows = np.arange(len(evidence)).reshape(-1, *([1] * (lags.ndim - 1)))
    left, middle, right = (evidence[rows, lags + step] for step in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    shift = np.clip(shift, -0.5, 0.5)
    return (lags + shift).astype(np.float32), (middle - 0.25 * (left - right) * shift).astype(np.float32)
