"""Makes one answer about the rhythm from the evidence, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.bar_model import BarChoice, choose_bar
from sonoteca.analysis.rhythm.beat_times import steady_beats
from sonoteca.analysis.rhythm.drift import TimeMap, straighten
from sonoteca.analysis.rhythm.evidence import RhythmEvidence, count_onsets, onset_frames
from sonoteca.analysis.rhythm.hypotheses import view_pulses
from sonoteca.analysis.rhythm.presence import confidence, presence_probability, presence_threshold
from sonoteca.analysis.rhythm.pulse import LONGEST_LOOP_S, candidate_pulses
from sonoteca.domain.vocabulary import Kind

# Fewer onsets than this are no rhythm, whatever their distances.
_FEWEST_ONSETS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """Everything said about a region's rhythm; times in seconds from its start."""

    tempo_bpm: float
    alternatives_bpm: tuple[float, ...]
    tempo_confidence: float
    beat_s: NDArray[np.float64]
    beat_confidence: float
    downbeat_s: NDArray[np.float64]
    bar_confidence: float
    beats_per_bar: int
    beat_unit: int
    meter_confidence: float
    grid_segments: tuple[tuple[float, float], ...]
    drift_bpm: float
    tempo_curve: tuple[tuple[float, float], ...]
    whole_bars: int | None


def find_rhythm(
    evidence: RhythmEvidence, kind: Kind | None = None, *, expected_bpm: float | None = None
) -> Rhythm | None:
    """The most probable rhythm, or None for what has none.

    ``kind`` says how readily a beat is believed; ``expected_bpm`` is the tempo of what came before.
    """
    if count_onsets(evidence) < _FEWEST_ONSETS:
        return None
    sound_s = evidence.duration_s
    evidence, bent = straighten(evidence)
    views = view_pulses(evidence, candidate_pulses(evidence))
    if views is None:
        return None
    choice = choose_bar(evidence, views, expected_bpm=expected_bpm)
    if presence_probability(evidence, choice) < presence_threshold(evidence, kind):
        return None
    return answer(sound_s, evidence, bent, choice)


def answer(sound_s: float, evidence: RhythmEvidence, bent: TimeMap | None, choice: BarChoice) -> Rhythm | None:
    """Say what was chosen: ``evidence`` is in straight time, the answer in seconds of the sound."""
    fills = _fills_length(evidence, choice)
    beats = steady_beats(evidence, choice, fills_length=fills)
    beat_s, first_downbeat = beats.beat_s, beats.first_downbeat
    if not fills and evidence.duration_s <= LONGEST_LOOP_S:
        beat_s = beat_s[: last_bar_end(evidence, beat_s, first_downbeat, choice.meter)]
    if bent is not None:
        beat_s = bent.to_sound(beat_s)
    inside = np.flatnonzero((beat_s >= 0) & (beat_s < sound_s))
    if len(inside) < 2:
        return None
    beat_s, first_downbeat = beat_s[inside], int((first_downbeat - inside[0]) % choice.meter)
    bpm = 60.0 / (beats.period_s if bent is None else float(np.median(np.diff(beat_s))))
    curve = tempo_curve(beat_s) if bent is not None else ()
    bars = evidence.duration_s / (beats.period_s * choice.meter)
    # Codecs leave some milliseconds too many or too few.
    whole_bars = round(bars) if fills and abs(bars - round(bars)) < 0.02 else None
    return Rhythm(
        tempo_bpm=bpm,
        alternatives_bpm=alternatives(bpm, choice.alternatives_bpm),
        tempo_confidence=confidence("tempo", evidence, choice, choice.tempo_share),
        beat_s=beat_s,
        beat_confidence=confidence("beats", evidence, choice, choice.pulse_share),
        downbeat_s=beat_s[first_downbeat :: choice.meter],
        bar_confidence=confidence("bar", evidence, choice, choice.tempo_share * choice.bar_share),
        beats_per_bar=choice.meter,
        beat_unit=beat_unit(choice),
        meter_confidence=confidence("meter", evidence, choice, choice.meter_share),
        grid_segments=((float(beat_s[0]), bpm),) if bent is None else straight_segments(beat_s),
        drift_bpm=max(b for _, b in curve) - min(b for _, b in curve) if curve else 0.0,
        tempo_curve=curve,
        whole_bars=whole_bars or None,
    )


