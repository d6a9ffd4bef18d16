"""What is stated, what gets a question mark, and what is not said: right values for known evidence."""

from __future__ import annotations

import pytest

from sonoteca.domain.certainty import THRESHOLDS, Certainty, certainty_of


@pytest.mark.parametrize(
    ("name", "confidence", "mark"),
    [
        ("sound_class", 0.97, ""),
        ("sound_class", 0.8, ""),
        ("sound_class", 0.79, "?"),
        ("sound_class", 0.5, "?"),
        ("tempo", 0.45, "?"),
        ("key", None, ""),
        ("loudness", 0.1, ""),
    ],
)
def test_a_likely_value_has_a_question_mark_and_a_stated_one_none(
    name: str, confidence: float | None, mark: str
) -> None:
    assert certainty_of(name, confidence).mark == mark


def test_below_its_threshold_a_label_is_unknown_and_unknown_has_no_mark_of_its_own() -> None:
    for name, thresholds in THRESHOLDS.items():
        assert certainty_of(name, thresholds.likely - 0.01) is Certainty.UNKNOWN
        assert certainty_of(name, thresholds.likely) is Certainty.LIKELY
        assert certainty_of(name, thresholds.stated) is Certainty.STATED
    assert Certainty.UNKNOWN.mark == ""
