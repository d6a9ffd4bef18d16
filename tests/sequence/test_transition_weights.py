"""The weights file: what ships is read, what is overridden holds, what is wrong is refused with its name."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from sonoteca.errors import RequestError
from sonoteca.sequence.weights import as_document, default_weights, named_weights, parse_weights

SHIPPED = resources.files("sonoteca.sequence").joinpath("weights.toml").read_text(encoding="utf-8")


def test_every_number_that_ships_is_known_and_every_known_one_ships() -> None:
    document = tomllib.loads(SHIPPED)
    assert document.pop("version") == 1
    assert document == as_document(default_weights())


def test_every_number_that_ships_says_what_it_is() -> None:
    explained = False
    for line in SHIPPED.splitlines():
        if line.startswith("#"):
            explained = True
        elif line.startswith("["):
            explained = False
        elif "=" in line:
            # A comment covers the lines that follow it; a table may begin with one for all of it.
            assert explained or "#" in line or line.split(" = ")[0] in ("version",), line


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("version = 1\n[axes]\nkey = 0\n[freshness]\nartist_gap = 3\n")
    mine = named_weights(str(file))
    assert (mine.axes.key, mine.freshness.artist_gap) == (0.0, 3)
    assert mine.axes.tempo == default_weights().axes.tempo
    assert mine.tempo == default_weights().tempo


def test_numbers_on_the_command_line() -> None:
    mine = named_weights("key=0, tempo=2,tempo.half_pct=3")
    assert (mine.axes.key, mine.axes.tempo, mine.tempo.half_pct) == (0.0, 2.0, 3.0)
    assert named_weights(None) is default_weights()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("pitch=1", "'pitch' is not a number of 'axes'"),
        ("tempos.half_pct=1", "'tempos' is not a table"),
        ("key=much", "'key=much' is not name=number"),
        ("key=-1", "axes.key = -1.0"),
        ("key=nan", "axes.key = nan"),
        ("tempo.half_pct=0", "tempo.half_pct must be above 0"),
        ("tempo=0,key=0,energy=0,timbre=0,rhythm=0,freshness=0", "All parts of a transition have weight 0"),
        ("/no/such/file.toml", "cannot be read"),
    ],
)
def test_what_is_wrong_is_refused_by_name(option: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        named_weights(option)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[axes", "are not TOML"),
        ("version = 9", "version 9"),
        ("axes = 3", "'axes' is a table of the weights"),
        ('[axes]\nkey = "a"', "axes.key = 'a'"),
        ("[axes]\nkey = true", "axes.key = True"),
    ],
)
def test_files_that_are_wrong_are_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_weights(text)
    assert message in caught.value.message
