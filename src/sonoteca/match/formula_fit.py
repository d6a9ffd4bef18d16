"""Tuning fits the formula of one role to choices: logistic regression that starts from, and is held near, known weights.

The chance that a match is liked is the score of the formula itself, ``1 / (1 + exp(-margin))`` with
``margin = sum(coefficient * (axis - cost - middle))`` over the axes that are present, and coefficients that are the
weights scaled to add up to the slope. So what is learnt is what is used: a logistic regression without negative
coefficients, in which a missing axis says nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sonoteca.match.examples import Examples, Numbers
from sonoteca.match.weights import AXES, Formula

# How far a coefficient (slope times weight share) is believed to lie from the present one, as one deviation.
# Two hundred choices outweigh it, ten do not.
PRIOR_DEVIATION = 2.0
# Where slopes are looked for: from a score that says nothing to one that jumps.
SLOPES = (0.05, 200.0)
# The share of the axes present depends on the weights: it is held, the weights are fitted, and again.
_ROUNDS = 3
# No weight becomes exactly 0, so that a mean over the axes that are present exists.
_LEAST_COEFFICIENT = 1e-4


def margins(formula: Formula, examples: Examples) -> Numbers:
    """Compute what stands in the exponent of the score, shape (n,): above 0 means rather liked; 0 where no axis is present."""
    coefficients = _coefficients(formula)
    intercept = formula.slope * formula.middle
    return _moved_axes(examples) @ coefficients - intercept * _share(coefficients, examples)


def log_losses(margin: Numbers, liked: NDArray[np.bool_]) -> Numbers:
    """Compute minus the logarithm of the chance that was given to what was chosen, in nats."""
    return np.asarray(np.logaddexp(0.0, np.where(liked, -margin, margin)), np.float64)


def fit_formula(formula: Formula, examples: Examples) -> Formula:
    """Find the most probable formula after these choices, if the present weights were believed before.

    Slope and middle are first fitted alone. Then sums of log losses and of squared distances from what that
    gives, each in units of ``PRIOR_DEVIATION``, are minimised together (maximum a posteriori), with every
    weight above 0. The weights keep their sum.
    """
    before = recalibrated(formula, examples)
    start = _coefficients(before)
    values = np.append(start, before.slope * before.middle)
    axes = _moved_axes(examples)
    for _ in range(_ROUNDS):
        share = _share(values[:-1], examples)

        def objective(at: Numbers, share: Numbers = share) -> tuple[float, Numbers]:
            loss, slope = _loss(at, axes, share, examples.liked)
            apart = (at[:-1] - start) / PRIOR_DEVIATION
            return loss + 0.5 * float(apart @ apart), slope + np.append(apart / PRIOR_DEVIATION, 0.0)

        bounds = [(_LEAST_COEFFICIENT, None)] * len(AXES) + [(None, None)]
        values = np.asarray(minimize(objective, values, jac=True, method="L-BFGS-B", bounds=bounds).x, np.float64)
    scale, total = sum(formula.axes.values()), float(values[:-1].sum())
    weights = {name: float(scale * value / total) for name, value in zip(AXES, values[:-1], strict=True)}
    return Formula(weights, total, float(values[-1] / total))


def recalibrated(formula: Formula, examples: Examples) -> Formula:
    """Fit only slope and middle to the choices, and keep the weights: what has to be beaten by other weights."""
    unit = _coefficients(Formula(formula.axes, 1.0, 0.0))
    line, share = (_moved_axes(examples) @ unit)[:, None], _share(unit, examples)
    start = np.array([formula.slope, formula.slope * formula.middle])
    bounds = [SLOPES, (None, None)]
    found = minimize(_loss, start, (line, share, examples.liked), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Formula(formula.axes, float(found[0]), float(found[1] / found[0]))


def _coefficients(formula: Formula) -> Numbers:
    """Weights per axis that add up to the slope."""
    weights = np.array([formula.axes[name] for name in AXES])
    return np.asarray(formula.slope * weights / weights.sum(), np.float64)


def _moved_axes(examples: Examples) -> Numbers:
    """Axes less the cost of moving, shape (n, len(AXES)); 0 where missing."""
    return np.asarray(np.nan_to_num(examples.axes - examples.cost[:, None]), np.float64)


def _share(coefficients: Numbers, examples: Examples) -> Numbers:
    """How much of all weight the axes present have, shape (n,)."""
    return np.asarray(np.isfinite(examples.axes) @ coefficients / coefficients.sum(), np.float64)


def _loss(values: Numbers, columns: Numbers, share: Numbers, liked: NDArray[np.bool_]) -> tuple[float, Numbers]:
    """Sum of log losses, and its derivative by the coefficients of the columns and by the intercept, the last value.

    With ``share`` held, this is convex: one minimum, wherever the search begins and however rare likes are.
    """
    margin = columns @ values[:-1] - share * values[-1]
    wrong = _sigmoid(margin) - liked
    return float(log_losses(margin, liked).sum()), np.append(wrong @ columns, -(wrong @ share))


def _sigmoid(margin: Numbers) -> Numbers:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)), np.float64)
