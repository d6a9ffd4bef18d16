"""A command that fails with --json tells a program why, on stdout, and a person on stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli import main as command_line


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("errors") / "mine.sonoteca"
    with open_library(place, mode="create") as made, made.write() as connection:
        for folder in ("one", "two"):
            samples.add(connection, f"{folder}/kick.wav", f"x1:{folder}", duration_s=1.0, kind="one_shot")
    return place


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["sonoteca", *words])
    with pytest.raises(SystemExit) as end:
        command_line.main()
    return int(end.value.code or 0)


def test_an_error_names_those_that_may_have_been_meant(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "-L", str(library), "show", "kick.wav", "--json") == 2
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert error["code"] == "ambiguous_sound"
    assert len({each["id"] for each in error["candidates"]}) == 2
    assert "error [ambiguous_sound]" in told.err


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (("list", "kind:lopp", "--json"), "query_syntax", 2),
        (("search", "--json", "kick", "-k", "many"), "bad_request", 2),
        (("search", "--json", "kick", "--bogus"), "bad_request", 2),
        (("--bogus", "search", "--json", "kick"), "bad_request", 2),
        (("serch", "--json", "kick"), "bad_request", 2),
        (("--library", "nowhere/at/all.sonoteca", "list", "--json"), "library_missing", 3),
    ],
)
def test_an_error_has_its_code_and_the_exit_code_stays(
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: str,
    status: int,
) -> None:
    monkeypatch.setenv("SONOTECA_LIBRARY", str(library))
    assert ended(monkeypatch, *words) == status
    told = capsys.readouterr()
    assert [json.loads(line)["error"]["code"] for line in told.out.splitlines()] == [code]
    assert told.err


def test_without_json_stdout_stays_empty(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "-L", str(library), "list", "kind:lopp") == 2
    told = capsys.readouterr()
    assert (told.out, "query_syntax" in told.err) == ("", True)
