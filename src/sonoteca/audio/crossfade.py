"""From one sound to another without a click and without a dip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fade_in(n_samples: int) -> NDArray[np.float32]:
    """Quarter of a sine from 0 to 1, shape (n_samples,); with its reverse the powers sum to 1."""
    return np.sin(np.pi / 2 * (np.arange(n_samples) + 0.5) / max(1, n_samples)).astype(np.float32)


def crossfade(leaving: NDArray[np.float32], arriving: NDArray[np.float32]) -> NDArray[np.float32]:
    """One sound while it becomes the other.

    Parameters
    ----------
    leaving, arriving : float32 (channels, n_samples)
        The same stretch of time.

    Returns
    -------
    float32 (channels, n_samples)
        Begins as the one, ends as the other.

    Notes
    -----
    Unrelated sounds need gains whose squares sum to 1 (equal power), the same sound twice needs
    gains that sum to 1; what is between is told by the correlation of the two, so that the power
    stays what it was (Fink, Holters & Zölzer, "Signal-matched power-complementary cross-fading
    and dry-wet mixing", DAFx 2016).

    >>> same = np.ones((1, 8), dtype=np.float32)
    >>> bool(np.allclose(crossfade(same, same), 1.0))
    True
    """
    if leaving.shape != arriving.shape:
        raise ValueError(f"both sounds have to cover the same stretch, got {leaving.shape} and {arriving.shape}")
    share = np.square(fade_in(leaving.shape[1]).astype(np.float64))
    rest = 1.0 - share
    powers = float(np.vdot(leaving, leaving)) * float(np.vdot(arriving, arriving))
    correlation = max(0.0, float(np.vdot(leaving, arriving)) / np.sqrt(powers)) if powers > 0 else 1.0
    gain = 1.0 / np.sqrt(share**2 + rest**2 + 2.0 * share * rest * correlation)
    return (leaving * (rest * gain) + arriving * (share * gain)).astype(np.float32)
