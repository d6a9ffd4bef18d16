"""Loudness over time and the onsets in it, from the log-mel frames of one region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

# A rise of the most moved bands by this much within 46 ms is a new event. Few bands are
# asked, because a bass note moves few.
ONSET_RISE_DB = 9.0
N_MOVED_BANDS = 4
# All bands together; dithered 16-bit silence is at -110 dB.
SILENT_DB = -90.0
# Two onsets closer than this are one (a flam, a clap).
ONSET_SPACING_S = 0.07
# Frames (a quarter of an hour) whose bands are compared at once: three hours would take 280 MB.
_STRETCH = 40_000


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """How loud a region is, frame by frame.

    ``level_db`` (n_frames,) is relative to the loudest frame; ``rise_db`` (n_frames,) is the mean
    rise of the bands that moved most. ``onsets`` are frame numbers, rising; ``peak_db`` is the level of the loudest frame.
    """

    level_db: NDArray[np.float32]
    rise_db: NDArray[np.float32]
    onsets: NDArray[np.int64]
    peak_db: float
    frame_rate: float

    @property
    def is_silent(self) -> bool:
        return self.peak_db <= SILENT_DB


def trace(log_mel: NDArray[np.float32], frame_rate: float) -> Envelope:
    """Follow the level of a region and find its onsets.

    Parameters
    ----------
    log_mel : float32, shape (n_bands, n_frames) [dB]
    frame_rate : float [1/s]

    Notes
    -----
    Onsets are peaks of the rise of band levels, clipped to the upper 50 dB of the region
    so that noise floors do not count: spectral flux as in Dixon, "Onset Detection
    Revisited", DAFx 2006.
    """
    n_frames = log_mel.shape[1]
    # With the floor at -50 dB below the loudest band, codec rustle cannot make an onset.
    floor = np.float32(log_mel.max() - 50.0)
    before = np.maximum(log_mel.min(), floor)
    level = frame_levels(log_mel)
    rise = np.empty(n_frames, np.float32)
    for start in range(0, n_frames, _STRETCH):
        first, stop = max(0, start - 2), min(n_frames, start + _STRETCH)
        loud = np.maximum(log_mel[:, first:stop], floor)
        earlier = np.concatenate([np.full((len(loud), 2), before, np.float32), loud], axis=1)[:, :-2]
        rises = np.partition(np.maximum(0.0, loud - earlier)[:, start - first :], -N_MOVED_BANDS, axis=0)
        rise[start:stop] = rises[-N_MOVED_BANDS:].mean(axis=0)
    peak = float(level.max())
    spacing = max(1, round(ONSET_SPACING_S * frame_rate))
    highest = scipy.ndimage.maximum_filter1d(rise, 2 * spacing + 1, mode="constant")
    is_onset = (rise >= highest) & (rise > ONSET_RISE_DB)
    is_onset[1:] &= ~(is_onset[1:] & (rise[1:] == rise[:-1]))
    return Envelope(
        (level - peak).astype(np.float32), rise.astype(np.float32), np.flatnonzero(is_onset), peak, frame_rate
    )


def frame_levels(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level of all bands together, dB, shape (n_frames,)."""
    level = np.empty(log_mel.shape[1], np.float32)
    for start in range(0, len(level), _STRETCH):
        stretch = slice(start, start + _STRETCH)
        level[stretch] = 10.0 * np.log10(np.power(10.0, 0.1 * log_mel[:, stretch]).sum(axis=0))
    return level
