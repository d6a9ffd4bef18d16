from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.heard.fulltext import TELLING
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds, get_sound, whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.errors import QuerySyntaxError, RequestError
from sonoteca.search import text
from sonoteca.search.query.listing import find_rows
from sonoteca.search.query.sql import sounds_with_text
from sonoteca.search.query.tree import Words
from sonoteca.search.result_row import ResultRow
from sonoteca.search.text import rank_by_words


def _titled(connection: Connection, path: str, title: str, *tags: str, artist: str = "", kind: str = "loop") -> str:
    """A sound with these texts; returns its public id."""
    claims = [Claim("title", title, "tags"), *([Claim("artist", artist, "tags")] if artist else [])]
    sound_id = samples.add(connection, path, f"x1:{path}", claims=claims, kind=kind)
    if tags:
        edit(connection, list(whole_regions(connection, [sound_id]).values()), {}, add_tags=tags)
    return str(get_sound(connection, sound_id).public_id)


def _ids(rows: tuple[ResultRow, ...]) -> list[str]:
    return [row.id for row in rows]


def test_a_title_ranks_above_a_tag_an_artist_and_a_folder(library: Library) -> None:
    with library.write() as connection:
        folder = _titled(connection, "rain/a.wav", "One")
        title = _titled(connection, "x/b.wav", "Rain")
        artist = _titled(connection, "x/c.wav", "Two", artist="Rain")
        tag = _titled(connection, "x/d.wav", "Three", "Rain")
        _titled(connection, "x/e.wav", "Drain")
        rows = rank_by_words(connection, "rain").rows
    assert _ids(rows) == [title, tag, artist, folder]
    assert [row.reasons for row in rows] == [("title: Rain",), ("tag: rain",), ("artist: Rain",), ("path: rain",)]
    assert rows[0].score == 1.0
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)
    assert all(row.mode == "search" and 0.0 <= row.score <= 1.0 for row in rows)


def test_words_find_beginnings_and_fold_accents_and_reasons_show_what_stands_there(library: Library) -> None:
    with library.write() as connection:
        both = _titled(connection, "Drums/Wärme 01.wav", "Café del Mar", "Straße")
        _titled(connection, "Drums/other.wav", "Other")
        for words, reason in (
            ("cafe", "title: Café del Mar"),
            ("CAF", "title: Café del Mar"),
            ('"del mar"', "title: Café del Mar"),
            ("warm", "path: Wärme 01.wav"),
            ("strasse", "tag: strasse"),
        ):
            [row] = rank_by_words(connection, words).rows
            assert (row.id, row.reasons) == (both, (reason,)), words
        assert rank_by_words(connection, '"mar del"').rows == ()
        assert rank_by_words(connection, '"caf"').rows == ()


def test_rules_narrow_and_do_not_rank(library: Library) -> None:
    with library.write() as connection:
        loop = _titled(connection, "x/a.wav", "Rain one")
        track = _titled(connection, "x/b.wav", "Rain", kind="track")
        thunder = _titled(connection, "x/c.wav", "Thunder")
        assert _ids(rank_by_words(connection, "ra", k=1).rows) == [track]
        assert _ids(rank_by_words(connection, "ra kind:loop").rows) == [loop]
        assert _ids(rank_by_words(connection, "ra", only="kind:loop").rows) == [loop]
        assert _ids(rank_by_words(connection, "rain", only="one").rows) == [loop]
        assert _ids(rank_by_words(connection, "rain -one").rows) == [track]
        assert set(_ids(rank_by_words(connection, "rain OR thunder").rows)) == {loop, track, thunder}
        assert set(_ids(rank_by_words(connection, "(rain one) OR thunder").rows)) == {loop, thunder}
        assert _ids(rank_by_words(connection, "(one OR thunder) title:rain").rows) == [loop]
        assert set(_ids(rank_by_words(connection, "thunder OR rain kind:track").rows)) == {thunder, track}
        assert rank_by_words(connection, "hail").rows == ()
        assert rank_by_words(connection, "rain", only="kind:one_shot").rows == ()