def last_bar_end(evidence: RhythmEvidence, beat_s: NDArray[np.float64], first_downbeat: int, meter: int) -> int:
    """How many of the beats belong to the music: those up to the end of the bar in which the last onset is.

    What follows a loop is its reverberation, or nothing.
    """
    onsets = onset_frames(evidence)
    if not len(onsets):
        return len(beat_s)
    # An onset this close before a beat is on it.
    started = int(np.searchsorted(beat_s, onsets[-1] / evidence.frame_rate + 0.05))
    bars = -(-(started - first_downbeat) // meter)
    return min(len(beat_s), max(started, first_downbeat + bars * meter))


def tempo_curve(beat_s: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """(time, bpm) about every two seconds, each the mean tempo of the four beats around."""
    if len(beat_s) < 6:
        return ()
    bpm = 4 * 60.0 / (beat_s[4:] - beat_s[:-4])
    middle = beat_s[2:-2]
    step = max(1, round(2.0 / float(np.median(np.diff(beat_s)))))
    return tuple((float(t), float(b)) for t, b in zip(middle[::step], bpm[::step], strict=True))


def straight_segments(beat_s: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """(start beat, bpm) of the fewest straight stretches from which no beat strays by more than 20 ms.

    Greedy: each stretch goes as far as it can, found by doubling and halving its length.
    """
    segments = []
    first = 0
    while first < len(beat_s) - 1:
        length, limit = 2, len(beat_s) - first
        step = 4
        while step:
            if length + step <= limit and _is_straight(beat_s[first : first + length + step]):
                length += step
                step *= 2
            else:
                step //= 2
        stretch = beat_s[first : first + length]
        segments.append((float(stretch[0]), 60.0 * (length - 1) / float(stretch[-1] - stretch[0])))
        first += length - 1
    return tuple(segments)


def _is_straight(beat_s: NDArray[np.float64]) -> bool:
    return bool(np.abs(beat_s - np.linspace(beat_s[0], beat_s[-1], len(beat_s))).max() < 0.02)


def alternatives(bpm: float, heard: tuple[float, ...]) -> tuple[float, ...]:
    """Other readings, the heard ones first, then half, double and 3:2 where they are tempi at all."""
    found = list(heard)
    for ratio in (2.0, 0.5, 1.5, 2 / 3):
        other = bpm * ratio
        if 40.0 <= other <= 240.0 and all(abs(other / f - 1.0) > 0.04 for f in found):
            found.append(other)
    return tuple(found)


def beat_unit(choice: BarChoice) -> int:
    """4, or 8 where the written beat is an eighth (7/8) or three of them (6/8, 12/8)."""
    if choice.meter in (2, 7):
        return 8
    profile = choice.profile.mean(axis=(0, 1))
    # Positions are 0, 1/4, 1/3, 1/2, 2/3, 3/4: triplets fill both thirds, swing only the second.
    is_triplet = profile[2] > 1.3 * max(profile[1], profile[3]) and profile[4] > 1.3 * max(profile[3], profile[5])
    return 8 if choice.meter == 4 and is_triplet else 4


def _fills_length(evidence: RhythmEvidence, choice: BarChoice) -> bool:
    """Whether the chosen bars start with the sound and a whole number of them ends with it."""
    if not choice.pulse.from_length:
        return False
    bar_s = choice.meter * choice.pulse.period_s
    first_s = choice.pulse.phase_s + choice.downbeat * choice.pulse.period_s
    return min(first_s % bar_s, bar_s - first_s % bar_s) < 0.06
