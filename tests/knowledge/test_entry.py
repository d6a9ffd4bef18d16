"""What is no entry is refused with the key that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sonoteca.knowledge.entry import Condition, read_entry

PLAIN: dict[str, Any] = {
    "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "topic": "eq",
    "category": "vocals",
    "suggestion": {"title": "Less mud", "description": "Cut 3 dB at 300 Hz.", "parameters": {"Q": 1.2}},
    "confidence": None,
    "source": None,
}


def line(**changes: Any) -> str:
    return json.dumps(PLAIN | changes)


def test_conditions_and_about_may_be_left_out() -> None:
    entry = read_entry(line())
    assert (entry.conditions, entry.about, entry.suggestion.parameters) == ((), None, {"Q": 1.2})


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"id": "seven"}, "id"),
        ({"topic": "  "}, "topic"),
        ({"suggestion": {"title": "Less mud"}}, "suggestion.description"),
        ({"suggestion": PLAIN["suggestion"] | {"parameters": {"Q": [1, 2]}}}, "suggestion.parameters.Q"),
        ({"confidence": 1.5}, "confidence"),
        ({"embedding": [0.1]}, "embedding"),
        ({"conditions": [{"field": "Loudness", "op": ">", "value": 1}]}, "conditions.0"),
        ({"conditions": [{"field": "loudness", "op": "~", "value": 1}]}, "conditions.0.op"),
    ],
)
def test_the_wrong_key_is_named(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key}") as told:
        read_entry(line(**changes))
    assert "\n" not in str(told.value)


def test_a_line_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the line: Invalid JSON"):
        read_entry("vocals sound muddy")


@pytest.mark.parametrize(
    ("op", "value"),
    [(">", "loud"), (">", None), ("in", "bass"), ("in", ()), ("=", None), ("=", ("bass",)), ("known", 1), ("<", True)],
)
def test_what_cannot_be_compared_is_no_condition(op: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        Condition(field="role.value", op=op, value=value)
