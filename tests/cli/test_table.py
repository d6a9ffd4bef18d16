"""Tables fit the width that there is: what gives way first, what never does, and how wide characters count."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from sonoteca.cli.sound_names import names_of
from sonoteca.cli.table import Column, ColumnLike, as_column, laid_out
from sonoteca.cli.text_width import NO_BREAK, cells, cut, wrapped
from sonoteca.search.result_row import ResultRow

COLUMNS: list[ColumnLike] = [
    "id",
    ("bpm", "right"),
    Column("LUFS", "right", spare=2),
    Column("sound", "name", least=12),
    ("why", "below"),
]
ROWS: list[list[str | None]] = [
    ["x5qm", "124", "-8.5", "a very long name of a drum loop 124bpm.wav", "both drums, the same tempo (124 bpm)"],
    ["g2zk", "53.9", "-14.2", "rain.wav", None],
]


def lines(width: int | None) -> list[str]:
    columns = [as_column(column) for column in COLUMNS]
    return [line.plain for line in laid_out(columns, ROWS, width=width, dash="-", mark="...")]


def test_a_pipe_has_a_line_for_each_row_and_cuts_nothing() -> None:
    heading, first, second = lines(None)
    assert heading.split() == ["id", "bpm", "LUFS", "sound", "why"]
    assert first.endswith("a very long name of a drum loop 124bpm.wav  both drums, the same tempo (124 bpm)")
    assert second.split() == ["g2zk", "53.9", "-14.2", "rain.wav", "-"]


@pytest.mark.parametrize("width", range(24, 130))
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width: int) -> None:
    laid = lines(width)
    assert max(map(cell_len, laid)) <= width
    words = " ".join(laid).split()
    assert {"x5qm", "g2zk", "124", "53.9"} <= set(words)
    assert {"both", "drums,", "same", "tempo", "(124"} <= set(words)


def test_reasons_go_below_before_anything_is_left_out() -> None:
    laid = lines(70)
    assert laid[0].split() == ["id", "bpm", "LUFS", "sound"]
    assert laid[2].strip() == "both drums, the same tempo (124 bpm)"
    assert laid[3].split() == ["g2zk", "53.9", "-14.2", "rain.wav"]


def test_what_can_be_spared_goes_before_a_name_is_cut() -> None:
    assert lines(56)[0].split() == ["id", "bpm", "LUFS", "sound"]
    laid = lines(46)
    assert laid[0].split() == ["id", "bpm", "sound"]
    assert laid[1].endswith("a very long name of...124bpm.wav")


def test_decimal_points_stand_below_each_other() -> None:
    first, second = lines(70)[1], lines(70)[3]
    assert first.index("124 ") + 3 == second.index("53.9") + 2


def test_a_column_in_which_nothing_is_known_is_left_out() -> None:
    columns = [as_column(name) for name in ("id", "tags")]
    assert [line.plain for line in laid_out(columns, [["a", None]], width=80, dash="-", mark="...")] == ["id", "a"]


def test_a_terminal_too_narrow_for_a_table_shows_each_value_on_its_line() -> None:
    laid = lines(16)
    assert laid[0] == "id     x5qm"
    assert max(map(cells, laid)) <= 16
    assert "" in laid


@pytest.mark.parametrize("name", ["日本の歌", "e\u0301te\u0301", "👩\u200d🎤 live", "שלום", "می\u200cخواهم", "🇩🇪"])
def test_what_stands_behind_a_wide_name_is_aligned(name: str) -> None:
    columns = [Column("name", "name"), Column("bpm", "right")]
    laid = laid_out(columns, [[name, "124"], ["kick", "96"]], width=40, dash="-", mark="...")
    assert [cell_len(line.plain) for line in laid] == [max(4, cell_len(name)) + 2 + 3] * 3


def test_a_cut_never_divides_what_is_drawn_as_one() -> None:
    assert cut("日本の歌を聞く", 8, mark="…") == "日本…く"
    assert cut("e\u0301" * 9, 5, mark="…") == "e\u0301" * 3 + "…" + "e\u0301"


def test_words_stay_whole_and_a_path_can_be_copied() -> None:
    path = "/music/albums/one/two/three.wav"
    assert wrapped(f"written to {path}", 12, is_whole=True) == ["written to", path]
    assert wrapped(f"written to {path}", 12) == ["written to", "/music/", "albums/one/", "two/", "three.wav"]
    assert wrapped(f"Am{NO_BREAK}8A C{NO_BREAK}8B", 6) == [f"Am{NO_BREAK}8A", f"C{NO_BREAK}8B"]


def test_folders_are_named_only_where_two_would_be_called_the_same() -> None:
    def row(id_: str, path: str | None, title: str | None = None, artist: str | None = None) -> ResultRow:
        return ResultRow(id_, None, title, path, 0, 0.0, 1.0, 0.5, "similar", artist=artist)

    assert names_of(
        [
            row("a", "/m/one/kick.wav"),
            row("b", "/m/two/kick.wav"),
            row("a", "/m/one/kick.wav"),
            row("c", "/m/two/snare.wav", "Snare"),
            row("d", "/m/x.mp3", "Song", "Nobody"),
            row("e", None, "Only a title"),
            row("f", None),
        ]
    ) == ["one/kick.wav", "two/kick.wav", "one/kick.wav", "snare.wav", "Nobody - Song", "Only a title", "f"]
    twice = [row("a", "/m/x.mp3", "Song", "Nobody"), row("b", "/m/x.wav", "Song", "Nobody")]
    assert names_of(twice) == ["x.mp3", "x.wav"]
