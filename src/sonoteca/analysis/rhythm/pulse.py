"""Proposes the beat periods and phases that are worth judging.

Candidates come from periodicity (autocorrelation, then refined on the Fourier spectrum of
the onset curve, where a steady beat of 75 s is known to 0.1 %), from simple ratios of the
strongest of them, and, for short sounds, from the length: ``N`` beats fill a loop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.evidence import RhythmEvidence, autocorrelation

SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 60.0 / 230.0, 60.0 / 44.0
# Longer sounds are not loops whose length was chosen by a bar.
LONGEST_LOOP_S = 62.0
HARMONIC_WEIGHTS = np.array([1.0, 0.8, 0.5, 0.6])
RATIOS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 4 / 3, 3 / 2, 2.0, 3.0, 4.0)
LOOP_BARS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
LOOP_METERS = (4, 3, 5, 7)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Beats at ``phase_s + n * period_s``; ``from_length`` when a whole number of bars fills the sound."""

    period_s: float
    phase_s: float
    from_length: bool


def candidate_pulses(evidence: RhythmEvidence) -> list[Pulse]:
    """Distinct pulses, at most about a hundred; empty when the sound is too short for two beats."""
    if evidence.duration_s < 2 * SHORTEST_PERIOD_S:
        return []
    lengths = _length_periods(evidence.duration_s) if evidence.duration_s <= LONGEST_LOOP_S else []
    heard = _heard_periods(evidence)
    pulses: list[Pulse] = []
    taken: list[float] = []
    for period, from_length in [(p, True) for p in lengths] + [(p, False) for p in heard]:
        # Two periods closer than this part by less than a tenth of a beat over the sound, or by 1 %.
        near = min(0.01, 0.1 * period / evidence.duration_s) if not from_length else 0.002
        if from_length is False and lengths:
            near = max(near, 0.006)
        if any(abs(period / other - 1.0) < near for other in taken):
            continue
        taken.append(period)
        phases = best_phases(evidence, period)
        if evidence.duration_s <= LONGEST_LOOP_S and not any(min(p, period - p) < 0.05 * period for p in phases):
            phases.append(0.0)
        pulses += [Pulse(period, phase, from_length) for phase in phases]
    return pulses


def _length_periods(duration_s: float) -> list[float]:
    counts = {meter * bars for meter in LOOP_METERS for bars in LOOP_BARS}
    periods = [duration_s / n for n in sorted(counts)]
    return [p for p in periods if SHORTEST_PERIOD_S <= p <= LONGEST_PERIOD_S]


def _heard_periods(evidence: RhythmEvidence) -> list[float]:
    """Periods by strength: peaks of a harmonic-summed autocorrelation, refined, then their ratios."""
    found = [refine_period(evidence, period) for period in repeating_periods(evidence)]
    for base in found[:3]:
        for ratio in RATIOS:
            if SHORTEST_PERIOD_S <= base * ratio <= LONGEST_PERIOD_S:
                found.append(refine_period(evidence, base * ratio, width=0.004))
    return found


def repeating_periods(evidence: RhythmEvidence, n_best: int = 7) -> list[float]:
    """Periods (s) at which onsets repeat, strongest first, to some per cent (they may drift)."""
    rate = evidence.frame_rate
    acf = autocorrelation(evidence.pulse, int(4 * LONGEST_PERIOD_S * rate) + 2)
    grid = np.geomspace(SHORTEST_PERIOD_S, LONGEST_PERIOD_S, 400)
    lags = np.arange(len(acf))
    strength = np.zeros(len(grid))
    for multiple, weight in ((1, 1.0), (2, 0.7), (3, 0.3), (4, 0.5)):
        strength += weight * np.interp(multiple * grid * rate, lags, acf)
    inner = (strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:]) & (strength[1:-1] > 0.02)
    peaks = np.flatnonzero(inner) + 1
    peaks = peaks[np.argsort(strength[peaks])[::-1]][:n_best]
    return [float(grid[i]) for i in peaks]


def harmonic_sum(evidence: RhythmEvidence, periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted magnitude of the onset spectrum at ``1/period`` and its multiples, shape of ``periods``."""
    total = np.zeros(periods.shape)
    for harmonic, weight in enumerate(HARMONIC_WEIGHTS, start=1):
        position = harmonic / (periods * evidence.bin_hz)
        bins = np.minimum(np.round(position).astype(np.intp), len(evidence.spectrum) - 1)
        total += weight * np.abs(evidence.spectrum[bins])
    return total


def refine_period(evidence: RhythmEvidence, period_s: float, *, width: float = 0.025) -> float:
    """The period within ``width`` (relative) at which the harmonics together are strongest."""
    # The finest harmonic turns by 1/16 of its resolution per step at 4 / (16 * duration).
    step = max(2e-5, 0.06 * period_s / evidence.duration_s / 4)
    n = int(np.clip(2 * width / step, 9, 4001))
    periods = period_s * (1.0 + np.linspace(-width, width, n))
    return float(periods[int(np.argmax(harmonic_sum(evidence, periods)))])


def best_phases(evidence: RhythmEvidence, period_s: float, n_best: int = 3) -> list[float]:
    """Phases (s, in ``[0, period_s)``) at which a comb of that period meets most onset strength, best first."""
    n_steps = 48
    phases = np.arange(n_steps) / n_steps
    comb = np.zeros(n_steps)
    for harmonic, weight in enumerate(HARMONIC_WEIGHTS, start=1):
        k = min(round(harmonic / (period_s * evidence.bin_hz)), len(evidence.spectrum) - 1)
        comb += weight * np.real(evidence.spectrum[k] * np.exp(2j * np.pi * harmonic * phases))
    is_peak = (comb > np.roll(comb, 1)) & (comb >= np.roll(comb, -1))
    peaks = np.flatnonzero(is_peak)
    peaks = peaks[np.argsort(comb[peaks])[::-1]][:n_best]
    return [float(_parabolic(comb, int(i)) % n_steps / n_steps * period_s) for i in peaks]


def _parabolic(curve: NDArray[np.float64], i: int) -> float:
    """Position of the peak at ``i`` of a circular curve, between samples."""
    left, middle, right = curve[i - 1], curve[i], curve[(i + 1) % len(curve)]
    bend = left - 2 * middle + right
    return float(i) if bend >= 0 else i + 0.5 * (left - right) / bend
