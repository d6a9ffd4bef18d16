"""The weights file: what ships is read, what is overridden holds, what is wrong is refused with its name."""

from __future__ import annotations

import tomllib

import pytest

from sonoteca.errors import RequestError
from sonoteca.sequence.weights import SEQUENCE_WEIGHTS, default_weights, parse_weights

SHIPPED = SEQUENCE_WEIGHTS.text


def test_every_number_that_ships_is_known_and_every_known_one_ships() -> None:
    assert tomllib.loads(SHIPPED) == default_weights().model_dump()
    assert SEQUENCE_WEIGHTS.as_toml(default_weights()) == SHIPPED


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


def test_a_text_changes_what_it_names() -> None:
    mine = parse_weights("version = 1\n[axes]\nkey = 0\n[freshness]\nartist_gap = 3\n")
    assert (mine.axes.key, mine.freshness.artist_gap) == (0.0, 3)
    assert mine.axes.tempo == default_weights().axes.tempo
    assert mine.tempo == default_weights().tempo


def test_numbers_in_one_line() -> None:
    mine = parse_weights("key=0, tempo=2,tempo.half_pct=3")
    assert (mine.axes.key, mine.axes.tempo, mine.tempo.half_pct) == (0.0, 2.0, 3.0)
    assert parse_weights("") == default_weights()


def test_what_is_written_out_with_its_comments_reads_back() -> None:
    mine = parse_weights("key.same=0.9,set.beam=8")
    text = SEQUENCE_WEIGHTS.as_toml(mine)
    assert parse_weights(text) == mine
    assert "same = 0.9          # 8A to 8A" in text
    assert [line for line in text.splitlines() if line not in SHIPPED.splitlines()] == [
        "same = 0.9          # 8A to 8A",
        "beam = 8",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pitch=1", "no axes.pitch"),
        ("tempos.half_pct=1", "no tempos"),
        ("key=much", "'key=much' is not name=number"),
        ("key=-1", "axes.key of the weights cannot be -1.0"),
        ("key=nan", "axes.key of the weights cannot be nan"),
        ("tempo.half_pct=0", "tempo.half_pct of the weights cannot be 0.0: it should be greater than 0"),
        (
            "tempo=0,key=0,energy=0,timbre=0,rhythm=0,freshness=0",
            "tempo, key, energy, timbre, rhythm and freshness all have weight 0",
        ),
        ("[axes", "are no TOML"),
        ("[axes]\nkey = \n", "line 2"),
        ("version = 9", "version of the weights cannot be 9"),
        ("axes = 3", "axes of the weights is a table"),
        ('[axes]\nkey = "a"', "axes.key of the weights cannot be 'a'"),
        ("[axes]\nkey = true", "axes.key of the weights cannot be True"),
    ],
)
def test_what_is_wrong_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_weights(text)
    assert message in caught.value.message
    assert caught.value.field == "weights"
