"""Fits the formula of one role to choices: logistic regression that starts from, and is held near, known weights.

The chance that a match is liked is the score of the formula itself, ``1 / (1 + exp(-margin))`` with
``margin = sum(coefficient * (axis - cost - middle))`` over the axes that are present, and coefficients that are the
weights scaled to add up to the slope. So what is learnt is what is used: a logistic regression without negative
coefficients, in which a missing axis says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sonoteca.match.weights import AXES, Formula

# How far a coefficient (slope times weight share) is believed to lie from the present one, as one deviation.
# Two hundred choices outweigh it, ten do not.
PRIOR_DEVIATION = 2.0
# The middle is a score of axes, 0..1.
MIDDLE_DEVIATION = 0.3
# Where slopes and middles are looked for: a score that says nothing, to one that jumps.
SLOPES, MIDDLES = (0.05, 200.0), (-5.0, 5.0)
# No weight becomes exactly 0, so that a mean over the axes that are present exists.
_LEAST_COEFFICIENT = 1e-4

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Matches that somebody liked or not.

    Attributes
    ----------
    axes : float64 (n, len(AXES))
        0..1, NaN where evidence is missing.
    cost : float64 (n,)
        What moving the candidate costs, in units of the weighted mean.
    roles : int64 (n,)
        Number in ``evidence.ROLES`` of the role that the candidate was judged in.
    liked : bool (n,)
    queries : int64 (n,)
        Equal where the query is: such choices are never parted between fitting and judging.
    """

    axes: Numbers
    cost: Numbers
    roles: NDArray[np.int64]
    liked: NDArray[np.bool_]
    queries: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.liked)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Examples:
        return Examples(
            self.axes[chosen], self.cost[chosen], self.roles[chosen], self.liked[chosen], self.queries[chosen]
        )


def margins(formula: Formula, examples: Examples) -> Numbers:
    """What stands in the exponent, shape (n,): above 0 means rather liked; 0 where no axis is present."""
    return _above(examples, formula.middle) @ _coefficients(formula)


def log_losses(margin: Numbers, liked: NDArray[np.bool_]) -> Numbers:
    """Minus the logarithm of the chance given to what was chosen, in nats."""
    return np.asarray(np.logaddexp(0.0, np.where(liked, -margin, margin)), np.float64)


def fit_formula(formula: Formula, examples: Examples) -> Formula:
    """The most probable formula after these choices, if the present weights were believed before.

    Slope and middle are first fitted alone. Then sums of log losses and of squared distances from what that
    gives, each in units of its deviation, are minimised together (maximum a posteriori), with every weight
    above 0. The weights keep their sum.
    """
    present = recalibrated(formula, examples)
    scale = sum(present.axes.values())
    start = np.append(_coefficients(present), present.middle)
    deviation = np.append(np.full(len(AXES), PRIOR_DEVIATION), MIDDLE_DEVIATION)

    def objective(values: Numbers) -> tuple[float, Numbers]:
        loss, slope = _loss(values, examples)
        apart = (values - start) / deviation
        return loss + 0.5 * float(apart @ apart), slope + apart / deviation

    bounds = [(_LEAST_COEFFICIENT, None)] * len(AXES) + [MIDDLES]
    found = np.asarray(minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x, np.float64)
    total = float(found[:-1].sum())
    shares = found[:-1] / total
    return Formula(
        {name: float(scale * share) for name, share in zip(AXES, shares, strict=True)}, total, float(found[-1])
    )


def recalibrated(formula: Formula, examples: Examples) -> Formula:
    """The same weights with the most probable slope and middle: what has to be beaten by other weights."""
    line = margins(Formula(formula.axes, 1.0, 0.0), examples)
    share = np.isfinite(examples.axes) @ _coefficients(Formula(formula.axes, 1.0, 0.0))

    def objective(values: Numbers) -> tuple[float, Numbers]:
        slope, middle = values
        above = line - share * middle
        wrong = _sigmoid(slope * above) - examples.liked
        gradient = np.array([wrong @ above, -slope * (wrong @ share)])
        return float(log_losses(slope * above, examples.liked).sum()), gradient

    start = np.array([formula.slope, formula.middle])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[SLOPES, MIDDLES]).x
    return Formula(formula.axes, float(found[0]), float(found[1]))


def _coefficients(formula: Formula) -> Numbers:
    """Weights per axis that add up to the slope."""
    weights = np.array([formula.axes[name] for name in AXES])
    return np.asarray(formula.slope * weights / weights.sum(), np.float64)


def _above(examples: Examples, middle: float) -> Numbers:
    """How far each axis lies above what is neither good nor bad, shape (n, len(AXES)); 0 where it is missing."""
    return np.asarray(np.nan_to_num(examples.axes - examples.cost[:, None] - middle), np.float64)


def _loss(values: Numbers, examples: Examples) -> tuple[float, Numbers]:
    """Sum of log losses, and its derivative by the coefficients and the middle."""
    weights, middle = values[:-1], float(values[-1])
    above = _above(examples, middle)
    margin = above @ weights
    wrong = _sigmoid(margin) - examples.liked
    by_middle = -(wrong @ np.isfinite(examples.axes)) @ weights
    return float(log_losses(margin, examples.liked).sum()), np.append(wrong @ above, by_middle)


def _sigmoid(margin: Numbers) -> Numbers:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)), np.float64)
