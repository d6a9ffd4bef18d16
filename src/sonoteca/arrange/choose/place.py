"""Loops are put on a grid: each is stretched and shifted, and is more or less willing.

A *placement* is a loop at one shift. A tonal loop may have two: by key and by content the second
may be as good, and what plays with it decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.choose.grid import Grid, ease_of_stretch, is_tonal
from sonoteca.arrange.choose.loops import Loops
from sonoteca.arrange.gain import clip_gain_db
from sonoteca.domain.beat_profile import N_NOTES
from sonoteca.domain.music import Key, transposed_key_numbers
from sonoteca.match.alignment import fit_tempo
from sonoteca.match.axes import key_axis
from sonoteca.match.beat_rows import BeatRows
from sonoteca.match.fit import SHIFTS
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import default_weights

# Of what a placement is worth by itself, in parts of 1.
_TEMPO, _PITCH, _ROLE = 0.4, 0.4, 0.2
_CUT_COSTS, _FAULT_COSTS, _SEMITONE_COSTS = 0.1, 0.1, 0.05
_RELATIVE_COSTS = 0.4
# A second shift is kept if it is nearly as good as the first.
_AS_GOOD = 0.08
# At least this near to the key asked for (itself or its relative: the same notes), where a loop's own key is believed.
_NEAR_KEY, _BELIEVED = 0.9, 0.5
# Notes of a key by weight, from the tonic: the scale, and of it the triad.
_MAJOR = (3.0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0, 2.5, 0.0, 1.0, 0.0, 1.0)
_MINOR = (3.0, 0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 2.5, 1.0, 0.0, 1.0, 0.3)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits say what may be done to a loop: the share by which its tempo changes, and semitones."""

    stretch: float = 0.25
    shift: int = 6


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which of n loops reach a grid, and if not, at which step they fail; bool (n,) each, one within the next."""

    in_meter: NDArray[np.bool_]
    in_tempo: NDArray[np.bool_]
    in_key: NDArray[np.bool_]
    # The stretch each would need, as a share; NaN out of meter.
    stretch: NDArray[np.float64]
    # The smallest shift that brings it near the key; NaN where none does or none is needed to be known.
    shift: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Placements:
    """A table of m placements.

    Attributes
    ----------
    loops : Loops
        Of each placement its loop (m of them; a loop with two placements is there twice).
    tempo_ratio, pass_bars : float64 (m,)
        As in ``Clip``: one pass of the span fills ``pass_bars`` bars of the grid.
    level : float64 (m,)
        Beats of the loop per beat of the grid: 2 in double time, 0.5 in half time.
    semitone_shift : int64 (m,)
    worth : float64 (m,)
        How willingly it is placed, 0..1, whatever plays with it.
    """

    loops: Loops
    tempo_ratio: NDArray[np.float64]
    pass_bars: NDArray[np.float64]
    level: NDArray[np.float64]
    semitone_shift: NDArray[np.int64]
    worth: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.tempo_ratio)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Placements:
        at = np.asarray(indices, np.int64)
        return Placements(
            self.loops.take(at),
            self.tempo_ratio[at],
            self.pass_bars[at],
            self.level[at],
            self.semitone_shift[at],
            self.worth[at],
        )

    def joined(self, other: Placements) -> Placements:
        """These, then the others."""
        return Placements(
            self.loops.joined(other.loops),
            np.concatenate([self.tempo_ratio, other.tempo_ratio]),
            np.concatenate([self.pass_bars, other.pass_bars]),
            np.concatenate([self.level, other.level]),
            np.concatenate([self.semitone_shift, other.semitone_shift]),
            np.concatenate([self.worth, other.worth]),
        )

    def as_they_sound(self) -> RegionTable:
        """Make the region table of the loops after stretch and shift, to be matched as it is."""
        regions, shift = self.loops.regions, self.semitone_shift
        return replace(
            regions,
            tempo_bpm=self.loops.tempo_bpm * self.tempo_ratio,
            beat_s=regions.beat_s / self.tempo_ratio,
            chroma=_shifted(regions.chroma, shift),
            key_number=transposed_key_numbers(regions.key_number, shift.astype(np.float64)),
            notes=_shifted_notes(regions.notes, shift),
        )


def _shifted(rows: NDArray[Any], shift: NDArray[np.int64]) -> NDArray[Any]:
    """Move each row of twelve pitch classes up by its shift."""
    at = (np.arange(12)[None, :] - shift[:, None]) % 12
    return np.asarray(np.take_along_axis(rows, at, axis=1))


def _shifted_notes(notes: BeatRows, shift: NDArray[np.int64]) -> BeatRows:
    at = (np.arange(12)[None, :] - shift[:, None]) % 12
    groups = 12 * np.arange(N_NOTES // 12)
    columns = (groups[None, :, None] + at[:, None, :]).reshape(len(shift), 1, N_NOTES)
    return BeatRows.of_padded(np.take_along_axis(notes.padded(), columns, axis=2), notes.lengths)


def place(loops: Loops, grid: Grid, limits: Limits) -> tuple[Placements, Reach]:
    """Find every way in which these loops can stand on a grid within the limits, and why the others cannot."""
    fit = fit_tempo(grid.tempo_bpm, loops.tempo_bpm)
    pass_bars = loops.bars * loops.beats_per_bar / fit.level / grid.beats_per_bar
    ratio = (loops.end_s - loops.start_s) / (pass_bars * grid.bar_s)
    in_meter = loops.beats_per_bar == grid.beats_per_bar
    stretch = np.where(in_meter, np.abs(ratio - 1.0), np.nan)
    in_tempo = in_meter & (np.nan_to_num(stretch, nan=np.inf) <= limits.stretch + 1e-9)
    by_shift, allowed = _pitch_scores(loops, grid.key)
    nearest = np.where(allowed, np.abs(SHIFTS)[None, :], 99).min(axis=1, initial=99)
    in_key = in_tempo & (nearest <= limits.shift)
    shift_needed = np.where((nearest > 0) & (nearest < 99), nearest, np.nan)
    by_shift = np.where(allowed & (np.abs(SHIFTS)[None, :] <= limits.shift), by_shift, -np.inf)
    chosen: list[tuple[int, int]] = []
    for i in np.flatnonzero(in_key).tolist():
        order = np.argsort(-by_shift[i], kind="stable")[:2]
        chosen += [(i, int(at)) for at in order if by_shift[i, at] >= by_shift[i, order[0]] - _AS_GOOD]
    at = np.array([i for i, _ in chosen], np.int64)
    pitch = np.array([by_shift[i, number] for i, number in chosen], np.float64)
    shift = SHIFTS[np.array([number for _, number in chosen], np.int64)]
    placements = Placements(
        loops=loops.take(at),
        tempo_ratio=ratio[at],
        pass_bars=pass_bars[at],
        level=fit.level[at],
        semitone_shift=shift,
        worth=_worth(loops.take(at), ratio[at], pitch),
    )
    return placements, Reach(in_meter, in_tempo, in_key, stretch, shift_needed)


def clip_of(
    placements: Placements,
    number: int,
    *,
    start_bar: float,
    bars: float,
    true_peak_dbtp: float | None,
    score: float | None,
    reasons: tuple[str, ...],
) -> Clip:
    """Make a placement a clip, at the loudness of its role."""
    loops = placements.loops
    loudness = float(loops.regions.loudness_lufs[number])
    return Clip(
        role=loops.roles[number],
        content_hash=loops.regions.content_hashes[number],
        start_s=float(loops.start_s[number]),
        end_s=float(loops.end_s[number]),
        start_bar=float(start_bar),
        bars=float(bars),
        tempo_ratio=float(placements.tempo_ratio[number]),
        semitone_shift=int(placements.semitone_shift[number]),
        gain_db=clip_gain_db(loops.roles[number], loudness if np.isfinite(loudness) else None, true_peak_dbtp),
        score=score,
        reasons=reasons,
    )


def placements_of_clips(loops: Loops, clips: Sequence[Clip]) -> Placements | None:
    """Read clips as they were placed, in their order, without those whose sound is gone; None if none is left."""
    rows = {content_hash: row for row, content_hash in reversed(list(enumerate(loops.regions.content_hashes)))}
    there = [clip for clip in clips if clip.content_hash in rows]
    if not there:
        return None
    numbers = [rows[clip.content_hash] for clip in there]
    return Placements(
        loops=replace(loops.take(numbers), roles=tuple(clip.role for clip in there)),
        tempo_ratio=np.array([clip.tempo_ratio for clip in there]),
        pass_bars=np.ones(len(there)),
        level=np.ones(len(there)),
        semitone_shift=np.array([clip.semitone_shift for clip in there], np.int64),
        worth=np.zeros(len(there)),
    )


def _worth(loops: Loops, ratio: NDArray[np.float64], pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    regions = loops.regions
    numbers = np.array([ROLES.index(role) for role in loops.roles], np.int64)
    role = np.nan_to_num(regions.roles[np.arange(len(loops)), numbers])
    worth = _TEMPO * ease_of_stretch(ratio) + _PITCH * pitch + _ROLE * role
    return np.asarray(worth - _CUT_COSTS * loops.is_cut - _FAULT_COSTS * (regions.clipped | regions.noisy))


def _pitch_scores(loops: Loops, key: Key | None) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weigh how well each loop suits the key at each of ``SHIFTS``, and which shifts bring it near, shape (n, 12).

    What has no pitch, or a piece without a key, suits as it is and is not shifted.
    """
    n = len(loops)
    regions = loops.regions
    tonal = np.array([is_tonal(role) for role in loops.roles], np.bool_)
    scores = np.tile(np.where(SHIFTS == 0, 1.0, -np.inf), (n, 1))
    allowed = np.tile(SHIFTS == 0, (n, 1))
    if key is None or not tonal.any():
        return scores, allowed
    by_key = key_axis(float(key.number), regions.key_number, default_weights().key)
    by_notes = _note_scores(key, regions.chroma)
    sure = np.nan_to_num(regions.key_confidence, nan=0.5)[:, None] * np.isfinite(by_key)
    heard = (~np.isnan(by_notes)).astype(np.float64)
    # All in the relative, the piece would be in that key and not in the one asked for.
    suits = np.nan_to_num(by_key) - np.where(by_key < 1.0, _RELATIVE_COSTS, 0.0)
    total = (sure * suits + heard * np.nan_to_num(by_notes)) / np.maximum(sure + heard, 1e-9)
    believed = tonal & (np.nan_to_num(regions.key_confidence, nan=0.0) >= _BELIEVED) & np.isfinite(regions.key_number)
    near = np.where(believed[:, None], np.nan_to_num(by_key) >= _NEAR_KEY, True)
    # Neither key nor notes: nothing says how to shift it.
    pitched = tonal & (np.isfinite(by_key[:, 0]) | (heard[:, 0] > 0))
    scores[pitched] = (total - _SEMITONE_COSTS * np.abs(SHIFTS)[None, :])[pitched]
    allowed[pitched] = near[pitched]
    return scores, allowed


