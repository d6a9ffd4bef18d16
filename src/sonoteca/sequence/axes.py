"""The parts of a transition's score: tempo, key, energy flow, timbre, rhythm.

Each function takes the tracks that end (``ends``, m of them) and those that start (``starts``,
n of them) and gives an ``Axis``: scores (m, n) and where there is evidence on both sides.
Freshness, which depends on everything played before, is in ``freshness.py``.

How a transition is played: the track that starts is stretched to the tempo at which the other
ends, and is back at its own tempo before the next transition, so stretches do not add up. With
key lock (what DJ programs do by default) a stretch leaves the pitch alone; without it the pitch
moves with the tempo, 1 % is 17 cents, and keys and tunings are compared as they then sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import transposed_key_numbers
from sonoteca.sequence.tracks import NO_KEY, FloatColumn, Tracks
from sonoteca.sequence.weights import EnergyWeights, KeyWeights, RhythmWeights, TempoWeights

_CENTS_PER_OCTAVE = 1200.0
# The change of log2 tempo that is one percent.
LOG2_PER_PCT = float(np.log2(np.e) / 100.0)

BoolMatrix = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """``score`` float32 (m, n) in 0..1; what it holds where ``known`` (m, n) is False means nothing."""

    score: FloatColumn
    known: BoolMatrix


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """How the starting tracks are played.

    Attributes
    ----------
    log2_ratio : float32 (m, n)
        log2 of what the starting track's tempo is multiplied by; NaN where a tempo is unknown.
    octave : float32 (m, n)
        Beats of the starting track per beat of the other, as a power of two: -1, 0 or 1.
    """

    log2_ratio: FloatColumn
    octave: FloatColumn

    @property
    def ratio(self) -> FloatColumn:
        return np.asarray(np.exp2(self.log2_ratio), np.float32)


def stretch(ends: Tracks, starts: Tracks, *, double_time: bool) -> Stretch:
    """The stretch of every transition; with ``double_time`` to the nearest of half, same and double tempo."""
    faster = starts.tempo_start[None, :] - ends.tempo_end[:, None]
    octave = np.clip(np.rint(faster), -1.0, 1.0) if double_time else np.zeros_like(faster)
    return Stretch(np.asarray(octave - faster, np.float32), np.asarray(octave, np.float32))


def stretches_beyond(log2_ratio: FloatColumn, pct: float) -> NDArray[np.bool_]:
    """Which tempo ratios change a tempo by more than so many percent; unknown ones (NaN) do not."""
    return np.asarray(np.abs(np.exp2(log2_ratio) - 1.0) > pct / 100.0 + 1e-6)


def tempo_axis(played: Stretch, weights: TempoWeights) -> Axis:
    """A bell curve over the stretch in percent: symmetrical, because percents are taken on the log scale."""
    known = ~np.isnan(played.log2_ratio)
    in_halves = played.log2_ratio * np.float32(1.0 / (LOG2_PER_PCT * weights.half_pct))
    score = np.exp2(-np.square(in_halves))
    if weights.double_time != 1.0:
        score = np.where(played.octave != 0.0, np.float32(weights.double_time) * score, score)
    return Axis(score, known)


def key_axis(ends: Tracks, starts: Tracks, played: Stretch, weights: KeyWeights, *, key_lock: bool) -> Axis:
    """The Camelot relation of the key that ends and the key that starts, less what is lost by detuning.

    The chance that one of the two keys is wrong draws the score towards that of two keys at
    random. A tuning that is not known is taken to be the other's.
    """
    table = weights.table
    score = table[np.maximum(ends.key_end, 0)][:, np.maximum(starts.key_start, 0)]
    semitones, detuned = heard_shift(ends, starts, played, key_lock=key_lock)
    rows, columns = np.nonzero(semitones)
    if len(rows):
        sounding = _transposed(np.maximum(starts.key_start[columns], 0), semitones[rows, columns])
        score[rows, columns] = table[np.maximum(ends.key_end[rows], 0), sounding]
    score *= np.exp2(-np.square(detuned * np.float32(1.0 / weights.half_cents)))
    by_chance = np.float32(table.mean())
    score -= by_chance
    score *= ends.key_confidence[:, None] * starts.key_confidence[None, :]
    score += by_chance
    return Axis(score, (ends.key_end != NO_KEY)[:, None] & (starts.key_start != NO_KEY)[None, :])


def heard_shift(
    ends: Tracks, starts: Tracks, played: Stretch, *, key_lock: bool
) -> tuple[NDArray[np.int8], FloatColumn]:
    """How far the starting track sounds from where its key's name puts it beside the other.

    Returns
    -------
    semitones : int8 (m, n)
        Whole semitones that its key is moved by: 0 with key lock and like tunings.
    detuned : float32 (m, n)
        Cents left over, -50..50.
    """
    cents = np.nan_to_num(starts.tuning_cents[None, :] - ends.tuning_cents[:, None], copy=False)
    if not key_lock:
        cents = cents + np.float32(_CENTS_PER_OCTAVE) * np.nan_to_num(played.log2_ratio)
    semitones = np.rint(cents * np.float32(0.01))
    return semitones.astype(np.int8), np.asarray(cents - np.float32(100.0) * semitones, np.float32)


def _transposed(keys: NDArray[np.int8], semitones: NDArray[np.int8]) -> NDArray[np.int64]:
    """Key numbers moved by semitones within their mode; unknown ones become 0."""
    moved = transposed_key_numbers(keys.astype(np.int64), semitones.astype(np.int64))
    return np.where(keys == NO_KEY, 0, moved)


def energy_axis(ends: Tracks, starts: Tracks, weights: EnergyWeights, *, direction: int = 0) -> Axis:
    """How gently energy flows from the end of one to the start of the other.

    Parameters
    ----------
    direction : -1, 0 or 1
        Where energy is wished to go: with -1 (down) or 1 (up) a change by ``weights.step`` that way is best,
        of the edges and of the whole tracks alike.
    """
    wished = np.float32(direction * weights.step)
    rise = starts.energy_start[None, :] - ends.energy_end[:, None] - wished
    known = ~np.isnan(rise)
    score = _gently(rise, weights)
    if direction:
        change = starts.level[None, :] - ends.level[:, None] - wished
        score = (score + _gently(change, weights)) / np.float32(2.0)
        known &= ~np.isnan(change)
    return Axis(score, known)


def _gently(rise: FloatColumn, weights: EnergyWeights) -> FloatColumn:
    halves = np.where(rise < 0.0, np.float32(1.0 / weights.half_drop), np.float32(1.0 / weights.half_lift))
    return np.asarray(np.exp2(-np.square(rise * halves)), np.float32)


def timbre_axis(ends: Tracks, starts: Tracks) -> Axis:
    """Cosine of how the one sounds at its end and the other at its start; negative is 0."""
    return _cosine(ends.timbre_end, starts.timbre_start)


def rhythm_axis(ends: Tracks, starts: Tracks, played: Stretch, weights: RhythmWeights) -> Axis:
    """Mean of two likenesses, less what is lost between meters: groove at the edges, and onsets per second as played."""
    groove = _cosine(ends.rhythm_end, starts.rhythm_start)
    octaves = _log2_density(starts)[None, :] - _log2_density(ends)[:, None] + np.nan_to_num(played.log2_ratio)
    has_density = ~np.isnan(octaves)
    likeness = np.exp2(-np.square(octaves * np.float32(1.0 / weights.half_octaves)))
    count = groove.known.astype(np.float32) + has_density
    # The cosine is 0 where it is not known.
    score = (groove.score + np.where(has_density, likeness, np.float32(0.0))) / np.maximum(count, np.float32(1.0))
    # Unknown meters (NaN) are neither equal nor told apart.
    apart = np.abs(starts.beats_per_bar[None, :] - ends.beats_per_bar[:, None])
    return Axis(np.where(apart > 0.5, np.float32(weights.other_meter) * score, score), np.greater(count, 0.0))


def _log2_density(tracks: Tracks) -> FloatColumn:
    return np.asarray(np.log2(np.maximum(tracks.onset_density, 1e-3)), np.float32)


def _cosine(one: FloatColumn, other: FloatColumn) -> Axis:
    """Of rows of unit length; rows of zeros are unknown."""
    has_one, has_other = (np.asarray(rows.any(axis=1), bool) for rows in (one, other))
    return Axis(np.clip(one @ other.T, 0.0, 1.0), has_one[:, None] & has_other[None, :])