@pytest.mark.parametrize("query", ["", "kind:loop", "-rain", "rain OR kind:loop", "rain OR -thunder"])
def test_a_query_has_to_require_words(library: Library, query: str) -> None:
    with library.read() as connection, pytest.raises(RequestError, match="no word"):
        rank_by_words(connection, query)


def test_an_order_is_refused_and_errors_point_at_the_character(library: Library) -> None:
    with library.read() as connection:
        with pytest.raises(RequestError, match="how well they match"):
            rank_by_words(connection, "rain sort:bpm")
        with pytest.raises(QuerySyntaxError) as error:
            rank_by_words(connection, "rain", only="kind:lop")
    assert (error.value.query, error.value.position) == ("kind:lop", 5)


@pytest.mark.parametrize(
    "words",
    [
        "sound",
        "warm",
        "dusty",
        "drums so",
        '"warm pad"',
        "sound kind:loop",
        "wa OR dus",
        "warm kind:loop OR dusty",
        "pad -dusty",
        "title:pad",
    ],
)
def test_search_finds_what_list_finds(connection: Connection, words: str) -> None:
    found = rank_by_words(connection, words, k=1000).rows
    assert set(_ids(found)) == {row.id for row in find_rows(connection, words, limit=None)}
    assert found
    assert all(row.reasons for row in found)


def test_of_too_many_the_telling_come_first_and_the_answer_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "RANKED_AT_MOST", 3)
    with library.write() as connection:
        titled = _titled(connection, "x/old.wav", "Rain")
        in_path = [_titled(connection, f"rain/{number}.wav", "One") for number in range(4)]
        answer = rank_by_words(connection, "rain", k=3)
        assert _ids(answer.rows) == [titled, in_path[3], in_path[2]]
        assert len(answer.notes) == 1
        assert (answer.total, answer.next_offset) == (None, 3)
        every = rank_by_words(connection, "rain", k=5)
        assert _ids(every.rows) == [titled, *reversed(in_path)]
        assert (every.total, every.next_offset) == (5, None)
        rest = rank_by_words(connection, "rain", k=3, offset=3)
        assert (_ids(rest.rows), rest.total, rest.next_offset) == (_ids(every.rows)[3:], 5, None)
        assert [row.score for row in rest.rows] == [row.score for row in every.rows][3:]
        assert "More than 3 sounds" in answer.notes[0]
        assert [row.score for row in answer.rows] == sorted((row.score for row in answer.rows), reverse=True)
        assert _ids(rank_by_words(connection, "rain path:0.wav").rows) == [in_path[0]]
        assert rank_by_words(connection, "rain path:0.wav").notes == ()


