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


@dataclass(frozen=True, slots=True, eq=False)
class LibraryWindows:
    """Windows in the order of the notes they begin with.

    ``vectors`` float32 (n, DIMENSIONS) in semitones around their mean; ``means`` float32 (n,) these means, MIDI;
    ``first_notes`` int64 (n,) flat numbers of the notes.
    """

    vectors: NDArray[np.float32]
    means: NDArray[np.float32]
    first_notes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first_notes)


def library_windows(melodies: PackedMelodies) -> LibraryWindows:
    """The windows of every line of every melody; lines that agree for the length of a window give it once.

    Every line with at least three notes has one window or more.
    """
    parts = [_windows_of_line(melodies, np.flatnonzero(melodies.lines & bit)) for bit in _bits(melodies.lines)]
    kept = [part if not at else _without_equal(part, parts[at - 1]) for at, part in enumerate(parts)]
    if not kept:
        return LibraryWindows(np.zeros((0, DIMENSIONS), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    first = np.concatenate([part.first_notes for part in kept])
    order = np.argsort(first, kind="stable")
    vectors, means = np.concatenate([part.vectors for part in kept]), np.concatenate([part.means for part in kept])
    return LibraryWindows(vectors[order], means[order], first[order])


def _bits(lines: NDArray[np.uint8]) -> list[int]:
    used = int(np.bitwise_or.reduce(lines)) if len(lines) else 0
    return [1 << bit for bit in range(8) if used >> bit & 1]


def _windows_of_line(melodies: PackedMelodies, notes: NDArray[np.intp]) -> LibraryWindows:
    """Windows of one line of each melody; ``notes`` are the flat numbers of the notes on it."""
    owner = np.searchsorted(melodies.offsets, notes, side="right") - 1
    starts, ends, midi = melodies.starts_s[notes], melodies.ends_s[notes], melodies.midi[notes]
    n = len(notes)
    is_first = np.diff(owner, prepend=-1) != 0
    is_last = np.append(is_first[1:], True)
    line = np.cumsum(is_first) - 1
    lengths = np.bincount(line, minlength=1)
    filled = ends[is_last][line] - starts > _LEAST_FILLED * WINDOW_S
    first = np.flatnonzero((lengths[line] >= 3) & (filled | is_first))
    # One clock for all melodies, with a gap between them, so that one search finds every note.
    steps = np.diff(starts.astype(np.float64), prepend=0.0)
    steps = np.where(is_first, 4.0 * WINDOW_S, np.clip(steps, 0.0, LONGEST_STEP_S))
    clock = np.cumsum(steps)
    vectors, means = np.zeros((len(first), DIMENSIONS), np.float32), np.zeros(len(first), np.float32)
    for low in range(0, len(first) if n else 0, _CHUNK):
        chunk = first[low : low + _CHUNK]
        span = slice(low, low + len(chunk))
        vectors[span], means[span] = _contours(clock, midi, clock[chunk], np.full(len(chunk), WINDOW_S))
    return LibraryWindows(vectors, means, notes[first].astype(np.int64))


def _without_equal(windows: LibraryWindows, others: LibraryWindows) -> LibraryWindows:
    """Without those that begin with the same note as one of ``others`` and run as it does."""
    if not len(others):
        return windows
    at = np.minimum(np.searchsorted(others.first_notes, windows.first_notes), len(others) - 1)
    equal = (others.first_notes[at] == windows.first_notes) & (others.means[at] == windows.means)
    equal &= (others.vectors[at] == windows.vectors).all(axis=1)
    return LibraryWindows(windows.vectors[~equal], windows.means[~equal], windows.first_notes[~equal])


def _contours(
    clock: NDArray[np.float64], midi: NDArray[np.float32], begin: NDArray[np.float64], length: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors (n, DIMENSIONS) and the means that were taken away, (n,)."""
    moments = begin[:, None] + length[:, None] * _MOMENTS
    at = np.searchsorted(clock, moments.ravel() + 1e-3, side="right") - 1
    values = midi[np.maximum(at, 0)].reshape(moments.shape)
    means = values.mean(axis=1)
    vectors = np.clip(values - means[:, None], -_WIDEST, _WIDEST)
    return np.asarray(vectors, np.float32), np.asarray(means, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class QueryWindows:
    """``vectors`` and ``means`` as of the library; ``anchors`` note each begins with; ``scales`` hummed s per melody s."""

    vectors: NDArray[np.float32]
    means: NDArray[np.float32]
    anchors: NDArray[np.int64]
    scales: NDArray[np.float64]


def query_windows(
    starts_s: NDArray[np.float32], ends_s: NDArray[np.float32], midi: NDArray[np.float32], *, most_anchors: int = 24
) -> QueryWindows:
    """Windows of a query at every tempo of ``TEMPO_SCALES``, from at most ``most_anchors`` of its notes."""
    if len(starts_s) < 3:
        empty = np.zeros(0, np.float32)
        return QueryWindows(np.zeros((0, DIMENSIONS), np.float32), empty, np.zeros(0, np.int64), np.zeros(0))
    length = float(ends_s[-1] - starts_s[-1])
    chosen = np.arange(len(starts_s))
    if len(chosen) > most_anchors:
        chosen = chosen[np.round(np.linspace(0, len(chosen) - 1, most_anchors)).astype(np.intp)]
    vectors, means, anchors, scales = [], [], [], []
    for scale in TEMPO_SCALES:
        steps = np.diff(starts_s.astype(np.float64), prepend=float(starts_s[0]))
        clock = np.cumsum(np.minimum(steps, LONGEST_STEP_S * scale))
        # A window may outlast the query a little; of a very short query the first always counts.
        room = clock[-1] + min(length, LONGEST_STEP_S * scale) - clock
        able = chosen[(room[chosen] > 0.75 * WINDOW_S * scale) | (chosen == 0)]
        contours, mean = _contours(clock, midi, clock[able], np.full(len(able), WINDOW_S * scale))
        vectors.append(contours)
        means.append(mean)
        anchors.append(able)
        scales.append(np.full(len(able), scale))
    return QueryWindows(
        np.concatenate(vectors),
        np.concatenate(means),
        np.concatenate(anchors).astype(np.int64),
        np.concatenate(scales),
    )
