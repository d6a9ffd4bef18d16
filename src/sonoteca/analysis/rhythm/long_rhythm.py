"""Rhythm of sounds of any length: long ones are heard in windows, each with its own bars.

A DJ set or a concert has no one tempo, and hypotheses over an hour would cost memory by the
hour. Windows keep their neighbours' reading where the evidence leaves the octave open.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sonoteca.analysis.rhythm.evidence import gather_evidence
from sonoteca.analysis.rhythm.rhythm import Rhythm, alternatives, find_rhythm, straight_segments, tempo_curve
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.frame_series import FrameSeries

# Up to here a sound is heard as a whole; beyond, in windows of WINDOW_S.
LONGEST_AT_ONCE_S = 480.0
# Long enough to be sure of the bars, short enough to follow a set from piece to piece.
WINDOW_S = 90.0
# A tempo that moves by less is a steady one measured window by window.
_STEADY_SHARE = 0.01


def hear_rhythm(bands: FrameSeries, trail: FrameSeries, duration_s: float, kind: Kind | None = None) -> Rhythm | None:
    """The rhythm of a region, or None.

    Parameters
    ----------
    bands, trail : FrameSeries
        The region's ``BandMagnitude`` and ``HarmonyTrail`` frames.
    duration_s : float
        Exact length of the region.
    kind : Kind, optional
        What the sound is, where that is known: it says how readily a beat is believed.

    Returns
    -------
    Rhythm or None
        Times in seconds from the region's start. None when there is no beat, or, in sounds over
        ``LONGEST_AT_ONCE_S``, when less than half of the windows have one.
    """
    if duration_s <= LONGEST_AT_ONCE_S:
        evidence = gather_evidence(bands, trail, duration_s)
        return find_rhythm(evidence, kind) if evidence is not None else None
    pieces: list[tuple[float, Rhythm]] = []
    n_windows = int(np.ceil(duration_s / WINDOW_S))
    # Equal windows, so that the last one is not a scrap.
    length_s = duration_s / n_windows
    origin_s = bands.first_frame * bands.hop_length / bands.sample_rate
    expected_bpm: float | None = None
    for window in range(n_windows):
        start_s = window * length_s
        span = (origin_s + start_s, origin_s + start_s + length_s)
        evidence = gather_evidence(bands.between(*span), trail.between(*span), length_s, is_excerpt=True)
        rhythm = find_rhythm(evidence, kind, expected_bpm=expected_bpm) if evidence is not None else None
        if rhythm is not None:
            expected_bpm = rhythm.tempo_bpm
            pieces.append((start_s, rhythm))
    return _join(pieces) if 2 * len(pieces) >= n_windows else None


def _join(pieces: list[tuple[float, Rhythm]]) -> Rhythm:
    beat_s = np.concatenate([start_s + rhythm.beat_s for start_s, rhythm in pieces])
    period = float(np.median(np.diff(beat_s)))
    # Where two windows meet, a beat may have been found twice.
    keep = np.concatenate([[True], np.diff(beat_s) > 0.5 * period])
    beat_s = beat_s[keep]
    downbeat_s = np.concatenate([start_s + rhythm.downbeat_s for start_s, rhythm in pieces])
    downbeat_s = downbeat_s[np.isin(downbeat_s, beat_s)]
    weights = np.array([len(rhythm.beat_s) for _, rhythm in pieces], np.float64)
    tempi = np.array([rhythm.tempo_bpm for _, rhythm in pieces])
    order = np.argsort(tempi)
    middle = order[int(np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum()))]
    typical = pieces[int(middle)][1]
    meters = {rhythm.beats_per_bar for _, rhythm in pieces}
    meter = max(meters, key=lambda m: sum(w for w, (_, r) in zip(weights, pieces, strict=True) if r.beats_per_bar == m))
    named = next(rhythm for _, rhythm in pieces if rhythm.beats_per_bar == meter)

    def mean(values: list[float]) -> float:
        return float(np.average(values, weights=weights))

    is_steady = float(np.ptp(tempi)) < _STEADY_SHARE * typical.tempo_bpm and all(not r.tempo_curve for _, r in pieces)
    curve = () if is_steady else tempo_curve(beat_s)
    bpms = np.array([bpm for _, bpm in curve])
    return replace(
        typical,
        alternatives_bpm=alternatives(typical.tempo_bpm, typical.alternatives_bpm),
        tempo_confidence=mean([r.tempo_confidence for _, r in pieces]),
        beat_s=beat_s,
        beat_confidence=mean([r.beat_confidence for _, r in pieces]),
        downbeat_s=downbeat_s,
        bar_confidence=mean([r.bar_confidence for _, r in pieces]),
        beats_per_bar=meter,
        beat_unit=named.beat_unit,
        meter_confidence=mean([r.meter_confidence * (r.beats_per_bar == meter) for _, r in pieces]),
        grid_segments=straight_segments(beat_s),
        # The outermost twentieths are seams between pieces, not tempo.
        drift_bpm=float(np.subtract(*np.percentile(bpms, [95, 5]))) if len(bpms) else 0.0,
        tempo_curve=curve,
        whole_bars=None,
    )
