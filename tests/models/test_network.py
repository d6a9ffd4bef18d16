"""The one network class: each option against arithmetic written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.models.logistic import Logistic
from sonoteca.models.network import Array, Layer, Network, Standard, sigmoid, softmax


def rows(*values: list[float]) -> Array:
    return np.array(values, np.float32)


ABSOLUTE = Network((Layer(rows([1.0, -1.0])), Layer(rows([1.0], [1.0]), np.array([0.5], np.float32))))


def test_a_rectifier_stands_between_layers_and_not_after_the_last() -> None:
    # |x| + 0.5 from two rectified halves.
    assert ABSOLUTE(rows([-2.0], [3.0])).tolist() == [[2.5], [3.5]]
    assert Network((Layer(rows([-1.0])),))(rows([2.0])).tolist() == [[-2.0]]


def test_members_of_an_ensemble_are_averaged_before_the_temperature() -> None:
    weights = np.array([[[1.0, 0.0]], [[3.0, 2.0]]], np.float32)
    network = Network((Layer(weights, np.array([[0.0, 0.0], [0.0, 2.0]], np.float32)),), temperature=2.0)
    assert network(rows([1.0])).tolist() == [[1.0, 1.0]]
    assert network.probabilities(rows([1.0], [1.0])).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_inputs_are_standardised_limited_and_unknown_ones_are_average() -> None:
    divides = Standard(rows([1.0, 1.0])[0], rows([2.0, 0.5])[0], limit=3.0, unknown_is_mean=True)
    assert divides(rows([5.0, 5.0], [float("nan"), 1.0])).tolist() == [[2.0, 3.0], [0.0, 0.0]]
    assert Standard(rows([1.0])[0], rows([2.0])[0], multiplies=True)(rows([5.0])).tolist() == [[8.0]]


def test_a_straight_map_is_added_to_the_layers() -> None:
    network = Network(ABSOLUTE.layers, straight=rows([10.0]))
    assert network(rows([-2.0])).tolist() == [[-17.5]]


def test_inputs_in_columns_give_the_same_answers() -> None:
    some = rows([-2.0], [3.0], [0.0])
    assert ABSOLUTE.on_columns(some.T).tolist() == ABSOLUTE(some).T.tolist()


def test_a_single_output_needs_no_axis() -> None:
    network = Network((Layer(rows([1.0, 2.0])[0], np.array([1.0], np.float32)),))
    assert (network.n_inputs, network.n_outputs) == (2, 1)
    assert network(np.ones((3, 4, 2), np.float32)).shape == (3, 4)


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="inputs must be"):
        ABSOLUTE(np.zeros((1, 2), np.float32))


@given(st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_transposing_the_chroma_transposes_the_answers_of_the_roots(shift: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    layer = Layer(random.standard_normal((25, 3)).astype(np.float32), random.standard_normal(3).astype(np.float32))
    network = Network((layer,), has_none=True)
    chroma, plain = random.random((1, 24)).astype(np.float32), random.random((1, 1)).astype(np.float32)
    moved = np.roll(chroma.reshape(1, 2, 12), shift, axis=2).reshape(1, 24)
    here, there = network.per_root(chroma, plain), network.per_root(moved, plain)
    assert here.shape == (1, 12 * 2 + 1)
    expected = np.roll(here[:, :-1].reshape(12, 2), shift, axis=0).ravel()
    np.testing.assert_allclose(there[0, :-1], expected, atol=1e-5)
    np.testing.assert_allclose(there[0, -1], here[0, -1], atol=1e-5)


def test_chances_do_not_overflow() -> None:
    assert softmax(rows([1000.0, 0.0])).tolist() == [[1.0, 0.0]]
    assert sigmoid(rows([0.0])).tolist() == [[0.5]]


def test_a_logistic_regression_tells_the_chance() -> None:
    model = Logistic.from_document({"mean": [1.0, 0.0], "spread": [2.0, 1.0], "weights": [1.0, -1.0], "bias": 0.5})
    assert model.probability(np.array([3.0, 1.5])) == pytest.approx(0.5)
    assert model.probability(np.array([5.0, 1.5])) == pytest.approx(1.0 / (1.0 + np.exp(-1.0)))
    with pytest.raises(ValueError, match="values must be"):
        model.probability(np.array([1.0]))
