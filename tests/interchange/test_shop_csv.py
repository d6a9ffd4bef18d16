"""A shop's list: who is meant, what is said, and what happens to rows that are wrong."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue_samples as samples
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.identity.sounds import find_sounds, get_sound
from sonoteca.catalogue.store.events import list_events
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.cli.hints import remedy_of
from sonoteca.cli.sound_names import names_of
from sonoteca.domain.names import public_id, sound_name
from sonoteca.errors import FileUnreadable, RequestError, SonotecaError
from sonoteca.interchange import shop_csv
from sonoteca.interchange.shop_csv import ShopCsvRequest, ShopImport, import_shop_csv
from sonoteca.search.listing import ListRequest, list_sounds
from sonoteca.search.result_row import region_facts
from sonoteca.search.text import rank_by_words

PATHS = ("Loops/a.wav", "Loops/b.wav", "Wärme/c.wav")


@pytest.fixture
def sounds(library: Library) -> list[int]:
    with library.write() as connection:
        return [samples.add(connection, path, f"x1:{path}", kind="loop") for path in PATHS]


def imported(library: Library, file: Path, **options: Any) -> ShopImport:
    return import_shop_csv(library, ShopCsvRequest(file=file, **options))


def facts_of(library: Library, sound_id: int) -> ShopFacts:
    with library.read() as connection:
        row = get_sound(connection, sound_id)
    return ShopFacts(row.external_id, row.title, row.price, row.currency, row.url)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "shop.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_rows_are_matched_by_path_and_say_what_the_shop_knows(
    library: Library, sounds: list[int], tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = (
        ("Path", "External ID", "title", "price", "currency", "URL", "stock"),
        ("/music/Loops/a.wav", "LP-1", "Käse", "12.50", "eur", "https://shop.example/1", "7"),
        ("music/Loops/b.wav", "LP-2", "", '"3,9"', "", "", ""),
        ("Wärme/c.wav", "", "Warm, warmer" if separator != "," else '"Warm, warmer"', "0", "USD", "", ""),
    )
    path = written(tmp_path, "\r\n".join(separator.join(row) for row in rows), encoding)
    done = imported(library, path)
    assert (done.named_by, done.rows, done.changed, done.unchanged, done.bad) == ("path", 3, 3, 0, [])
    assert done.unread_columns == ("stock",)
    assert facts_of(library, sounds[0]) == ShopFacts("LP-1", "Käse", 12.5, "EUR", "https://shop.example/1")
    assert facts_of(library, sounds[1]) == ShopFacts("LP-2", None, 3.9, None, None)
    assert facts_of(library, sounds[2]) == ShopFacts(None, "Warm, warmer", 0.0, "USD", None)
    again = imported(library, path)
    assert (again.rows, again.changed, again.unchanged) == (3, 0, 3)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("first", "separator"),
    [("sep=;", ";"), ("SEP=,", ","), ("sep=\t", "\t"), ('"sep=|"', "|"), ("sep=^", "^"), ("sep=;;;", ";")],
)
def test_a_first_line_may_name_the_separator(
    library: Library, sounds: list[int], tmp_path: Path, encoding: str, first: str, separator: str
) -> None:
    rows = (("path", "external_id", "title"), ("Loops/a.wav", "A-1", "One"), ("gone.wav", "A-2", "Two"))
    text = "\r\n".join([first, *(separator.join(row) for row in rows)])
    done = imported(library, written(tmp_path, text, encoding))
    assert (done.rows, done.changed, [each.line for each in done.bad]) == (2, 1, [4])
    assert facts_of(library, sounds[0]) == ShopFacts("A-1", "One", None, None, None)


def test_a_first_line_that_names_a_separator_is_no_header(library: Library, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="begins with an empty line"):
        imported(library, written(tmp_path, "sep=;\n"))


def test_what_is_said_is_found_and_printed_everywhere(library: Library, sounds: list[int], tmp_path: Path) -> None:
    imported(
        library,
        written(
            tmp_path, "path,external_id,title,price,currency,url\nLoops/a.wav,LP-1,Dusty,5,EUR,http://x.example/a\n"
        ),
    )
    with library.read() as connection:
        assert [ref.id for ref in find_sounds(connection, "external:LP-1")] == [sounds[0]]
        [row] = rank_by_words(connection, "dusty").rows
        document = stored_sound_object(connection, sounds[0])
        other = region_facts(connection, [2])[2]
        [event] = list_events(connection, type="imported")
    assert (row.external_id, row.title, row.price, row.currency, row.url) == (
        "LP-1", "Dusty", 5.0, "EUR", "http://x.example/a",
    )  # fmt: skip
    assert row.as_json()["price"] == 5.0
    assert (row.shop_title, document["shop_title"]) == ("Dusty", "Dusty")
    assert (sound_name("x", None, None, "a.wav", row.shop_title), names_of([row])) == ("Dusty", ["Dusty"])
    assert (document["price"], document["currency"], document["url"]) == (5.0, "EUR", "http://x.example/a")
    assert (other.price, other.currency, other.url) == (None, None, None)
    assert event.details == {"format": "csv", "file": "shop.csv", "rows": 1, "changed": 1, "failed": 0}


@pytest.mark.parametrize("text", ["2.50 €", "€2.50", "€ 2,50", "$2.5", "2.50\u00a0£"])
def test_the_sign_of_a_currency_beside_a_price_is_left_out(
    library: Library, sounds: list[int], tmp_path: Path, text: str
) -> None:
    done = imported(library, written(tmp_path, f"path;price;currency\nLoops/a.wav;{text};EUR\n"))
    assert (done.bad, facts_of(library, sounds[0]).price) == ([], 2.5)


def test_prices_are_listed_and_sorted_by_with_the_unknown_last(
    library: Library, sounds: list[int], tmp_path: Path
) -> None:
    imported(library, written(tmp_path, "path,external_id,price,currency\nLoops/a.wav,A-1,2,EUR\nLoops/b.wav,,7,\n"))
    falling = list_sounds(library, ListRequest(filter="sort:-price"))
    assert [row.price for row in falling.rows] == [7.0, 2.0, None]
    assert [row.price for row in list_sounds(library, ListRequest(filter="sort:price", limit=None)).rows] == [
        2,
        7,
        None,
    ]
    first = falling.rows[1].as_json()
    assert (first["external_id"], first["price"], first["currency"]) == ("A-1", 2.0, "EUR")
    about = {
        text: list_sounds(library, ListRequest(filter=text)).is_about_shop
        for text in (
            "external:any",
            "external:A-1",
            "-external:A-1",
            "kind:loop OR price:<3",
            "sort:price",
            "kind:loop",
            "",
        )
    }
    assert list(about.values()) == [True] * 5 + [False] * 2


def test_an_empty_cell_says_nothing(library: Library, sounds: list[int], tmp_path: Path) -> None:
    with library.write() as connection:
        set_shop_facts(connection, {sounds[0]: ShopFacts("LP-1", "Old", 9.0, "EUR", None)})
    done = imported(library, written(tmp_path, "path,title,price\nLoops/a.wav,,7\n"))
    assert done.changed == 1
    assert facts_of(library, sounds[0]) == ShopFacts("LP-1", "Old", 7.0, "EUR", None)


def test_ids_name_sounds_too(library: Library, sounds: list[int], tmp_path: Path) -> None:
    by_id = f"id,external_id,path\n{public_id('x1:Loops/a.wav')},LP-1,Loops/b.wav\n"
    done = imported(library, written(tmp_path, by_id), match="id")
    assert (done.named_by, done.changed) == ("id", 1)
    assert facts_of(library, sounds[0]).external_id == "LP-1"
    done = imported(library, written(tmp_path, "external_id,price\nLP-1,2\nLP-9,3\n"))
    assert (done.named_by, done.changed, [row.line for row in done.bad]) == ("external", 1, [3])
    assert facts_of(library, sounds[0]).price == 2.0


def test_a_shops_id_moves_to_the_sound_it_is_given_to(library: Library, sounds: list[int], tmp_path: Path) -> None:
    imported(library, written(tmp_path, "path,external_id\nLoops/a.wav,LP-1\nLoops/b.wav,LP-2\n"))
    done = imported(library, written(tmp_path, "path,external_id\nLoops/b.wav,LP-1\n"))
    assert (done.changed, done.bad) == (1, [])
    [moved] = done.moved
    assert (moved.external_id, moved.former_name, moved.now_name) == ("LP-1", "a.wav", "b.wav")
    assert facts_of(library, sounds[0]).external_id is None
    assert facts_of(library, sounds[1]).external_id == "LP-1"
    # Two sounds can exchange theirs.
    imported(library, written(tmp_path, "path,external_id\nLoops/a.wav,LP-1\nLoops/b.wav,LP-2\n"))
    exchanged = imported(library, written(tmp_path, "path,external_id\nLoops/a.wav,LP-2\nLoops/b.wav,LP-1\n"))
    assert exchanged.moved == []
    assert [facts_of(library, each).external_id for each in sounds[:2]] == ["LP-2", "LP-1"]


def test_bad_rows_are_named_by_their_line_and_the_others_kept(
    library: Library, sounds: list[int], tmp_path: Path
) -> None:
    text = "\n".join(
        (
            "path,external_id,price,currency,url",
            "Loops/a.wav,LP-1,1,EUR,",  # 2
            "Loops/nowhere.wav,LP-3,1,EUR,",
            "Loops/b.wav,LP-2,cheap,EUR,",
            'Loops/b.wav,LP-2,"1,250",EUR,',
            "Loops/b.wav,LP-2,1,€,",
            "Loops/b.wav,LP-2,1,EUR,javascript:alert(1)",
            "Loops/b.wav,LP-2,1,EUR",
            ",LP-2,1,EUR,",
            "Loops/b.wav,,,,",
            "Loops/b.wav,LP-1,1,EUR,",  # 11: the id of line 2
            "Loops/a.wav,LP-7,1,EUR,",  # 12: the sound of line 2
            '"Loops/b.wav"x,LP-2,1,EUR,',
            "",
            "Loops/b.wav,LP-2,-1,EUR,",
            "Wärme/c.wav,LP-4,2,EUR,http://x.example",  # 16
        )
    )
    done = imported(library, written(tmp_path, text))
    assert [row.line for row in done.bad] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15]
    assert (done.rows, done.changed) == (14, 2)
    messages = {row.line: row.message for row in done.bad}
    assert "Loops/nowhere.wav" in messages[3]
    assert "'cheap' is not a price" in messages[4]
    assert "'1,250' is not a price" in messages[5]
    assert "'€' is not a currency" in messages[6]
    assert "not an address" in messages[7]
    assert "4 cells where the header has 5" in messages[8]
    assert "path is empty" in messages[9]
    assert "nothing is said" in messages[10]
    assert "line 2 gave 'LP-1'" in messages[11]
    assert "line 2 told of the same sound" in messages[12]
    assert facts_of(library, sounds[0]).external_id == "LP-1"
    assert facts_of(library, sounds[1]) == ShopFacts()
    assert facts_of(library, sounds[2]).url == "http://x.example"


def test_lines_are_counted_through_cells_of_several_lines_and_lost_ones_are_said(
    library: Library, sounds: list[int], tmp_path: Path
) -> None:
    text = 'path,title\nLoops/a.wav,"two\nlines"\nnowhere.wav,x\nLoops/b.wav,"open\nWärme/c.wav,lost\n'
    done = imported(library, written(tmp_path, text))
    assert facts_of(library, sounds[0]).title == "two\nlines"
    assert [row.line for row in done.bad] == [4, 5]
    assert "lines 5 to 6 were not read" in done.bad[1].message


def test_a_list_in_another_encoding_is_refused_before_anything_is_stored(
    library: Library, sounds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_csv, "_ROWS_AT_ONCE", 1)
    text = "path,title\nLoops/b.wav,plain\nLoops/a.wav,Käse\nWärme/c.wav,plain\n"
    path = written(tmp_path, text, "cp1252")
    with pytest.raises(RequestError, match="is not UTF-8 text") as refused:
        imported(library, path)
    assert remedy_of(refused.value) == "Name its encoding, e.g. `--encoding cp1252`."
    with pytest.raises(RequestError, match="is not ascii text") as refused:
        imported(library, path, encoding="ascii")
    assert remedy_of(refused.value) == "Name another encoding. (--encoding)"
    assert [facts_of(library, each) for each in sounds] == [ShopFacts()] * 3
    done = imported(library, path, encoding="cp1252")
    assert (done.bad, done.changed, done.unchanged) == ([], 3, 0)
    assert facts_of(library, sounds[0]).title == "Käse"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "empty line"),
        ("title,price\nx,1\n", "which sound"),
        ("path,stock\nLoops/a.wav,1\n", "says anything"),
        ("path,price,Price\nLoops/a.wav,1,2\n", "two columns"),
        ('"path,price\n', "header"),
    ],
)
def test_a_list_that_cannot_be_used_at_all_is_refused(library: Library, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        imported(library, written(tmp_path, text))


def test_a_file_that_cannot_be_read_or_decoded_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        imported(library, tmp_path / "none.csv")
    path = written(tmp_path, "path,price\n")
    with pytest.raises(RequestError, match="not an encoding"):
        imported(library, path, encoding="klingon")
    with pytest.raises(RequestError, match="no column 'id'"):
        imported(library, path, match="id")
    path.write_bytes(b"\xff\xfep\x00a")
    with pytest.raises(RequestError, match="not UTF-16 text"):
        imported(library, path)


def test_a_list_is_written_in_portions(
    library: Library, sounds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_csv, "_ROWS_AT_ONCE", 1)
    text = "path,external_id\nLoops/a.wav,LP-1\nLoops/b.wav,LP-1\nWärme/c.wav,LP-3\nLoops/a.wav,LP-4\n"
    done = imported(library, written(tmp_path, text))
    assert (done.rows, done.changed, [row.line for row in done.bad]) == (4, 2, [3, 5])
    assert [facts_of(library, each).external_id for each in sounds] == ["LP-1", None, "LP-3"]


def test_whatever_stands_in_a_list_every_row_is_counted_once(tmp_path: Path, blank_file: Path) -> None:

    shutil.copy(blank_file, tmp_path / "l.sonoteca")
    with open_library(tmp_path / "l.sonoteca") as library:
        with library.write() as connection:
            for path in PATHS:
                samples.add(connection, path, f"x1:{path}")
        cells = st.one_of(st.sampled_from([*PATHS, "LP-1", "5", "EUR", "", "http://a.b"]), st.text(max_size=6))

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(rows=st.lists(st.lists(cells, min_size=1, max_size=6), max_size=6), raw=st.binary(max_size=30))
        def law(rows: list[list[str]], raw: bytes) -> None:
            stream = io.StringIO()
            csv.writer(stream).writerows([["path", "external_id", "price", "currency", "url"], *rows])
            file = tmp_path / "list.csv"
            file.write_bytes(stream.getvalue().encode("utf-8", "surrogatepass") + raw)
            try:
                done = imported(library, file)
            except SonotecaError:
                return
            assert done.rows == done.changed + done.unchanged + len(done.bad)
            assert [row.line for row in done.bad] == sorted(row.line for row in done.bad)

        law()


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ("-2", "none is below 0"),
        ("1,250", "write 12.50, without thousands separators"),
        ("1.250,00", "write 12.50, without thousands separators"),
        ("cheap", "is not a price: write 12.50"),
    ],
)
def test_a_price_that_is_none_says_what_is_wrong_with_it(
    library: Library, sounds: list[int], tmp_path: Path, price: str, says: str
) -> None:
    [bad] = imported(library, written(tmp_path, f'path,price\nLoops/a.wav,"{price}"\n')).bad
    assert bad.message.endswith(says)
