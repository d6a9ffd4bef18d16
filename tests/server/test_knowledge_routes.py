"""The knowledge base is asked and filled over HTTP and by assistants."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

SAID: dict[str, Any] = {
    "topic": "mixing",
    "category": "monitoring",
    "suggestion": {"title": "Tame our xylophone", "description": "Cut 3 dB at 43 Hz.", "parameters": {"Q": 1.5}},
    "conditions": [{"field": "role.value", "op": "in", "value": ["bass", "drums"], "recommend": "bass"}],
    "about": "kind:loop",
}


def test_a_question_is_answered_with_reasons(client: TestClient) -> None:
    answer = client.get("/api/knowledge/search", params={"q": "vocals sound muddy", "k": 1})
    assert answer.status_code == 200
    told = answer.json()
    assert told["query"]["mode"] == "full_text"
    [row] = told["results"]
    assert row["title"] == "Clear a muddy vocal"
    first = row["highlights"][0]
    assert [first["text"][start:end] for start, end in first["marks"]] == ["muddy", "vocal"]
    assert client.get("/api/knowledge/search", params={"q": "?"}).status_code == 400
    assert client.get("/api/knowledge/search").status_code == 400


def test_what_is_sent_is_kept_found_and_taken_back(writable: TestClient) -> None:
    answer = writable.post("/api/knowledge", json=SAID)
    assert answer.status_code == 201, answer.text
    entry = answer.json()["entry"]
    assert {name: entry[name] for name in SAID} == SAID
    asked = {"q": "xylophones"}
    assert writable.get("/api/knowledge/search", params=asked).json()["results"][0]["id"] == entry["id"]
    again = writable.post("/api/knowledge", json=SAID | {"id": entry["id"]})
    assert (again.status_code, again.json()["field"]) == (400, "id")
    assert writable.post("/api/undo").json()["changes"][0]["from"] == "Tame our xylophone"
    assert writable.get("/api/knowledge/search", params=asked).json()["results"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"about": "kind:("}, "about"),
        ({"confidence": 2}, "confidence"),
        ({"suggestion": {"title": "x"}}, "suggestion.description"),
        ({"conditions": [{"field": "a", "op": "<", "value": "b"}]}, "conditions.0"),
    ],
)
def test_what_is_no_entry_is_refused_by_its_field(client: TestClient, changed: dict[str, Any], field: str) -> None:
    answer = client.post("/api/knowledge", json=SAID | changed)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
