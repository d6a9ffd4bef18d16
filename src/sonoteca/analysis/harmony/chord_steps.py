"""What the chord network sees at one step (a beat, or 0.37 s where there are none)."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.pitch_classes import GROUP_NAMES, LEVEL_ROW, POLYPHONY_ROW, STRONGEST_ROW

Array = NDArray[np.float32]

_AROUND = tuple(
    f"{group}, {where}" for where in ("this step", "the one before", "the one after") for group in GROUP_NAMES
)
# Groups of twelve pitch classes from the root, then what does not depend on it.
INPUTS = (
    *(f"{group}: {interval}" for group in (*_AROUND, "scale around", "scale of all") for interval in range(12)),
    "level", "polyphony", "strongest note",
)  # fmt: skip
QUALITIES = ("maj", "min", "maj7", "min7", "7", "sus4", "sus2", "dim")
# Without beats: four hops of the spectrum.
FREE_STEP_S = 4 * 2048 / 22_050
# A longer beat is halved: chords change between such beats.
LONGEST_STEP_S = 0.8


def step_times(start_s: float, end_s: float, beats_s: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Rising boundaries of the steps from ``start_s`` to ``end_s``, both included.

    Beats outside are ignored; stretches without beats longer than ``LONGEST_STEP_S`` are
    divided evenly.
    """
    inner = np.empty(0) if beats_s is None else np.unique(np.asarray(beats_s, dtype=np.float64))
    inner = inner[(inner > start_s + 0.08) & (inner < end_s - 0.08)]
    marks = np.concatenate([[start_s], inner, [max(end_s, start_s + 1e-3)]])
    longest = FREE_STEP_S * 1.25 if len(inner) < 2 else LONGEST_STEP_S
    width = FREE_STEP_S if len(inner) < 2 else LONGEST_STEP_S
    pieces = [marks[:1]]
    for left, right in itertools.pairwise(marks):
        n = 1 if right - left <= longest else int(np.ceil((right - left) / width - 1e-6))
        pieces.append(left + (right - left) * np.arange(1, n + 1) / n)
    return np.concatenate(pieces)


def chord_inputs(steps: Array) -> tuple[Array, Array]:
    """Groups and plain inputs of the chord network from mean harmonic frames per step.

    ``steps`` has shape (N_HARMONIC_ROWS, n_steps). Groups: this step, the one before, the
    one after, the sixteen around (the key nearby), and all.
    """
    chroma = steps[:LEVEL_ROW].T
    n = len(chroma)
    before = np.concatenate([chroma[:1], chroma[:-1]])
    after = np.concatenate([chroma[1:], chroma[-1:]])
    total = np.concatenate([np.zeros((1, chroma.shape[1])), np.cumsum(chroma, axis=0, dtype=np.float64)])
    low, high = np.maximum(np.arange(n) - 8, 0), np.minimum(np.arange(n) + 9, n)
    around = (total[high] - total[low]) / (high - low)[:, None]
    # Of the surroundings and the whole, only all notes together: the scale, not its place.
    around = around.reshape(n, -1, 12)
    scale = around[:, :3].sum(axis=1)
    everything = np.broadcast_to(chroma.mean(axis=0).reshape(-1, 12)[:3].sum(axis=0), scale.shape)
    groups = np.concatenate([chroma, before, after, scale, everything], axis=1).astype(np.float32)
    plain = steps[[LEVEL_ROW, POLYPHONY_ROW, STRONGEST_ROW]].T.astype(np.float32)
    return groups, plain
