"""Describes possible note onsets as numbers for a classifier.

First by itself: the levels of its partials and neighbours before, at and after the onset.
Then among the others: who competes at the same moment, who leads to it and on from it, and
whether its colour, loudness and register are those of the melody found so far. The second
look is what tells the singer from the accompanist, who may play the very same notes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.melody.candidates import FAST, FINE, LOW_MIDI, N_PITCHES, PARTIALS, Candidates, Levels

_FINE_FRAMES = np.array([-7, -4, -1, 2, 5, 9, 14])
_FINE_ROWS = np.array([*PARTIALS, -24, -19, -12, -7, -2, -1, 1, 2, 7])
_FAST_FRAMES = np.array([-4, -2, -1, 0, 1, 2, 4, 6])
_FAST_ROWS = PARTIALS[:6]
_SALIENCE_FRAMES = np.array([-7, -3, 1, 4, 8, 14, 20])
_SALIENCE_ROWS = np.array([0, -12, 12, -19, 19, -7, 7, -5, 5])
_LONGEST_FRAMES = 64
# When the strongest salience above and below is looked at, and what is told of it.
_AROUND_FRAMES = (-3, 2, 5)
_AROUND_NAMES = ("own less best above", "own less best below", "best above less below", "stronger pitches")


def _patch_names(what: str, frames: NDArray[np.int64], rows: NDArray[np.int64]) -> list[str]:
    return [f"{what} {row:+d} semitones, {frame:+d} frames" for frame in frames for row in rows]


ALONE_INPUTS = (
    *_patch_names("fine", _FINE_FRAMES, _FINE_ROWS),
    *_patch_names("fast", _FAST_FRAMES, _FAST_ROWS),
    *_patch_names("salience", _SALIENCE_FRAMES, _SALIENCE_ROWS),
    *(f"{what}, {shift:+d} frames" for shift in _AROUND_FRAMES for what in _AROUND_NAMES),
    "pitch", "pitch from the centre", "rise", "log length", "level", "level below the mean", "flux",
)  # fmt: skip
N_ALONE = len(ALONE_INPUTS)


def describe_alone(levels: Levels, candidates: Candidates) -> NDArray[np.float32]:
    """One row of ``N_ALONE`` numbers per candidate, float32."""
    frames, midi = candidates.frames, candidates.midi
    n = len(candidates)
    fine = _patch(levels.fine, frames, midi - FINE.low_midi, _FINE_FRAMES, _FINE_ROWS)
    fast = _patch(levels.fast, frames, midi - FAST.low_midi, _FAST_FRAMES, _FAST_ROWS)
    salience = _patch(levels.salience, frames, midi - LOW_MIDI, _SALIENCE_FRAMES, _SALIENCE_ROWS)
    rows = np.arange(N_PITCHES)[None, :] - (midi - LOW_MIDI)[:, None]
    around = []
    for shift in _AROUND_FRAMES:
        column = levels.salience[:, np.clip(frames + shift, 0, levels.n_frames - 1)].T
        own = column[np.arange(n), midi - LOW_MIDI]
        above = np.where(rows > 1, column, 0.0).max(axis=1)
        below = np.where(rows < -1, column, 0.0).max(axis=1)
        rank = (column > own[:, None]).sum(axis=1) / 10.0
        around.append(np.stack([own - above, own - below, above - below, rank], axis=1))
    loud = levels.fast.mean(axis=0)
    flux = np.maximum(np.diff(levels.fast, axis=1, prepend=levels.fast[:, :1]), 0.0).mean(axis=0)
    centre = float(np.average(midi, weights=candidates.rise)) if n else 0.0
    scalars = np.stack(
        [
            (midi - 70.0) / 12.0,
            (midi - centre) / 12.0,
            candidates.rise,
            np.log1p(_held_frames(levels, candidates)) / 4.0,
            loud[frames],
            loud.mean() - loud[frames],
            10.0 * flux[np.clip(frames[:, None] + np.arange(-1, 3), 0, levels.n_frames - 1)].max(axis=1),
        ],
        axis=1,
    )
    parts = [fine, fast, salience, *around, scalars]
    return np.concatenate([part.reshape(n, -1) for part in parts], axis=1, dtype=np.float32)


def _patch(
    values: NDArray[np.float32],
    frames: NDArray[np.intp],
    rows: NDArray[np.intp],
    frame_offsets: NDArray[np.int64],
    row_offsets: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Values around each candidate, 0 beyond the edges, shape (n, frame offsets, row offsets)."""
    at = frames[:, None, None] + frame_offsets[None, :, None]
    row = rows[:, None, None] + row_offsets[None, None, :]
    outside = (at < 0) | (at >= values.shape[1]) | (row < 0) | (row >= values.shape[0])
    patch: NDArray[np.float32] = values[np.clip(row, 0, values.shape[0] - 1), np.clip(at, 0, values.shape[1] - 1)]
    patch[outside] = 0.0
    return patch


def _held_frames(levels: Levels, candidates: Candidates) -> NDArray[np.float32]:
    """How long the salience stays above half of what it was just after the onset."""
    at = np.clip(candidates.frames[:, None] + np.arange(3, _LONGEST_FRAMES), 0, levels.n_frames - 1)
    course = levels.salience[(candidates.midi - LOW_MIDI)[:, None], at]
    fallen = course < 0.5 * course[:, :2].mean(axis=1, keepdims=True)
    return np.where(fallen.any(axis=1), fallen.argmax(axis=1), _LONGEST_FRAMES).astype(np.float32)


