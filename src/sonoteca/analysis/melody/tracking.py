"""The melody of a stretch of sound: classify possible onsets twice, then choose one line.

The two small networks were trained on songs rendered for the purpose (training/melody);
the line is the sequence of onsets that maximises log-odds minus the cost of wide leaps,
found by dynamic programming as in Salamon and Gómez, "Melody Extraction from Polyphonic
Music Signals Using Pitch Contour Characteristics", IEEE TASLP 20(6), 2012, who select
among contours by learnt characteristics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.melody.candidates import LOW_MIDI, Candidates, Levels, find_candidates, relative_levels
from sonoteca.analysis.melody.describe import describe_alone, describe_among
from sonoteca.features.frame_series import FrameSeries

# Log-odds a note has to bring: below even odds, because a missed note costs as much as a wrong one.
_THRESHOLD = -1.0
# Candidates far below it cannot enter the line and are not compared with the others.
_SECOND_LOOK = -4.5
# Log-odds lost per semitone of leap beyond a whole tone, fading over a rest of this length.
_LEAP_COST, _LEAP_MEMORY_S = 0.1, 1.0
_SHORTEST_GAP_S = 0.06
# Between notes further apart than this the leap costs nothing.
_LINE_MEMORY_S = 4.0
_SHIFT_UNIT_S = 0.05
_CHUNK_S, _OVERLAP_S = 480.0, 8.0
_LONGEST_NOTE_S = 8.0


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """One note; ``chance`` 0..1 that it is in the melody, at this pitch and within 50 ms."""

    start_s: float
    end_s: float
    midi: int
    chance: float


@cache
def _weights() -> Mapping[str, NDArray[np.float32]]:
    with resources.files(__package__).joinpath("melody.npz").open("rb") as file, np.load(file) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _network(which: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-odds and time shift per row, shape (n, 2)."""
    weights = _weights()
    hidden = (rows - weights[f"{which}_mean"]) * weights[f"{which}_scale"]
    for layer in ("0", "1"):
        hidden = np.maximum(hidden @ weights[f"{which}_w{layer}"] + weights[f"{which}_b{layer}"], 0.0)
    return np.asarray(hidden @ weights[f"{which}_w2"] + weights[f"{which}_b2"], np.float32)


def track_melody(fine: FrameSeries, fast: FrameSeries) -> list[MelodyNote]:
    """The predominant melody, one note at a time, in seconds of the sound.

    Parameters
    ----------
    fine, fast : FrameSeries
        Frames of ``candidates.FINE`` and ``candidates.FAST`` of the same stretch.

    Returns
    -------
    list of MelodyNote
        Rising in start, not overlapping; empty where no melody is heard.
    """
    notes: list[MelodyNote] = []
    total_s = fast.n_frames / fast.frame_rate
    begin_s = fast.first_frame / fast.frame_rate
    start_s = 0.0
    while start_s < total_s:
        stop_s = total_s if total_s - start_s < _CHUNK_S + _OVERLAP_S else start_s + _CHUNK_S
        # A chunk is heard with some of its surroundings, and only its own notes are kept.
        low, high = begin_s + max(start_s - _OVERLAP_S, 0.0), begin_s + min(stop_s + _OVERLAP_S, total_s)
        found = _track_chunk(fine.between(low, high), fast.between(low, high))
        notes += [note for note in found if begin_s + start_s <= note.start_s < begin_s + stop_s]
        start_s = stop_s
    # A note that one chunk holds across the border ends where the next chunk's first begins.
    return [replace(note, end_s=min(note.end_s, following.start_s)) for note, following in pairwise(notes)] + notes[-1:]


