"""Bar hypotheses and the numbers by which a small model ranks them.

A hypothesis says: beats at ``phase + n * period``, ``beats_per_bar`` of them in a bar, and
the first bar starts at beat ``downbeat`` (counted from the first beat in the sound). What
the onsets look like when folded onto such a bar is compared by the model with what bars
look like; wrong tempo octaves, off-beat phases and shifted bars fold into other pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.evidence import N_GROUPS, RhythmEvidence, autocorrelation, count_onsets
from sonoteca.analysis.rhythm.pulse import LONGEST_LOOP_S, LONGEST_PERIOD_S, Pulse

# 2 stands for 6/8 felt in two; 12/8 is 4 with triplets.
METERS = (4, 3, 2, 5, 7)
# Places in a beat: sixteenths and triplets.
POSITIONS = np.array([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75])
# Lags in beats at which repetition is read.
LAGS = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4, 5, 6, 7, 8, 12, 16])
# Harmony change over spans of so many beats around each beat; the last one is of the bass alone.
CHANGE_SPANS = (1, 2, 3, 4)
PER_BEAT = N_GROUPS * len(POSITIONS) + len(CHANGE_SPANS) + 1
# Harmony around a beat takes 1.7 kB while it is compared.
_ROWS_AT_ONCE = 4096
_BPM_CENTRES = np.geomspace(45, 225, 12)
_BAR_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)
N_SHARED = len(_BPM_CENTRES) + 3 * len(LAGS) + 6
N_LENGTH = 4 + len(_BAR_COUNTS)


@dataclass(frozen=True, slots=True, eq=False)
class PulseViews:
    """The evidence seen through several pulses at once; one row per beat of any of them.

    Attributes
    ----------
    pulses : tuple of Pulse
        Those with at least two beats in the sound.
    first_row : int (n_pulses + 1,)
        Rows ``first_row[v]:first_row[v + 1]`` are the beats of pulse ``v``.
    beat_s : float64 (n_rows,)
    per_beat : float32 (n_rows, PER_BEAT)
        Onset strength (square root) per band group and position in the beat, then harmony change.
    shared : float32 (n_pulses, N_SHARED)
        What does not depend on the bar: tempo, repetition, density.
    """

    pulses: tuple[Pulse, ...]
    first_row: NDArray[np.intp]
    beat_s: NDArray[np.float64]
    per_beat: NDArray[np.float32]
    shared: NDArray[np.float32]

    def beats_of(self, view: int) -> NDArray[np.float64]:
        """Beat times of pulse ``view``, s."""
        return self.beat_s[self.first_row[view] : self.first_row[view + 1]]

    def profile_of(self, view: int) -> NDArray[np.float32]:
        """Onset strength of pulse ``view``, shape (n_beats, N_GROUPS, len(POSITIONS))."""
        rows = self.per_beat[self.first_row[view] : self.first_row[view + 1], : N_GROUPS * len(POSITIONS)]
        return rows.reshape(-1, N_GROUPS, len(POSITIONS))


@cache
def input_names(meter: int) -> tuple[str, ...]:
    """Names of the numbers of a hypothesis with ``meter`` beats in a bar, in the order of ``bar_features``."""
    shared = (
        *(f"tempo near {bpm:.0f} bpm" for bpm in _BPM_CENTRES),
        *(f"{band} repeat after {lag:.2f} beats" for band in ("low", "middle", "high") for lag in LAGS),
        "onsets on the beat", "onsets on the half beat", "log onsets per beat", "log beats", "is long", "pulse strength",
    )  # fmt: skip
    length = (
        "starts at the start", "place of the start", "whole bars", "whole bars from the start",
        *(f"{count} whole bars" for count in _BAR_COUNTS),
    )  # fmt: skip
    of_beat = (
        *(f"band {group} at {position:.2f}" for group in range(N_GROUPS) for position in POSITIONS),
        *(f"harmony change over {span}" for span in CHANGE_SPANS), "bass change",
    )  # fmt: skip
    return (*shared, *length, *(f"beat {beat}: {name}" for beat in range(meter) for name in of_beat))


def n_features(meter: int) -> int:
    """Length of the feature vector of a hypothesis with ``meter`` beats in a bar."""
    return N_SHARED + N_LENGTH + meter * PER_BEAT


def view_pulses(evidence: RhythmEvidence, pulses: list[Pulse]) -> PulseViews | None:
    """Look at the evidence through each pulse; None when none has two beats."""
    counts = [int(np.floor((evidence.duration_s - p.phase_s - 0.02) / p.period_s)) + 1 for p in pulses]
    usable = [(p, n) for p, n in zip(pulses, counts, strict=True) if n >= 2]
    if not usable:
        return None
    first_row = np.concatenate([[0], np.cumsum([n for _, n in usable])]).astype(np.intp)
    beat_index = np.arange(first_row[-1]) - np.repeat(first_row[:-1], np.diff(first_row))
    periods = np.array([p.period_s for p, _ in usable])
    phases = np.array([p.phase_s for p, _ in usable])
    owner = np.repeat(np.arange(len(usable)), np.diff(first_row))
    period_of_row = periods[owner]
    beat_s = phases[owner] + beat_index * period_of_row
    profile = _profile(evidence, beat_s, period_of_row)
    change = np.concatenate(
        [
            _harmony_change(evidence, beat_s[i : i + _ROWS_AT_ONCE], period_of_row[i : i + _ROWS_AT_ONCE])
            for i in range(0, len(beat_s), _ROWS_AT_ONCE)
        ]
    )
    # Only the shape of the change over the beats counts, not how tonal the sound is.
    mean_change = np.add.reduceat(change, first_row[:-1], axis=0) / np.diff(first_row)[:, None]
    relative = change / (0.15 + mean_change[owner])
    per_beat = np.concatenate([profile, relative], axis=1).astype(np.float32)
    on_off = np.add.reduceat(profile, first_row[:-1], axis=0) / np.diff(first_row)[:, None]
    mean_profile = np.asarray(on_off.reshape(-1, N_GROUPS, len(POSITIONS)), np.float32)
    shared = _shared(evidence, periods, np.diff(first_row), mean_profile)
    return PulseViews(tuple(p for p, _ in usable), first_row, beat_s, per_beat, shared)


def _profile(
    evidence: RhythmEvidence, beat_s: NDArray[np.float64], period_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Square root of onset strength at each place of each beat, shape (n_rows, N_GROUPS * len(POSITIONS))."""
    places = ((beat_s[:, None] + POSITIONS * period_s[:, None]) * evidence.frame_rate).ravel()
    lower = np.floor(places).astype(np.intp)
    share = (places - lower).astype(np.float32)
    # One silent frame beyond the end stands for all that lie outside.
    flux = np.concatenate([evidence.flux, np.zeros((N_GROUPS, 1), np.float32)], axis=1)
    end = evidence.n_frames
    values = flux[:, np.minimum(lower, end)] * (1 - share) + flux[:, np.minimum(lower + 1, end)] * share
    shaped = np.sqrt(np.maximum(values, 0.0)).reshape(N_GROUPS, len(beat_s), len(POSITIONS))
    return np.asarray(shaped.transpose(1, 0, 2).reshape(len(beat_s), -1), np.float32)


