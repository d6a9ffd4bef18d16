"""Notes folded into pitch classes: seven chromagrams that chords and keys are heard from.

Rows of a *harmonic frame* come in groups of twelve, each from C: all notes weighted to the
low, middle and high register, notes of the bass, the lowest note sounding, notes of the
melody, and the whitened spectrum itself, in which nothing has been decided yet. Four more rows say how loud and how
full the frame is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.salience import note_chances, reference_level, semitones, tuning_of, whiten
from sonoteca.features.chroma_spectrum import LOWEST_MIDI, N_SEMITONES
from sonoteca.models.network import Network

Array = NDArray[np.float32]

LOW, MIDDLE, HIGH, BASS, LOWEST, MELODY, RAW = range(7)
GROUP_NAMES = ("low", "middle", "high", "bass", "lowest", "melody", "raw")
N_GROUPS = len(GROUP_NAMES)
LEVEL_ROW = 12 * N_GROUPS
POLYPHONY_ROW = LEVEL_ROW + 1
STRONGEST_ROW = LEVEL_ROW + 2
NOVELTY_ROW = LEVEL_ROW + 3
N_HARMONIC_ROWS = LEVEL_ROW + 4
# 47 s of frames at a time: the network's inputs for them take 7 MB.
STRETCH = 512
ROWS_AT_ONCE = 24
_CONTEXT = 2


def _register_folds() -> dict[int, Array]:
    """Fold matrices (12, N_SEMITONES) of the three registers (overlapping by half an octave) and the raw one."""
    midi = np.arange(N_SEMITONES) + LOWEST_MIDI
    fold = np.zeros((12, N_SEMITONES), dtype=np.float32)
    fold[midi % 12, np.arange(N_SEMITONES)] = 1.0
    low = np.clip((57.0 - midi) / 6.0, 0.0, 1.0)
    high = np.clip((midi - 66.0) / 6.0, 0.0, 1.0)
    raw = np.clip((midi - 40.0) / 6.0, 0.0, 1.0) * np.clip((90.0 - midi) / 12.0, 0.0, 1.0)
    weights = {LOW: low, MIDDLE: 1.0 - low - high, HIGH: high, RAW: 0.25 * raw}
    return {group: np.asarray(fold * weight, dtype=np.float32) for group, weight in weights.items()}


_FOLDS = _register_folds()
_FOLD_ALL = (np.arange(12)[:, None] == (np.arange(N_SEMITONES) + LOWEST_MIDI) % 12).astype(np.float32)


def harmonic_frames(rows: Array, network: Network, tuning_cents: float | None = None) -> Array:
    """Harmonic frames of ``PitchSpectrum`` rows, float32, shape (N_HARMONIC_ROWS, n_frames)."""
    cents = tuning_of(rows)[0] if tuning_cents is None else tuning_cents
    n_frames = rows.shape[1]
    pitch = semitones(rows, cents)
    reference = reference_level(pitch)
    result = np.zeros((N_HARMONIC_ROWS, n_frames), dtype=np.float32)
    if reference <= 0.0:
        return result
    for start in range(0, n_frames, STRETCH):
        stop = min(start + STRETCH, n_frames)
        first, last = max(0, start - _CONTEXT), min(n_frames, stop + _CONTEXT)
        inner = slice(start - first, stop - first)
        _fold(pitch[:, first:last], reference, network, inner, result[:, start:stop])
    return result


def _fold(pitch: Array, reference: float, network: Network, inner: slice, out: Array) -> None:
    notes = note_chances(network, pitch, reference)[:, :, inner]
    any_note, bass_note, melody_note = notes
    for group in (LOW, MIDDLE, HIGH):
        out[12 * group : 12 * group + 12] = _FOLDS[group] @ any_note
    out[12 * BASS : 12 * BASS + 12] = _FOLD_ALL @ bass_note
    out[12 * MELODY : 12 * MELODY + 12] = _FOLD_ALL @ melody_note
    # A note is the lowest if it sounds and none of those below does.
    silent_below = np.cumprod(1.0 - any_note, axis=0)
    lowest = any_note.copy()
    lowest[1:] *= silent_below[:-1]
    out[12 * LOWEST : 12 * LOWEST + 12] = _FOLD_ALL @ lowest
    out[12 * RAW : 12 * RAW + 12] = _FOLDS[RAW] @ whiten(pitch[:, inner], reference)
    out[LEVEL_ROW] = np.minimum(pitch[:, inner].max(axis=0) / np.float32(reference), 1.5)
    out[POLYPHONY_ROW] = any_note.sum(axis=0)
    out[STRONGEST_ROW] = any_note.max(axis=0)
    out[NOVELTY_ROW, 1:] = np.abs(np.diff(any_note, axis=1)).sum(axis=0)


def mean_over(
    frames: Array,
    frame_rate: float,
    starts_s: NDArray[np.float64],
    ends_s: NDArray[np.float64],
    *,
    first_frame: int = 0,
) -> Array:
    """Mean of ``frames`` within each span, shape (rows, n_spans).

    Frames count with the share of their hop that lies in the span, so a span shorter than
    a hop has a value too. Times are seconds of the sound; frame ``first_frame`` is the first held.
    """
    n_frames = frames.shape[1]
    # Frame t stands for the hop around its centre.
    low = np.clip(np.asarray(starts_s) * frame_rate - first_frame + 0.5, 0.0, n_frames)
    high = np.clip(np.asarray(ends_s) * frame_rate - first_frame + 0.5, 0.0, n_frames)
    # At the very edges a span may hold nothing: then it is the nearest hundredth of a frame.
    low = np.minimum(low, n_frames - 0.01)
    high = np.maximum(high, low + 0.01)
    position = np.concatenate([low, high])
    whole = np.minimum(position.astype(np.intp), n_frames - 1)
    part = position - whole
    result = np.empty((frames.shape[0], len(low)), dtype=np.float32)
    # A few rows at a time: the running sums of an hour of all rows would take 27 MB.
    total = np.zeros((min(ROWS_AT_ONCE, frames.shape[0]), n_frames + 1), dtype=np.float64)
    for first in range(0, frames.shape[0], ROWS_AT_ONCE):
        rows = frames[first : first + ROWS_AT_ONCE]
        sums = total[: len(rows)]
        np.cumsum(rows, axis=1, dtype=np.float64, out=sums[:, 1:])
        at = sums[:, whole] * (1.0 - part) + sums[:, whole + 1] * part
        result[first : first + len(rows)] = (at[:, len(low) :] - at[:, : len(low)]) / (high - low)
    return result


def mean_between(frames: Array, frame_rate: float, times_s: NDArray[np.float64], *, first_frame: int = 0) -> Array:
    """Mean of ``frames`` within each step between rising ``times_s``, shape (rows, len(times_s) - 1)."""
    return mean_over(frames, frame_rate, times_s[:-1], times_s[1:], first_frame=first_frame)
