"""What an error tells a person to type works as it stands: the program as it was called, the library that was named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonoteca.cli import hints
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.cli.options import remember_library
from sonoteca.errors import LibraryMissing, LibraryNeedsUpgrade, SoundNotFound

# Everything that needs a library which is there, with the words it needs.
NEED_A_LIBRARY = [
    "retry", "list", "show x", "search x", "similar x", "next x", "set --length 3", "path x y", "lint x",
    "edit x --bpm 120", "undo", "remove x --yes", "audit", "gaps . -o gaps", "preview x y -o z.wav", "match x",
    "match accept x y", "match reject x y", "match versions", "match use 2", "match tune", "arrange", "arrange list",
    "arrange show x", "arrange edit x --undo", "arrange remove x --yes", "arrange export x -o x.json",
    "arrange render x -o x.wav", "playlist list", "playlist show x", "playlist create x", "playlist smart x -f kind:loop",
    "playlist rename x y", "playlist add x y", "playlist remove x 1", "playlist move x 1 2", "library check",
    "library backup", "library upgrade", "library map", "index check", "index rebuild", "hum x.wav", "tap x.wav",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_named_before(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_library(None)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])


def refused(*words: str) -> LibraryMissing:
    result = CliRunner().invoke(app, shield(words))
    assert isinstance(result.exception, LibraryMissing), result.output + repr(result.exception)
    return result.exception


@pytest.mark.parametrize("words", NEED_A_LIBRARY)
def test_a_newcomer_is_told_how_to_begin(words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sonoteca.settings.default_library", lambda: str(tmp_path / "data" / "library.sonoteca"))
    monkeypatch.setenv("SONOTECA_LIBRARY", str(tmp_path / "data" / "library.sonoteca"))
    monkeypatch.chdir(tmp_path)
    assert refused(*words.split()).message == "You have no library yet: sonoteca add FOLDER"
    assert not list(tmp_path.iterdir())


def test_a_library_that_was_named_stays_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused("--library", "my tunes.db", "list")
    assert error.message == f"There is no library at {tmp_path / 'my tunes.db'}."
    assert error.remedy == (
        "You have no library yet: sonoteca -L 'my tunes.db' add FOLDER, or name another with --library."
    )
    assert refused("list", "--library", "mine.db").remedy.startswith("You have no library yet: sonoteca -L mine.db add")


def test_a_disk_that_is_away_is_no_new_library(tmp_path: Path) -> None:
    error = refused("--library", str(tmp_path / "usb" / "music" / "mine.db"), "list")
    assert "is its disk mounted?" in error.message
    assert error.remedy == "Mount its disk, or name another library with --library."


def test_remedies_are_called_as_the_program_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "bin" / "sonoteca"
    installed.parent.mkdir(parents=True)
    installed.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(installed), "list"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert hints.remedy_of(SoundNotFound("?")).endswith("`.venv/bin/sonoteca list` shows them.")
    monkeypatch.setenv("PATH", f"/nowhere{os.pathsep}{installed.parent}")
    assert hints.remedy_of(SoundNotFound("?")).endswith("`sonoteca list` shows them.")
    remember_library("mine.db")
    assert hints.remedy_of(LibraryNeedsUpgrade("?")).startswith("Run `sonoteca -L mine.db library upgrade`")
    assert hints.as_called("See `sonoteca list --help`.") == "See `sonoteca list --help`."


def test_a_module_is_called_as_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert hints.program("/src/sonoteca/cli/main.py", str(python)) == "bin/python -m sonoteca.cli.main"
    monkeypatch.setenv("PATH", str(python.parent))
    assert hints.program("/src/sonoteca/cli/main.py", str(python)) == "python -m sonoteca.cli.main"


def test_pip_is_the_one_of_this_installation() -> None:
    told = hints.as_called("pip install 'sonoteca[record]', or python -m pip install av")
    assert told.count(" -m pip install ") == 2
    assert os.path.basename(told.split()[0]).startswith("python")
