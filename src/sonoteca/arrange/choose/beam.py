"""A beam search decides which loop plays in which section, over cells of (section name, role).

A cell is worth what its loop is worth by itself and with what already plays in its section; the
same loop in the verse and in the chorus costs, in an intro or outro it pays; loops of one role
should sound related; a chorus wants energy, an intro little. Sections of one name are one
section here, so they play the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.choose.pairwise_fit import PairwiseFit, standing_of
from sonoteca.arrange.choose.place import Placements

BEAM_WIDTH = 24
# Of the pairs in a section the mean counts, and the worst: one clash spoils a section. Per unit of their spread.
MEAN, WORST = 0.06, 0.03
# What a placement is worth by itself: 10 % of stretch cost as much as pairs that stand 2.4 lower.
WORTH = 0.8
_LIKENESS, _ENERGY = 0.15, 0.1
_SAME_IN_MAIN, _SAME_AT_EDGE = -0.4, 0.2
# Likeness from which two contents are one sound, saved twice: a cosine of 0.999, as in ``similar --collapse``.
_ONE_SOUND_TWICE = 0.9995
# One loop at two shifts in one piece sounds like a mistake.
_TWO_SHIFTS = -0.5
# The first word of a section's name that makes it an edge or a height.
_EDGES = ("intro", "outro", "break", "interlude", "end")
_LIFT: Mapping[str, float] = {"chorus": 1.0, "drop": 1.0, "hook": 1.0, "intro": -1.0, "outro": -1.0, "break": -1.0}


@dataclass(frozen=True, slots=True)
class Cell:
    """A role in all sections of one name; ``options`` are numbers of placements, one of them is to be chosen."""

    section: str
    role: str
    options: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _State:
    score: float
    chosen: tuple[int, ...]


def choose(
    cells: Sequence[Cell], placements: Placements, pairwise: PairwiseFit, *, width: int = BEAM_WIDTH
) -> list[int]:
    """Choose a placement for each cell, by its number.

    Parameters
    ----------
    cells : sequence of Cell
        In the order in which they are decided; each has at least one option.
    placements : Placements
    pairwise : PairwiseFit
        Of these placements.
    width : int >= 1
        Partial choices that are followed; 1 decides each cell on the spot.

    Returns
    -------
    list of int
        In the order of ``cells``. Equal choices are broken by the order of options, so the answer
        depends on nothing but the arguments.
    """
    loops = _loop_numbers(placements)
    energy = _standard(placements.loops.regions.energy_level)
    standing = standing_of(pairwise.total, placements.loops.roles)
    states = [_State(0.0, ())]
    for number, cell in enumerate(cells):
        options = np.array(cell.options, np.int64)
        grown: list[_State] = []
        for state in states:
            gains = _gains(
                cells[:number], state.chosen, cell, options, placements, standing, pairwise.likeness, loops, energy
            )
            # No more than the width can survive from one state.
            for at in np.argsort(-gains, kind="stable")[:width]:
                grown.append(_State(state.score + float(gains[at]), (*state.chosen, int(options[at]))))
        grown.sort(key=lambda state: -state.score)
        states = grown[:width]
    return list(states[0].chosen)


def _gains(
    decided: Sequence[Cell],
    chosen: Sequence[int],
    cell: Cell,
    options: NDArray[np.int64],
    placements: Placements,
    standing: NDArray[np.float64],
    likeness: NDArray[np.float64],
    loops: NDArray[np.int64],
    energy: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weigh what each option adds to a partial choice, shape (len(options),)."""
    gains = WORTH * placements.worth[options]
    gains += _ENERGY * _LIFT.get(_kind(cell.section), 0.0) * energy[options]
    beside = [one for other, one in zip(decided, chosen, strict=True) if other.section == cell.section]
    if beside:
        pairs = standing[np.array(beside)[:, None], options[None, :]]
        gains += MEAN * pairs.mean(axis=0) + WORST * pairs.min(axis=0)
    for other, one in zip(decided, chosen, strict=True):
        if other.role != cell.role:
            continue
        same = (loops[options] == loops[one]) | (likeness[one, options] > _ONE_SOUND_TWICE)
        at_edge = is_edge(cell.section) or is_edge(other.section)
        gains += np.where(same, _SAME_AT_EDGE if at_edge else _SAME_IN_MAIN, 0.0)
        gains += np.where(same & (placements.semitone_shift[options] != placements.semitone_shift[one]), _TWO_SHIFTS, 0)
        gains += _LIKENESS * np.where(same, 0.0, likeness[one, options])
    return gains


def is_edge(section: str) -> bool:
    """Tell whether a section may repeat what another plays without seeming poor.

    >>> is_edge("Intro 2"), is_edge("verse")
    (True, False)
    """
    return _kind(section) in _EDGES


def _kind(section: str) -> str:
    """Read the first word of a section's name without its number: ``Chorus 2`` is a chorus.

    >>> _kind("Chorus 2"), _kind("verse_b"), _kind("intro1")
    ('chorus', 'verse', 'intro')
    """
    word = section.lower().replace("_", " ").replace("-", " ").split()[0]
    return word.rstrip("0123456789") or word


def _loop_numbers(placements: Placements) -> NDArray[np.int64]:
    """Number the placements: the same number for the same content, whatever its span and shift."""
    numbers: dict[str, int] = {}
    hashes = placements.loops.regions.content_hashes
    return np.array([numbers.setdefault(each, len(numbers)) for each in hashes], np.int64)


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute deviations from the mean in units of the spread, within ±2; 0 where not known."""
    known = values[np.isfinite(values)]
    if len(known) == 0 or float(known.std()) == 0.0:
        return np.zeros(len(values))
    return np.asarray(np.nan_to_num(np.clip((values - known.mean()) / known.std(), -2.0, 2.0)))
