"""One region against n candidates: every axis, the movement that serves them best, and the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import wrapped_shift
from sonoteca.domain.vocabulary import Role
from sonoteca.match.alignment import TempoFit, fit_tempo, groups
from sonoteca.match.chord import chord_scores
from sonoteca.match.evidence import ROLES, Evidence
from sonoteca.match.gate import CAPPED, REJECTED, find_flags, find_rejections, gate
from sonoteca.match.interval import interval_scores
from sonoteca.match.key import key_scores
from sonoteca.match.rhythm import rhythm_scores
from sonoteca.match.tempo import tempo_scores
from sonoteca.match.weights import AXES, Formula, Weights

# Semitones by which a candidate is moved, for the pitch class shifts 0..11.
SHIFTS = np.array([wrapped_shift(each) for each in range(12)])
_HARMONIC = ("interval", "chord", "key")


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """How each of n candidates fits.

    Attributes
    ----------
    axes : mapping of str to float32 (n,)
        Each of ``AXES``, 0..1, NaN where evidence is missing.
    total, uncapped : float32 (n,)
        Score 0..1 after and before the caps; NaN where every axis is missing.
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
        Number in ``evidence.ROLES`` of the role in which the candidate was judged, -1 for none.
    """

    axes: Mapping[str, NDArray[np.float32]]
    total: NDArray[np.float32]
    uncapped: NDArray[np.float32]
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
        """Numbers of the best ``k`` that are not rejected, best first; at equal scores the earlier."""
        usable = np.flatnonzero((self.gating != REJECTED) & np.isfinite(self.total))
        order = np.argsort(-self.total[usable], kind="stable")
        return usable[order[:k]]


def fit(
    one: Evidence,
    candidates: Evidence,
    weights: Weights,
    *,
    role: Role | None = None,
    strict: bool = False,
    hum: bool = False,
) -> Fits:
    """Judge every candidate against one region.

    Parameters
    ----------
    one : Evidence
        Of a single region: what the candidates have to go with.
    candidates : Evidence
    weights : Weights
    role : Role, optional
        The role that a candidate shall play; by default its most probable one.
    strict : bool
        Reject where a flag would only cap the score.
    hum : bool
        ``one`` is a hummed tune: its tempo, rhythm and timbre say nothing.
    """
    if len(one) != 1:
        raise ValueError(f"candidates are judged against one region, not {len(one)}")
    n = len(candidates)
    query_bpm = float("nan") if hum else float(one.tempo_bpm[0])
    tempo = fit_tempo(query_bpm, candidates.tempo_bpm)
    judged_as = candidates.best_roles() if role is None else np.full(n, ROLES.index(role))
    by_shift = _harmony(one, candidates, tempo)
    formulas = {
        number: weights.hum if hum else weights.roles[ROLES[number]] for number in np.unique(judged_as) if number >= 0
    }
    shift = _best_shift(by_shift, judged_as, formulas, weights)
    rows = np.arange(n)
    axes: dict[str, NDArray[np.float32]] = {name: by_shift[name][rows, shift] for name in _HARMONIC}
    axes["tempo"] = tempo_scores(tempo.ratio)
    axes["rhythm"] = np.full(n, np.nan, np.float32) if hum else _rhythm(one, candidates, tempo)
    axes["tensor"] = np.full(n, np.nan, np.float32) if hum else _tensor(one, candidates)
    axes["energy"] = _energy(one, candidates) if not hum else np.full(n, np.nan, np.float32)
    axes["role_confidence"] = np.where(judged_as >= 0, candidates.roles[rows, np.maximum(judged_as, 0)], np.nan).astype(
        np.float32
    )
    axes = {name: axes[name] for name in AXES}
    semitones = SHIFTS[shift]
    uncapped = np.full(n, np.nan, np.float32)
    for number, formula in formulas.items():
        chosen = judged_as == number
        uncapped[chosen] = _total({name: axes[name][chosen] for name in AXES}, formula, semitones[chosen], weights)
    flags = find_flags(one, candidates, tempo.ratio, semitones, axes, judged_as)
    rejections = find_rejections(candidates, tempo.ratio, semitones, judged_as, weights)
    gating, ceiling = gate(flags, rejections, weights, strict=strict)
    total = np.where(gating == CAPPED, np.minimum(uncapped, ceiling), uncapped).astype(np.float32)
    return Fits(axes, total, uncapped, tempo.ratio, tempo.level, semitones, gating, flags, rejections, judged_as)


def _harmony(one: Evidence, candidates: Evidence, tempo: TempoFit) -> dict[str, NDArray[np.float32]]:
    """The three harmonic axes for all twelve shifts, shape (n, 12) each."""
    n = len(candidates)
    tonal = ~_is_drums(candidates)
    by_shift = {name: np.full((n, 12), np.nan, np.float32) for name in _HARMONIC}
    if _is_drums(one)[0]:
        return by_shift
    by_shift["interval"] = interval_scores(one.chroma[0], candidates.chroma)
    by_shift["key"] = key_scores(float(one.key_number[0]), candidates.key_number)
    if one.n_beats[0]:
        for group in groups(candidates, tempo.level):
            by_shift["chord"][group.at] = chord_scores(one, candidates, group)
    for scores in by_shift.values():
        scores[~tonal] = np.nan
    return by_shift


def _is_drums(evidence: Evidence) -> NDArray[np.bool_]:
    """Regions whose pitch says nothing about a piece."""
    return np.asarray((evidence.best_roles() == ROLES.index(Role.DRUMS)) | (evidence.tonality < 0.3), np.bool_)


def _rhythm(one: Evidence, candidates: Evidence, tempo: TempoFit) -> NDArray[np.float32]:
    scores = np.full(len(candidates), np.nan, np.float32)
    if one.n_beats[0]:
        for group in groups(candidates, tempo.level):
            scores[group.at] = rhythm_scores(one, candidates, group)
    return scores


def _tensor(one: Evidence, candidates: Evidence) -> NDArray[np.float32]:
    if one.space_id is None or one.space_id != candidates.space_id:
        return np.full(len(candidates), np.nan, np.float32)
    cosine = candidates.vectors @ one.vectors[0]
    return np.asarray(np.clip(0.5 + 0.5 * cosine, 0.0, 1.0), np.float32)


def _energy(one: Evidence, candidates: Evidence) -> NDArray[np.float32]:
    """1 for equal energy levels, 0 for the quietest against the wildest."""
    return np.asarray(1.0 - np.abs(candidates.energy_level - one.energy_level[0]) / 9.0, np.float32)


def _best_shift(
    by_shift: Mapping[str, NDArray[np.float32]],
    judged_as: NDArray[np.int64],
    formulas: Mapping[int, Formula],
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
    gain -= _shift_cost(SHIFTS, weights)[None, :].astype(np.float32)
    return np.asarray(np.argmax(gain, axis=1), np.int64)


def _shift_cost(semitones: NDArray[np.int64], weights: Weights) -> NDArray[np.float64]:
    distance = np.abs(semitones)
    return weights.cost["shifted"] * (distance > 0) + weights.cost["per_semitone"] * distance


def _total(
    axes: Mapping[str, NDArray[np.float32]], formula: Formula, semitones: NDArray[np.int64], weights: Weights
) -> NDArray[np.float32]:
    weighted = np.zeros(len(semitones))
    present = np.zeros(len(semitones))
    for name, weight in formula.axes.items():
        known = np.isfinite(axes[name])
        weighted += np.where(known, weight * np.nan_to_num(axes[name]), 0.0)
        present += weight * known
    mean = weighted / np.where(present > 0, present, np.nan) - _shift_cost(semitones, weights)
    return np.asarray(1.0 / (1.0 + np.exp(-formula.slope * (mean - formula.middle))), np.float32)
