"""Straightens music whose tempo drifts before it is judged, and bends its beats back afterwards.

The phase of the strongest pulse is followed through the sound (a Fourier coefficient of the
onset curve in a sliding window, and the smoothest path through its phases). *Straight time*
is the time in which that pulse is steady; everything else then needs to know steady music only.
The sliding phase is the predominant local pulse of Grosche & Müller, "Extracting Predominant
Local Pulse Information from Music Recordings", IEEE TASLP 19(6), 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.evidence import RhythmEvidence, onset_spectrum
from sonoteca.analysis.rhythm.pulse import HARMONIC_WEIGHTS, refine_period, repeating_periods

# Shorter sounds do not show a drift that could be told from a loose hit.
SHORTEST_DRIFT_S = 16.0
_WINDOW_S = 6.0
_STEP_S = 0.5
_N_PHASES = 60
# Deviation from a straight line that is still called steady (s): a player's and a codec's looseness.
_STEADY_S = 0.035
# Relative deviations of tempo that are followed; a change to the neighbouring one within a step costs this much
# of a clear beat's strength.
_SPEEDS: NDArray[np.float64] = np.linspace(-0.12, 0.12, 13)
_SPEED_PRICE = 0.15
# Phase steps a pulse may hurry or wait within one step, and the price of a whole turn, squared.
_JITTER = 2
_STIFFNESS = 400.0
# A bent pulse has to meet this much more onset strength than a straight one to be believed.
_LEAST_GAIN = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class TimeMap:
    """Straight time (s) at node times of the sound (s), both rising; linear between nodes."""

    sound_s: NDArray[np.float64]
    straight_s: NDArray[np.float64]

    def to_straight(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(_interpolate(times_s, self.sound_s, self.straight_s), np.float64)

    def to_sound(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(_interpolate(times_s, self.straight_s, self.sound_s), np.float64)


def _interpolate(
    x: NDArray[np.float64], nodes: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation that goes on straight beyond both ends."""
    inner = np.interp(x, nodes, values)
    before = values[0] + (x - nodes[0]) * (values[1] - values[0]) / (nodes[1] - nodes[0])
    after = values[-1] + (x - nodes[-1]) * (values[-1] - values[-2]) / (nodes[-1] - nodes[-2])
    return np.where(x < nodes[0], before, np.where(x > nodes[-1], after, inner))


def straighten(evidence: RhythmEvidence) -> tuple[RhythmEvidence, TimeMap | None]:
    """The evidence in straight time with the map to it; unchanged, with None, when the pulse is steady."""
    if evidence.duration_s < SHORTEST_DRIFT_S:
        return evidence, None
    periods = repeating_periods(evidence, n_best=4)
    if not periods:
        return evidence, None
    period = periods[0]
    at_s, turns = _follow(evidence, period, np.zeros(1))
    if _bend_s(at_s, turns, period) < _STEADY_S:
        return evidence, None
    on_line = _strength_on_line(evidence, period, at_s, turns)
    paths = [turns, _follow(evidence, period, _SPEEDS)[1]]
    # The freer path has to be worth its freedom.
    worth = [
        _strength_on_path(evidence, at_s, path, period) * price for path, price in zip(paths, (1.0, 0.95), strict=True)
    ]
    best = int(np.argmax(worth))
    if worth[best] < _LEAST_GAIN * on_line or any(_is_steady(evidence, p, worth[best]) for p in periods[1:]):
        return evidence, None
    bent = TimeMap(at_s, (paths[best] - paths[best][0]) * period)
    return _resample(evidence, bent), bent


def _is_steady(evidence: RhythmEvidence, period: float, rival: float) -> bool:
    """Whether this pulse runs straight and meets nearly as much as the bent one: then the other was no pulse."""
    at_s, turns = _follow(evidence, period, np.zeros(1))
    if _bend_s(at_s, turns, period) >= _STEADY_S:
        return False
    return _strength_on_line(evidence, period, at_s, turns) > 0.85 * rival


