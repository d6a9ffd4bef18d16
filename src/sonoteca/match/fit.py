"""A fit judges n candidates against one region: every axis, the movement that serves best, and the score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import NOTE_GROUPS
from sonoteca.domain.music import wrapped_shift
from sonoteca.domain.vocabulary import Role
from sonoteca.match.alignment import (
    TempoFit,
    common_units,
    fit_lengths,
    fit_tempo,
    groups,
    notes_in_units,
    onsets_in_units,
)
from sonoteca.match.axes import (
    chord_axis,
    energy_axis,
    interval_axis,
    key_axis,
    length_penalty,
    rhythm_axis,
    swing_of_pairs,
    tempo_axis,
    tempo_sameness,
    tensor_axis,
    unknown,
)
from sonoteca.match.gate import CAPPED, REJECTED, TONAL, find_flags, find_rejections, gate
from sonoteca.match.profiles import DRUMS, PARTS, pitch_profile, rhythm_profile
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import AXES, Formula, Weights

# Semitones by which a candidate is moved, for the pitch class shifts 0..11.
SHIFTS = np.array([wrapped_shift(each) for each in range(12)])
_HARMONIC = ("interval", "chord", "key")


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """How well each of n candidates fits one region, and how it has to be moved.

    Attributes
    ----------
    axes : mapping of str to float32 (n,)
        Each of ``AXES``, 0..1, NaN where evidence is missing. What is rejected is not compared.
    total, uncapped : float32 (n,)
        Score 0..1 after and before the caps; NaN for what is rejected or has no axis at all.
    cost : float64 (n,)
        What moving the candidate costs, in units of the weighted mean.
    tempo_ratio : float64 (n,)
        The candidate's tempo is multiplied by it; NaN where a tempo is unknown.
    tempo_level : float64 (n,)
        Beats of the candidate per beat of the query: 2 in double time, 0.5 in half time.
    semitone_shift : int64 (n,)
        To apply to the candidate, -5..6.
    gating : int8 (n,)
        ``gate.PASS``, ``CAPPED`` or ``REJECTED``.
    flags : mapping of str to bool (n,)
        Each of ``weights.FLAGS``.
    rejections : mapping of str to bool (n,)
        Why a candidate cannot be used at all.
    roles : int64 (n,)
        Number in ``region_table.ROLES`` of the role in which the candidate was judged, -1 for none.
    """

    axes: Mapping[str, NDArray[np.float32]]
    total: NDArray[np.float32]
    uncapped: NDArray[np.float32]
    cost: NDArray[np.float64]
    tempo_ratio: NDArray[np.float64]
    tempo_level: NDArray[np.float64]
    semitone_shift: NDArray[np.int64]
    gating: NDArray[np.int8]
    flags: Mapping[str, NDArray[np.bool_]]
    rejections: Mapping[str, NDArray[np.bool_]]
    roles: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.total)

    def best(self, k: int) -> NDArray[np.int64]:
        """Number the best ``k`` that are not rejected, best first; under one cap the better uncapped, then the earlier."""
        usable = np.flatnonzero((self.gating != REJECTED) & np.isfinite(self.total))
        order = np.lexsort((-self.uncapped[usable], -self.total[usable]))
        return usable[order[:k]]


def fit(
    one: RegionTable,
    candidates: RegionTable,
    weights: Weights,
    *,
    role: Role | None = None,
    strict: bool = False,
    hum: bool = False,
    still: bool = False,
) -> Fits:
    """Judge every candidate against one region.

    Parameters
    ----------
    one : RegionTable
        Of a single region: what the candidates have to go with.
    candidates : RegionTable
    weights : Weights
    role : Role, optional
        The role that a candidate shall play; by default its most probable one.
    strict : bool
        Reject where a flag would only cap the score.
    hum : bool
        ``one`` is a hummed tune: its tempo, rhythm and timbre say nothing.
    still : bool
        Judge the candidates as they are: they were moved before, so no shift is looked for and none is charged.
    """
    if len(one) != 1:
        raise ValueError(f"candidates are judged against one region, not {len(one)}")
    n = len(candidates)
    query_bpm = float("nan") if hum else float(one.tempo_bpm[0])
    tempo = fit_tempo(query_bpm, candidates.tempo_bpm)
    tempo = tempo if hum else fit_lengths(one, candidates, tempo)
    judged_as = candidates.best_roles() if role is None else np.full(n, ROLES.index(role))
    # What cannot be used in any case is not compared: it is most of a large library.
    rejections = find_rejections(candidates, tempo.ratio, judged_as, weights)
    usable = ~np.logical_or.reduce(list(rejections.values()))
    by_shift = _harmony(one, candidates, tempo, judged_as, usable, weights)
    formulas = {
        number: weights.hum.formula if hum else weights.roles[ROLES[number]]
        for number in np.unique(judged_as)
        if number >= 0
    }
    rows = np.arange(n)
    shift = np.zeros(n, np.int64) if still else _best_shift(by_shift, judged_as, formulas, tempo.ratio, weights)
    axes: dict[str, NDArray[np.float32]] = {name: by_shift[name][rows, shift] for name in _HARMONIC}
    axes["tempo"] = tempo_axis(tempo.ratio)
    axes["rhythm"] = unknown(n) if hum else _rhythm(one, candidates, tempo, judged_as, usable)
    axes["tensor"] = unknown(n) if hum else tensor_axis(one, candidates)
    axes["energy"] = unknown(n) if hum else energy_axis(one, candidates)
    axes["role_confidence"] = np.where(judged_as >= 0, candidates.roles[rows, np.maximum(judged_as, 0)], np.nan).astype(
        np.float32
    )
    axes = {name: axes[name] for name in AXES}
    semitones = SHIFTS[shift]
    cost = np.zeros(n) if still else moving_cost(tempo.ratio, semitones, weights)
    uncapped = np.full(n, np.nan, np.float32)
    for number, formula in formulas.items():
        chosen = judged_as == number
        uncapped[chosen] = _total({name: axes[name][chosen] for name in AXES}, formula, cost[chosen])
    uncapped[~usable] = np.nan
    flags = find_flags(
        one, candidates, tempo.ratio, tempo.level, semitones, axes, judged_as, is_role_asked=role is not None or hum
    )
    rejections["shift"] = np.abs(semitones) > weights.gate.widest_shift
    gating, ceiling = gate(flags, rejections, weights, strict=strict)
    total = np.where(gating == CAPPED, np.minimum(uncapped, ceiling), uncapped).astype(np.float32)
    return Fits(axes, total, uncapped, cost, tempo.ratio, tempo.level, semitones, gating, flags, rejections, judged_as)


def _harmony(
    one: RegionTable,
    candidates: RegionTable,
    tempo: TempoFit,
    judged_as: NDArray[np.int64],
    usable: NDArray[np.bool_],
    weights: Weights,
) -> dict[str, NDArray[np.float32]]:
    """The three harmonic axes for all twelve shifts, shape (n, 12) each; NaN for drums and what has no pitch."""
    n = len(candidates)
    by_shift = {name: np.full((n, 12), np.nan, np.float32) for name in _HARMONIC}
    query_part = part_of(int(one.best_roles()[0]))
    if query_part == DRUMS or one.tonality[0] < TONAL:
        return by_shift
    group_of_query = note_group_of(query_part)
    for part, chosen in _by_part(judged_as, usable):
        if part == DRUMS:
            continue
        by_shift["key"][chosen] = key_axis(float(one.key_number[0]), candidates.key_number[chosen], weights.key)
        profile = pitch_profile(query_part, part)
        by_shift["interval"][chosen] = interval_axis(
            mean_notes(one, np.array([0]), group_of_query)[0],
            mean_notes(candidates, chosen, note_group_of(part)),
            profile.content,
        )
        for group in groups(candidates.n_beats[chosen], tempo.level[chosen]) if one.n_beats[0] else ():
            n_units = common_units(int(one.n_beats[0]), group)
            at = chosen[group.at]
            by_shift["chord"][at] = chord_axis(
                notes_in_units(one, np.array([0]), int(one.n_beats[0]), 1.0, n_units, group_of_query)[0],
                notes_in_units(candidates, at, group.beats, group.level, n_units, note_group_of(part)),
                profile.changes,
            )
    for scores in by_shift.values():
        scores[candidates.tonality < TONAL] = np.nan
    return by_shift


def part_of(role: int) -> str:
    """Name the part as which a role (a number in ``ROLES``, -1: unknown) is compared."""
    return PARTS[ROLES[role]] if role >= 0 else PARTS[Role.MIX]


def _by_part(judged_as: NDArray[np.int64], usable: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Numbers of the usable candidates that are compared as each part."""
    parts = np.array([part_of(role) for role in range(-1, len(ROLES))])[judged_as + 1]
    for part in np.unique(parts[usable]).tolist():
        yield part, np.flatnonzero((parts == part) & usable)


