"""What equal and unequal swing says for two parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from match_samples import region_table, statement
from sonoteca.domain.descriptor import SWING
from sonoteca.domain.swing import OffBeats, Swing
from sonoteca.domain.vocabulary import Role
from sonoteca.match.axes import swing_logits
from sonoteca.match.fit import fit
from sonoteca.match.reasons import reasons_of
from sonoteca.match.weights import default_weights

shares = st.floats(0.48, 0.68)
counts = st.integers(2, 60)
UNKNOWN = float("nan")


def logit(one: tuple[float, float], other: tuple[float, float], *, level: float = 1.0, onsets: float = 16.0) -> float:
    """Of two parts by their shares of eighths and sixteenths."""
    heard = (np.array(one), np.full(2, onsets)), (np.array([other]), np.full((1, 2), onsets))
    return float(swing_logits(heard[0], heard[1], level)[0])


def test_equal_swing_speaks_for_two_parts_and_unequal_against_them() -> None:
    alike = logit((0.62, UNKNOWN), (0.62, UNKNOWN))
    straight = logit((0.5, UNKNOWN), (0.5, UNKNOWN))
    clash = logit((0.62, UNKNOWN), (0.5, UNKNOWN))
    assert alike > 1.0 > straight > 0.0 > -0.7 > clash


def test_few_notes_say_less_than_many() -> None:
    assert logit((0.62, UNKNOWN), (0.62, UNKNOWN), onsets=2) < logit((0.62, UNKNOWN), (0.62, UNKNOWN), onsets=40)


def test_what_was_not_heard_says_nothing() -> None:
    assert logit((UNKNOWN, UNKNOWN), (0.62, 0.5)) == 0.0
    assert logit((0.62, UNKNOWN), (UNKNOWN, 0.62)) == 0.0
    assert logit((0.62, 0.5), (0.62, 0.5), level=1.31) == 0.0


@given(shares, shares, counts, counts)
def test_swing_is_symmetrical(one: float, other: float, n_one: int, n_other: int) -> None:
    def of(a: float, n_a: int, b: float, n_b: int) -> float:
        query = np.array([a, UNKNOWN]), np.array([n_a, UNKNOWN])
        return float(swing_logits(query, (np.array([[b, UNKNOWN]]), np.array([[n_b, UNKNOWN]])), 1.0)[0])

    assert of(one, n_one, other, n_other) == pytest.approx(of(other, n_other, one, n_one), abs=1e-5)


@given(shares, shares)
def test_in_double_time_eighths_meet_sixteenths(one: float, other: float) -> None:
    assert logit((UNKNOWN, one), (other, UNKNOWN), level=2.0) == pytest.approx(
        logit((other, UNKNOWN), (UNKNOWN, one), level=0.5), abs=1e-5
    )


def test_of_two_basses_the_one_that_swings_with_the_drums_is_ranked_first_and_says_why() -> None:
    def part(role: Role, share: float, name: str) -> Any:
        each: Any = statement(role=role, name=name)
        each.values[SWING.name] = Swing(OffBeats(share, 30), None).as_json()
        return each

    drums = region_table(part(Role.DRUMS, 0.64, "drums"))
    basses = region_table(part(Role.BASS, 0.5, "straight"), part(Role.BASS, 0.64, "swung"))
    fits = fit(drums, basses, default_weights(), role=Role.BASS)
    assert [basses.ids[i] for i in fits.best(2)] == ["swung", "straight"]
    assert reasons_of(drums, basses, fits, 1)[2] == "They swing alike."
    assert reasons_of(drums, basses, fits, 0)[2] == "They do not swing alike."
