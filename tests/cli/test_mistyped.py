"""What a person reads after mistyping a value: a sentence in our words that says what may be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.hints import remedy_of
from sonoteca.cli.main import app
from sonoteca.errors import SonotecaError


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
        (["edit", "*", "--bpm", "fast"], "10 to 1000"),
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
