"""The last touch on a set: single tracks are exchanged as long as the whole gets better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonoteca.sequence.energy_plan import fit_to_plan
from sonoteca.sequence.set_problem import SetProblem, TransitionRows, shares_of, within_tempo, worth_of

_PASSES = 2


def polished(problem: SetProblem, order: Sequence[int], rows: TransitionRows) -> tuple[int, ...]:
    """The order with free places refilled where that makes it worth more; what is locked stays.

    A beam decides on a track before it knows what follows; this looks at both neighbours.
    """
    best = list(order)
    worth = _objective(problem, best)
    fixed = {*problem.locked.values(), *problem.musts, problem.last}
    for _ in range(_PASSES):
        before = worth
        for place, track in enumerate(best):
            if track in fixed:
                continue
            changed = [*best]
            changed[place] = _best_for(problem, best, place, rows)
            if changed[place] != track and (value := _objective(problem, changed)) > worth + 1e-9:
                best, worth = changed, value
        if worth <= before:
            break
    return tuple(best)


def _objective(problem: SetProblem, order: Sequence[int]) -> float:
    return worth_of(problem, order).total + float(problem.preference[list(order)].mean())


def _best_for(problem: SetProblem, order: Sequence[int], place: int, rows: TransitionRows) -> int:
    """The track that suits this place best between its neighbours; freshness is left to the caller."""
    weights = problem.weights.set
    allowed = problem.choosable.copy()
    allowed[[each for at, each in enumerate(order) if at != place]] = False
    value = problem.preference / len(order)
    n_transitions = max(1, len(order) - 1)
    if place > 0:
        value = value + weights.transitions * rows.of([order[place - 1]]).value()[0] / n_transitions
        if problem.widest_pct is not None:
            allowed &= within_tempo(problem, [order[place - 1]], problem.tracks)[0]
    if place + 1 < len(order):
        value = value + weights.transitions * rows.into(order[place + 1]) / n_transitions
        if problem.widest_pct is not None:
            after = problem.tracks.take([order[place + 1]])
            allowed &= within_tempo(problem, range(len(problem.tracks)), after)[:, 0]
    if problem.plan is not None:
        durations = problem.durations_s()[list(order)].astype(np.float64)
        wished = problem.plan.at(float(shares_of(problem, durations)[place]))
        fits = fit_to_plan(problem.tracks.level, wished, weights.half_off_curve)
        value = value + weights.curve * np.nan_to_num(fits, nan=0.5) / len(order)
    return int(np.argmax(np.where(allowed, value, -np.inf)))