def _harmony_change(
    evidence: RhythmEvidence, beat_s: NDArray[np.float64], period_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Distance of the mean harmony before and after each beat, shape (n_rows, len(CHANGE_SPANS) + 1)."""
    last = evidence.trail_sums.shape[1] - 1
    longest = max(CHANGE_SPANS)
    # A frame is centred on its time, so its running sum is complete half a frame later.
    steps = np.arange(-longest, longest + 1)
    places = np.clip((beat_s[:, None] + steps * period_s[:, None]) * evidence.trail_rate + 0.5, 0, last)
    lower = np.minimum(places.astype(np.intp), last - 1)
    share = places - lower
    sums = evidence.trail_sums.T
    at = sums[lower] * (1 - share[..., None]) + sums[lower + 1] * share[..., None]
    change = np.zeros((len(beat_s), len(CHANGE_SPANS) + 1), np.float32)
    for column, (span, stop) in enumerate([*((s, 24) for s in CHANGE_SPANS), (1, 12)]):
        after = at[:, longest + span, :stop] - at[:, longest, :stop]
        before = at[:, longest, :stop] - at[:, longest - span, :stop]
        both = np.sqrt(np.square(after).sum(axis=1) * np.square(before).sum(axis=1))
        cosine = (after * before).sum(axis=1) / np.maximum(both, 1e-9)
        change[:, column] = np.where(both > 1e-9, np.sqrt(np.maximum(1.0 - cosine, 0.0)), 0.0)
    return change


def _shared(
    evidence: RhythmEvidence, periods: NDArray[np.float64], n_beats: NDArray[np.intp], mean_profile: NDArray[np.float32]
) -> NDArray[np.float32]:
    longest = int((LAGS[-1] + 1) * LONGEST_PERIOD_S * evidence.frame_rate)
    curves = np.stack([evidence.flux[0], evidence.flux[1:4].mean(axis=0), evidence.flux[4]])
    acf = autocorrelation(curves, longest)
    lags = np.outer(periods, LAGS) * evidence.frame_rate
    axis = np.arange(longest)
    repeats = [np.interp(lags, axis, row, right=0.0) for row in acf]
    tempo = np.exp(-0.5 * np.square(np.log(60.0 / periods[:, None] / _BPM_CENTRES) / 0.12))
    per_second = count_onsets(evidence) / max(evidence.duration_s, 0.1)
    ones = np.ones(len(periods))
    extra = [
        mean_profile[:, :, 0].mean(axis=1),
        mean_profile[:, :, 3].mean(axis=1),
        np.log(np.maximum(per_second * periods, 0.05)),
        np.log(n_beats) - 3.0,
        ones * (evidence.duration_s > LONGEST_LOOP_S),
        ones * min(float(np.mean(np.square(evidence.pulse))), 4.0) / 4.0,
    ]
    return np.concatenate([tempo, *repeats, np.stack(extra, axis=1)], axis=1).astype(np.float32)


def _length_features(evidence: RhythmEvidence, views: PulseViews, meter: int) -> NDArray[np.float32]:
    """How well whole bars fill the sound from its start, shape (n_pulses, meter, N_LENGTH).

    NaN (not known) in an excerpt; long sounds were not cut to bars, so only their start counts.
    """
    if evidence.is_excerpt:
        return np.full((len(views.pulses), meter, N_LENGTH), np.nan, np.float32)
    values = np.zeros((len(views.pulses), meter, N_LENGTH), np.float32)
    periods = np.array([p.period_s for p in views.pulses])
    phases = np.array([p.phase_s for p in views.pulses])
    bar_s = meter * periods
    first_s = phases[:, None] + np.arange(meter) * periods[:, None]
    # Close to the start, either just after it or one whole bar later.
    off_start = np.minimum(first_s, np.abs(bar_s[:, None] - first_s))
    values[:, :, 0] = np.exp(-0.5 * np.square(off_start / 0.03))
    values[:, :, 1] = first_s / bar_s[:, None]
    if evidence.duration_s <= LONGEST_LOOP_S:
        bars = evidence.duration_s / bar_s
        nearest = np.maximum(1, np.round(bars))
        # Length errors come from padding (some ms), so they count in seconds.
        exact = np.exp(-0.5 * np.square((bars - nearest) * bar_s / 0.012))
        values[:, :, 2] = exact[:, None]
        values[:, :, 3] = exact[:, None] * values[:, :, 0]
        for place, count in enumerate(_BAR_COUNTS):
            values[:, :, 4 + place] = values[:, :, 3] * (nearest == count)[:, None]
    return values


def bar_features(evidence: RhythmEvidence, views: PulseViews, meter: int) -> NDArray[np.float32]:
    """Feature vectors of all hypotheses of one meter, float32 (n_pulses, meter, n_features(meter)).

    Row ``[v, d]`` has its first whole bar at beat ``d`` of pulse ``v``.
    """
    n_pulses = len(views.pulses)
    n_beats = np.diff(views.first_row)
    owner = np.repeat(np.arange(n_pulses), n_beats)
    place = (np.arange(views.first_row[-1]) - views.first_row[owner]) % meter
    slot = owner * meter + place
    order = np.argsort(slot, kind="stable")
    counts = np.bincount(slot, minlength=n_pulses * meter)
    filled = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[filled]
    folded = np.zeros((n_pulses * meter, PER_BEAT), np.float32)
    folded[filled] = np.add.reduceat(views.per_beat[order], starts, axis=0) / counts[filled, None]
    turn = (np.arange(meter)[:, None] + np.arange(meter)) % meter
    bars = folded.reshape(n_pulses, meter, PER_BEAT)[:, turn].reshape(n_pulses, meter, meter * PER_BEAT)
    shared = np.broadcast_to(views.shared[:, None, :], (n_pulses, meter, N_SHARED))
    return np.concatenate([shared, _length_features(evidence, views, meter), bars], axis=2)
