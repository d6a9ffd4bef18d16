"""How well a query fits where a window says it may: one alignment for many places at once.

A place is a melody with a guess of tempo, transposition and time. Notes of the query are
matched to notes of the melody in order; each match is worth the log-likelihood ratio of its
pitch error, and loses for timing that differs from its neighbours'. Notes may be left out
on both sides at a price. This is the edit distance of Mongeau and Sankoff, "Comparison of
Musical Sequences", Computers and the Humanities 24, 1990, with errors as people make them,
and the free start and end of subsequence matching. A note that was heard with a doubt costs to
meet and little to pass over. All places advance together, query note by query note, as
matrices of (places, partners): of each query note only the likeliest partners are compared.
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
_LONGEST_PLACE = 512
# What a note loses for being doubtful, as a share of the negative log of its chance. All of it would be right if
# doubts were independent; where one instrument is taken for another they come together.
CHANCE_WEIGHT, _LEAST_CHANCE = 0.5, 0.01
# So many notes before one may be the one it repeats.
_LOOK_BACK = 6
# Two notes of one melody do not begin closer together.
_SHORTEST_GAP_S = 0.02
_NEVER = np.float32(-1e9)


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


@dataclass(frozen=True, slots=True, eq=False)
class NoteCosts:
    """What follows from melodies alone, in nepers.

    ``unlikely`` float32 (n_notes,): cost of meeting each note, for the chance that it is no note of
    the melody. ``passed`` float64 (n_notes + 1,): going from note ``a`` to ``b`` passes over those
    between for ``passed[b] - passed[a + 1]``.
    """

    unlikely: NDArray[np.float32]
    passed: NDArray[np.float64]


def note_costs(melodies: PackedMelodies) -> NoteCosts:
    """Costs of meeting and of passing over each note of ``melodies``."""
    chance = np.clip(melodies.chance.astype(np.float64), _LEAST_CHANCE, 1.0)
    # Chance that the melody's note before is of the same pitch: the nearest that is there, or the one before it ...
    repeats, none_yet = np.zeros(len(chance)), np.ones(len(chance))
    owner = melodies.owner()
    for back in range(1, min(_LOOK_BACK, len(chance) - 1) + 1):
        there = chance[:-back] * (owner[back:] == owner[:-back])
        same = np.abs(melodies.midi[back:] - melodies.midi[:-back]) < 0.5
        repeats[back:] += none_yet[back:] * there * same
        none_yet[back:] *= 1.0 - there
    price = SKIP_WRITTEN + (SKIP_REPEATED - SKIP_WRITTEN) * repeats
    passing = -np.log(1.0 - chance + chance * np.exp(-price))
    return NoteCosts((-CHANCE_WEIGHT * np.log(chance)).astype(np.float32), np.concatenate([[0.0], np.cumsum(passing)]))


def align(
    query_starts_s: NDArray[np.float32],
    query_midi: NDArray[np.float32],
    melodies: PackedMelodies,
    costs: NoteCosts,
    places: Places,
    *,
    pitch_spread: float = PITCH_SPREAD,
    place_spread_s: float = PLACE_SPREAD_S,
    partners: int = 8,
) -> Fits:
    """The best alignment of the query at each place (see the module's docstring).

    ``pitch_spread`` in semitones and ``place_spread_s`` in seconds are wider, and ``partners`` more,
    where the places are only guessed. Of each query note the likeliest ``partners`` are compared.
    """
    n_query = len(query_starts_s)
    time = (query_starts_s - query_starts_s[0]).astype(np.float64)
    notes, worth = _likeliest_partners(
        time, query_midi, melodies, costs, places, pitch_spread, place_spread_s, partners
    )
    starts = melodies.starts_s[notes]
    before, after = costs.passed[notes], costs.passed[notes + 1]
    log_scale = np.log(places.scale).astype(np.float32)[:, None, None]
    best = np.empty(notes.shape, np.float32)
    back = np.full(notes.shape, -1, np.int16)
    for i in range(n_query):
        total = np.full(notes.shape[1:], -SKIP_SUNG * i, np.float32)
        for di in range(1, min(_STEPS, i) + 1):
            j = i - di
            # Axes: place, partner of this note, partner of the earlier one.
            gap = starts[i][:, :, None] - starts[j][:, None, :]
            log_time = np.float32(np.log(max(time[i] - time[j], 0.03))) + log_scale
            timing = np.abs(log_time - np.log(np.maximum(gap, np.float32(_SHORTEST_GAP_S))))
            option = best[j][:, None, :] - np.minimum(timing * np.float32(1.0 / TIMING_SPREAD), np.float32(TIMING_MOST))
            option -= (before[i][:, :, None] - after[j][:, None, :]).astype(np.float32)
            option = np.where(gap > _SHORTEST_GAP_S, option, _NEVER)
            choice = option.argmax(axis=2)
            reached = np.take_along_axis(option, choice[:, :, None], axis=2)[:, :, 0] - np.float32(SKIP_SUNG * (di - 1))
            better = reached > total
            total = np.where(better, reached, total)
            back[i] = np.where(better, di * partners + choice, back[i])
        best[i] = total + worth[i]
    return _traced(best, back, notes)


def _likeliest_partners(
    time: NDArray[np.float64],
    query_midi: NDArray[np.float32],
    melodies: PackedMelodies,
    costs: NoteCosts,
    places: Places,
    pitch_spread: float,
    place_spread_s: float,
    partners: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Flat note numbers (n_query, n_places, partners), and what meeting each is worth."""
    near, valid = _notes_around(melodies, places, float(time[-1]), partners)
    scale = places.scale.astype(np.float32)[:, None]
    at_s = (melodies.starts_s[near] - places.start_s.astype(np.float32)[:, None]) / scale
    midi = melodies.midi[near]
    given = np.where(valid, -costs.unlikely[near], _NEVER)
    notes = np.empty((len(time), len(places), partners), np.int64)
    worth = np.empty((len(time), len(places), partners), np.float32)
    rows = np.arange(len(places))[:, None]
    for i, moment in enumerate(time):
        off_s = at_s - np.float32(moment)
        error = midi - (query_midi[i] + places.transpose + places.drift * moment).astype(np.float32)[:, None]
        match = _pitch_worth(error, pitch_spread) - 0.5 * np.square(off_s / np.float32(place_spread_s)) + given
        match = np.where(np.abs(off_s) < _FARTHEST_S, match, _NEVER)
        chosen = np.argpartition(match, match.shape[1] - partners, axis=1)[:, match.shape[1] - partners :]
        notes[i], worth[i] = near[rows, chosen], match[rows, chosen]
    return notes, worth


def _notes_around(
    melodies: PackedMelodies, places: Places, length_s: float, least: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Flat note numbers near each place, (n_places, width of at least ``least``), and which of them are within it."""
    begin, stop = melodies.offsets[places.melody], melodies.offsets[places.melody + 1]
    low_s = places.start_s - _FARTHEST_S * places.scale
    high_s = places.start_s + (length_s + _FARTHEST_S) * places.scale
    first = np.empty(len(places), np.int64)
    last = np.empty(len(places), np.int64)
    for k in range(len(places)):
        own = melodies.starts_s[begin[k] : stop[k]]
        first[k] = begin[k] + np.searchsorted(own, low_s[k])
        last[k] = begin[k] + np.searchsorted(own, high_s[k], side="right")
    width = int(min(max(int((last - first).max(initial=1)), least), _LONGEST_PLACE))
    notes = first[:, None] + np.arange(width)
    return np.minimum(notes, melodies.n_notes - 1), notes < last[:, None]


def _pitch_worth(error: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
    """Nepers by which an error is more likely sung than met by chance, at most ``RIGHT_NOTE``."""
    size = np.abs(error)
    right = (1.0 - WRONG_SHARE) * np.exp(-0.5 * np.square(size * np.float32(1.0 / spread)))
    wrong = np.float32(WRONG_SHARE) * np.exp(-size * np.float32(1.0 / WRONG_SPREAD))
    return np.asarray(np.float32(RIGHT_NOTE) + np.log(right + wrong + np.float32(1e-4)), np.float32)


def _traced(best: NDArray[np.float32], back: NDArray[np.int16], notes: NDArray[np.int64]) -> Fits:
    n_query, n_places, partners = best.shape
    # Notes left over at the end of the query cost as much as in its middle.
    left_over = SKIP_SUNG * (n_query - 1 - np.arange(n_query))
    ends = best.max(axis=2) - left_over[:, None]
    at_query = ends.argmax(axis=0)
    rows = np.arange(n_places)
    score = ends[at_query, rows].astype(np.float64)
    at = best[at_query, rows].argmax(axis=1)
    partner = np.full((n_places, n_query), -1, np.int64)
    alive = np.ones(n_places, bool)
    for _ in range(n_query):
        partner[rows[alive], at_query[alive]] = notes[at_query, rows, at][alive]
        step = back[at_query, rows, at].astype(np.int64)
        alive &= step >= 0
        if not alive.any():
            break
        at_query = np.where(alive, at_query - step // partners, at_query)
        at = np.where(alive, step % partners, at)
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
