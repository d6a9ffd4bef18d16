"""A transition plan says where one track goes over into the next, bar line on bar line."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.preview.sounds import PreviewSound
from sonoteca.audio.recording import MAX_READ_S
from sonoteca.errors import RequestError

# How long a bar counts where no beats are known, in seconds.
_COUNTING_BAR_S = 2.0
# Stretches beyond this are said.
_WIDE_PCT = 8.0
# Beats of two steady tracks are heard within this of a straight line.
_STEADY_S = 0.012
_WRONG_BAR = 0.12
_NEAR_END_S = 0.5


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """When each track begins and ends, in seconds of each.

    A is heard in ``[a_from_s, a_until_s)``, and B from A's ``starts_s`` on; A has gone when ``overlap_s``
    later its span ends. ``anchors`` lead B along A's bars: a moment of B, and how long after
    ``starts_s`` it is heard; the first is where B begins, the last where it ends. ``tempo_ratio`` is
    what B's tempo is multiplied by on the whole.
    """

    a_from_s: float
    starts_s: float
    a_until_s: float
    anchors: tuple[tuple[float, float], ...]
    tempo_ratio: float
    notes: tuple[str, ...]

    @property
    def overlap_s(self) -> float:
        return self.a_until_s - self.starts_s


def plan_transition(
    a: PreviewSound,
    b: PreviewSound,
    *,
    at_s: float | None,
    at_bar: int | None,
    bars: int,
    tempo_ratio: float | None,
) -> TransitionPlan:
    """Put B's first bar line on one of A's, and lead B along A's bars while both are heard.

    Parameters
    ----------
    a, b : PreviewSound
    at_s, at_bar : optional
        Where in A: the bar line nearest to a moment, or a bar counted from 1. By default A's outro,
        else the last bar line that leaves room.
    bars : int
        How many bars of A both are heard.
    tempo_ratio : float, optional
        Instead of the one that lines the bars up. Half and double time count as lined up.

    Raises
    ------
    RequestError
        The moment lies outside of A, or leaves nothing of it.
    """
    notes: list[str] = []
    bar_s = _bar_s(a)
    lines = a.downbeats_s
    starts_s = _start(a, lines, bar_s, at_s, at_bar, bars)
    a_until_s = min(a.duration_s, _line_after(lines, starts_s, bars, bar_s))
    a_from_s = max(0.0, _line_after(lines, starts_s, -bars, bar_s))
    if a_until_s - starts_s < 0.1:
        raise RequestError(f"Nothing of {a.name} is left at {starts_s:.1f} s.", "Name an earlier moment.", field="at")
    b_lines = b.downbeats_s
    first_sound = b.cue_s("start")
    b_from_s = b_lines[0] if b_lines else (first_sound or b.start_s)
    if b_lines and first_sound is not None:
        b_from_s = min(b_lines, key=lambda line: abs(line - first_sound))
    for sound, known in ((a, lines), (b, b_lines)):
        if not known:
            notes.append(f"No bars of {sound.name} are known: the two are not aligned.")
    led = [(b_from_s, 0.0)]
    if tempo_ratio is None:
        tempo_ratio = 1.0
        if a.beats_s and b.beats_s:
            tempo_ratio, led = _lined_up(a, b, starts_s, b_from_s, bars)
    if abs(tempo_ratio - 1.0) * 100.0 > _WIDE_PCT:
        notes.append(f"{b.name} is stretched by {100.0 * (tempo_ratio - 1.0):+.0f} %, more than DJs do.")
    # Behind the last anchor B goes on by itself, as much slower or faster.
    ends_s = min(MAX_READ_S / max(1.0, tempo_ratio), a_until_s - starts_s + bars * bar_s)
    b_ends_s = led[-1][0] + (ends_s - led[-1][1]) * tempo_ratio
    if b_ends_s > b.end_s:
        ends_s -= (b_ends_s - b.end_s) / tempo_ratio
        b_ends_s = b.end_s
    anchors = (*(each for each in led if each[1] < ends_s - _NEAR_END_S), (b_ends_s, ends_s))
    return TransitionPlan(
        max(a_from_s, a_until_s - MAX_READ_S), starts_s, a_until_s, anchors, tempo_ratio, tuple(notes)
    )


def _start(
    a: PreviewSound, lines: Sequence[float], bar_s: float, at_s: float | None, at_bar: int | None, bars: int
) -> float:
    if at_bar is not None:
        if at_bar > len(lines):
            sentence = f"{a.name} has {len(lines)} known bars, not {at_bar}."
            raise RequestError(sentence, "Name a moment in seconds.", field="at")
        return lines[at_bar - 1]
    if at_s is not None and at_s >= a.duration_s:
        raise RequestError(f"{a.name} ends at {a.duration_s:.1f} s.", "Name an earlier moment.", field="at")
    wanted = at_s
    if wanted is None:
        latest = max(0.0, a.duration_s - bars * bar_s)
        wanted = min(a.cue_s("outro") or latest, latest)
        # The last bar line that leaves all bars, where there is one.
        lines = [line for line in lines if line <= latest + 0.05] or lines
    moment = wanted
    return min(lines, key=lambda line: abs(line - moment)) if lines else moment


def _lined_up(
    a: PreviewSound, b: PreviewSound, starts_s: float, b_from_s: float, bars: int
) -> tuple[float, list[tuple[float, float]]]:
    """Find what B's tempo is multiplied by, nearest of half, same and double time, and anchors on A's bar lines.

    Tracks played by people drift; two that do not need no anchor but the first.
    """
    a_beats, b_beats = np.array(a.beats_s), np.array(b.beats_s)
    a_first, b_first = (int(np.argmin(np.abs(beats - at))) for beats, at in ((a_beats, starts_s), (b_beats, b_from_s)))
    n = bars * a.beats_per_bar
    quotient = _beat_s(b, b_beats[b_first : b_first + n + 1]) / _beat_s(a, a_beats[a_first : a_first + n + 1])
    octave = round(math.log2(quotient))
    ratio = quotient / 2.0**octave
    led = [(b_from_s, 0.0)]
    for bar in range(1, bars + 1):
        at, b_at = a_first + bar * a.beats_per_bar, b_first + bar * a.beats_per_bar / 2.0**octave
        if at < len(a_beats) and b_at == int(b_at) and b_at < len(b_beats):
            anchor = (float(b_beats[int(b_at)]), float(a_beats[at]) - starts_s)
            speed = (anchor[0] - led[-1][0]) / (anchor[1] - led[-1][1])
            # A bar that differs so much from the others was heard wrong.
            if abs(speed / ratio - 1.0) < _WRONG_BAR:
                led.append(anchor)
    if len(led) < 2:
        return ratio, led
    ratio = (led[-1][0] - b_from_s) / led[-1][1]
    strays = max(abs((b_s - b_from_s) / ratio - a_s) for b_s, a_s in led)
    return ratio, led if strays > _STEADY_S else led[:1]


def _beat_s(sound: PreviewSound, beats: NDArray[np.float64]) -> float:
    """Compute the mean length of a beat over some of them; by tempo where there are too few."""
    if len(beats) > 1:
        return float(beats[-1] - beats[0]) / (len(beats) - 1)
    return _bar_s(sound) / sound.beats_per_bar


def _bar_s(sound: PreviewSound) -> float:
    """Compute the length of a bar: the middle of those measured, else by tempo and meter."""
    if len(sound.downbeats_s) > 1:
        return float(np.median(np.diff(sound.downbeats_s)))
    return _COUNTING_BAR_S if sound.tempo_bpm is None else 60.0 * sound.beats_per_bar / sound.tempo_bpm


def _line_after(lines: Sequence[float], moment_s: float, bars: int, bar_s: float) -> float:
    """Find the bar line ``bars`` after (or before) the one at ``moment_s``; where there is none, counted on."""
    at = bisect_left(lines, moment_s - 1e-6)
    if 0 <= at + bars < len(lines) and abs(lines[at] - moment_s) < 1e-6:
        return lines[at + bars]
    return moment_s + bars * bar_s
