"""Entries leave and come back as they were, and what another table exports is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.errors import FileUnreadable
from sonoteca.interchange.knowledge_files import (
    ExportKnowledgeRequest,
    ImportKnowledgeAnswer,
    ImportKnowledgeRequest,
    export_knowledge,
    import_knowledge,
    knowledge_lines,
)
from sonoteca.knowledge.base import AddKnowledgeRequest, KnowledgeEntry, add_knowledge, list_knowledge
from sonoteca.knowledge.entry import Suggestion
from sonoteca.knowledge.starter_base import starter_advice
from sonoteca.search.corrections import undo

N_STARTER = len(starter_advice())
LINE: dict[str, Any] = {
    "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "topic": "eq",
    "category": "vocals",
    "suggestion": {
        "title": "Less mud",
        "description": 'Cut 3 dB, "gently",\nat 300 Hz; über alles.',
        "parameters": {"Q": 1.2},
    },
    "confidence": 0.9,
    "source": None,
    "created_at": "2026-01-31 12:00:00+00",
    "updated_at": "2026-01-31T13:00:00.5+01:00",
}


def imported(library: Library, path: Path, text: str) -> ImportKnowledgeAnswer:
    path.write_bytes(text.encode())
    return import_knowledge(library, ImportKnowledgeRequest(file=path))


def own(library: Library) -> list[KnowledgeEntry]:
    return [each for each in list_knowledge(library).rows if not each.is_starter]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_everything_comes_back_as_it_was(library: Library, tmp_path: Path, name: str) -> None:
    add_knowledge(library, AddKnowledgeRequest(topic="a", category="b", suggestion=Suggestion(**LINE["suggestion"]),
                                               about="kind:loop", confidence=0.25))  # fmt: skip
    answer = export_knowledge(library, ExportKnowledgeRequest(output=tmp_path / name))
    assert answer.entries == N_STARTER + 1
    again = import_knowledge(library, ImportKnowledgeRequest(file=tmp_path / name))
    assert (again.rows, again.unchanged, again.refused) == (N_STARTER + 1, N_STARTER + 1, ())
    with open_library(tmp_path / "other.sonoteca", mode="create") as other:
        assert import_knowledge(other, ImportKnowledgeRequest(file=tmp_path / name)).added == 1
        assert [each.as_json() for each in own(other)] == [each.as_json() for each in own(library)]


def test_an_import_is_one_change(library: Library, tmp_path: Path) -> None:
    before = list_knowledge(library).rows
    changed = [row.as_json() | {"confidence": 0.5} for row in before[:3]]
    text = "\n".join(map(json.dumps, [*changed, LINE]))
    answer = imported(library, tmp_path / "a.jsonl", text)
    assert (answer.added, answer.changed, answer.unchanged) == (1, 3, 0)
    [mine] = own(library)
    assert (mine.stored.created_at, mine.stored.updated_at) == ("2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.500Z")
    assert imported(library, tmp_path / "a.jsonl", text).unchanged == 4
    assert len(undo(library).changes) == 4
    assert list_knowledge(library).rows == before
    assert undo(library).batch is None


def test_a_table_of_another_program_is_read(library: Library, tmp_path: Path) -> None:
    text = (
        "id,topic,category,suggestion,confidence,source,embedding,rating\r\n"
        '7,eq,vocals,"Cut mud. Between 200 and 400 Hz, by 3 dB.",0.8,,"[0.1,0.2]",5\r\n'
        '8,eq,drums,"{""title"": ""Snap"", ""description"": ""Boost 5 kHz."", ""parameters"": {""by"": [2, 4], ""off"": null}, ""level"": 2}",,"us",,\r\n'
        "\r\n"
        "9,eq,drums,,0.5,,,\r\n"
        "10,eq,drums,text,loud,,,\r\n"
        "7,eq,drums,again,,,,\r\n"
        "short\r\n"
    )
    answer = imported(library, tmp_path / "table.csv", text)
    assert (answer.rows, answer.added) == (6, 2)
    assert answer.unread_columns == ("embedding", "rating")
    assert [each.line for each in answer.refused] == [5, 6, 7, 8]
    messages = " ".join(each.message for each in answer.refused)
    for told in ("suggestion is missing", "'loud'", "line 2 told of the same entry", "1 cells"):
        assert told in messages
    plain, made = own(library)
    assert (plain.stored.title, plain.stored.suggestion["description"]) == (
        "Cut mud",
        "Cut mud. Between 200 and 400 Hz, by 3 dB.",
    )
    assert made.stored.suggestion["parameters"] == {"by": "[2, 4]", "level": 2}
    assert imported(library, tmp_path / "table.csv", text).unchanged == 2, "an id that is no UUID means the same again"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "no JSON"),
        (json.dumps(LINE | {"topic": None}), "topic"),
        (json.dumps(LINE | {"confidence": 7}), "confidence"),
        (json.dumps(LINE | {"about": "kind:("}), ")"),
        (json.dumps(LINE | {"suggestion": [1]}), "suggestion"),
        (json.dumps(LINE | {"created_at": "yesterday"}), "created_at"),
        (json.dumps(LINE | {"source": "a\x00b"}), "source"),
        (json.dumps(LINE | {"conditions": [{"field": "x"}]}), "conditions"),
        (json.dumps(LINE | {"conditions": "x"}), "conditions"),
    ],
    ids=range(11),
)
def test_a_line_that_is_none_is_named_and_the_others_kept(tmp_path: Path, line: str, told: str) -> None:
    with open_library(tmp_path / "a.sonoteca", mode="create") as library:
        answer = imported(library, tmp_path / "a.jsonl", f"\ufeff\n{line}\n{json.dumps(LINE)}\n")
        assert (answer.rows, answer.added) == (2, 1)
        [refused] = answer.refused
        assert refused.line == 2
        assert told in refused.message
        assert "\n" not in refused.message


def test_a_row_that_no_json_can_hold_is_refused_and_the_others_are_taken(library: Library, tmp_path: Path) -> None:
    text = (
        '{"topic": "eq", "category": "x", "suggestion": {"title": "a", "description": "b", "parameters": {"by": NaN}}}\n'
        '{"topic": "eq", "category": "x", "suggestion": {"title": "c", "description": "d"}}\n'
    )
    answer = imported(library, tmp_path / "table.jsonl", text)
    assert [each.line for each in answer.refused] == [1]
    assert (answer.rows, answer.added) == (2, 1)


def test_what_is_no_file_of_entries_is_refused(tmp_path: Path) -> None:
    with open_library(tmp_path / "a.sonoteca", mode="create") as library:
        (tmp_path / "a.csv").write_bytes(b"topic;suggestion\n")
        (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
        for name, told in (("a.csv", "suggestion"), ("b.jsonl", "UTF-8"), ("none", "read")):
            with pytest.raises(FileUnreadable, match=told):
                import_knowledge(library, ImportKnowledgeRequest(file=tmp_path / name))


def test_lines_of_a_topic_can_be_had_alone(library: Library) -> None:
    lines = list(knowledge_lines(library, topic="harmony"))
    assert {json.loads(line)["topic"] for line in lines} == {"harmony"}
    assert len(list(knowledge_lines(library, format="csv", topic="harmony"))) == len(lines) + 1
