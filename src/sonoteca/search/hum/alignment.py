"""How well a query fits where a window says it may: one alignment for many places at once.

A place is a melody with a guess of tempo, transposition and time. Notes of the query are
matched to notes of the melody in order; each match is worth the log-likelihood ratio of its
pitch error, and loses for timing that differs from its neighbours'. Notes may be left out
on both sides at a price. This is the edit distance of Mongeau and Sankoff, "Comparison of
Musical Sequences", Computers and the Humanities 24, 1990, with errors as people make them,
and the free start and end of subsequence matching. All places advance together, query note
by query note, as matrices of (places, notes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.search.hum.melody import PackedMelodies

# Spread of a sung pitch in semitones, share of wrong notes and how far off these are.
PITCH_SPREAD, WRONG_SHARE, WRONG_SPREAD = 0.38, 0.07, 1.8
# What a right pitch is worth over a random one, in nepers.
RIGHT_NOTE = 1.7
# Log-ratio of inter-onset times that costs one neper, and the most it costs.
TIMING_SPREAD, TIMING_MOST = 0.22, 2.5
# Seconds (of the query) off the straight line through the place that cost half a neper.
PLACE_SPREAD_S = 0.45
# A query note without partner, a melody note passed over, and one that only repeats the pitch before it.
SKIP_SUNG, SKIP_WRITTEN, SKIP_REPEATED = 1.6, 1.4, 0.5
_STEPS = 3
_FARTHEST_S = 2.5
_LONGEST_PLACE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where to look: arrays (n_places,). ``melody`` numbers a packed melody.

    A query moment ``t`` seconds after its first note is at ``start_s + scale * t`` of the
    melody, and a query pitch ``p`` at ``p + transpose + drift * t``.
    """

    melody: NDArray[np.int64]
    start_s: NDArray[np.float64]
    scale: NDArray[np.float64]
    transpose: NDArray[np.float64]
    drift: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.melody)

    def take(self, chosen: NDArray[np.intp]) -> Places:
        return Places(
            self.melody[chosen],
            self.start_s[chosen],
            self.scale[chosen],
            self.transpose[chosen],
            self.drift[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """Per place: ``score`` in nepers, and ``partner`` (n_places, n_query): flat note numbers, -1 for none."""

    score: NDArray[np.float64]
    partner: NDArray[np.int64]


def align(
    query_starts_s: NDArray[np.float32],
    query_midi: NDArray[np.float32],
    melodies: PackedMelodies,
    places: Places,
    *,
    pitch_spread: float = PITCH_SPREAD,
    place_spread_s: float = PLACE_SPREAD_S,
) -> Fits:
    """The best alignment of the query at each place (see the module's docstring).

    ``pitch_spread`` in semitones and ``place_spread_s`` in seconds are wider where the
    places are only guessed.
    """
    n_query, n_places = len(query_starts_s), len(places)
    time = (query_starts_s - query_starts_s[0]).astype(np.float64)
    notes, valid = _notes_around(melodies, places, float(time[-1]))
    width = notes.shape[1]
    starts = melodies.starts_s[notes].astype(np.float32)
    midi = melodies.midi[notes]
    scale = places.scale.astype(np.float32)[:, None]
    origin = places.start_s.astype(np.float32)[:, None]
    # Log of the time from the note 1, 2, 3 places before to each note, and what passing over costs.
    log_steps, passing = _steps_within(starts, midi, valid)
    log_scale = np.log(scale)
    best = np.empty((n_query, n_places, width), np.float32)
    back = np.zeros((n_query, n_places, width), np.int8)
    lowest = np.float32(-1e9)
    for i in range(n_query):
        off_s = (starts - origin) / scale - np.float32(time[i])
        error = midi - (query_midi[i] + places.transpose + places.drift * time[i]).astype(np.float32)[:, None]
        match = _pitch_worth(error, pitch_spread) - 0.5 * np.square(off_s / np.float32(place_spread_s))
        match = np.where(valid & (np.abs(off_s) < _FARTHEST_S), match, lowest)
        total = np.full((n_places, width), -SKIP_SUNG * i, np.float32)
        choice = np.full((n_places, width), -1, np.int8)
        for di in range(1, min(_STEPS, i) + 1):
            log_time = np.float32(np.log(max(time[i] - time[i - di], 0.03))) + log_scale
            skipped = np.float32(SKIP_SUNG * (di - 1))
            for dj in range(1, _STEPS + 1):
                timing = np.abs(log_time - log_steps[dj - 1])
                cost = np.minimum(timing * np.float32(1.0 / TIMING_SPREAD), np.float32(TIMING_MOST))
                option = np.full((n_places, width), lowest, np.float32)
                option[:, dj:] = best[i - di][:, :-dj]
                option -= cost + passing[dj - 1] + skipped
                better = option > total
                total = np.where(better, option, total)
                choice[better] = di * 4 + dj
        best[i] = total + match
        back[i] = choice
    return _traced(best, back, notes)


def _notes_around(
    melodies: PackedMelodies, places: Places, length_s: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Flat note numbers near each place, (n_places, width), and which of them are within it."""
    begin, stop = melodies.offsets[places.melody], melodies.offsets[places.melody + 1]
    low_s = places.start_s - _FARTHEST_S * places.scale
    high_s = places.start_s + (length_s + _FARTHEST_S) * places.scale
    first = np.empty(len(places), np.int64)
    last = np.empty(len(places), np.int64)
    for k in range(len(places)):
        own = melodies.starts_s[begin[k] : stop[k]]
        first[k] = begin[k] + np.searchsorted(own, low_s[k])
        last[k] = begin[k] + np.searchsorted(own, high_s[k], side="right")
    width = int(min(max(int((last - first).max(initial=1)), _STEPS + 1), _LONGEST_PLACE))
    notes = first[:, None] + np.arange(width)
    return np.minimum(notes, melodies.n_notes - 1), notes < last[:, None]


def _steps_within(
    starts: NDArray[np.float32], midi: NDArray[np.float32], valid: NDArray[np.bool_]
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    log_steps, passing = [], []
    repeats = np.zeros_like(valid)
    repeats[:, 1:] = np.abs(np.diff(midi, axis=1)) < 0.5
    price = np.where(repeats, np.float32(SKIP_REPEATED), np.float32(SKIP_WRITTEN))
    passed = np.zeros(starts.shape, np.float32)
    for step in range(1, _STEPS + 1):
        apart = np.ones_like(starts)
        apart[:, step:] = starts[:, step:] - starts[:, :-step]
        log_steps.append(np.log(np.maximum(apart, np.float32(0.02))))
        passing.append(passed.copy())
        # Going one further back passes over the note ``step`` places before.
        passed[:, step:] += price[:, :-step]
    return log_steps, passing


def _pitch_worth(error: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
    """Nepers by which an error is more likely sung than met by chance, at most ``RIGHT_NOTE``."""
    size = np.abs(error)
    right = (1.0 - WRONG_SHARE) * np.exp(-0.5 * np.square(size * np.float32(1.0 / spread)))
    wrong = np.float32(WRONG_SHARE) * np.exp(-size * np.float32(1.0 / WRONG_SPREAD))
    return np.asarray(np.float32(RIGHT_NOTE) + np.log(right + wrong + np.float32(1e-4)), np.float32)


def _traced(best: NDArray[np.float32], back: NDArray[np.int8], notes: NDArray[np.int64]) -> Fits:
    n_query, n_places, _ = best.shape
    # Notes left over at the end of the query cost as much as in its middle.
    left_over = SKIP_SUNG * (n_query - 1 - np.arange(n_query))
    ends = best.max(axis=2) - left_over[:, None]
    at_query = ends.argmax(axis=0)
    rows = np.arange(n_places)
    score = ends[at_query, rows].astype(np.float64)
    at_note = best[at_query, rows].argmax(axis=1)
    partner = np.full((n_places, n_query), -1, np.int64)
    alive = np.ones(n_places, bool)
    for _ in range(n_query):
        partner[rows[alive], at_query[alive]] = notes[rows[alive], at_note[alive]]
        step = back[at_query, rows, at_note].astype(np.int64)
        alive &= step > 0
        if not alive.any():
            break
        at_query = np.where(alive, at_query - step // 4, at_query)
        at_note = np.where(alive, at_note - step % 4, at_note)
    return Fits(score, partner)


def refined(
    query_starts_s: NDArray[np.float32],
    query_midi: NDArray[np.float32],
    melodies: PackedMelodies,
    places: Places,
    fits: Fits,
) -> Places:
    """The places moved to where their alignments say: straight lines through matched times and pitches."""
    time = (query_starts_s - query_starts_s[0]).astype(np.float64)[None, :]
    matched = fits.partner >= 0
    partner = np.maximum(fits.partner, 0)
    there = melodies.starts_s[partner].astype(np.float64)
    weight = matched.astype(np.float64)
    start, scale = _line(time, there, weight, places.start_s, places.scale, pull=1.5)
    error = np.asarray(melodies.midi[partner] - query_midi[None, :], np.float64)
    # Wrong notes have no say: pitches are weighed by how well they already fit.
    now = error - places.transpose[:, None] - places.drift[:, None] * time
    for spread in (1.2, 0.6):
        trust = weight / (1.0 + np.square(now / spread) ** 2)
        transpose, drift = _line(time, error, trust, places.transpose, np.zeros(len(places)), pull=60.0)
        now = error - transpose[:, None] - drift[:, None] * time
    scale = np.clip(scale, 0.4 * places.scale, 2.5 * places.scale)
    return Places(places.melody, start, scale, transpose, np.clip(drift, -0.15, 0.15))


def _line(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    level: NDArray[np.float64],
    slope: NDArray[np.float64],
    *,
    pull: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted least squares line per row; ``pull`` seconds squared hold the slope at what it was."""
    total = weight.sum(axis=1)
    safe = np.maximum(total, 1e-9)
    mean_x, mean_y = (weight * x).sum(axis=1) / safe, (weight * y).sum(axis=1) / safe
    dx = x - mean_x[:, None]
    bend = (weight * dx**2).sum(axis=1) + pull
    new_slope = slope + ((weight * dx * (y - mean_y[:, None] - slope[:, None] * dx)).sum(axis=1)) / bend
    new_level = mean_y - new_slope * mean_x
    few = total < 2.0
    return np.where(few, level, new_level), np.where(few, slope, new_slope)