def _track_chunk(fine: FrameSeries, fast: FrameSeries) -> list[MelodyNote]:
    levels = relative_levels(fine, fast)
    if levels is None:
        return []
    candidates = find_candidates(levels)
    if not len(candidates):
        return []
    alone = describe_alone(levels, candidates)
    first = _network("alone", alone)[:, 0]
    kept = np.flatnonzero(first > _SECOND_LOOK)
    if not len(kept):
        return []
    candidates = Candidates(candidates.frames[kept], candidates.midi[kept], candidates.rise[kept])
    among = describe_among(alone[kept], candidates, first[kept])
    judged = _network("among", np.concatenate([alone[kept], among], axis=1))
    starts_s = candidates.frames / levels.frame_rate + np.clip(judged[:, 1], -2.0, 2.0) * _SHIFT_UNIT_S
    line = _best_line(starts_s, candidates.midi, judged[:, 0] - _THRESHOLD)
    return _notes(levels, candidates, starts_s, judged[:, 0], line, fast.first_frame / fast.frame_rate)


def _best_line(starts_s: NDArray[np.floating], midi: NDArray[np.intp], gain: NDArray[np.floating]) -> NDArray[np.intp]:
    """Indices of the monophonic sequence with the largest total gain, rising in time."""
    order = np.argsort(starts_s, kind="stable")
    order = order[gain[order] > _SECOND_LOOK - _THRESHOLD + 1.0]
    if not len(order):
        return order
    time, note, value = starts_s[order], midi[order], gain[order].astype(np.float64)
    n = len(order)
    first = np.searchsorted(time, time - _LINE_MEMORY_S)
    stop = np.searchsorted(time, time - _SHORTEST_GAP_S)
    best = np.zeros(n)
    came_from = np.full(n, -1)
    farthest, farthest_at = 0.0, -1  # the best line that ended before the memory begins
    passed = 0
    for i in range(n):
        for j in range(passed, int(first[i])):
            if best[j] > farthest:
                farthest, farthest_at = float(best[j]), j
        passed = max(passed, int(first[i]))
        best[i], came_from[i] = value[i] + farthest, farthest_at
        low, high = int(first[i]), int(stop[i])
        if high > low:
            leap = np.maximum(np.abs(note[low:high] - note[i]) - 2, 0)
            cost = _LEAP_COST * leap * np.exp((time[low:high] - time[i]) / _LEAP_MEMORY_S)
            total = best[low:high] - cost
            k = int(total.argmax())
            if value[i] + total[k] > best[i]:
                best[i], came_from[i] = value[i] + total[k], low + k
    at = int(best.argmax())
    if best[at] <= 0.0:
        return order[:0]
    path = []
    while at >= 0:
        path.append(at)
        at = int(came_from[at])
    return order[np.array(path[::-1], dtype=np.intp)]


def _notes(
    levels: Levels,
    candidates: Candidates,
    starts_s: NDArray[np.floating],
    log_odds: NDArray[np.floating],
    line: NDArray[np.intp],
    begin_s: float,
) -> list[MelodyNote]:
    """Add ends: where the salience has fallen to 0.4 of what it was, or the next note begins."""
    if not len(line):
        return []
    longest = int(_LONGEST_NOTE_S * levels.frame_rate)
    end_s = levels.n_frames / levels.frame_rate
    starts = np.clip(starts_s[line], 0.0, end_s)
    nexts = np.append(starts[1:], end_s)
    notes = []
    for i, start, following in zip(line, starts, nexts, strict=True):
        frame = int(candidates.frames[i])
        row = levels.salience[candidates.midi[i] - LOW_MIDI, frame + 2 : frame + longest]
        fallen = np.flatnonzero(row < 0.4 * row[:5].max()) if len(row) else np.zeros(0, np.intp)
        held = (frame + 2 + int(fallen[0])) / levels.frame_rate if len(fallen) else following
        end = min(max(held, start + _SHORTEST_GAP_S), following)
        if end - start < 0.02:
            continue
        chance = 1.0 / (1.0 + float(np.exp(-log_odds[i])))
        notes.append(MelodyNote(float(begin_s + start), float(begin_s + end), int(candidates.midi[i]), chance))
    return notes
