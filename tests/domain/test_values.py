"""Regions, observations, descriptors and embedding spaces refuse what they cannot mean."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sonoteca.domain.descriptor import DESCRIPTORS, SCALAR_DESCRIPTORS, TEMPO
from sonoteca.domain.embedding import Space, SpacePart
from sonoteca.domain.observation import Observation
from sonoteca.domain.region import Region


@pytest.mark.parametrize(
    ("number", "start_s", "end_s"), [(-1, 0.0, 1.0), (0, -0.1, 1.0), (1, 2.0, 1.0), (1, math.nan, 1.0)]
)
def test_a_region_has_a_number_and_runs_forward(number: int, start_s: float, end_s: float) -> None:
    with pytest.raises(ValueError, match="not a region"):
        Region(number, start_s, end_s)


def test_only_region_0_is_the_whole() -> None:
    assert Region(0, 0.0, 2.0).is_whole
    assert not Region(1, 0.0, 2.0).is_whole
    assert Region(1, 0.5, 2.0).duration_s == 1.5


@pytest.mark.parametrize("confidence", [-0.01, 1.01, math.nan, math.inf])
def test_a_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence of tempo must be 0"):
        Observation(TEMPO, {"bpm": 1.0}, confidence)


def test_descriptors_are_found_by_name_and_bounded_sensibly() -> None:
    assert all(DESCRIPTORS[name].name == name for name in DESCRIPTORS)
    assert set(SCALAR_DESCRIPTORS) <= set(DESCRIPTORS.values())
    for descriptor in DESCRIPTORS.values():
        assert descriptor.meaning
        if descriptor.low is not None and descriptor.high is not None:
            assert descriptor.low < descriptor.high


def test_any_other_setting_is_another_space() -> None:
    space = Space("m", 1, 4, 10.0, 5.0, "mean", "whitened", (SpacePart("timbre", 0, 4),))
    assert space.id == f"m.v1.{space.digest}"
    others = [
        replace(space, version=2), replace(space, window_s=5.0), replace(space, pooling="max"),
        replace(space, preprocessing=""), replace(space, parts=()),
    ]  # fmt: skip
    assert len({space.id, *(other.id for other in others)}) == 6
    assert replace(space) == space
