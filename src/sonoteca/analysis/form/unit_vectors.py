"""Bars as vectors: what a stretch of a piece sounds like, so that bars and sections can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.chroma_spectrum import BINS_PER_SEMITONE, LOWEST_MIDI, N_PITCH_BINS
from sonoteca.features.frame_series import FrameSeries

# Band levels further below the loudest band of the piece are noise, not arrangement.
_RANGE_DB = 50.0
# Narrow bands hold single partials: a change of chord would pass for one of arrangement.
_BANDS_TOGETHER = 4
# Levels that differ by this in all bands are one unit of distance apart.
_UNIT_DB = 5.0
# Squared distance of two bars without a common note.
_HARMONY_SQUARED = 0.7
# Three octaves and a half around the middle carry the harmony; below is the bass, above are partials.
_LOWEST_HARMONY, _HIGHEST_HARMONY = 40, 84
# Frames (a quarter of an hour) folded at once.
_STRETCH = 10_000


def unit_vectors(bands: FrameSeries, pitches: FrameSeries, edges_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """One vector per unit (a bar, or a second or two), shape (n_units, 9 + 12).

    Squared distances between them are the mean squared level difference of the bands in units
    of 5 dB, plus 0.35 times the squared distance of unit pitch class vectors. None of it
    changes with the gain of the file.

    Parameters
    ----------
    bands : FrameSeries
        ``BandMagnitude``, linear.
    pitches : FrameSeries
        ``PitchSpectrum``.
    edges_s : float64 (n_units + 1,) [s]
        Rising; unit ``i`` is ``[edges_s[i], edges_s[i + 1])``.
    """
    n_wide = bands.values.shape[0] // _BANDS_TOGETHER
    wide = bands.values[: n_wide * _BANDS_TOGETHER].reshape(n_wide, _BANDS_TOGETHER, -1).sum(axis=1)
    levels = 20.0 * np.log10(_means(wide, bands, edges_s) + 1e-8)
    levels = np.maximum(levels, levels.max() - _RANGE_DB)
    chroma = _means(_pitch_classes(pitches.values), pitches, edges_s)
    chroma /= np.maximum(np.linalg.norm(chroma, axis=0, keepdims=True), 1e-9)
    timbre = levels / (_UNIT_DB * np.sqrt(len(levels)))
    return np.asarray(np.concatenate([timbre, chroma * np.sqrt(_HARMONY_SQUARED / 2.0)]).T)


def _means(values: NDArray[np.float32], frames: FrameSeries, edges_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the frames of each span, at least the nearest frame, shape (n_rows, n_spans)."""
    n_frames = values.shape[-1]
    at = np.clip(np.round(edges_s * frames.frame_rate).astype(int) - frames.first_frame, 0, n_frames)
    first = np.minimum(at[:-1], n_frames - 1)
    stop = np.maximum(at[1:], first + 1)
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    return np.asarray((total[:, stop] - total[:, first]) / (stop - first))


def _pitch_classes(pitches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twelve rows from C."""
    folded = np.zeros((12, pitches.shape[1]), np.float32)
    for start in range(0, pitches.shape[1], _STRETCH):
        stretch = slice(start, start + _STRETCH)
        # The pitch itself is the first of a semitone's bins, its neighbours stand on either side.
        centred = np.roll(pitches[:N_PITCH_BINS, stretch], BINS_PER_SEMITONE // 2, axis=0)
        semitones = centred.reshape(-1, BINS_PER_SEMITONE, centred.shape[1]).sum(axis=1)
        for midi in range(_LOWEST_HARMONY, _HIGHEST_HARMONY):
            folded[midi % 12, stretch] += semitones[midi - LOWEST_MIDI]
    return folded