def note_group_of(part: str) -> int:
    """Choose which notes of a part count: of a bass the lowest, of all others what sounds."""
    return NOTE_GROUPS.index("lowest" if part == "bass" else "all")


def mean_notes(table: RegionTable, at: NDArray[np.int64], note_group: int) -> NDArray[np.float32]:
    """Average the pitch classes of regions, (len(at), 12), over their beats where there are any, else over the whole."""
    rows = table.notes.padded(at)[:, :, 12 * note_group : 12 * note_group + 12]
    n_beats = table.n_beats[at, None]
    mean = rows.sum(axis=1, dtype=np.float32) / np.maximum(n_beats, 1)
    return np.asarray(np.where(n_beats > 0, mean, table.chroma[at]), np.float32)


def _rhythm(
    one: RegionTable,
    candidates: RegionTable,
    tempo: TempoFit,
    judged_as: NDArray[np.int64],
    usable: NDArray[np.bool_],
) -> NDArray[np.float32]:
    scores = unknown(len(candidates))
    beats = int(one.n_beats[0])
    if not beats:
        return scores
    query_part = part_of(int(one.best_roles()[0]))
    per_bar = int(one.profile_beats_per_bar[0])
    for part, chosen in _by_part(judged_as, usable):
        profile = rhythm_profile(query_part, part)
        for group in groups(candidates.n_beats[chosen], tempo.level[chosen]):
            n_units = common_units(beats, group)
            at = chosen[group.at]
            found = rhythm_axis(
                onsets_in_units(one, np.array([0]), beats, 1.0, n_units)[0],
                onsets_in_units(candidates, at, group.beats, group.level, n_units),
                profile,
                beats_per_bar=per_bar,
                beside=swing_of_pairs(one, candidates, at, group.level)
                - np.where(candidates.fills[at] & one.fills[0], length_penalty(beats, group.beats / group.level), 0.0),
            )
            scores[at] = found
    return scores


