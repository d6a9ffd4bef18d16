"""From peaks on the pitch axis to notes: tuning, whitening, and a small network that hears notes.

All functions take plain arrays of the rows of ``PitchSpectrum`` frames and work on
stretches of frames, so that a long sound needs little memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.chroma_spectrum import (
    BINS_PER_SEMITONE,
    N_PITCH_BINS,
    N_SEMITONES,
    TUNING_ROWS,
)
from sonoteca.models.network import Network, sigmoid

Array = NDArray[np.float32]

# Intervals, in semitones over a note, at which its own partials and those of its rivals lie.
OFFSETS = (-36, -31, -28, -24, -19, -16, -12, -7, -5, -4, -3, -2, -1, 0,
           1, 2, 3, 4, 5, 7, 12, 16, 19, 24, 28, 31, 34, 36)  # fmt: skip
# (semitones, frames): the same pitch and its octave a moment before and after.
MOMENTS = ((0, -2), (0, -1), (0, 1), (0, 2), (12, -1), (12, 1))
LEVEL_OFFSETS = (-12, 0, 12)
INPUTS = (
    *(f"whitened {offset:+d} semitones" for offset in OFFSETS),
    *(f"whitened {offset:+d} semitones, {moment:+d} frames" for offset, moment in MOMENTS),
    *(f"level {offset:+d} semitones" for offset in LEVEL_OFFSETS),
    "height",
)
N_NOTE_INPUTS = len(INPUTS)
_REACH = 36


def tuning_of(rows: Array) -> tuple[float, float]:
    """Deviation from 440 Hz in cents, and how well the peaks agree on it (0 random .. 1 one value)."""
    cosine, sine = rows[TUNING_ROWS].sum(axis=1, dtype=np.float64)
    weight = float(np.hypot(*rows[TUNING_ROWS]).sum(dtype=np.float64))
    if weight <= 0.0:
        return 0.0, 0.0
    return float(np.degrees(np.arctan2(sine, cosine)) / 3.6), float(np.hypot(cosine, sine)) / weight


def semitones(rows: Array, tuning_cents: float) -> Array:
    """Square-root amplitude per semitone of the tuned scale, shape (N_SEMITONES, n_frames)."""
    position = np.arange(N_PITCH_BINS) / BINS_PER_SEMITONE - tuning_cents / 100.0
    # Full weight within a third of a semitone, none from two thirds on.
    distance = np.abs(position[None, :] - np.arange(N_SEMITONES)[:, None])
    kernel = np.clip(2.0 - 3.0 * distance, 0.0, 1.0).astype(np.float32)
    return np.asarray(kernel @ rows[:N_PITCH_BINS], dtype=np.float32)


def reference_level(pitch: Array) -> float:
    """Level of the loud frames: what "quiet" is measured against, so that gain does not matter."""
    return float(np.quantile(pitch.max(axis=0), 0.9)) if pitch.size else 0.0


def whiten(pitch: Array, reference: float) -> Array:
    """Each semitone over the RMS of the two octaves around it, with a floor of 3 % of ``reference``."""
    power = np.square(pitch)
    total = np.cumsum(np.pad(power, ((13, 12), (0, 0))), axis=0)
    local = (total[25:] - total[:-25]) / np.float32(8.0)
    return np.asarray(pitch / np.sqrt(local + np.float32((0.03 * reference) ** 2 + 1e-12)), dtype=np.float32)


def note_inputs(pitch: Array, reference: float) -> Array:
    """Inputs of the note network, shape (N_NOTE_INPUTS, N_SEMITONES, n_frames)."""
    white = whiten(pitch, reference)
    level = np.minimum(pitch / np.float32(max(reference, 1e-9)), 1.5)
    n_frames = pitch.shape[1]
    padded = np.pad(white, ((_REACH, _REACH), (2, 2)))
    padded_level = np.pad(level, ((_REACH, _REACH), (0, 0)))
    inputs = np.empty((N_NOTE_INPUTS, N_SEMITONES, n_frames), dtype=np.float32)
    row = 0
    for offset in OFFSETS:
        inputs[row] = padded[_REACH + offset : _REACH + offset + N_SEMITONES, 2 : 2 + n_frames]
        row += 1
    for offset, moment in MOMENTS:
        inputs[row] = padded[_REACH + offset : _REACH + offset + N_SEMITONES, 2 + moment : 2 + moment + n_frames]
        row += 1
    for offset in LEVEL_OFFSETS:
        inputs[row] = padded_level[_REACH + offset : _REACH + offset + N_SEMITONES]
        row += 1
    inputs[row] = (np.arange(N_SEMITONES, dtype=np.float32)[:, None] - 40.0) / 24.0
    return inputs


def note_chances(network: Network, pitch: Array, reference: float) -> Array:
    """Chances, shape (3, N_SEMITONES, n_frames): any note, bass note, melody note, per semitone and frame."""
    inputs = note_inputs(pitch, reference)
    return sigmoid(network.on_columns(inputs.reshape(N_NOTE_INPUTS, -1))).reshape(3, *pitch.shape)
