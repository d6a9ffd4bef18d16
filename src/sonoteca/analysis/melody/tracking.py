"""The melody of a stretch of sound: classify possible onsets twice, then draw lines through the likely ones.

The two small networks were trained on songs rendered for the purpose (training/melody);
a line is the sequence of onsets that maximises log-odds minus the cost of wide leaps,
found by dynamic programming as in Salamon and Gómez, "Melody Extraction from Polyphonic
Music Signals Using Pitch Contour Characteristics", IEEE TASLP 20(6), 2012, who select
among contours by learnt characteristics. The first line is the melody. The others accept
less likely notes: where the tracker doubts, a hummed tune may be found on one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.melody.candidates import LOW_MIDI, Candidates, Levels, find_candidates, relative_levels
from sonoteca.analysis.melody.describe import ALONE_INPUTS, AMONG_INPUTS, describe_alone, describe_among
from sonoteca.domain.possible_notes import PossibleNotes
from sonoteca.features.frame_series import FrameSeries
from sonoteca.models.files import load_network

WEIGHTS_FILE = "melody.npz"
# Log-odds a note has to bring to each line. The melody's is below even odds, because a missed note costs as
# much as a wrong one.
_THRESHOLDS = np.array([-1.0, -2.0, -3.0, -4.0])
# Notes that bring so much less are on no line, and of the second look's those below this odds are forgotten.
_FARTHEST_BELOW, _LEAST_ODDS = 2.5, -4.0
# Candidates far below cannot enter a line and are not compared with the others.
_SECOND_LOOK = -4.5
# Log-odds lost per semitone of leap beyond a whole tone, fading over a rest of this length.
_LEAP_COST, _LEAP_MEMORY_S = 0.1, 1.0
_SHORTEST_GAP_S = 0.06
# Between notes further apart than this the leap costs nothing.
_LINE_MEMORY_S = 4.0
_SHIFT_UNIT_S = 0.05
_CHUNK_S, _OVERLAP_S = 480.0, 8.0
_SHORTEST_NOTE_S, _LONGEST_NOTE_S = 0.02, 8.0


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """One note; ``chance`` 0..1 that it is in the melody, at this pitch and within 50 ms."""

    start_s: float
    end_s: float
    midi: int
    chance: float


def melody_of(possible: PossibleNotes) -> list[MelodyNote]:
    """Line 0: rising in start, not overlapping, each note until it fades or the next begins."""
    chosen = np.flatnonzero(possible.lines & 1)
    starts = possible.starts_s[chosen]
    ends = np.minimum(possible.ends_s[chosen], np.append(starts[1:], np.inf))
    return [
        MelodyNote(float(start), float(end), int(possible.midi[at]), float(possible.chance[at]))
        for at, start, end in zip(chosen, starts, ends, strict=True)
        if end - start >= _SHORTEST_NOTE_S
    ]


def track_notes(fine: FrameSeries, fast: FrameSeries) -> PossibleNotes:
    """All notes that may be in the melody, with their chances and the lines through them.

    Parameters
    ----------
    fine, fast : FrameSeries
        Frames of ``candidates.FINE`` and ``candidates.FAST`` of the same stretch.

    Returns
    -------
    PossibleNotes
        In seconds of the sound; empty where nothing sounds. Lines as many as ``_THRESHOLDS``.
    """
    parts: list[PossibleNotes] = []
    total_s = fast.n_frames / fast.frame_rate
    begin_s = fast.first_frame / fast.frame_rate
    start_s = 0.0
    while start_s < total_s:
        stop_s = total_s if total_s - start_s < _CHUNK_S + _OVERLAP_S else start_s + _CHUNK_S
        # A chunk is heard with some of its surroundings, and only its own notes are kept.
        low, high = begin_s + max(start_s - _OVERLAP_S, 0.0), begin_s + min(stop_s + _OVERLAP_S, total_s)
        found = _track_chunk(fine.between(low, high), fast.between(low, high))
        if found is not None:
            own = (found.starts_s >= begin_s + start_s) & (found.starts_s < begin_s + stop_s)
            parts.append(found.only(own))
        start_s = stop_s
    return PossibleNotes.joined(parts)


def _track_chunk(fine: FrameSeries, fast: FrameSeries) -> PossibleNotes | None:
    levels = relative_levels(fine, fast)
    if levels is None:
        return None
    candidates = find_candidates(levels)
    if not len(candidates):
        return None
    alone = describe_alone(levels, candidates)
    first = load_network(WEIGHTS_FILE, "alone", ALONE_INPUTS)(alone)[:, 0]
    kept = np.flatnonzero(first > _SECOND_LOOK)
    if not len(kept):
        return None
    candidates = Candidates(candidates.frames[kept], candidates.midi[kept], candidates.rise[kept])
    among = describe_among(alone[kept], candidates, first[kept])
    judged = load_network(WEIGHTS_FILE, "among", AMONG_INPUTS)(np.concatenate([alone[kept], among], axis=1))
    end_s = levels.n_frames / levels.frame_rate
    starts_s = candidates.frames / levels.frame_rate + np.clip(judged[:, 1], -2.0, 2.0) * _SHIFT_UNIT_S
    order = np.argsort(starts_s, kind="stable")
    order = order[judged[order, 0] > _LEAST_ODDS]
    starts_s = np.clip(starts_s[order], 0.0, end_s)
    candidates = Candidates(candidates.frames[order], candidates.midi[order], candidates.rise[order])
    log_odds = judged[order, 0].astype(np.float64)
    lines = draw_lines(starts_s, candidates.midi, log_odds, _THRESHOLDS)
    bits = (lines << np.arange(len(_THRESHOLDS))[:, None]).sum(axis=0)
    begin_s = fast.first_frame / fast.frame_rate
    return PossibleNotes(
        (begin_s + starts_s).astype(np.float32),
        (begin_s + _ends(levels, candidates, starts_s)).astype(np.float32),
        candidates.midi.astype(np.uint8),
        (1.0 / (1.0 + np.exp(-log_odds))).astype(np.float32),
        bits.astype(np.uint8),
    )


def draw_lines(
    starts_s: NDArray[np.floating],
    midi: NDArray[np.integer],
    log_odds: NDArray[np.float64],
    thresholds: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which notes are on the line of each threshold, bool (n_thresholds, n_notes).

    A line is the sequence, rising in time, with the largest sum of log-odds above the threshold
    less the cost of its leaps. ``starts_s`` must not fall.
    """
    n, n_lines = len(starts_s), len(thresholds)
    on_line = np.zeros((n_lines, n), bool)
    if not n:
        return on_line
    value = log_odds[None, :] - thresholds[:, None]
    value[value <= -_FARTHEST_BELOW] = -np.inf
    first = np.searchsorted(starts_s, starts_s - _LINE_MEMORY_S)
    stop = np.searchsorted(starts_s, starts_s - _SHORTEST_GAP_S)
    rows = np.arange(n_lines)
    best = np.zeros((n_lines, n))
    came_from = np.full((n_lines, n), -1)
    # The best line that ended before the memory begins.
    farthest, farthest_at = np.zeros(n_lines), np.full(n_lines, -1)
    passed = 0
    for i in range(n):
        for j in range(passed, int(first[i])):
            better = best[:, j] > farthest
            farthest[better], farthest_at[better] = best[better, j], j
        passed = max(passed, int(first[i]))
        total, origin = farthest, farthest_at
        low, high = int(first[i]), int(stop[i])
        if high > low:
            leap = np.maximum(np.abs(midi[low:high] - midi[i]) - 2, 0)
            cost = _LEAP_COST * leap * np.exp((starts_s[low:high] - starts_s[i]) / _LEAP_MEMORY_S)
            reached = best[:, low:high] - cost
            k = reached.argmax(axis=1)
            near = reached[rows, k]
            total, origin = np.where(near > total, near, total), np.where(near > total, low + k, origin)
        best[:, i], came_from[:, i] = value[:, i] + total, origin
    for line in range(n_lines):
        at = int(best[line].argmax())
        while at >= 0 and best[line, at] > 0.0:
            on_line[line, at] = True
            at = int(came_from[line, at])
    return on_line


def _ends(levels: Levels, candidates: Candidates, starts_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where the salience of each note has fallen to 0.4 of what it was, in seconds of the chunk."""
    longest = int(_LONGEST_NOTE_S * levels.frame_rate)
    ends = np.empty(len(candidates))
    for i, (frame, midi) in enumerate(zip(candidates.frames, candidates.midi, strict=True)):
        row = levels.salience[midi - LOW_MIDI, frame + 2 : frame + longest]
        fallen = np.flatnonzero(row < 0.4 * row[:5].max()) if len(row) else np.zeros(0, np.intp)
        ends[i] = frame + 2 + (int(fallen[0]) if len(fallen) else len(row))
    return np.asarray(np.maximum(ends / levels.frame_rate, starts_s + _SHORTEST_GAP_S), np.float64)
