"""The networks that name things: their labels are words of the vocabulary, their chances sum to 1."""

from __future__ import annotations

import numpy as np
import pytest

from sonoteca.analysis.labels.content import CONTENT_OF
from sonoteca.analysis.labels.role import ROLE_OF_CLASS
from sonoteca.domain.vocabulary import Kind, Role, SoundClass
from sonoteca.models.files import load_network

NAMES = ("content", "kind", "role", "sound_class")
VOCABULARY = {
    "kind": {kind.value for kind in Kind},
    "role": {role.value for role in Role},
    "sound_class": {name.value for name in SoundClass},
    "content": set(CONTENT_OF),
}


@pytest.mark.parametrize("name", NAMES)
def test_labels_belong_to_the_vocabulary(name: str) -> None:
    assert set(load_network(f"{name}.npz", name).labels) <= VOCABULARY[name]


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_sum_to_one_even_far_outside_what_was_trained(name: str) -> None:
    network = load_network(f"{name}.npz", name)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((20, network.n_inputs)).astype(np.float32) * 1e6
    shares = network.probabilities(inputs)
    assert shares.shape == (20, len(network.labels))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)
    assert (shares >= 0).all()


def test_every_class_has_a_role() -> None:
    assert set(ROLE_OF_CLASS) == set(SoundClass)
