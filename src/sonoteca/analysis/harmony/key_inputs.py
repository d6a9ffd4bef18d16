"""What the key network sees of a stretch of sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.chord_decoding import state_posteriors
from sonoteca.analysis.harmony.pitch_classes import (
    BASS,
    HIGH,
    LEVEL_ROW,
    LOW,
    LOWEST,
    MIDDLE,
    N_GROUPS,
    POLYPHONY_ROW,
    mean_between,
)

Array = NDArray[np.float32]

# How much of the beginning and the end counts as the first and last beat.
EDGE_S = 0.6
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
    edge_s = min(EDGE_S, duration_s / 4)
    marks = np.array([0.0, edge_s, duration_s / 4, duration_s / 2, duration_s - edge_s, duration_s])
    part = mean_between(frames[:LEVEL_ROW], frame_rate, marks - 0.5 / frame_rate).T.reshape(5, N_GROUPS, 12)
    mean = frames[:LEVEL_ROW].mean(axis=1).reshape(N_GROUPS, 12)
    first, last = part[0], part[4]
    notes = slice(LOW, HIGH + 1)
    # Presence: the share of time a class sounds at all, whatever its register.
    everything = np.minimum(frames[: 12 * 3].reshape(3, 12, n).sum(axis=0), 1.0)
    presence = everything.mean(axis=1)
    strongest = np.sqrt(np.square(everything).mean(axis=1))
    peak = everything.max(axis=1) if n else presence
    lowest_weight = frames[12 * LOWEST : 12 * LOWEST + 12]
    rows = [
        *_shares(mean), _share(mean[notes].sum(axis=0)), presence, strongest, peak,
        _share(first[notes].sum(axis=0)), _share(first[LOWEST]), _share(first[BASS]),
        _share(last[notes].sum(axis=0)), _share(last[LOWEST]), _share(last[BASS]),
        _share(part[1][notes].sum(axis=0)), _share(part[2][notes].sum(axis=0)), _share(part[3][notes].sum(axis=0)),
        _share(np.square(lowest_weight).mean(axis=1)),
        *_chord_rows(chords),
    ]  # fmt: skip
    sums = mean.sum(axis=1)
    plain = np.array(
        [np.log(max(duration_s, 0.1)), float(frames[POLYPHONY_ROW].mean()), *np.sqrt(sums[[LOW, MIDDLE, HIGH, BASS]]),
         float((peak > 0.5).sum()) / 12.0, float(chords[:, -1].mean()) if len(chords) else 1.0],
        dtype=np.float32,
    )  # fmt: skip
    return np.concatenate(rows).astype(np.float32)[None, :], plain[None, :]


def _share(chroma: Array) -> Array:
    return np.asarray(chroma / (chroma.sum() + 1e-3), dtype=np.float32)


def _shares(groups: Array) -> list[Array]:
    return [_share(group) for group in groups]


def _chord_rows(chords: Array) -> list[Array]:
    """Mean, first, last chord and cadences, each as twelve major then twelve minor."""
    if not len(chords):
        return [np.zeros(12, np.float32)] * 12
    states = state_posteriors(chords)[:, :24]
    major, minor = states[:, :12], states[:, 12:]
    rows = [major.mean(axis=0), minor.mean(axis=0), major[0], minor[0], major[-1], minor[-1]]
    # A step to root r from the fifth above, the fourth above, and a whole tone below.
    previous, following = states[:-1], states[1:]
    either_before, either_after = previous[:, :12] + previous[:, 12:], following[:, :12] + following[:, 12:]
    for interval in (7, 5, 10):
        moved = np.roll(either_before, -interval, axis=1)
        for after in (following[:, :12], following[:, 12:]):
            rows.append((moved * after).sum(axis=0) / len(states) if len(following) else np.zeros(12, np.float32))
    del either_after
    return rows