def _note_scores(key: Key, chroma: NDArray[np.float32]) -> NDArray[np.float64]:
    """Weigh how well each row of pitch classes suits a key after each of ``SHIFTS``, 0..1, shape (n, 12); NaN where it is.

    The correlation with the key's notes, as in Krumhansl, "Cognitive Foundations of Musical Pitch", 1990; none is 0.5.
    """
    wanted = np.stack([np.roll(key_notes(key), -int(shift)) for shift in SHIFTS]).astype(np.float64)
    rows = [each - each.mean(axis=1, keepdims=True) for each in (chroma.astype(np.float64), wanted)]
    one, other = (each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-9) for each in rows)
    return np.asarray(0.5 + 0.5 * one @ other.T)


def key_notes(key: Key) -> NDArray[np.float32]:
    """Weigh the pitch classes of a key, sum 1: the scale, with the triad above it, float32 (12,)."""
    weights = np.roll(np.array(_MAJOR if key.mode == "major" else _MINOR, np.float32), key.tonic)
    return np.asarray(weights / weights.sum(), np.float32)


def draw(random_seed: int, loops: Loops) -> NDArray[np.float64]:
    """Draw a number 0..1 per loop that looks random, the same for the same seed and content on every machine."""
    return np.array(
        [
            int.from_bytes(hashlib.sha256(f"{random_seed} {each} {start_s}".encode()).digest()[:6]) / 2.0**48
            for each, start_s in zip(loops.regions.content_hashes, loops.start_s.tolist(), strict=True)
        ],
        np.float64,
    )
