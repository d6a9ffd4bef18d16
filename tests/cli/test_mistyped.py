"""What a person reads after mistyping a value: a sentence in our words that says what may be written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.hints import remedy_of
from sonoteca.cli.main import app
from sonoteca.errors import RequestError, SonotecaError


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mistyped") / "mine.sonoteca"
    open_library(place, mode="create").close()
    return place


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (["match", "x.wav", "--role", "trumpet"], "drums"),
        (["edit", "*", "--role", "trumpet"], "drums"),
        (["edit", "*", "--kind", "xyz"], "one_shot"),
        (["edit", "*", "--bpm", "fast"], "20 to 400"),
        (["edit", "*", "--key", "H"], "F# minor"),
        (["edit", "*", "--rating", "6"], "0 to 5"),
        (["library", "map", "--method", "foo"], "tsne"),
        (["import", "csv", "list.csv", "--match", "foo"], "external"),
        (["list", "kind:lopp"], "loop"),
    ],
)
def test_a_mistyped_value_is_told_with_what_may_be_written(library: Path, typed: list[str], wanted: str) -> None:
    result = CliRunner().invoke(app, [*typed, "--library", str(library)])
    said = result.output
    if isinstance(result.exception, SonotecaError):
        assert result.exception.exit_code == 2
        said = f"{result.exception.message} {remedy_of(result.exception)}"
    else:
        assert result.exit_code == 2
    assert "Value error" not in said
    assert wanted in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["serch", "x"], "There is no command 'serch'. Did you mean search or serve?"),
        (["playlist", "shwo"], "There is no command 'playlist shwo'. Did you mean show?"),
        (["list", "--totle"], "list has no option --totle. Did you mean --total?"),
        (["playlist", "show", "x", "--bogus"], "playlist show has no option --bogus."),
        (["path", "a"], "path needs B: where it ends."),
        (["set"], "set needs --length 20|60m: fill so many tracks, or so much time (60m, 1h30m)."),
        (["set", "--length"], "--length needs a value: 20|60m."),
        (["audit", "--diff=3"], "--diff takes no value."),
        (["show", "Nobody", "-", "Song"], "show takes SOUND, and '- Song' stands behind it."),
        (["undo", "now"], "undo takes no words, and 'now' stands behind it."),
        (["search", "x", "-k", "many"], "--count: 'many' is no whole number."),
        (["search", "x", "-k", "0"], "--count: 0 is less than 1."),
        (["search", "x", "-k", "5000"], "--count: 5000 is more than 1000."),
        (["set", "--length", "3", "--tempo-pct", "x"], "--tempo-pct: 'x' is no number."),
        (["next", "x", "--energy", "sideways"], "--energy: 'sideways' is none of up, down, hold."),
        (["playlist", "move", "x", "one", "2"], "FROM: 'one' is no whole number."),
    ],
)
def test_a_command_line_that_cannot_be_read_is_told_in_a_sentence(
    typed: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["sonoteca", *typed])
    result = CliRunner().invoke(app, typed)
    assert result.exit_code == 2
    error, remedy = result.stderr.splitlines()
    assert error == f"error [bad_request] {said}"
    assert "--help` " in remedy
    monkeypatch.setattr("sys.argv", ["sonoteca", *typed, "--json"])
    told = json.loads(CliRunner().invoke(app, [*typed, "--json"]).stdout) if typed != ["set", "--length"] else None
    assert told is None or told["error"]["message"] == said


def test_a_group_of_commands_named_alone_shows_its_help() -> None:
    result = CliRunner().invoke(app, ["playlist"])
    assert result.exit_code == 2
    assert "Put sounds at the end of a playlist" in result.output


def test_the_option_that_gives_a_field_is_named(library: Path) -> None:
    result = CliRunner().invoke(app, ["edit", "*", "--kind", "xyz", "--library", str(library)])
    assert isinstance(result.exception, SonotecaError)
    assert result.exception.field == "kind"
    assert remedy_of(result.exception).endswith("(--kind)")


def test_a_synonym_is_the_word_it_stands_for(library: Path) -> None:
    result = CliRunner().invoke(app, ["edit", "*", "--class", "hi-hat", "--library", str(library), "--yes"])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["edit", "*", "--role", "pad", "--library", str(library), "--yes"])
    assert isinstance(result.exception, SonotecaError)
    assert "Did you mean harmony?" in result.exception.remedy


def test_a_set_of_no_tracks_says_that_there_are_none(library: Path) -> None:
    result = CliRunner().invoke(app, ["set", "--length", "4", "--library", str(library)])
    assert isinstance(result.exception, SonotecaError)
    assert result.exception.message.startswith("The library holds no tracks")


def test_a_question_ends_with_one_mark(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["list", "-L", str(tmp_path / "absent" / "x.sonoteca")])
    assert isinstance(result.exception, SonotecaError)
    assert result.exception.message.endswith("is its disk mounted?")


def test_a_refusal_without_a_remedy_names_the_option_to_read_of() -> None:
    assert remedy_of(RequestError("No.", field="cues")) == "See --cue in --help."


@pytest.mark.parametrize(
    "command", [["edit", "nosuch", "--rating", "3"], ["remove", "nosuch", "-y"], ["show", "nosuch"]]
)
def test_a_name_that_nothing_has_ends_every_command_alike(library: Path, command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--library", str(library)])
    assert isinstance(result.exception, SonotecaError)
    assert (result.exception.code, result.exception.exit_code) == ("sound_not_found", 2)
    assert "search` finds them by words" in remedy_of(result.exception)
