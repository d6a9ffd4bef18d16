"""Finds where notes may begin: at rises of harmonic salience.

Two spectra are read together. The fine one (4,096 samples, every 1,024) keeps semitones
apart from C4 on; the fast one (2,048 samples, every 512) says when their partials rise.
Salience is a weighted sum over partials of levels that stand out of their surroundings
(Klapuri, "Multiple Fundamental Frequency Estimation by Summing Harmonic Amplitudes",
ISMIR 2006). Levels are relative to the loudest moment, so gain changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.pitch_levels import NoteLevels

FINE = NoteLevels(n_fft=4096, hop_length=1024, low_midi=33, high_midi=111)
FAST = NoteLevels(n_fft=2048, hop_length=512, low_midi=45, high_midi=111)
# Fundamentals looked for; sung and played melodies of songs lie within.
LOW_MIDI, HIGH_MIDI = 45, 95
N_PITCHES = HIGH_MIDI - LOW_MIDI + 1
# Semitones from a fundamental to its partials 1 to 8.
PARTIALS = np.array([0, 12, 19, 24, 28, 31, 34, 36])
_PARTIAL_WEIGHTS = np.array([1.0, 0.9, 0.75, 0.6, 0.45, 0.35, 0.28, 0.22], dtype=np.float32)
# Levels are measured over this range below the reference; less counts as silence.
RANGE_DB = 60.0
CANDIDATES_PER_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Relative levels 0..1 (0: ``RANGE_DB`` below the reference), (n_notes, n_frames), both at the fast hop."""

    fine: NDArray[np.float32]
    fast: NDArray[np.float32]
    salience: NDArray[np.float32]
    frame_rate: float

    @property
    def n_frames(self) -> int:
        return int(self.fast.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Possible note onsets in time order; ``frames`` at the fast hop, ``midi`` whole notes."""

    frames: NDArray[np.intp]
    midi: NDArray[np.intp]
    rise: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.frames)


def relative_levels(fine: FrameSeries, fast: FrameSeries) -> Levels | None:
    """Bring both spectra to one time axis and scale; None where nothing sounds."""
    loudest = fast.values.max(axis=0)
    reference = float(np.percentile(loudest, 95.0))
    if reference < -90.0:
        return None
    scale = np.float32(1.0 / RANGE_DB)
    offset = np.float32(RANGE_DB - reference)
    fast_x = np.clip((fast.values + offset) * scale, 0.0, 1.2)
    fine_x = np.clip((fine.values + offset) * scale, 0.0, 1.2)
    # A fine frame every other fast one; those between are the mean of both sides.
    place = 0.5 * (np.arange(fast_x.shape[1]) + fast.first_frame) - fine.first_frame
    last = fine_x.shape[1] - 1
    low = np.clip(np.floor(place).astype(np.intp), 0, last)
    high = np.clip(np.ceil(place).astype(np.intp), 0, last)
    doubled = np.float32(0.5) * (fine_x[:, low] + fine_x[:, high])
    return Levels(doubled, fast_x, _salience(doubled), fast.frame_rate)


def _salience(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N_PITCHES, n_frames): partials that stand out of the nine semitones around them, summed."""
    around = uniform_filter1d(fine, 9, axis=0, mode="nearest")
    lines = np.maximum(fine - np.float32(0.8) * around, 0.0)
    first = LOW_MIDI - FINE.low_midi
    out = np.zeros((N_PITCHES, fine.shape[1]), dtype=np.float32)
    for semitones, weight in zip(PARTIALS, _PARTIAL_WEIGHTS, strict=True):
        row = first + int(semitones)
        count = min(N_PITCHES, lines.shape[0] - row)
        out[:count] += weight * lines[row : row + count]
    return out


def find_candidates(levels: Levels) -> Candidates:
    """Local maxima, over time and pitch, of the rise in salience and in the fast partials."""
    salience = levels.salience
    n = salience.shape[1]
    before = _shifted_mean(salience, -5, -2)
    after = _shifted_mean(salience, 2, 5)
    first = LOW_MIDI - FAST.low_midi
    quick = np.zeros_like(salience)
    step = _shifted_mean(levels.fast, 0, 2) - _shifted_mean(levels.fast, -3, -1)
    for semitones, weight in zip(PARTIALS[:6], _PARTIAL_WEIGHTS[:6], strict=True):
        row = first + int(semitones)
        count = min(N_PITCHES, step.shape[0] - row)
        quick[:count] += weight * np.maximum(step[row : row + count], 0.0)
    rise = np.maximum(after - before, 0.0) + quick
    peak_in_time = rise >= maximum_filter1d(rise, 5, axis=1)
    peak_in_pitch = after >= maximum_filter1d(after, 3, axis=0)
    strength = rise * np.sqrt(after)
    rows, frames = np.nonzero(peak_in_time & peak_in_pitch & (after > 0.12) & (rise > 0.08))
    allowed = int(np.ceil(CANDIDATES_PER_S * n / levels.frame_rate)) + 8
    if len(rows) > allowed:
        keep = np.argpartition(strength[rows, frames], -allowed)[-allowed:]
        rows, frames = rows[keep], frames[keep]
    order = np.lexsort((rows, frames))
    rows, frames = rows[order], frames[order]
    return Candidates(frames, rows + LOW_MIDI, rise[rows, frames])


def _shifted_mean(values: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
    """Mean of ``values[:, t + first : t + last + 1]``: silence before the start, the last frame held after the end."""
    n = values.shape[1]
    ahead = np.pad(values, ((0, 0), (0, max(last, 0))), mode="edge")
    padded = np.pad(ahead, ((0, 0), (max(-first, 0), 0)))
    total = padded[:, max(first, 0) : max(first, 0) + n].copy()
    for shift in range(max(first, 0) + 1, max(first, 0) + last - first + 1):
        total += padded[:, shift : shift + n]
    return total * np.float32(1.0 / (last - first + 1))
