from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match import formula_fit
from sonoteca.match.examples import Examples
from sonoteca.match.formula_fit import fit_formula, log_losses, margins, recalibrated
from sonoteca.match.region_table import ROLES
from sonoteca.match.tune import LEAST_CHOICES, _auc, tune
from sonoteca.match.weights import AXES, Formula, default_weights, parse_weights

BASS, MELODY = ROLES.index(Role.BASS), ROLES.index(Role.MELODY)


def examples(
    n: int,
    liking: dict[str, float] | None,
    *,
    seed: int = 0,
    role: int = BASS,
    per_query: int = 5,
    missing: float = 0.15,
) -> Examples:
    """Choices of somebody who looks at the axes in ``liking`` only, or at none."""
    random = np.random.default_rng(seed)
    axes = random.uniform(0, 1, (n, len(AXES)))
    wish = np.zeros(n) if liking is None else sum(w * (axes[:, AXES.index(name)] - 0.5) for name, w in liking.items())
    liked = random.uniform(size=n) < 1 / (1 + np.exp(-np.asarray(wish)))
    axes[random.uniform(size=axes.shape) < missing] = np.nan
    return Examples(axes, np.zeros(n), np.full(n, role), liked, np.arange(n) // per_query)


def joined(*parts: Examples) -> Examples:
    queries = np.concatenate([part.queries + 10_000 * number for number, part in enumerate(parts)])
    names = ("axes", "cost", "roles", "liked")
    columns: Any = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Examples(**columns, queries=queries)


def test_a_planted_preference_is_learnt_and_worth_keeping() -> None:
    found = tune(examples(400, {"rhythm": 8.0}), default_weights())
    assert found.roles == (Role.BASS,)
    assert found.is_worth_keeping
    before, after = (weights.roles[Role.BASS].axes for weights in (default_weights(), found.weights))
    assert after["rhythm"] / sum(after.values()) > 2 * before["rhythm"] / sum(before.values())
    assert after["rhythm"] == max(after.values())
    assert found.after.auc.low > found.before.auc.mean
    assert found.after.log_loss.mean < found.before.log_loss.mean
    assert "better" in found.verdict()


@pytest.mark.parametrize("seed", range(8))
def test_random_choices_are_refused(seed: int) -> None:
    found = tune(examples(300, None, seed=seed), default_weights())
    assert not found.is_worth_keeping
    assert found.gain.low <= found.gain.mean <= found.gain.high
    assert 0.35 < found.after.auc.mean < 0.65


def test_a_person_who_likes_almost_everything_at_random_teaches_nothing() -> None:
    # The share of what is liked is no preference: slope and middle alone foretell it.
    noise = examples(400, None, seed=3)
    mostly = Examples(
        noise.axes, noise.cost, noise.roles, np.random.default_rng(1).uniform(size=400) < 0.85, noise.queries
    )
    assert not tune(mostly, default_weights()).is_worth_keeping


def test_too_few_choices_are_refused_with_their_number() -> None:
    with pytest.raises(RequestError, match=f"needs {LEAST_CHOICES}.*bass 1[0-9] liked"):
        tune(examples(LEAST_CHOICES - 10, {"rhythm": 8.0}), default_weights())


def test_choices_about_one_sound_only_are_too_few() -> None:
    with pytest.raises(RequestError, match="different sounds"):
        tune(examples(200, {"rhythm": 8.0}, per_query=200), default_weights())


def test_a_role_with_few_choices_keeps_its_formula() -> None:
    many, few = examples(300, {"rhythm": 8.0}), examples(12, {"key": 8.0}, role=MELODY)
    found = tune(joined(many, few), default_weights())
    assert found.roles == (Role.BASS,)
    assert found.weights.roles[Role.MELODY] == default_weights().roles[Role.MELODY]
    assert found.counts[Role.MELODY][0] + found.counts[Role.MELODY][1] == 12


def test_learnt_weights_are_a_toml_that_reads_back() -> None:
    found = tune(examples(300, {"rhythm": 8.0}), default_weights())
    again = parse_weights(found.weights.as_toml())
    assert again.roles == found.weights.roles
    assert again.caps == default_weights().caps


def test_the_same_choices_teach_the_same() -> None:
    some = examples(200, {"rhythm": 6.0})
    assert tune(some, default_weights()).as_json() == tune(some, default_weights()).as_json()


def test_few_choices_move_the_weights_less_than_many() -> None:
    present = default_weights().roles[Role.BASS]

    def worth(formula: Formula) -> float:
        """What the axis adds to the logit of a candidate, from 0 to 1."""
        return formula.slope * formula.axes["rhythm"] / sum(formula.axes.values())

    learnt = [worth(fit_formula(present, examples(n, {"rhythm": 8.0}))) for n in (20, 200, 2000)]
    assert worth(present) < learnt[0] < learnt[1] < learnt[2]
    assert learnt[2] == pytest.approx(8.0, rel=0.1)


def test_no_choices_leave_the_formula_as_it_is() -> None:
    present = default_weights().roles[Role.HARMONY]
    learnt = fit_formula(present, examples(10, None).take(np.zeros(10, np.bool_)))
    assert learnt.slope == pytest.approx(present.slope)
    assert learnt.middle == pytest.approx(present.middle)
    assert learnt.axes == pytest.approx(dict(present.axes))


def test_a_dislike_of_an_axis_takes_its_weight_and_no_more() -> None:
    learnt = fit_formula(default_weights().roles[Role.BASS], examples(2000, {"chord": -8.0}))
    assert learnt.axes["chord"] < 0.02
    assert min(learnt.axes.values()) >= 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.floats(0.0, 0.6))
