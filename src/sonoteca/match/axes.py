"""The parts of a match's score: tensor, interval, chord, key, rhythm, tempo and energy of n candidates against one query.

Conventions of every axis. An axis takes what is known of the query, then what is known of n
candidates, and gives float32 scores 0..1, higher is better: shape (n,), or (n, 12) where a
candidate may be transposed, with column ``s`` for a shift of the candidate up by ``s`` semitones.
A score is NaN where either side is not known, and nowhere else; 0.5 says neither yes nor no.

Pitch classes count from C, keys are numbers (``domain.music``), and rows of both sides are laid on
the query's beats before (``match.alignment``): n_units beats of the query. What coincides is
weighed by profiles in logits (``match.profiles``); each axis says at how many logits (``REACH``)
its score is 1, and 0 at as many below.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import N_KEYS, transposed_key_numbers
from sonoteca.domain.swing import STRAIGHT
from sonoteca.domain.weights import KeyRelationWeights
from sonoteca.match.profiles import RhythmProfile, by_shift
from sonoteca.match.region_table import Numbers, RegionTable

N_SHIFTS = 12
INTERVAL_REACH, CHORD_REACH, RHYTHM_REACH = 8.0, 16.0, 6.0

Scores = NDArray[np.float32]


def _score(logits: NDArray[np.floating], reach: float) -> Scores:
    """Logits as scores: 0 at ``-reach``, 0.5 at 0, 1 at ``reach``."""
    return np.asarray(np.clip(0.5 + 0.5 * logits / reach, 0.0, 1.0), np.float32)


def unknown(n: int) -> Scores:
    """The axis of ``n`` candidates about which nothing can be said."""
    return np.full(n, np.nan, np.float32)


# --- texture and energy --------------------------------------------------------------------------


_VECTORS_AT_ONCE = 65_536


def tensor_axis(one: RegionTable, candidates: RegionTable) -> Scores:
    """Score how near two sounds stand in the embedding space, shape (n,); NaN where their spaces differ."""
    if one.space_id is None or one.space_id != candidates.space_id:
        return unknown(len(candidates))
    query, cosine = one.vectors[0].astype(np.float32), np.empty(len(candidates), np.float32)
    # What the library keeps as float16 is widened a piece at a time.
    for first in range(0, len(candidates), _VECTORS_AT_ONCE):
        piece = slice(first, first + _VECTORS_AT_ONCE)
        cosine[piece] = candidates.vectors[piece].astype(np.float32, copy=False) @ query
    return np.asarray(np.clip(0.5 + 0.5 * cosine, 0.0, 1.0), np.float32)


def energy_axis(one: RegionTable, candidates: RegionTable) -> Scores:
    """Score how near two energy levels are, shape (n,): 1 for equal ones, 0 for the quietest against the wildest."""
    return np.asarray(1.0 - np.abs(candidates.energy_level - one.energy_level[0]) / 9.0, np.float32)


# --- tempo ---------------------------------------------------------------------------------------

# Stretchers are asked for no more than this (the gate of ``weights.toml``).
_WIDEST_PERCENT = 25.0
# No more than a hearing error apart.
_SAME_PERCENT = 0.6


def tempo_axis(ratio: NDArray[np.float64]) -> Scores:
    """Score how little candidates have to be stretched, shape (n,): 1 for not at all, falling evenly to 0 at 25 %.

    ``ratio`` float64 (n,) is what their tempi are multiplied by; faster and slower by the same
    factor cost the same.
    """
    return np.asarray(np.clip(1.0 - _percent(ratio) / _WIDEST_PERCENT, 0.0, 1.0), np.float32)


def tempo_sameness(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where two tempi are one, near 0 from 1 % of difference on; 1 where a tempo is unknown."""
    return np.asarray(np.where(np.isfinite(ratio), np.exp(-np.square(_percent(ratio) / _SAME_PERCENT)), 1.0))


