"""What reaches a terminal is safe, and JSON round-trips."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest

import sonoteca
from sonoteca.cli.arguments import query_text, shield
from sonoteca.cli.changes import tell_changes
from sonoteca.cli.output import fitted, line_width, local_time, print_error, print_json, print_table, printable
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


def test_a_command_to_copy_stays_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    command = "`.venv/bin/sonoteca --library demo.sonoteca list kind:loop`"
    assert fitted(f"The library is here; try: {command} and so on and on") == [
        "The library is here; try:",
        command,
        "and so on and on",
    ]


def test_negated_terms_and_tags_survive_the_option_parser() -> None:
    words = shield(["list", "kind:loop", "-tag:vocal", '-"warm pad"', "--limit", "3"])
    assert query_text(words[1:4]) == 'kind:loop -tag:vocal -"warm pad"'
    assert words[4:] == ["--limit", "3"]


def test_what_follows_a_double_dash_is_left_alone() -> None:
    assert shield(["inspect", "--", "-a:b.wav"]) == ["inspect", "--", "-a:b.wav"]


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("latin-1", "Bjørn – 日本 é…", "Bjørn - ?? é..."),
        ("ascii", "Bjørn – 日本 é…", "Bjorn - ?? e..."),
        ("ascii", "e\u0301 ♭", "e b"),
        ("utf-8", "می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_a_terminal_cannot_write_is_replaced(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, shown: str
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert printable(text) == shown


def test_a_pipe_has_no_width_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert line_width() is None
    monkeypatch.setenv("COLUMNS", "40")
    assert line_width() == 40
    print_table(["sound", ("why", "below")], [("kick", "both are drums and of the same tempo")])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_a_table_without_rows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["sound"], [], empty="No sound answers.")
    assert capsys.readouterr() == ("", "No sound answers.\n")


def test_a_moment_is_shown_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert local_time("2026-07-01T22:30:00.000Z") == "2026-07-02 00:30"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_not_listed_of_an_edit_is_counted_in_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [
        sonoteca.ChangedValue(str(number), f"/m/{number}.wav", field, None, 95.0, f"Nobody - {number}")
        for number in range(11)
        for field in ("bpm", "rating")
    ]
    tell_changes(changes, 11)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].strip() == "Nobody - 0: bpm none -> 95, rating none -> 95"
    assert [line.strip() for line in lines[5:]] == ["and 6 more sounds"]
