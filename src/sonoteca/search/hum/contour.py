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
    owner = melodies.owner()
    last = np.repeat(melodies.offsets[1:], lengths) - 1
    is_first = np.arange(melodies.n_notes) == np.repeat(melodies.offsets[:-1], lengths)
    filled = melodies.ends_s[last] - melodies.starts_s > _LEAST_FILLED * WINDOW_S
    long_enough = np.repeat(lengths, lengths) >= 3
    first = np.flatnonzero(long_enough & (filled | is_first)).astype(np.int64)
    # One clock for all melodies, each on a stretch of its own, so that one search finds every note.
    stretch = float(melodies.starts_s.max()) + 4.0 * WINDOW_S
    clock = np.asarray(owner.astype(np.float64) * stretch + melodies.starts_s, np.float64)
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
    room = ends_s[-1] - starts_s
    able = np.flatnonzero(room > 0.75 * WINDOW_S * TEMPO_SCALES[0])
    if not len(able):
        able = np.array([0])
    if len(able) > most_anchors:
        able = able[np.round(np.linspace(0, len(able) - 1, most_anchors)).astype(np.intp)]
    anchors = np.repeat(able, len(TEMPO_SCALES)).astype(np.int64)
    scales = np.tile(TEMPO_SCALES, len(able))
    # A window may outlast the query a little; of a very short query all windows do.
    fits = room[anchors] > 0.75 * WINDOW_S * scales
    if not fits.any():
        fits[:] = anchors == 0
    anchors, scales = anchors[fits], scales[fits]
    clock = starts_s.astype(np.float64)
    return QueryWindows(_contours(clock, midi, clock[anchors], WINDOW_S * scales), anchors, scales)
