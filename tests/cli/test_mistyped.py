"""What a person reads after mistyping a value: a sentence in our words that says what may be written."""

from __future__ import annotations

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