def _strength_on_path(
    evidence: RhythmEvidence, at_s: NDArray[np.float64], turns: NDArray[np.float64], period: float
) -> float:
    """Mean onset strength on a path; 0 for one that all but stops."""
    straight = (turns - turns[0]) * period
    if np.any(np.diff(straight) < 0.5 * _STEP_S):
        return 0.0
    return _strength_on_pulse(evidence, TimeMap(at_s, straight), period)


def _bend_s(at_s: NDArray[np.float64], turns: NDArray[np.float64], period: float) -> float:
    """Largest deviation (s) of a pulse's path from a straight line."""
    return float(np.abs(turns - np.polyval(np.polyfit(at_s, turns, 1), at_s)).max()) * period


def _follow(
    evidence: RhythmEvidence, period: float, speeds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Node times, and how many turns a pulse of about that period has made at each (rising, fractional).

    ``speeds`` are the relative deviations of tempo the pulse may take; it moves between neighbours only.
    """
    at_s, comb = _phase_strength(evidence, period, speeds)
    comb /= np.percentile(comb.max(axis=(1, 2)), 75) + 1e-9
    step_turns = _STEP_S * (1.0 + speeds) / period
    n_nodes, n_speeds, n_phases = comb.shape
    jitter = np.arange(-_JITTER, _JITTER + 1)
    price = _STIFFNESS * np.square(jitter / n_phases)
    # Where a state comes from when it turned at its own speed, give or take the jitter.
    arrived = np.arange(n_phases)
    source = (arrived - np.round(step_turns[:, None] * n_phases).astype(np.intp))[:, None, :] - jitter[None, :, None]
    source %= n_phases
    speed_rows = np.arange(n_speeds)[:, None, None]
    score = comb[0].copy()
    from_speed = np.zeros(comb.shape, np.int8)
    from_jitter = np.zeros(comb.shape, np.int8)
    for node in range(1, n_nodes):
        best, change = _best_neighbour(score)
        options = best[speed_rows, source] - price[None, :, None]
        chosen = np.argmax(options, axis=1)
        score = np.take_along_axis(options, chosen[:, None, :], axis=1)[:, 0, :] + comb[node]
        from_jitter[node] = chosen
        origin = np.take_along_axis(source, chosen[:, None, :], axis=1)[:, 0, :]
        from_speed[node] = change[np.arange(n_speeds)[:, None], origin]
    speed, phase = np.unravel_index(int(np.argmax(score)), score.shape)
    fine = np.empty(n_nodes)
    advance = np.zeros(n_nodes)
    for node in range(n_nodes - 1, -1, -1):
        fine[node] = _between(comb[node, speed], int(phase)) / n_phases
        advance[node] = step_turns[speed]
        origin_phase = source[speed, from_jitter[node, speed, phase], phase]
        speed, phase = speed + int(from_speed[node, speed, phase]), origin_phase
    expected = advance[1:]
    extra = np.diff(fine) - expected
    turns = fine[0] + np.concatenate([[0.0], np.cumsum(expected + extra - np.round(extra))])
    return at_s, _smooth(turns)


def _best_neighbour(score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """For each speed the best score among itself and its two neighbours, and which (-1, 0, 1) it was."""
    best, change = score.copy(), np.zeros(score.shape, np.int8)
    for offset, mine, other in ((-1, slice(1, None), slice(None, -1)), (1, slice(None, -1), slice(1, None))):
        candidate = score[other] - _SPEED_PRICE
        better = candidate > best[mine]
        best[mine] = np.where(better, candidate, best[mine])
        change[mine] = np.where(better, offset, change[mine])
    return best, change


def _phase_strength(
    evidence: RhythmEvidence, period: float, speeds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Node times, and how well a pulse at each phase (part of a turn since its last beat) fits around each node.

    The second has shape (n_nodes, len(speeds), _N_PHASES).
    """
    rate, pulse = evidence.frame_rate, evidence.pulse
    half = int(0.5 * _WINDOW_S * rate)
    nodes = np.round(np.arange(0, evidence.duration_s, _STEP_S) * rate).astype(np.intp)
    nodes = nodes[nodes < len(pulse)]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(pulse, half), 2 * half + 1)[nodes]
    frames = np.arange(-half, half + 1)
    harmonics = np.arange(1, len(HARMONIC_WEIGHTS) + 1)
    turn_per_frame = (1.0 + speeds) / (period * rate)
    angles = 2.0 * np.pi * np.multiply.outer(frames, np.multiply.outer(turn_per_frame, harmonics))
    waves = (np.hanning(2 * half + 1)[:, None, None] * np.exp(-1j * angles)).astype(np.complex64)
    local = (around @ waves.reshape(len(frames), -1)).reshape(len(nodes), len(speeds), len(harmonics))
    phases = np.arange(_N_PHASES) / _N_PHASES
    turned = HARMONIC_WEIGHTS[:, None] * np.exp(-2j * np.pi * np.outer(harmonics, phases))
    return nodes / rate, np.real(local @ turned.astype(np.complex64)).astype(np.float64)