def _best_shift(
    by_shift: Mapping[str, NDArray[np.float32]],
    judged_as: NDArray[np.int64],
    formulas: Mapping[int, Formula],
    tempo_ratio: NDArray[np.float64],
    weights: Weights,
) -> NDArray[np.int64]:
    """Number of the shift (0..11) that serves the harmonic axes best after its cost; 0 where they are missing."""
    n = len(judged_as)
    gain = np.zeros((n, 12), np.float32)
    for number, formula in formulas.items():
        chosen = judged_as == number
        total = sum(formula.axes.values())
        for name in _HARMONIC:
            gain[chosen] += formula.axes[name] / total * np.nan_to_num(by_shift[name][chosen])
    gain -= moving_cost(tempo_ratio[:, None], SHIFTS[None, :], weights).astype(np.float32)
    return np.asarray(np.argmax(gain, axis=1), np.int64)


def moving_cost(
    tempo_ratio: NDArray[np.float64], semitones: NDArray[np.int64], weights: Weights
) -> NDArray[np.float64]:
    """Say what it costs to move candidates so, in units of the weighted mean; shapes broadcast.

    Parts that were made together need no movement at all, which says more than that little is needed.
    """
    untouched = tempo_sameness(tempo_ratio) * (semitones == 0)
    return np.asarray(weights.cost.moved * (1.0 - untouched) + weights.cost.per_semitone * np.abs(semitones))


def _total(axes: Mapping[str, NDArray[np.float32]], formula: Formula, cost: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores 0..1; an axis that is missing says neither yes nor no, so that little evidence stays near 0.5."""
    weighted = np.zeros(len(cost))
    present = np.zeros(len(cost))
    for name, weight in formula.axes.items():
        known = np.isfinite(axes[name])
        weighted += np.where(known, weight * np.nan_to_num(axes[name]), 0.0)
        present += weight * known
    mean = weighted / np.where(present > 0, present, np.nan) - cost
    share = present / sum(formula.axes.values())
    return np.asarray(1.0 / (1.0 + np.exp(-formula.slope * share * (mean - formula.middle))), np.float32)
