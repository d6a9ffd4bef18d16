"""The grid that an arrangement stands on is asked for, taken from the seed, or what suits most of the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.choose.loops import Loops
from sonoteca.domain.music import N_KEYS, Key
from sonoteca.domain.vocabulary import Role
from sonoteca.match.alignment import TempoFit, fit_tempo
from sonoteca.match.axes import key_axis
from sonoteca.match.weights import default_weights

DEFAULT_BEATS_PER_BAR = 4
# Tempi that are tried where none is asked for: those that loops are made at.
_TEMPI = np.arange(60.0, 181.0)
# DJs and stretchers bear a few percent without remark.
_HALF_AT_PERCENT = 7.0
_UNPITCHED = (Role.DRUMS, Role.FX)


@dataclass(frozen=True, slots=True)
class Grid:
    """Tempo in felt beats per minute, felt beats per bar, and the key that tonal loops are shifted to."""

    tempo_bpm: float
    beats_per_bar: int
    key: Key | None

    @property
    def bar_s(self) -> float:
        return 60.0 * self.beats_per_bar / self.tempo_bpm


@dataclass(frozen=True, slots=True)
class GroundedGrid:
    """A grid, and a sentence for each part of it that nobody asked for."""

    grid: Grid
    notes: tuple[str, ...]


def is_tonal(role: str) -> bool:
    """Tell whether a role has to be in the key.

    >>> is_tonal("drums"), is_tonal("bass")
    (False, True)
    """
    return role not in _UNPITCHED


def ease_of_stretch(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh how little a change of tempo is heard, 1 for none, 0.5 at 7 %; the same for faster and slower by one factor.

    Not the match's axis of tempo, which asks how likely two loops were made for each other.

    >>> ease_of_stretch(np.array([1.0, 1.07, 1 / 1.07])).round(2).tolist()
    [1.0, 0.52, 0.52]
    """
    percent = 100.0 * np.log(ratio)
    return np.asarray(1.0 / (1.0 + np.square(percent / _HALF_AT_PERCENT)))


def find_grid(
    loops: Loops,
    roles: Sequence[Role],
    *,
    tempo_bpm: float | None = None,
    key: Key | None = None,
    beats_per_bar: int | None = None,
    seed: int | None = None,
) -> GroundedGrid:
    """Find the grid for an arrangement of these roles.

    Parameters
    ----------
    loops : Loops
        All that may be used.
    roles : sequence of Role
    tempo_bpm, key, beats_per_bar : optional
        Asked for.
    seed : int, optional
        Number of the loop whose tempo, key and meter hold where none is asked for.
    """
    notes: list[str] = []
    if beats_per_bar is None:
        beats_per_bar = _commonest_meter(loops) if seed is None else int(loops.beats_per_bar[seed])
        if beats_per_bar != DEFAULT_BEATS_PER_BAR:
            whose = "the seed's" if seed is not None else "most loops'"
            notes.append(f"{beats_per_bar} beats in a bar: {whose} meter.")
    if tempo_bpm is None:
        if seed is not None:
            tempo_bpm = round(float(loops.tempo_bpm[seed]), 2)
            notes.append(f"{tempo_bpm:g} bpm: the seed's tempo.")
        else:
            tempo_bpm = best_covered_tempo(loops, roles, beats_per_bar)
            notes.append(f"{tempo_bpm:g} bpm: the tempo that most loops of these roles are near.")
    if key is None and any(is_tonal(role) for role in roles):
        key = None if seed is None else _key_of(loops, seed)
        if key is not None:
            notes.append(f"{key.name}: the seed's key.")
        else:
            key = best_covered_key(loops, roles)
            if key is not None:
                notes.append(f"{key.name}: the key that most tonal loops are in or near.")
    return GroundedGrid(Grid(tempo_bpm, beats_per_bar, key), tuple(notes))


def _commonest_meter(loops: Loops) -> int:
    meters, counts = np.unique(loops.beats_per_bar, return_counts=True)
    return int(meters[np.argmax(counts)]) if len(meters) else DEFAULT_BEATS_PER_BAR


def _key_of(loops: Loops, number: int) -> Key | None:
    value = loops.regions.key_number[number]
    if not np.isfinite(value) or not is_tonal(loops.roles[number]):
        return None
    return Key.of_number(value)


def best_covered_tempo(loops: Loops, roles: Sequence[Role], beats_per_bar: int) -> float:
    """Find the whole tempo to which the loops of every role have to be stretched least.

    Each role counts by the logarithm of its loops, so that a hundred drum loops do not outvote
    ten bass lines; of equals, the slowest.
    """
    in_meter = loops.beats_per_bar == beats_per_bar
    covered = np.zeros(len(_TEMPI))
    for role in roles:
        own = loops.tempo_bpm[in_meter & _plays(loops, role)]
        if len(own):
            covered += np.log1p([_nearness(fit_tempo(float(tempo), own)) for tempo in _TEMPI])
    return float(_TEMPI[np.argmax(covered)])


def _nearness(fit: TempoFit) -> float:
    """Count the loops that are near; one that would play in half or double time is half a loop."""
    return float((ease_of_stretch(fit.ratio) * np.where(fit.level == 1.0, 1.0, 0.5)).sum())


def best_covered_key(loops: Loops, roles: Sequence[Role]) -> Key | None:
    """Find the key that the tonal loops of these roles reach with the least shifting; None where none has a key."""
    regions = loops.regions
    covered = np.zeros(N_KEYS)
    shifting = np.array([min(shift, 12 - shift) for shift in range(12)])
    for role in roles:
        own = _plays(loops, role) & np.isfinite(regions.key_number)
        if not is_tonal(role) or not own.any():
            continue
        sure = np.nan_to_num(regions.key_confidence[own], nan=0.5)
        for number in range(N_KEYS):
            reached = key_axis(float(number), regions.key_number[own], default_weights().key) * np.exp(-shifting / 2.0)
            covered[number] += np.log1p((sure * reached.max(axis=1)).sum())
    return Key.of_number(int(np.argmax(covered))) if covered.any() else None


def _plays(loops: Loops, role: str) -> NDArray[np.bool_]:
    return np.array([each == role for each in loops.roles], np.bool_)
