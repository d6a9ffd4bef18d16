"""Learns a library's match weights from choices, and says whether they are worth keeping.

Everything is judged on choices that were held back: queries are dealt into folds, each fold is judged by
weights fitted on the others. What the learnt weights have to beat are the present ones with slope and
middle fitted likewise, so that a better guess of how much is liked at all does not pass for better weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.examples import Examples
from sonoteca.match.formula_fit import fit_formula, log_losses, margins, recalibrated
from sonoteca.match.region_table import ROLES
from sonoteca.match.weights import AXES, Formula, Weights

N_FOLDS = 5
# Below, folds are too small for anything to be told from chance.
LEAST_CHOICES = 40
LEAST_OF_EACH = 10
LEAST_QUERIES = 8
_RESAMPLES = 2000
_MIDDLES = (-10.0, 10.0)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the middle 95 % of what it becomes when whole queries are drawn anew."""

    mean: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


@dataclass(frozen=True, slots=True)
class Quality:
    """How well held-back choices were foretold: log loss in nats (0.693 is a coin), and the chance that of a liked and
    a disliked match the liked one scores higher."""

    log_loss: Interval
    auc: Interval

    def as_json(self) -> dict[str, Any]:
        return {"log_loss": self.log_loss.as_json(), "auc": self.auc.as_json()}


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was learnt, and from what.

    Attributes
    ----------
    weights : Weights
        With the learnt formulas of ``roles``; everything else as before.
    roles : tuple of Role
        Whose formulas were fitted; the other roles had too few choices.
    counts : mapping of Role to (liked, disliked)
        Of all choices given.
    n_queries : int
    before, after : Quality
        Of the present and of the learnt weights, on choices held back.
    gain : Interval
        Log loss of the present less that of the learnt weights, choice by choice.
    """

    weights: Weights
    roles: tuple[Role, ...]
    counts: Mapping[Role, tuple[int, int]]
    n_queries: int
    before: Quality
    after: Quality
    gain: Interval

    @property
    def changes(self) -> dict[str, dict[str, dict[str, float]]]:
        """The learnt formulas as they stand in TOML."""
        return {"role": {role.value: _rounded(self.weights.roles[role]) for role in self.roles}}

    @property
    def is_worth_keeping(self) -> bool:
        """Whether the gain is outside the noise: its interval lies above 0, and liked ones stand no lower than before."""
        return self.gain.low > 0.0 and self.after.auc.mean >= self.before.auc.mean

    def verdict(self) -> str:
        """One sentence for a person."""
        spread = f"{self.gain.mean:+.3f} nats per choice (95 % {self.gain.low:+.3f} to {self.gain.high:+.3f})"
        if self.is_worth_keeping:
            return f"The learnt weights foretell held-back choices better: {spread}."
        if self.gain.low > 0.0:
            return f"The learnt weights foretell better how much is liked, but not what: {spread}."
        if self.gain.high < 0.0:
            return f"The learnt weights foretell held-back choices worse: {spread}."
        return f"The gain is inside the noise: {spread}."

    def as_json(self) -> dict[str, Any]:
        return {
            "choices": {role.value: {"liked": up, "disliked": down} for role, (up, down) in self.counts.items()},
            "queries": self.n_queries,
            "roles": [role.value for role in self.roles],
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "gain": self.gain.as_json(),
            "is_worth_keeping": self.is_worth_keeping,
            "verdict": self.verdict(),
            "weights": self.changes["role"],
        }


def tune(examples: Examples, weights: Weights, *, seed: int = 0) -> Tuning:
    """Learn from choices, and measure what was learnt on choices held back.

    Parameters
    ----------
    examples : Examples
    weights : Weights
        The present ones, from which the learnt ones depart only as far as the choices say.
    seed : int
        Of the folds and of the bootstrap.

    Raises
    ------
    RequestError
        Where no role has enough choices; the sentence says how many there are.
    """
    usable = examples.take(np.isfinite(examples.axes).any(axis=1) & (examples.roles >= 0))
    counts = _counts(usable)
    roles = tuple(role for role in counts if _is_enough(usable.take(usable.roles == ROLES.index(role))))
    if not roles:
        raise RequestError(_too_few(counts), "Accept and reject more matches.")
    numbers = [ROLES.index(role) for role in roles]
    judged = usable.take(np.isin(usable.roles, numbers))
    before, after = np.zeros(len(judged)), np.zeros(len(judged))
    learnt: dict[Role, Formula] = {}
    for role, number in zip(roles, numbers, strict=True):
        at = np.flatnonzero(judged.roles == number)
        some, present = judged.take(at), weights.roles[role]
        learnt[role] = fit_formula(present, some)
        for held in _folds(some.queries, seed):
            others = some.take(~held)
            before[at[held]] = margins(recalibrated(present, others), some.take(held))
            after[at[held]] = margins(fit_formula(present, others), some.take(held))
    random = np.random.default_rng(seed)
    drawn = _draws(judged.queries, random)
    losses = log_losses(before, judged.liked), log_losses(after, judged.liked)
    return Tuning(
        weights=weights.changed({"role": {role.value: _rounded(formula) for role, formula in learnt.items()}}),
        roles=roles,
        counts=counts,
        n_queries=len(np.unique(judged.queries)),
        before=Quality(_mean(losses[0], drawn), _auc(before, judged, drawn)),
        after=Quality(_mean(losses[1], drawn), _auc(after, judged, drawn)),
        gain=_mean(losses[0] - losses[1], drawn),
    )


def _counts(examples: Examples) -> dict[Role, tuple[int, int]]:
    counts = {}
    for number, role in enumerate(ROLES):
        liked = examples.liked[examples.roles == number]
        if len(liked):
            counts[role] = int(liked.sum()), int((~liked).sum())
    return counts


def _is_enough(some: Examples) -> bool:
    liked = int(some.liked.sum())
    return (
        len(some) >= LEAST_CHOICES
        and min(liked, len(some) - liked) >= LEAST_OF_EACH
        and len(np.unique(some.queries)) >= LEAST_QUERIES
    )


def _too_few(counts: Mapping[Role, tuple[int, int]]) -> str:
    held = ", ".join(f"{role.value} {up} liked and {down} disliked" for role, (up, down) in counts.items())
    return (
        f"Too few choices to learn from: a role needs {LEAST_CHOICES}, {LEAST_OF_EACH} liked and as many disliked "
        f"among them, for {LEAST_QUERIES} different sounds; there are {held or 'none'}."
    )


def _rounded(formula: Formula) -> dict[str, float]:
    values = {name: round(formula.axes[name], 3) for name in AXES}
    # Where nothing was learnt the slope is next to none and the middle anywhere; weights know a range.
    middle = float(np.clip(formula.middle, *_MIDDLES))
    return values | {"slope": round(formula.slope, 3), "middle": round(middle, 3)}


def _folds(queries: NDArray[np.int64], seed: int) -> list[NDArray[np.bool_]]:
    """Masks of the choices held back in turn; all choices of a query lie in one of them."""
    names = np.random.default_rng(seed).permutation(np.unique(queries))
    return [np.isin(queries, names[fold::N_FOLDS]) for fold in range(N_FOLDS)]


def _draws(queries: NDArray[np.int64], random: np.random.Generator) -> Numbers:
    """How often each choice counts in each resample of whole queries, shape (resamples, n)."""
    _, at = np.unique(queries, return_inverse=True)
    n_queries = int(at.max()) + 1
    times = random.multinomial(n_queries, np.full(n_queries, 1.0 / n_queries), size=_RESAMPLES)
    return np.asarray(times[:, at.reshape(-1)], np.float64)


def _mean(values: Numbers, drawn: Numbers) -> Interval:
    means = drawn @ values / drawn.sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def _auc(scores: Numbers, examples: Examples, drawn: Numbers) -> Interval:
    """Area under the ROC curve: the share of liked-disliked couples in the right order, equal ones half."""
    order = np.argsort(scores, kind="stable")
    liked = examples.liked[order]
    firsts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) > 0.0)
    times = np.vstack([np.ones(len(scores)), drawn])[:, order]
    up, down = (np.add.reduceat(times * chosen, firsts, axis=1) for chosen in (liked, ~liked))
    below = np.cumsum(down, axis=1) - down
    couples = up.sum(axis=1) * down.sum(axis=1)
    areas = (up * (below + 0.5 * down)).sum(axis=1) / np.where(couples > 0.0, couples, np.nan)
    low, high = np.nanpercentile(areas[1:], [2.5, 97.5])
    return Interval(float(areas[0]), float(low), float(high))
