"""From chord posteriors per step to a gapless list of chords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.chord_steps import QUALITIES
from sonoteca.domain.music import PITCH_CLASS_NAMES

Array = NDArray[np.float32]

N_QUALITIES = len(QUALITIES)
# The decoder's states: twelve major, twelve minor, none. Suspended chords lean on both modes
# of their root, diminished ones on minor.
N_STATES = 25
_MAJOR_SHARE = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 0.0], dtype=np.float32)
# Between 1 and 4 the recall of chords on the development songs differs by 1 %, lower finds more borders.
CHANGE_COST = 1.25
# A seventh (or suspension) is named when it is the likeliest reading of its segment by this factor.
SEVENTH_MARGIN = 1.0


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """One chord; ``label`` in Harte's syntax, ``confidence`` its mean posterior."""

    start_s: float
    end_s: float
    label: str
    confidence: float


def state_posteriors(posteriors: Array) -> Array:
    """Sum of the qualities by state, (n_steps, 12 * N_QUALITIES + 1) to (n_steps, 25)."""
    per_root = posteriors[:, :-1].reshape(-1, 12, N_QUALITIES)
    major = per_root @ _MAJOR_SHARE
    minor = per_root.sum(axis=2) - major
    return np.concatenate([major, minor, posteriors[:, -1:]], axis=1)


def best_path(scores: Array, stay: Array) -> NDArray[np.intp]:
    """Viterbi over ``scores`` (n_steps, n_states) where a change costs ``stay[t]`` at the border before step t.

    All changes cost the same, so one step is O(n_states).
    """
    n, k = scores.shape
    came_from = np.empty((n, k), dtype=np.int16)
    total = scores[0].astype(np.float64)
    own = np.arange(k)
    for t in range(1, n):
        best = int(total.argmax())
        jump = total[best] - stay[t]
        keep = total >= jump
        came_from[t] = np.where(keep, own, best)
        total = np.where(keep, total, jump) + scores[t]
    path = np.empty(n, dtype=np.intp)
    path[-1] = int(total.argmax())
    for t in range(n - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path


def decode_chords(
    posteriors: Array, times_s: NDArray[np.float64], *, change_cost: float = CHANGE_COST, sharpness: float = 1.0
) -> list[ChordSpan]:
    """Gapless chords from the first to the last of ``times_s``.

    Parameters
    ----------
    posteriors : float32 (n_steps, 12 * N_QUALITIES + 1)
        Root-major, "none" last.
    times_s : float64 (n_steps + 1,) [s]
        Borders of the steps, rising.
    change_cost : float >= 0 [nepers]
        What a chord change costs at the border of a step.
    sharpness : float > 0
        Weight of the evidence of one step.
    """
    states = state_posteriors(posteriors)
    cost = np.full(len(states), change_cost)
    path = best_path(sharpness * np.log(states + 1e-4), cost)
    borders = np.flatnonzero(np.diff(path)) + 1
    spans = []
    for start, stop in zip([0, *borders], [*borders, len(path)], strict=True):
        state = int(path[start])
        confidence = float(states[start:stop, state].mean())
        label = "N" if state == N_STATES - 1 else _label(posteriors[start:stop], state)
        spans.append(ChordSpan(float(times_s[start]), float(times_s[stop]), label, confidence))
    return spans


def _label(posteriors: Array, state: int) -> str:
    root, is_minor = state % 12, state >= 12
    quality = np.log(posteriors[:, root * N_QUALITIES : (root + 1) * N_QUALITIES] + 1e-3).mean(axis=0)
    plain = "min" if is_minor else "maj"
    allowed = ("min", "min7", "dim") if is_minor else ("maj", "maj7", "7", "sus4", "sus2")
    best = max(allowed, key=lambda name: quality[QUALITIES.index(name)] - (0.0 if name == plain else SEVENTH_MARGIN))
    return f"{PITCH_CLASS_NAMES[root]}:{best}"