def test_the_derivative_is_that_of_the_loss(seed: int, missing: float) -> None:
    some = examples(30, {"chord": 3.0}, seed=seed, missing=missing)
    axes, share = np.nan_to_num(some.axes), np.isfinite(some.axes).mean(axis=1)
    at = np.append(np.random.default_rng(seed).uniform(0.3, 3.0, len(AXES)), 0.4)
    _, slope = formula_fit._loss(at, axes, share, some.liked)

    def loss(values: Any) -> Any:
        return formula_fit._loss(values, axes, share, some.liked)[0]

    numeric = approx_fprime(at, loss, 1e-6)
    np.testing.assert_allclose(slope, numeric, rtol=1e-3, atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16))
def test_recalibration_keeps_the_order_and_never_fits_worse(seed: int) -> None:
    some = examples(120, {"chord": 4.0}, seed=seed, missing=0.0)
    present = default_weights().roles[Role.BASS]
    again = recalibrated(present, some)
    assert again.axes == present.axes
    before, after = margins(present, some), margins(again, some)
    assert log_losses(after, some.liked).sum() <= log_losses(before, some.liked).sum() + 1e-6
    if again.slope > 1e-3:
        assert np.array_equal(np.argsort(before, kind="stable"), np.argsort(after, kind="stable"))


def test_a_match_without_any_axis_is_undecided() -> None:
    nothing = examples(5, None, missing=1.1)
    assert np.array_equal(margins(default_weights().roles[Role.BASS], nothing), np.zeros(5))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
        lambda r: len({b for _, b in r}) == 2
    )
)
def test_the_area_counts_couples_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, liked = np.array([s for s, _ in rows], float), np.array([b for _, b in rows])
    some = Examples(
        np.zeros((len(rows), len(AXES))), np.zeros(len(rows)), np.zeros(len(rows), int), liked, np.arange(len(rows))
    )
    area = _auc(scores, some, np.ones((3, len(rows)))).mean
    couples = [(up > down) + 0.5 * (up == down) for up in scores[liked] for down in scores[~liked]]
    assert area == pytest.approx(np.mean(couples))


def test_rare_likes_teach_the_same_taste() -> None:
    # One in twenty: as true partners among others are.
    some = examples(6000, {"chord": 10.0}, seed=2)
    random = np.random.default_rng(0)
    rare = some.take(~some.liked | (random.uniform(size=len(some)) < 0.05))
    assert rare.liked.mean() < 0.1
    learnt = fit_formula(default_weights().roles[Role.BASS], rare)
    assert learnt.axes["chord"] > 0.5 * sum(learnt.axes.values())
    order = margins(learnt, rare)
    assert np.mean(order[rare.liked][:, None] > order[~rare.liked][None, :]) > 0.8
