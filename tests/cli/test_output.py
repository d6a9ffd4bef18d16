"""What reaches a terminal is safe, and JSON round-trips."""

from __future__ import annotations

import json

import pytest

from sonoteca.cli.arguments import query_text, shield
from sonoteca.cli.output import print_error, print_json, printable
from sonoteca.errors import LibraryFull, QuerySyntaxError


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("rtl_\u202egpj.wav", r"rtl_\u202egpj.wav"),
        ("new\nline", r"new\nline"),
        ("not utf8 \udcff", r"not utf8 \udcff"),
        ("日本 é 🎸", "日本 é 🎸"),
    ],
)
def test_a_terminal_never_obeys_a_file_name(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_json_keeps_names_that_are_not_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": "a\udcff\n.wav"})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {"path": "a\udcff\n.wav"}


def test_json_refuses_numbers_that_no_reader_knows() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json({"bpm": float("nan")})


def test_a_query_error_points_at_the_character(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(QuerySyntaxError("'lop' is not a kind", query="role:bass kind:lop", position=15))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "  role:bass kind:lop"
    assert lines[2].index("^") == 2 + 15


def test_an_error_shows_code_sentence_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(LibraryFull("no room for lib.sonoteca"))
    printed = capsys.readouterr().err
    assert "library_full" in printed
    assert "no room for lib.sonoteca" in printed
    assert "Free disk space" in printed


def test_negated_terms_and_tags_survive_the_option_parser() -> None:
    words = shield(["list", "kind:loop", "-tag:vocal", '-"warm pad"', "--limit", "3"])
    assert query_text(words[1:4]) == 'kind:loop -tag:vocal -"warm pad"'
    assert words[4:] == ["--limit", "3"]


def test_what_follows_a_double_dash_is_left_alone() -> None:
    assert shield(["inspect", "--", "-a:b.wav"]) == ["inspect", "--", "-a:b.wav"]
