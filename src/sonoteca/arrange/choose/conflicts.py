"""A conflict says why nothing fits: which wish shuts the last loop out, and which one to loosen.

Each function makes the error; whoever meets the conflict raises it.
"""

from __future__ import annotations

import numpy as np

from sonoteca.arrange.choose.grid import Grid
from sonoteca.arrange.choose.loops import Loops
from sonoteca.arrange.choose.place import Limits, Reach
from sonoteca.errors import ConstraintsConflict


def no_loops(*, has_filter: bool) -> ConstraintsConflict:
    """Say that there is no loop at all."""
    if has_filter:
        return ConstraintsConflict("The filter finds no loop with whole bars.", "Loosen the filter.", field="filter")
    return ConstraintsConflict("The library has no loop with whole bars.", "Add a folder of loops.")


def none_of_role(role: str, *, has_filter: bool, loops: Loops) -> ConstraintsConflict:
    """Say that no loop of a role may be used."""
    there = ", ".join(sorted(set(loops.roles))) or "no loops"
    where = "The filter leaves" if has_filter else "The library has"
    return ConstraintsConflict(
        f"{where} no {role} loop with whole bars (there is: {there}).",
        f"Loosen the filter, or leave {role} out." if has_filter else f"Loosen the roles: leave {role} out.",
        field="filter" if has_filter else "roles",
    )


def none_in_reach(role: str, loops: Loops, reach: Reach, grid: Grid, limits: Limits) -> ConstraintsConflict:
    """Say at which step the last loop of a role fell out, where there are some and none reaches the grid."""
    own = np.array([each == role for each in loops.roles], np.bool_)
    n = int(own.sum())
    count = f"None of the {n} {role} loops" if n > 1 else f"The only {role} loop"
    is_, can = ("is", "can") if n > 1 else ("is not", "cannot")
    if not (own & reach.in_meter).any():
        meters = ", ".join(f"{meter:g}" for meter in np.unique(loops.beats_per_bar[own]))
        return ConstraintsConflict(
            f"{count} {is_} in {grid.beats_per_bar} beats to the bar; there is {meters}.",
            f"Loosen the beats in a bar, or leave {role} out.",
            field="beats_per_bar",
        )
    if not (own & reach.in_tempo).any():
        needs = reach.stretch[own & reach.in_meter]
        nearest = float(loops.tempo_bpm[own & reach.in_meter][np.argmin(needs)])
        return ConstraintsConflict(
            f"{count} {can} be played at {grid.tempo_bpm:g} bpm within {100 * limits.stretch:g} % of stretch; "
            f"the nearest, at {nearest:.4g} bpm, needs {100 * float(needs.min()):.1f} %.",
            f"Loosen the tempo (towards {nearest:.4g} bpm)"
            + (f" or the largest stretch (now {100 * limits.stretch:g} %)." if limits.stretch < 0.25 else "."),
            field="bpm",
        )
    needed = reach.shift[own & reach.in_tempo]
    known = needed[np.isfinite(needed)]
    key = "the key" if grid.key is None else grid.key.name
    least = f"; the nearest needs {known.min():.0f}" if len(known) else ""
    return ConstraintsConflict(
        f"{count} {can} be brought near {key} within {_semitones(limits)}{least}.",
        "Loosen the key" + (f" or the largest shift (now {_semitones(limits)})." if limits.shift < 6 else "."),
        field="key",
    )


def _semitones(limits: Limits) -> str:
    return f"{limits.shift} semitone{'' if limits.shift == 1 else 's'}"


def not_in_reach(
    shown: str, number: int, loops: Loops, reach: Reach, grid: Grid, limits: Limits
) -> ConstraintsConflict:
    """Say why a sound that has to play cannot; ``number`` is its loop."""
    if not reach.in_meter[number]:
        return ConstraintsConflict(
            f"{shown} has {loops.beats_per_bar[number]:g} beats in a bar, the arrangement {grid.beats_per_bar}.",
            "Loosen the beats in a bar, or do not ask for this sound.",
            field="beats_per_bar",
        )
    if not reach.in_tempo[number]:
        return ConstraintsConflict(
            f"{shown} would have to be stretched by {100 * float(reach.stretch[number]):.1f} % to {grid.tempo_bpm:g} bpm; "
            f"{100 * limits.stretch:g} % is allowed.",
            f"Loosen the tempo (towards {float(loops.tempo_bpm[number]):.4g} bpm), or do not ask for this sound.",
            field="bpm",
        )
    key = "the key" if grid.key is None else grid.key.name
    return ConstraintsConflict(
        f"{shown} cannot be brought near {key} within {_semitones(limits)}.",
        "Loosen the key or the largest shift, or do not ask for this sound.",
        field="key",
    )
