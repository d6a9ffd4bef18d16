"""``knowledge`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.errors import SonotecaError


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "mine.sonoteca"
    open_library(path, mode="create").close()
    return path


def run(library: Path, *words: str, expect: int = 0) -> Result:
    result = CliRunner().invoke(app, shield(["--library", str(library), *words]))
    code = result.exception.exit_code if isinstance(result.exception, SonotecaError) else result.exit_code
    assert code == expect, result.output + repr(result.exception)
    return result


def told(library: Path, *words: str, expect: int = 0) -> Any:
    return json.loads(run(library, *words, "--json", expect=expect).stdout)


def test_advice_is_added_found_edited_and_taken_back(library: Path) -> None:
    added = told(library, "knowledge", "add", "Tame our room", "Cut 3 dB at 43 Hz.", "--topic", "mixing", "--category",
                 "monitoring", "-p", "Q=1.5", "-p", "cut=3 dB", "--confidence", "0.5", "--about", "kind:loop")  # fmt: skip
    entry = added["entry"]
    assert added["changed"]
    assert entry["suggestion"]["parameters"] == {"Q": 1.5, "cut": "3 dB"}
    shown = run(library, "knowledge", "search", "our", "room", "at", "43").stdout
    assert "Tame our room" in shown
    assert "cut: 3 dB" in shown
    assert "why: title: 'our'" not in shown, "a word without meaning is no reason"
    assert "'room'" in shown
    assert "edited" in run(library, "knowledge", "edit", entry["id"][:8], "--title", "Tame it").stderr
    assert told(library, "knowledge", "search", "tame")["results"][0]["suggestion"]["title"] == "Tame it"
    assert "'Tame our room' is as it was" in run(library, "undo").stderr
    assert "is gone" in run(library, "undo").stderr
    assert "No entry has enough" in run(library, "knowledge", "search", "xylophone").stderr


def test_a_category_narrows(library: Path) -> None:
    answer = told(library, "knowledge", "search", "vocals sound muddy", "--category", "vocals", "-k", "2")
    assert answer["query"]["mode"] == "full_text"
    assert [row["category"] for row in answer["results"]] == ["vocals"] * len(answer["results"]) != []
    rows = told(library, "knowledge", "list", "--topic", "eq", "--category", "vocals")["results"]
    assert {row["topic"] for row in rows} == {"eq"}
    assert "starter" in run(library, "knowledge", "list", "--topic", "eq").stdout


def test_entries_leave_and_come_back(library: Path, tmp_path: Path) -> None:
    lines = run(library, "knowledge", "export").stdout.splitlines()
    assert told(library, "knowledge", "export", "-o", str(tmp_path / "a.csv"))["entries"] == len(lines)
    assert told(library, "knowledge", "import", str(tmp_path / "a.csv"))["unchanged"] == len(lines)
    (tmp_path / "b.jsonl").write_text(lines[0] + "\nno entry\n")
    result = run(library, "knowledge", "import", str(tmp_path / "b.jsonl"), expect=1)
    assert "no JSON" in result.stdout
    assert "1 left out" in result.stderr


@pytest.mark.parametrize(
    "words",
    [("add", "a", "b", "--topic", "t", "--category", "c", "-p", "x"), ("search", "?"), ("edit", "zz", "--title", "x")],
)
def test_what_cannot_be_done_is_said(library: Path, words: tuple[str, ...]) -> None:
    run(library, "knowledge", *words, expect=2)


def test_a_library_on_a_read_only_disk_is_asked_all_the_same(library: Path) -> None:
    library.chmod(0o444)
    library.parent.chmod(0o555)
    try:
        assert told(library, "knowledge", "search", "muddy vocals")["results"]
    finally:
        library.parent.chmod(0o755)
        library.chmod(0o644)