@pytest.mark.parametrize(
    "query",
    [
        "sound key:any tag:dusty",
        "wa bpm:60..200",
        "(warm OR dusty) tag:dus*",
        "8 id:a OR pad",
        "kind:loop role:drums bpm:40..250",
        '(warm OR "dusty break" OR (pad so)) kind:track role:bass bpm:40..250',
    ],
)
def test_both_roads_give_the_same_answer(connection: Connection, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from_rules = rank_by_words(connection, "sound", only=query, k=100)
    monkeypatch.setattr(text, "_worth_looking_at", lambda n_sounds: 0)
    from_words = rank_by_words(connection, "sound", only=query, k=100)
    assert from_rules == from_words


def test_a_sound_whose_file_was_never_seen_has_no_words(library: Library) -> None:
    with library.write() as connection:
        rain = _titled(connection, "x/a.wav", "Rain")
        [unseen] = ensure_sounds(connection, ["x1:unseen"]).values()
        prefix = get_sound(connection, unseen).public_id[:3]
        assert rank_by_words(connection, "rain", only=f"id:{prefix}").rows == ()
        assert _ids(rank_by_words(connection, "rain", only=f"id:{prefix} OR id:{rain}").rows) == [rain]


def test_words_of_titles_artists_and_tags_follow_what_is_said_later(library: Library) -> None:
    def told(*found: str) -> list[int]:
        query = sounds_with_text([Words(found, is_prefix=False, fields=TELLING)], connection.dialect.name)
        return list(connection.execute(query.order_by(sa.literal_column("1"))).scalars())

    with library.write() as connection:
        in_path = samples.add(connection, "rain/boards.wav", "x1:0")
        titled = samples.add(
            connection, "x/1.wav", "x1:1", claims=[Claim("title", "Rain", "tags"), Claim("artist", "Boards", "tags")]
        )
        [region] = whole_regions(connection, [in_path]).values()
        assert (told("rain"), told("boards")) == ([titled], [titled])
        assert told("rain", "boards") == []  # two texts
        edit(connection, [region], {}, add_tags=["Rain boards"])
        assert (told("rain"), told("rain", "boards")) == ([in_path, titled], [in_path])
        edit(connection, [region], {}, remove_tags=["rain boards"])
        assert told("rain") == [titled]
        remove_sounds(connection, [titled])
        assert told("rain") == []


def _names(connection: Connection, words: str) -> list[str]:
    return [(row.path or "").rpartition("/")[2] for row in rank_by_words(connection, words).rows]


def test_names_are_found_as_people_write_and_paste_them(library: Library) -> None:
    with library.write() as connection:
        _titled(connection, "x/1.wav", "Don't Stop", artist="Fleetwood Mac")
        _titled(connection, "x/2.wav", "It's Tricky", artist="Run-D.M.C.")
        _titled(connection, "x/3.wav", "Losing My Religion", artist="R.E.M.")
        _titled(connection, "x/4.wav", "Me and Giuliani", artist="!!!")
        _titled(connection, "x/5.wav", "中国人民解放军", artist="เพลงกินข้าว")
        _titled(connection, "x/AcousticSnare.wav", "한국어노래", artist="ルージュの伝言")
        for words, found in (
            ("dont stop", "1.wav"), ("Fleetwood Mac - Don't Stop", "1.wav"), ("fleetwood mac – dont stop", "1.wav"),
            ('"Fleetwood Mac - Don’t Stop"', "1.wav"), ("run dmc", "2.wav"), ("RUN-DMC", "2.wav"), ("rundmc its tricky", "2.wav"),
            ("rem", "3.wav"), ("R.E.M. - Losing", "3.wav"), ("!!!", "4.wav"), ("!!! - Me & Giuliani", "4.wav"),
            ("artist:!!!", "4.wav"), ("人民", "5.wav"), ("军", "5.wav"), ("解放军", "5.wav"), ("กิน", "5.wav"), ("노래", "AcousticSnare.wav"),
            ("伝言", "AcousticSnare.wav"), ("snare", "AcousticSnare.wav"), ("title:국어", "AcousticSnare.wav"),
        ):  # fmt: skip
            assert _names(connection, words) == [found], words
        for words in ("tricky stop", "民人", "- rem -tricky -losing", "artist:人民"):
            assert _names(connection, words) == [], words


def test_whole_words_come_before_what_stands_inside_others(library: Library) -> None:
    with library.write() as connection:
        for path in ("x/Snare 01.wav", "x/AcousticSnare 02.wav", "x/snares 03.wav"):
            samples.add(connection, path, f"x1:{path}")
        assert _names(connection, "snare") == ["Snare 01.wav", "snares 03.wav", "AcousticSnare 02.wav"]


def test_what_is_called_so_comes_first_however_many_match_better(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "RANKED_AT_MOST", 3)
    with library.write() as connection:
        exact = _titled(connection, "x/old.wav", "Roygbiv Rain", artist="Boards of Canada")
        for number in range(5):
            _titled(connection, f"x/{number}.wav", "Rain Roygbiv Boards of Canada", artist="Boards of Canada Rain")
        for words in ("Boards of Canada - Roygbiv Rain", "boards of canada — roygbiv rain", "Roygbiv Rain"):
            answer = rank_by_words(connection, words, k=3)
            assert _ids(answer.rows)[0] == exact, words
            assert answer.rows[0].score == 1.0


def test_a_file_called_so_comes_first(library: Library) -> None:
    with library.write() as connection:
        for path in ("b/01 Burial - Archangel.mp3", "a/Archangel Burial mix - Burial.wav"):
            samples.add(connection, path, f"x1:{path}")
        assert _names(connection, "Burial - Archangel")[0] == "01 Burial - Archangel.mp3"
