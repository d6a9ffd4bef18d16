"""Windows of the pitch contour as vectors that ignore transposition; tempo is tried on the query's side.

A library window begins at a note and lasts ``WINDOW_S``. Its contour (each pitch held until
the next note) is read at 16 moments, and its mean is taken away. A query gives a window per
note and tempo: 3.5 s of the melody last 2.3 to 5.3 s when hummed. Windows are cut by time and
not by counting notes, so a note that was split, merged or sung wrong moves a few of the 16
numbers and leaves the vector near its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.search.hum.melody import PackedMelodies

DIMENSIONS = 16
WINDOW_S = 3.5
# Seconds hummed per second of the melody.
TEMPO_SCALES = np.geomspace(0.66, 1.5, 14)
# Longer waits for the next note (rests) count as this many seconds: a window is filled by notes, not by one.
LONGEST_STEP_S = 0.7
# What is left of a melody after a window's first note must fill this share of the window.
_LEAST_FILLED = 0.6
# Wider leaps say no more than this, and a wrong octave should not rule a distance.
_WIDEST = 12.0
_MOMENTS = (np.arange(DIMENSIONS) + 0.5) / DIMENSIONS
_CHUNK = 100_000


def library_windows(melodies: PackedMelodies) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors float32 (n_windows, DIMENSIONS) in semitones, and the flat number of the note each begins with.

    Every melody with at least three notes has one window or more.
    """
    lengths = np.diff(melodies.offsets)
    if not melodies.n_notes:
        return np.zeros((0, DIMENSIONS), np.float32), np.zeros(0, np.int64)
    last = np.repeat(melodies.offsets[1:], lengths) - 1
    is_first = np.arange(melodies.n_notes) == np.repeat(melodies.offsets[:-1], lengths)
    filled = melodies.ends_s[last] - melodies.starts_s > _LEAST_FILLED * WINDOW_S
    long_enough = np.repeat(lengths, lengths) >= 3
    first = np.flatnonzero(long_enough & (filled | is_first)).astype(np.int64)
    # One clock for all melodies, with a gap between them, so that one search finds every note.
    steps = np.diff(melodies.starts_s.astype(np.float64), prepend=0.0)
    steps = np.where(is_first, 4.0 * WINDOW_S, np.clip(steps, 0.0, LONGEST_STEP_S))
    clock = np.cumsum(steps)
    pieces = []
    for low in range(0, len(first), _CHUNK):
        chunk = first[low : low + _CHUNK]
        pieces.append(_contours(clock, melodies.midi, clock[chunk], np.full(len(chunk), WINDOW_S)))
    return (np.concatenate(pieces) if pieces else np.zeros((0, DIMENSIONS), np.float32)), first


def _contours(
    clock: NDArray[np.float64], midi: NDArray[np.float32], begin: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float32]:
    moments = begin[:, None] + length[:, None] * _MOMENTS
    at = np.searchsorted(clock, moments.ravel() + 1e-3, side="right") - 1
    values = midi[np.maximum(at, 0)].reshape(moments.shape)
    values = values - values.mean(axis=1, keepdims=True)
    return np.asarray(np.clip(values, -_WIDEST, _WIDEST), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class QueryWindows:
    """``vectors`` float32 (n, DIMENSIONS); ``anchors`` note each begins with; ``scales`` hummed s per melody s."""

    vectors: NDArray[np.float32]
    anchors: NDArray[np.int64]
    scales: NDArray[np.float64]


def query_windows(
    starts_s: NDArray[np.float32], ends_s: NDArray[np.float32], midi: NDArray[np.float32], *, most_anchors: int = 24
) -> QueryWindows:
    """Windows of a query at every tempo of ``TEMPO_SCALES``, from at most ``most_anchors`` of its notes."""
    nothing = QueryWindows(np.zeros((0, DIMENSIONS), np.float32), np.zeros(0, np.int64), np.zeros(0))
    if len(starts_s) < 3:
        return nothing
    length = float(ends_s[-1] - starts_s[-1])
    chosen = np.arange(len(starts_s))
    if len(chosen) > most_anchors:
        chosen = chosen[np.round(np.linspace(0, len(chosen) - 1, most_anchors)).astype(np.intp)]
    vectors, anchors, scales = [], [], []
    for scale in TEMPO_SCALES:
        steps = np.diff(starts_s.astype(np.float64), prepend=float(starts_s[0]))
        clock = np.cumsum(np.minimum(steps, LONGEST_STEP_S * scale))
        # A window may outlast the query a little; of a very short query the first always counts.
        room = clock[-1] + min(length, LONGEST_STEP_S * scale) - clock
        able = chosen[(room[chosen] > 0.75 * WINDOW_S * scale) | (chosen == 0)]
        vectors.append(_contours(clock, midi, clock[able], np.full(len(able), WINDOW_S * scale)))
        anchors.append(able)
        scales.append(np.full(len(able), scale))
    return QueryWindows(np.concatenate(vectors), np.concatenate(anchors).astype(np.int64), np.concatenate(scales))
