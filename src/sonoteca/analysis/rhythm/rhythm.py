"""From evidence to one answer about the rhythm, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.bar_model import BarChoice, choose_bar
from sonoteca.analysis.rhythm.beat_times import steady_beats
from sonoteca.analysis.rhythm.evidence import RhythmEvidence
from sonoteca.analysis.rhythm.hypotheses import view_pulses
from sonoteca.analysis.rhythm.pulse import LONGEST_LOOP_S, candidate_pulses

# Fewer onsets than this are no rhythm, whatever their distances.
_FEWEST_ONSETS = 4


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


def find_rhythm(evidence: RhythmEvidence) -> Rhythm | None:
    """The most probable rhythm, or None for what has none."""
    if count_onsets(evidence) < _FEWEST_ONSETS:
        return None
    choice = choose_bar(evidence, view_pulses(evidence, candidate_pulses(evidence)))
    if choice is None:
        return None
    fills = _fills_length(evidence, choice)
    beats = steady_beats(evidence, choice, fills_length=fills)
    if len(beats.beat_s) < 2:
        return None
    bpm = 60.0 / beats.period_s
    bars = evidence.duration_s / (beats.period_s * choice.meter)
    whole_bars = round(bars) if evidence.duration_s <= LONGEST_LOOP_S and abs(bars - round(bars)) < 0.02 else None
    return Rhythm(
        tempo_bpm=bpm,
        alternatives_bpm=alternatives(bpm, choice.alternatives_bpm),
        tempo_confidence=min(choice.tempo_share, 1.0),
        beat_s=beats.beat_s,
        beat_confidence=min(choice.tempo_share, 1.0),
        downbeat_s=beats.beat_s[beats.first_downbeat :: choice.meter],
        bar_confidence=min(choice.tempo_share * choice.bar_share, 1.0),
        beats_per_bar=choice.meter,
        beat_unit=beat_unit(choice),
        meter_confidence=min(choice.bar_share, 1.0),
        grid_segments=((float(beats.beat_s[0]), bpm),),
        drift_bpm=0.0,
        tempo_curve=(),
        whole_bars=whole_bars or None,
    )


def count_onsets(evidence: RhythmEvidence) -> int:
    """Distinct onsets: peaks of the summed flux that stand out of their surroundings."""
    total = evidence.flux.mean(axis=0)
    peaks = (total[1:-1] > 1.5) & (total[1:-1] >= total[:-2]) & (total[1:-1] > total[2:])
    return int(peaks.sum()) + int(total[0] > 1.5 and total[0] > total[1])


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
    profile = choice.view.profile.mean(axis=(0, 1))
    # Positions are 0, 1/4, 1/3, 1/2, 2/3, 3/4: triplets fill both thirds, swing only the second.
    is_triplet = profile[2] > 1.3 * max(profile[1], profile[3]) and profile[4] > 1.3 * max(profile[3], profile[5])
    return 8 if choice.meter == 4 and is_triplet else 4


def _fills_length(evidence: RhythmEvidence, choice: BarChoice) -> bool:
    """Whether the chosen bars start with the sound and a whole number of them ends with it."""
    if not choice.view.pulse.from_length:
        return False
    bar_s = choice.meter * choice.view.pulse.period_s
    first_s = choice.view.pulse.phase_s + choice.downbeat * choice.view.pulse.period_s
    return min(first_s % bar_s, bar_s - first_s % bar_s) < 0.06
