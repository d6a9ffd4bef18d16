"""Bar hypotheses and the numbers by which a small model ranks them.

A hypothesis says: beats at ``phase + n * period``, ``beats_per_bar`` of them in a bar, and
the first bar starts at beat ``downbeat`` (counted from the first beat in the sound). What
the onsets look like when folded onto such a bar is compared by the model with what bars
look like; wrong tempo octaves, off-beat phases and shifted bars fold into other pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.evidence import N_GROUPS, RhythmEvidence, autocorrelation
from sonoteca.analysis.rhythm.pulse import LONGEST_LOOP_S, Pulse

# 2 stands for 6/8 felt in two; 12/8 is 4 with triplets.
METERS = (4, 3, 2, 5, 7)
# Places in a beat: sixteenths and triplets.
POSITIONS = np.array([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75])
# Lags in beats at which repetition is read.
LAGS = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4, 5, 6, 7, 8, 12, 16])
_BPM_CENTRES = np.geomspace(45, 225, 12)
_BAR_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)
N_SHARED = len(_BPM_CENTRES) + 3 * len(LAGS) + 6
N_LENGTH = 4 + len(_BAR_COUNTS)


@dataclass(frozen=True, slots=True, eq=False)
class PulseView:
    """One pulse with everything that does not depend on the bar.

    ``profile`` (n_beats, N_GROUPS, len(POSITIONS)): onset strength; ``change`` (n_beats, 5):
    how much the harmony differs before and after each beat over spans of 1, 2, 3, 4 beats and in the bass.
    """

    pulse: Pulse
    beat_s: NDArray[np.float64]
    profile: NDArray[np.float32]
    change: NDArray[np.float32]
    shared: NDArray[np.float32]


def n_features(meter: int) -> int:
    """Length of the feature vector of a hypothesis with ``meter`` beats in a bar."""
    return N_SHARED + N_LENGTH + meter * (N_GROUPS * len(POSITIONS) + 5)


def view_pulses(evidence: RhythmEvidence, pulses: list[Pulse]) -> list[PulseView]:
    """Look at the evidence through each pulse."""
    longest = int(17 * 1.4 * evidence.frame_rate)
    curves = np.stack([evidence.flux[0], evidence.flux[1:4].mean(axis=0), evidence.flux[4]])
    acf = autocorrelation(curves, longest)
    mean_square = float(np.mean(np.square(evidence.pulse))) + 1e-9
    total = np.maximum(evidence.flux.mean(axis=0), 0)
    peaks = (total[1:-1] > 1.5) & (total[1:-1] >= total[:-2]) & (total[1:-1] > total[2:])
    per_second = float(peaks.sum()) / max(evidence.duration_s, 0.1)
    views = []
    for pulse in pulses:
        n_beats = int(np.floor((evidence.duration_s - pulse.phase_s - 0.02) / pulse.period_s)) + 1
        if n_beats < 2:
            continue
        beat_s = np.asarray(pulse.phase_s + np.arange(n_beats) * pulse.period_s, np.float64)
        profile = _profile(evidence, beat_s, pulse.period_s)
        change = _harmony_change(evidence, beat_s, pulse.period_s)
        shared = _shared(evidence, pulse, acf, profile, per_second, mean_square)
        views.append(PulseView(pulse, beat_s, profile, change, shared))
    return views


def _profile(evidence: RhythmEvidence, beat_s: NDArray[np.float64], period_s: float) -> NDArray[np.float32]:
    places = ((beat_s[:, None] + POSITIONS * period_s) * evidence.frame_rate).ravel()
    lower = np.floor(places).astype(np.intp)
    share = (places - lower).astype(np.float32)
    last = evidence.n_frames - 1
    below = evidence.flux[:, np.minimum(lower, last)] * (lower <= last)
    above = evidence.flux[:, np.minimum(lower + 1, last)] * (lower + 1 <= last)
    values = below * (1 - share) + above * share
    shaped = values.reshape(N_GROUPS, len(beat_s), len(POSITIONS)).transpose(1, 0, 2)
    return np.sqrt(np.maximum(shaped, 0.0))


def _harmony_change(evidence: RhythmEvidence, beat_s: NDArray[np.float64], period_s: float) -> NDArray[np.float32]:
    n_beats = len(beat_s)
    last = evidence.trail_sums.shape[1] - 1
    # A frame is centred on its time, so its running sum is complete half a frame later.
    edges = np.arange(-4, n_beats + 5) * period_s + beat_s[0]
    places = np.clip(edges * evidence.trail_rate + 0.5, 0, last)
    lower = np.minimum(np.floor(places).astype(np.intp), last - 1)
    share = places - lower
    sums = evidence.trail_sums[:, lower] * (1 - share) + evidence.trail_sums[:, lower + 1] * share
    change = np.zeros((n_beats, 5), np.float32)
    at = np.arange(4, 4 + n_beats)
    for column, (span, rows) in enumerate(((1, 0), (2, 0), (3, 0), (4, 0), (1, 12))):
        stop = rows or 24
        after = (sums[:stop, at + span] - sums[:stop, at]) if span else sums
        before = sums[:stop, at] - sums[:stop, at - span]
        both = np.sqrt(np.square(after).sum(axis=0) * np.square(before).sum(axis=0))
        cosine = (after * before).sum(axis=0) / np.maximum(both, 1e-9)
        change[:, column] = np.where(both > 1e-9, np.sqrt(np.maximum(1.0 - cosine, 0.0)), 0.0)
    # Only its shape over the beats counts, not how tonal the sound is; that is in the size of the whole.
    return np.asarray(change / (0.15 + change.mean(axis=0, keepdims=True)), np.float32)


def _shared(
    evidence: RhythmEvidence,
    pulse: Pulse,
    acf: NDArray[np.float64],
    profile: NDArray[np.float32],
    per_second: float,
    mean_square: float,
) -> NDArray[np.float32]:
    bpm = 60.0 / pulse.period_s
    tempo = np.exp(-0.5 * np.square(np.log(bpm / _BPM_CENTRES) / 0.12))
    lags = LAGS * pulse.period_s * evidence.frame_rate
    axis = np.arange(acf.shape[1])
    repeats = np.concatenate([np.interp(lags, axis, row, right=0.0) for row in acf])
    on_beat = profile[:, :, 0].mean()
    off_beat = profile[:, :, 3].mean()
    extra = np.array(
        [
            on_beat,
            off_beat,
            np.log(max(per_second * pulse.period_s, 0.05)),
            np.log(len(profile)) - 3.0,
            1.0 if evidence.duration_s > LONGEST_LOOP_S else 0.0,
            min(mean_square, 4.0) / 4.0,
        ]
    )
    return np.concatenate([tempo, repeats, extra]).astype(np.float32)


def length_features(evidence: RhythmEvidence, view: PulseView, meter: int, downbeat: int) -> NDArray[np.float32]:
    """How well whole bars fill the sound, from its start: zero for long sounds."""
    values = np.zeros(N_LENGTH, np.float32)
    first_s = view.beat_s[downbeat % len(view.beat_s)] if downbeat < len(view.beat_s) else view.beat_s[-1]
    bar_s = meter * view.pulse.period_s
    # Close to the start, either just after it or one whole bar later.
    off_start = min(first_s, abs(bar_s - first_s))
    values[0] = np.exp(-0.5 * (off_start / 0.03) ** 2)
    values[1] = first_s / bar_s
    if evidence.duration_s <= LONGEST_LOOP_S:
        bars = evidence.duration_s / bar_s
        nearest = max(1, round(bars))
        # Length errors come from padding (some ms), so they count in seconds.
        miss_s = abs(bars - nearest) * bar_s
        exact = np.exp(-0.5 * (miss_s / 0.012) ** 2)
        values[2] = exact
        values[3] = exact * values[0]
        if nearest in _BAR_COUNTS:
            values[4 + _BAR_COUNTS.index(nearest)] = values[3]
    return values


def bar_features(evidence: RhythmEvidence, view: PulseView, meter: int) -> NDArray[np.float32]:
    """Feature vectors of all bar starts, float32 (meter, n_features(meter)): row ``d`` has its first bar at beat ``d``."""
    n_beats = len(view.beat_s)
    n_bars = -(-n_beats // meter)
    per_beat = np.concatenate([view.profile.reshape(n_beats, -1), view.change], axis=1)
    padded = np.zeros((n_bars * meter, per_beat.shape[1]), np.float32)
    padded[:n_beats] = per_beat
    counts = np.bincount(np.arange(n_beats) % meter, minlength=meter)
    folded = padded.reshape(n_bars, meter, -1).sum(axis=0) / np.maximum(counts, 1)[:, None]
    rows = np.empty((meter, n_features(meter)), np.float32)
    for downbeat in range(meter):
        length = length_features(evidence, view, meter, downbeat)
        rows[downbeat] = np.concatenate([view.shared, length, np.roll(folded, -downbeat, axis=0).ravel()])
    return rows
