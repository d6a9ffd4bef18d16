"""The gate decides before ranking who is rejected and whose score is capped, and says why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.vocabulary import Role
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import Weights

PASS, CAPPED, REJECTED = 0, 1, 2
STATUS_NAMES = ("pass", "capped", "rejected")
# Below this chance of being tonal, pitch says nothing.
TONAL = 0.3
_SURE_KEY = 0.7
_UNSURE_TEMPO = 0.5
_WIDE_STRETCH = 0.12
_WIDE_SHIFT = 4
_FAR_KEY_SCORE = 0.2
# Effects and voices that are asked for come in where they like.
_ON_BARS = [ROLES.index(role) for role in (Role.DRUMS, Role.BASS, Role.HARMONY, Role.MELODY, Role.MIX)]


def find_rejections(
    candidates: RegionTable,
    tempo_ratio: NDArray[np.float64],
    judged_as: NDArray[np.int64],
    weights: Weights,
) -> dict[str, NDArray[np.bool_]]:
    """Mark candidates that failed, are silent, play an other_role or need too far a stretch, bool (n,) each."""
    rows = np.arange(len(candidates))
    role_score = candidates.roles[rows, np.maximum(judged_as, 0)]
    # What has bars may play any role as long as nobody knows which, but only what has no pitch plays drums.
    is_tonal = np.nan_to_num(candidates.tonality) >= TONAL
    fits_unknown = (candidates.n_beats > 0) & (is_tonal != (judged_as == ROLES.index(Role.DRUMS)))
    playable = np.where(np.isfinite(role_score), role_score >= weights.gate.least_role_score, fits_unknown)
    stretch = np.abs(np.nan_to_num(tempo_ratio, nan=1.0) - 1.0)
    return {
        "failed": candidates.failed,
        "silent": ~candidates.failed & is_silent(candidates),
        "other_role": (judged_as < 0) | ~playable,
        "stretch": stretch > weights.gate.widest_stretch,
    }


def is_silent(table: RegionTable) -> NDArray[np.bool_]:
    """Mark regions where nothing was ever loud enough to be measured, nor began to sound, bool (n,)."""
    return np.asarray(~np.isfinite(table.loudness_lufs) & ~(table.onset_density > 0), np.bool_)


def find_flags(
    one: RegionTable,
    candidates: RegionTable,
    tempo_ratio: NDArray[np.float64],
    tempo_level: NDArray[np.float64],
    semitones: NDArray[np.int64],
    axes: Mapping[str, NDArray[np.float32]],
    judged_as: NDArray[np.int64],
    *,
    is_role_asked: bool,
) -> dict[str, NDArray[np.bool_]]:
    """Mark, per flag in ``weights.FLAGS``, the candidates that have it, bool (n,) each.

    Who asks for what goes with bars, and for no role, asks for what has bars: a single effect or shout comes after it.
    """
    is_loop = np.array([kind == "loop" for kind in candidates.kinds], np.bool_)
    sure = (candidates.key_confidence > _SURE_KEY) & (one.key_confidence[0] > _SURE_KEY)
    return {
        "clipped": candidates.clipped,
        "noisy": candidates.noisy,
        "low_confidence": candidates.tempo_confidence < _UNSURE_TEMPO,
        "no_bars": (candidates.n_beats == 0)
        & bool(one.n_beats[0])
        & (np.isin(judged_as, _ON_BARS) | (not is_role_asked)),
        "other_meter": _has_other_meter(one, candidates, tempo_ratio, tempo_level)
        & (judged_as != ROLES.index(Role.FX)),
        "truncated_bar": is_loop & (candidates.n_beats > 0) & ~candidates.fills,
        "wide_stretch": np.abs(np.nan_to_num(tempo_ratio, nan=1.0) - 1.0) > _WIDE_STRETCH,
        "wide_shift": np.abs(semitones) > _WIDE_SHIFT,
        "far_key": sure & (np.nan_to_num(axes["key"], nan=1.0) < _FAR_KEY_SCORE),
        "unsure_role": (judged_as >= 0) & (candidates.best_roles() != judged_as),
    }


def _has_other_meter(
    one: RegionTable,
    candidates: RegionTable,
    tempo_ratio: NDArray[np.float64],
    tempo_level: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Mark candidates whose bars are known to have another count of beats, bool (n,); beside a hum bars do not count."""
    mine, others = float(one.beats_per_bar[0]), candidates.beats_per_bar
    known = np.isfinite(mine) & np.isfinite(others) & np.isfinite(tempo_ratio)
    # Two beats of half the tempo last as long as four: such a bar is the same bar, felt otherwise. A level between
    # the powers of two believes the lengths, not the beats, and makes no bar of three one of four.
    felt = 2.0 ** np.round(np.log2(tempo_level, where=known, out=np.zeros(len(others))))
    return np.asarray(known & (others != mine) & (others != mine * felt), np.bool_)


def gate(
    flags: Mapping[str, NDArray[np.bool_]],
    rejections: Mapping[str, NDArray[np.bool_]],
    weights: Weights,
    *,
    strict: bool,
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Turn flags and rejections into a status (n,) and the highest total (n,) that they allow."""
    n = len(next(iter(rejections.values())))
    ceiling = np.ones(n)
    flagged = np.zeros(n, np.bool_)
    for name, found in flags.items():
        cap = getattr(weights.caps, name)
        ceiling = np.where(found, np.minimum(ceiling, cap), ceiling)
        flagged |= found & (cap < 1.0)
    status = np.where(flagged, REJECTED if strict else CAPPED, PASS).astype(np.int8)
    for found in rejections.values():
        status[found] = REJECTED
    return status, ceiling