def _percent(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(100.0 * np.abs(np.log(ratio)))


# --- key -----------------------------------------------------------------------------------------


def key_axis(query_key: float, candidate_keys: NDArray[np.float64], relations: KeyRelationWeights) -> Scores:
    """Score how the keys of query and candidates stand to each other after the shift, shape (n, 12)."""
    scores = np.full((len(candidate_keys), N_SHIFTS), np.nan, np.float32)
    known = np.isfinite(candidate_keys)
    if np.isfinite(query_key):
        scores[known] = _shifted_relations(relations)[int(query_key), candidate_keys[known].astype(np.int64)]
    return scores


@lru_cache(maxsize=8)
def _shifted_relations(relations: KeyRelationWeights) -> Scores:
    """Score by (query key, candidate key, shift of the candidate), shape (24, 24, 12)."""
    keys, shifts = np.arange(N_KEYS)[:, None], np.arange(N_SHIFTS)[None, :]
    return relations.table[:, transposed_key_numbers(keys, shifts)]


# --- interval ------------------------------------------------------------------------------------

# The profile by which only equal pitch classes count.
UNISON = np.array([INTERVAL_REACH, *[0.0] * 11], np.float32)


def interval_axis(query: Scores, candidates: Scores, profile: NDArray[np.float32] = UNISON) -> Scores:
    """Score how all that sounds in the one goes with all that sounds in the others after the shift, shape (n, 12).

    Parameters
    ----------
    query : float32 (12,)
        Mean pitch class energy, of any scale.
    candidates : float32 (n, 12)
    profile : float32 (12,)
        Worth of each interval in logits.
    """
    expected = by_shift(content_of(query[None]), profile).reshape(N_SHIFTS, 12)
    return _score(content_of(candidates) @ expected.T, INTERVAL_REACH)


def content_of(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write mean pitch classes (n, 12) as departures from their own mean, scaled to length 1; 0 where all sound alike."""
    centred = mean - mean.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / (length + 0.02 * np.linalg.norm(mean, axis=1, keepdims=True) + 1e-6), np.float32)


# --- chord ---------------------------------------------------------------------------------------

# Two beats are half a bar of 4/4: shorter steps compare ornaments, longer ones miss chords.
_CHORD_STEP = 2


def chord_axis(query: NDArray[np.float32], candidates: NDArray[np.float32], profile: NDArray[np.float32]) -> Scores:
    """Score how what sounds at the same moment goes together after the shift, shape (n, 12).

    Not that both play in C major, but that both move to F where the third bar begins: what is
    compared is how each half bar departs from the mean of the whole. A progression of eight bars
    is told apart by it even among songs in one key.

    Parameters
    ----------
    query : float32 (n_units, 12)
        Pitch classes per unit.
    candidates : float32 (n, n_units, 12)
    profile : float32 (12,)
        Worth of each interval in logits.
    """
    expected = by_shift(changes_of(query[None])[0], profile).reshape(N_SHIFTS, -1)
    return _score(changes_of(candidates).reshape(len(candidates), -1) @ expected.T, CHORD_REACH)


def changes_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute how each step of two beats departs from the mean of the whole, scaled to length 1.

    Parameters
    ----------
    rows : float32 (n, n_units, 12)

    Returns
    -------
    float32 (n, n_steps, 12)
        An odd last unit is left out. Near 0 where nothing ever changes: a drone tells no progression.
    """
    n, n_units, _ = rows.shape
    n_steps = max(1, n_units // _CHORD_STEP)
    steps = rows[:, : n_steps * _CHORD_STEP].reshape(n, n_steps, -1, 12).mean(axis=2)
    changes = steps - steps.mean(axis=1, keepdims=True)
    changes = changes - changes.mean(axis=2, keepdims=True)
    length = np.sqrt(np.square(changes).sum(axis=(1, 2), keepdims=True))
    whole = np.sqrt(np.square(steps).sum(axis=(1, 2), keepdims=True))
    return np.asarray(changes / (length + 0.05 * whole + 1e-6), np.float32)


# --- rhythm --------------------------------------------------------------------------------------

LAGS = (-1, 0, 1)
# Logits lost by loops whose lengths are no multiples of each other: their bar lines never meet again as they should.
_UNEVEN_LENGTHS = 4.0


def rhythm_axis(
    query: NDArray[np.float32],
    candidates: NDArray[np.float32],
    profile: RhythmProfile,
    *,
    beats_per_bar: int,
    beside: NDArray[np.floating] | float = 0.0,
) -> Scores:
    """Score how onsets of both fall on the common bar grid, register by register, shape (n,).

    The mean bar of each is compared at the same step and a step earlier and later, and so is what
    departs from it: fills, breaks and the bars in which a part is silent. What interlocks in
    different registers and what collides in the same one is weighed by the profile.

    Parameters
    ----------
    query : float32 (n_units, registers, steps)
        Onset strength on the grid.
    candidates : float32 (n, n_units, registers, steps)
    profile : RhythmProfile
    beats_per_bar : int >= 1
        Of the query.
    beside : float (n,)
        Logits of what is known beside the onsets on the grid: ``swing_of_pairs``, less ``length_penalty``.
    """
    logits = np.zeros(len(candidates), np.float32)
    ours, theirs = patterns_of(query[None], beats_per_bar), patterns_of(candidates, beats_per_bar)
    for one, others, places in zip(ours, theirs, profile.places, strict=True):
        expected = np.zeros_like(one[0])
        for lag, worth in zip(LAGS, places, strict=True):
            # What the candidate plays `lag` steps later is held against what the query plays now.
            expected += np.roll(worth.T @ one[0], lag, axis=1)
        logits += others.reshape(len(others), -1) @ expected.reshape(-1)
    return _score(logits + beside, RHYTHM_REACH)


def patterns_of(onsets: NDArray[np.float32], beats_per_bar: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compute the mean bar, and how the bars depart from it, per register scaled to length 1.

    Parameters
    ----------
    onsets : float32 (n, n_units, registers, steps)
    beats_per_bar : int >= 1
        Of the query.

    Returns
    -------
    mean : float32 (n, registers, steps of a bar)
    departures : float32 (n, registers, steps of all bars)
        An unfinished last bar is left out.
    """
    n, n_units, n_registers, n_steps = onsets.shape
    per_bar = min(beats_per_bar, n_units)
    n_bars = n_units // per_bar
    bars = onsets[:, : n_bars * per_bar].reshape(n, n_bars, per_bar, n_registers, n_steps)
    bars = bars.transpose(0, 3, 1, 2, 4).reshape(n, n_registers, n_bars, -1)
    mean = bars.mean(axis=2)
    departures = (bars - mean[:, :, None]).reshape(n, n_registers, -1)
    plain = np.sqrt(np.einsum("nrbs,nrbs->n", bars, bars) / n_bars)
    return _scaled(mean, plain), _scaled(departures, plain * np.float32(np.sqrt(n_bars)))


def _scaled(rows: NDArray[np.float32], plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, registers, steps) around 0 at length 1, but near 0 where a register hardly sounds or nothing departs."""
    rows = rows - rows.mean(axis=2, keepdims=True)
    power = np.einsum("nrs,nrs->nr", rows, rows)
    floor = 0.02 * np.sqrt(power.sum(axis=1)) + 0.05 * plain + 1e-6
    return np.asarray(rows / (np.sqrt(power) + floor[:, None])[:, :, None], np.float32)


def length_penalty(query_beats: int, candidate_beats: float) -> float:
    """Say how many logits two loops lose if neither length is a multiple of the other.

    >>> length_penalty(32, 8), length_penalty(32, 24) > 0
    (0.0, True)
    """
    ratio = max(query_beats, candidate_beats) / min(query_beats, candidate_beats)
    return _UNEVEN_LENGTHS if abs(ratio - round(ratio)) > 0.05 else 0.0


# --- swing, which speaks within the axis of rhythm ---------------------------------------------------

# One piece in four swings, by any share up to a little past triplets; the others lie this closely around straight.
_SWUNG = 0.25
_STRAIGHT_SD = 0.006
_SWUNG_SHARES = (0.52, 0.68)
# Error of a heard share of the beat: of the onsets of one part together, and of each of them.
_PART_SD, _ONSET_SD = 0.01, 0.06
# Chance that something else than the swing was heard, at any place of the window.
_OUTLIERS = 0.1
_WINDOW = (0.3, 0.4)
_SHARES = np.arange(0.44, 0.72, 0.004)
# Eighths are 0, sixteenths 1: which of the query meet which of the candidate at its beats per beat of the query.
_PAIRS_AT_LEVEL = {1.0: ((0, 0), (1, 1)), 2.0: ((1, 0),), 0.5: ((0, 1),)}


def swing_of_pairs(
    one: RegionTable, candidates: RegionTable, at: NDArray[np.int64], level: float
) -> NDArray[np.float32]:
    """Compute ``swing_logits`` of one region with the candidates numbered ``at``, all of one ``level``."""
    return swing_logits(
        (one.swing_shares[0], one.swing_onsets[0]), (candidates.swing_shares[at], candidates.swing_onsets[at]), level
    )


def swing_logits(
    query: tuple[Numbers, Numbers], candidates: tuple[Numbers, Numbers], level: float
) -> NDArray[np.float32]:
    """Say how much it speaks for two parts that they swing by the same share, and against them that they do not.

    The log of how much more probable both shares are if the parts swing alike than if they know
    nothing of each other. Parts of one piece swing together, and most music is straight: two
    straight parts are no news, two that swing alike speak for each other, a swung one against a
    straight one clashes at every off-beat.

    Parameters
    ----------
    query : shares float64 (2,), onsets float64 (2,)
        Of its pairs of eighths and of sixteenths; NaN where not heard.
    candidates : shares float64 (n, 2), onsets float64 (n, 2)
    level : float
        Beats of the candidates per beat of the query: in double time their eighths are its sixteenths.

    Returns
    -------
    float32 (n,)
        In nepers (logits); 0 where nothing can be compared.
    """
    shares, onsets = candidates
    logits = np.zeros(len(shares), np.float32)
    for mine, theirs in _PAIRS_AT_LEVEL.get(level, ()):
        at = np.flatnonzero(np.isfinite(shares[:, theirs]))
        if not len(at) or not np.isfinite(query[0][mine]):
            continue
        one = _likelihood(query[0][None, mine], query[1][None, mine], mine)[0]
        others = _likelihood(shares[at, theirs], onsets[at, theirs], theirs)
        prior = _prior()
        alike = others @ (prior * one)
        logits[at] += np.log(alike / ((others @ prior) * (one @ prior))).astype(np.float32)
    return logits


def _likelihood(shares: Numbers, onsets: Numbers, pair: int) -> Numbers:
    """Chance density of each heard share for each of ``_SHARES``, shape (n, len(_SHARES)).

    A sixteenth's share is of half a beat, so the same error in time is twice as large.
    """
    deviation = np.sqrt(_PART_SD**2 + _ONSET_SD**2 / np.maximum(onsets, 1.0))[:, None] * (1.0, 2.0)[pair]
    near = np.exp(-0.5 * np.square((shares[:, None] - _SHARES) / deviation)) / (deviation * np.sqrt(2.0 * np.pi))
    return np.asarray((1.0 - _OUTLIERS) * near + _OUTLIERS / _WINDOW[pair], np.float64)


@cache
def _prior() -> Numbers:
    """Chance of each of ``_SHARES``; sums to 1."""
    straight = np.exp(-0.5 * np.square((_SHARES - STRAIGHT) / _STRAIGHT_SD))
    low, high = _SWUNG_SHARES
    swung = ((low < _SHARES) & (high > _SHARES)).astype(np.float64)
    return np.asarray((1.0 - _SWUNG) * straight / straight.sum() + _SWUNG * swung / swung.sum(), np.float64)
