"""From a chosen bar to exact beat times: fit a steady grid to the onsets, or follow one that drifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.bar_model import BarChoice
from sonoteca.analysis.rhythm.evidence import RhythmEvidence

# An onset counts for a beat when it lies this close; beyond it is another event.
_REACH_S = 0.07


@dataclass(frozen=True, slots=True, eq=False)
class BeatTimes:
    """``beat_s`` rising, in ``[0, duration)``; ``first_downbeat`` is the index of the first beat that starts a bar."""

    beat_s: NDArray[np.float64]
    first_downbeat: int
    period_s: float
    is_steady: bool


def steady_beats(evidence: RhythmEvidence, choice: BarChoice, *, fills_length: bool) -> BeatTimes:
    """Beats on one straight line.

    With ``fills_length`` the period is taken from the sound's exact length; else line and
    phase are fitted to the onsets near the beats (least squares weighted by strength).
    """
    pulse = choice.pulse
    period, phase = pulse.period_s, pulse.phase_s
    if not fills_length:
        period, phase = _fit_line(evidence, choice.beat_s, period, phase)
    elif min(phase, period - phase) < 0.06:
        phase = 0.0 if phase < period / 2 else period
    first = -int(np.floor(phase / period + 1e-6)) if phase > 0 else 0
    # A beat some ms before the start is the first sample.
    if phase - (1 - first) * period > -0.02:
        first -= 1
    n = np.arange(first, first + int(evidence.duration_s / period) + 3)
    beat_s = phase + n * period
    keep = (beat_s > -0.03) & (beat_s < evidence.duration_s - 0.02)
    n, beat_s = n[keep], np.maximum(beat_s[keep], 0.0)
    first_downbeat = int((choice.downbeat - n[0]) % choice.meter) if len(n) else 0
    return BeatTimes(beat_s, first_downbeat, period, True)


def _fit_line(
    evidence: RhythmEvidence, beat_s: NDArray[np.float64], period: float, phase: float
) -> tuple[float, float]:
    total = np.maximum(evidence.flux.mean(axis=0) - 0.5, 0.0)
    rate = evidence.frame_rate
    # The window may not reach into the next sixteenth.
    reach = min(_REACH_S, 0.2 * period)
    for _ in range(3):
        index = np.arange(len(beat_s))
        offsets = np.arange(-int(np.ceil(reach * rate)), int(np.ceil(reach * rate)) + 1)
        centre = np.round((phase + index * period) * rate).astype(np.intp)
        frames = centre[:, None] + offsets
        inside = (frames >= 0) & (frames < evidence.n_frames)
        strength = np.where(inside, total[np.clip(frames, 0, evidence.n_frames - 1)], 0.0)
        weight = strength.sum(axis=1)
        if np.count_nonzero(weight > 0) < 3:
            break
        at = (strength * frames).sum(axis=1) / np.maximum(weight, 1e-9) / rate
        residual = at - (phase + index * period)
        # One loud syncopation must not bend the line.
        weight = np.minimum(weight, np.percentile(weight[weight > 0], 75)) * (np.abs(residual) < reach)
        mean_i, mean_t = np.average(index, weights=weight), np.average(at, weights=weight)
        spread = np.average(np.square(index - mean_i), weights=weight)
        if spread <= 0:
            break
        slope = float(np.average((index - mean_i) * (at - mean_t), weights=weight) / spread)
        if abs(slope / period - 1.0) > 0.015:
            break
        period = slope
        phase = float(mean_t - slope * mean_i)
        reach = max(0.6 * reach, 0.03)
    return period, phase
