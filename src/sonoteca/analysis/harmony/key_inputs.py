"""What the key network sees of a stretch of sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.chord_decoding import state_posteriors
from sonoteca.analysis.harmony.pitch_classes import (
    BASS,
    GROUP_NAMES,
    HIGH,
    LEVEL_ROW,
    LOW,
    LOWEST,
    MELODY,
    MIDDLE,
    N_GROUPS,
    POLYPHONY_ROW,
    mean_over,
)

Array = NDArray[np.float32]

NOTES = slice(LOW, HIGH + 1)

_MODES = ("major", "minor")
# How much of the beginning and of the end is looked at on its own: a note, a beat, a half bar.
EDGES_S = (0.25, 0.6, 1.2)
# A loop is cut into this many parts; what sounds where they begin is on a strong beat.
N_PARTS = 8
STRONG_S = 0.25
_PLACES = (*(f"first {edge_s} s" for edge_s in EDGES_S), *(f"last {edge_s} s" for edge_s in EDGES_S))
_CADENCES = tuple(f"{mode} after {step}" for step in ("the fifth", "the fourth", "a tone below") for mode in _MODES)
_GROUPS = (
    *GROUP_NAMES, "all notes", "presence", "root mean square", "most", "lowest, by power",
    *(f"{what}, {place}" for place in _PLACES for what in ("all notes", "lowest", "melody")),
    *(f"{what} on {beats}" for beats in ("halves", "quarters", "eighths") for what in ("all notes", "lowest")),
    *(f"{which} chord, {mode}" for which in ("mean", "first", "last") for mode in _MODES), *_CADENCES,
)  # fmt: skip
# Groups of twelve pitch classes from the tonic, then what does not depend on it.
INPUTS = (
    *(f"{group}: {interval}" for group in _GROUPS for interval in range(12)),
    "log duration", "polyphony", *(f"root of {group}" for group in ("low", "middle", "high", "bass", "melody")),
    "classes present", "share without a chord",
)  # fmt: skip
# Frames below this share of the loudest are silence around the music.
SOUNDING = 0.05


def sounding_span(frames: Array) -> tuple[int, int]:
    """First and one past the last frame that sounds, at least one frame long."""
    loud = np.flatnonzero(frames[LEVEL_ROW] > SOUNDING)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, frames.shape[1])


def key_inputs(frames: Array, frame_rate: float, chords: Array) -> tuple[Array, Array]:
    """Groups (1, n_groups * 12) and plain inputs (1, n_plain) of the key network.

    Parameters
    ----------
    frames : float32 (N_HARMONIC_ROWS, n_frames)
        Harmonic frames of the stretch.
    frame_rate : float [1/s]
    chords : float32 (n_steps, 97)
        Chord posteriors of the same stretch, in time order.
    """
    start, stop = sounding_span(frames)
    frames = frames[:, start:stop]
    n = frames.shape[1]
    duration_s = n / frame_rate
    chroma = frames[:LEVEL_ROW]
    mean = chroma.mean(axis=1).reshape(N_GROUPS, 12)
    # Presence: the share of time a class sounds at all, whatever its register.
    everything = np.minimum(frames[: 12 * 3].reshape(3, 12, n).sum(axis=0), 1.0)
    peak = everything.max(axis=1)
    rows = [
        *(_share(group) for group in mean),
        _share(mean[NOTES].sum(axis=0)),
        everything.mean(axis=1),
        np.sqrt(np.square(everything).mean(axis=1)),
        peak,
        _share(np.square(frames[12 * LOWEST : 12 * LOWEST + 12]).mean(axis=1)),
    ]
    rows += _placed_rows(chroma, frame_rate, duration_s)
    rows += _chord_rows(chords)
    sums = mean.sum(axis=1)
    plain = np.array(
        [
            np.log(max(duration_s, 0.1)),
            float(frames[POLYPHONY_ROW].mean()),
            *np.sqrt(sums[[LOW, MIDDLE, HIGH, BASS, MELODY]]),
            float((peak > 0.5).sum()) / 12.0,
            float(chords[:, -1].mean()) if len(chords) else 1.0,
        ],
        dtype=np.float32,
    )
    return np.concatenate(rows).astype(np.float32)[None, :], plain[None, :]


def _placed_rows(chroma: Array, frame_rate: float, duration_s: float) -> list[Array]:
    """What sounds first and last, and what on strong beats (halves, quarters, eighths of the duration)."""
    edges = [min(edge_s, duration_s / 4) for edge_s in EDGES_S]
    step_s = duration_s / N_PARTS
    width_s = min(STRONG_S, step_s / 2)
    starts = [*(0.0 for _ in edges), *(duration_s - edge for edge in edges), *(i * step_s for i in range(N_PARTS))]
    widths = [*edges, *edges, *(width_s for _ in range(N_PARTS))]
    # mean_over counts from the middle of the first frame's hop.
    starts_s = np.array(starts) - 0.5 / frame_rate
    at = mean_over(chroma, frame_rate, starts_s, starts_s + np.array(widths)).T.reshape(-1, N_GROUPS, 12)
    rows = []
    for part in at[: 2 * len(edges)]:
        rows += [_share(part[NOTES].sum(axis=0)), _share(part[LOWEST]), _share(part[MELODY])]
    strong = at[2 * len(edges) :]
    for chosen in (slice(0, None, 4), slice(2, None, 4), slice(1, None, 2)):
        rows += [_share(strong[chosen, NOTES].sum(axis=(0, 1))), _share(strong[chosen, LOWEST].sum(axis=0))]
    return rows


def _share(chroma: Array) -> Array:
    return np.asarray(chroma / (chroma.sum() + 1e-3), dtype=np.float32)


def _chord_rows(chords: Array) -> list[Array]:
    """Mean, first, last chord and cadences, each as twelve major then twelve minor."""
    if not len(chords):
        return [np.zeros(12, np.float32)] * 12
    states = state_posteriors(chords)[:, :24]
    major, minor = states[:, :12], states[:, 12:]
    rows = [major.mean(axis=0), minor.mean(axis=0), major[0], minor[0], major[-1], minor[-1]]
    # A step to root r from the fifth above, the fourth above, and a whole tone below.
    previous, following = states[:-1], states[1:]
    either_before = previous[:, :12] + previous[:, 12:]
    for interval in (7, 5, 10):
        moved = np.roll(either_before, -interval, axis=1)
        for after in (following[:, :12], following[:, 12:]):
            rows.append((moved * after).sum(axis=0) / len(states) if len(following) else np.zeros(12, np.float32))
    return rows