def _between(curve: NDArray[np.float64], i: int) -> float:
    """The peak near ``i`` of a circular curve, between its points; ``i`` itself where it is no peak."""
    left, middle, right = curve[i - 1], curve[i], curve[(i + 1) % len(curve)]
    bend = left - 2 * middle + right
    return float(i) if bend >= 0 else i + float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 1, mode="reflect", reflect_type="odd")
    return np.asarray(0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:], np.float64)


def _strength_on_pulse(evidence: RhythmEvidence, bent: TimeMap, period: float) -> float:
    """Mean onset strength at the pulses of the bent grid."""
    end = float(bent.to_straight(np.array([evidence.duration_s]))[0])
    # Straight time starts so that the pulse passes through the first node's phase.
    return _best_comb(evidence, lambda phase: bent.to_sound(np.arange(phase, end, period)), period)


def _strength_on_line(
    evidence: RhythmEvidence, period: float, at_s: NDArray[np.float64], turns: NDArray[np.float64]
) -> float:
    """Mean onset strength on the best straight grid near the path."""
    steady_period = refine_period(evidence, 1.0 / float(np.polyfit(at_s, turns, 1)[0]), width=0.01)
    return _best_comb(evidence, lambda phase: np.arange(phase, evidence.duration_s, steady_period), steady_period)


def _best_comb(evidence: RhythmEvidence, grid: Callable[[float], NDArray[np.float64]], period: float) -> float:
    total = evidence.flux.mean(axis=0)
    axis = np.arange(len(total))
    best = 0.0
    for phase in np.arange(24) / 24 * period:
        best = max(best, float(np.interp(grid(phase) * evidence.frame_rate, axis, total).mean()))
    return best


def _resample(evidence: RhythmEvidence, bent: TimeMap) -> RhythmEvidence:
    """The same evidence on uniform frames of straight time."""
    first, last = bent.to_straight(np.array([0.0, evidence.duration_s]))
    # Straight time 0 is sound time 0: the map's first node is the start of the sound.
    n = max(8, int(np.ceil((last - first) * evidence.frame_rate)))
    at = bent.to_sound(np.arange(n) / evidence.frame_rate + first) * evidence.frame_rate
    axis = np.arange(evidence.n_frames)
    flux = np.stack([np.interp(at, axis, row) for row in evidence.flux]).astype(np.float32)
    pulse = np.interp(at, axis, evidence.pulse).astype(np.float32)
    pulse -= pulse.mean()
    n_trail = max(2, int(np.ceil((last - first) * evidence.trail_rate)) + 1)
    trail_at = bent.to_sound((np.arange(n_trail) - 0.5) / evidence.trail_rate + first) * evidence.trail_rate + 0.5
    trail_axis = np.arange(evidence.trail_sums.shape[1])
    sums = np.stack([np.interp(trail_at, trail_axis, row) for row in evidence.trail_sums])
    spectrum, bin_hz = onset_spectrum(pulse, evidence.frame_rate)
    return replace(
        evidence,
        flux=flux,
        pulse=pulse,
        trail_sums=sums,
        spectrum=spectrum,
        bin_hz=bin_hz,
        duration_s=float(last - first),
    )
