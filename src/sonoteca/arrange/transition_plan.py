"""Where one track goes over into the next, bar line on bar line."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonoteca.arrange.preview_sound import PreviewSound
from sonoteca.audio.recording import MAX_READ_S
from sonoteca.errors import RequestError

# How long a bar counts where no beats are known, in seconds.
_COUNTING_BAR_S = 2.0
# Stretches beyond this are said.
_WIDE_PCT = 8.0


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """Times in seconds of each track.

    A is heard in ``[a_from_s, a_until_s)``, B in ``[b_from_s, b_until_s)`` at ``tempo_ratio`` times its
    tempo from A's ``starts_s`` on; A has gone when ``overlap_s`` later its span ends.
    """

    a_from_s: float
    starts_s: float
    a_until_s: float
    b_from_s: float
    b_until_s: float
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
    """Put B's first bar line on one of A's, and stretch B so that their bars last the same.

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
        raise RequestError(f"Nothing of {a.name} is left at {starts_s:.1f} s.", "Name an earlier moment with --at.")
    b_lines = b.downbeats_s
    first_sound = b.cue_s("start")
    b_from_s = b_lines[0] if b_lines else (first_sound or 0.0)
    if b_lines and first_sound is not None:
        b_from_s = min(b_lines, key=lambda line: abs(line - first_sound))
    for sound, known in ((a, lines), (b, b_lines)):
        if not known:
            notes.append(f"No bars of {sound.name} are known: the two are not aligned.")
    if tempo_ratio is None:
        tempo_ratio = 1.0
        if lines and b_lines:
            tempo_ratio = _lining_up(a, b, b_from_s, bars, a_until_s - starts_s, bar_s)
    if abs(tempo_ratio - 1.0) * 100.0 > _WIDE_PCT:
        notes.append(f"{b.name} is stretched by {100.0 * (tempo_ratio - 1.0):+.0f} %, more than DJs do.")
    heard_s = min(MAX_READ_S, (a_until_s - starts_s + bars * bar_s) * tempo_ratio)
    a_from_s = max(a_from_s, a_until_s - MAX_READ_S)
    return TransitionPlan(
        a_from_s, starts_s, a_until_s, b_from_s, min(b.duration_s, b_from_s + heard_s), tempo_ratio, tuple(notes)
    )


def _start(
    a: PreviewSound, lines: Sequence[float], bar_s: float, at_s: float | None, at_bar: int | None, bars: int
) -> float:
    if at_bar is not None:
        if at_bar > len(lines):
            raise RequestError(f"{a.name} has {len(lines)} known bars, not {at_bar}.", "Name a moment in seconds.")
        return lines[at_bar - 1]
    if at_s is not None and at_s >= a.duration_s:
        raise RequestError(f"{a.name} ends at {a.duration_s:.1f} s.", "Name an earlier moment with --at.")
    wanted = at_s
    if wanted is None:
        latest = max(0.0, a.duration_s - bars * bar_s)
        wanted = min(a.cue_s("outro") or latest, latest)
        # The last bar line that leaves all bars, where there is one.
        lines = [line for line in lines if line <= latest + 0.05] or lines
    moment = wanted
    return min(lines, key=lambda line: abs(line - moment)) if lines else moment


def _lining_up(a: PreviewSound, b: PreviewSound, b_from_s: float, bars: int, overlap_s: float, bar_s: float) -> float:
    """What B's tempo is multiplied by, so that as many beats of it fill the overlap; nearest of half, same, double."""
    beats = overlap_s / bar_s * a.beats_per_bar
    b_bars = beats / b.beats_per_bar
    whole = round(b_bars)
    b_span_s = b_bars * _bar_s(b)
    if abs(b_bars - whole) < 1e-6:
        b_span_s = _line_after(b.downbeats_s, b_from_s, whole, _bar_s(b)) - b_from_s
    ratio = b_span_s / overlap_s
    return float(ratio / 2.0 ** round(math.log2(ratio)))


def _bar_s(sound: PreviewSound) -> float:
    """Length of a bar: the middle of those measured, else by tempo and meter."""
    if len(sound.downbeats_s) > 1:
        return float(np.median(np.diff(sound.downbeats_s)))
    return _COUNTING_BAR_S if sound.tempo_bpm is None else 60.0 * sound.beats_per_bar / sound.tempo_bpm


def _line_after(lines: Sequence[float], moment_s: float, bars: int, bar_s: float) -> float:
    """The bar line ``bars`` after (or before) the one at ``moment_s``; where there is none, counted on."""
    at = bisect_left(lines, moment_s - 1e-6)
    if 0 <= at + bars < len(lines) and abs(lines[at] - moment_s) < 1e-6:
        return lines[at + bars]
    return moment_s + bars * bar_s