# Where competitors are looked for: first and last frame from the own.
_RIVAL_FRAMES = ((-4, 4), (-45, -5), (5, 45), (-12, -5), (5, 12))
_RADII = (60, 200)
CONTEXT_INPUTS = (
    "score",
    *(
        f"{what}, {low:+d} to {high:+d} frames"
        for low, high in _RIVAL_FRAMES
        for what in ("best score", "interval to the best", "best score above", "best score near")
    ),
    "distance to the melody's colour", "nearer to the melody than to the rest",
    "colour of partial 1", "colour of partial 2", "decay", "tone", "pitch from the melody",
    *(f"{what} within {radius} frames" for radius in _RADII for what in ("pitch from the mean", "mass", "mean score")),
    "log times again", "chance again", "tone of the melody",
)  # fmt: skip
N_CONTEXT = len(CONTEXT_INPUTS)
AMONG_INPUTS = (*ALONE_INPUTS, *CONTEXT_INPUTS)
# Partials and times of the fine patch that make the colour of a note.
_COLOUR_FRAMES = slice(3, 6)


def describe_among(
    alone: NDArray[np.float32], candidates: Candidates, score: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One row of ``N_CONTEXT`` numbers per candidate; ``score`` is the first look's log-odds."""
    n = len(candidates)
    frames, midi = candidates.frames, candidates.midi.astype(np.float32)
    chance = 1.0 / (1.0 + np.exp(-score))
    out = np.zeros((n, N_CONTEXT), dtype=np.float32)
    out[:, 0] = score
    column = 1
    for low, high in _RIVAL_FRAMES:
        index, inside = _window(frames, low, high)
        other = np.where(inside & (index != np.arange(n)[:, None]), score[index], -9.0)
        interval = midi[index] - midi[:, None]
        best = other.argmax(axis=1)
        take = (np.arange(n), best)
        out[:, column] = np.maximum(other[take], -9.0) / 3.0
        out[:, column + 1] = np.clip(interval[take], -24, 24) / 12.0
        out[:, column + 2] = np.where(interval > 0, other, -9.0).max(axis=1) / 3.0
        near = np.where(np.abs(interval) <= 5, other, -9.0).max(axis=1)
        out[:, column + 3] = near / 3.0
        column += 4
    fine = alone[:, : len(_FINE_FRAMES) * len(_FINE_ROWS)].reshape(n, len(_FINE_FRAMES), len(_FINE_ROWS))
    level = fine[:, _COLOUR_FRAMES, : len(PARTIALS)].mean(axis=1)
    tone = level[:, 0] + 0.3 * level[:, 1]
    colour = level - level.mean(axis=1, keepdims=True)
    decay = fine[:, 6, :3].mean(axis=1) - fine[:, 4, :3].mean(axis=1)
    traits = np.concatenate([colour, decay[:, None], tone[:, None]], axis=1)
    weight = chance**2
    rest = (1.0 - chance) * 0.2 + 1e-6
    mean = np.average(traits, axis=0, weights=weight + 1e-6)
    spread = np.sqrt(np.average((traits - mean) ** 2, axis=0, weights=weight + 1e-6)) + 0.05
    mean_rest = np.average(traits, axis=0, weights=rest)
    spread_rest = np.sqrt(np.average((traits - mean_rest) ** 2, axis=0, weights=rest)) + 0.05
    own, others = ((traits - mean) / spread) ** 2, ((traits - mean_rest) / spread_rest) ** 2
    out[:, column] = np.minimum(own[:, :8].mean(axis=1), 9.0) / 3.0
    out[:, column + 1] = np.clip((others - own)[:, :8].mean(axis=1), -6, 6) / 3.0
    out[:, column + 2 : column + 6] = np.clip((traits - mean)[:, [0, 1, 8, 9]] * 2.0, -3, 3)
    out[:, column + 6] = (midi - np.average(midi, weights=weight + 1e-6)) / 12.0
    column += 7
    for radius in _RADII:
        mass = _sum_around(frames, weight, radius)
        pitch = _sum_around(frames, weight * midi, radius) / (mass + 1e-3)
        out[:, column] = np.where(mass > 0.3, midi - pitch, 0.0) / 12.0
        out[:, column + 1] = mass / (radius / 6.0)
        out[:, column + 2] = _sum_around(frames, score, radius) / _sum_around(frames, np.ones(n), radius) / 3.0
        column += 3
    # The same pitch again within two seconds: candidates of one pitch laid end to end.
    apart = candidates.midi * (int(frames.max(initial=0)) + 200) + frames
    order = np.argsort(apart)
    again, sure = np.empty(n), np.empty(n)
    again[order] = _sum_around(apart[order], np.ones(n), 90)
    sure[order] = _sum_around(apart[order], chance[order], 90)
    out[:, column] = np.log1p(again - 1.0) / 3.0
    out[:, column + 1] = sure - chance
    out[:, column + 2] = mean[-1]
    return out


def _sum_around(frames: NDArray[np.intp], values: NDArray[np.floating], radius: int) -> NDArray[np.float64]:
    """Sum of ``values`` over the rows whose (rising) frame is within ``radius`` of each row's."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    first = np.searchsorted(frames, frames - radius, side="left")
    stop = np.searchsorted(frames, frames + radius, side="right")
    return np.asarray(total[stop] - total[first], np.float64)


def _window(
    frames: NDArray[np.intp], low: int, high: int, longest: int = 120
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Indices of the candidates whose frame lies within [low, high] of each one's, at most ``longest``."""
    n = len(frames)
    first = np.searchsorted(frames, frames + low, side="left")
    stop = np.searchsorted(frames, frames + high, side="right")
    width = min(max(int((stop - first).max(initial=1)), 1), longest)
    index = first[:, None] + np.arange(width)[None, :]
    return np.minimum(index, n - 1), index < stop[:, None]
