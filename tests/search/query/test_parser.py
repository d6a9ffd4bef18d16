from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.errors import QuerySyntaxError
from sonoteca.search.query.fields import FIELDS
from sonoteca.search.query.parser import parse_query
from sonoteca.search.query.tree import (
    EVERYTHING,
    And,
    Between,
    ExternalIs,
    ExternalLike,
    HasTag,
    IdIs,
    Is,
    KeyIs,
    Known,
    Node,
    Not,
    Or,
    SortKey,
    Tagged,
    Words,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def parse(text: str) -> Node:
    return parse_query(text, now=NOW).tree


def word(*words: str) -> Words:
    return Words(words, True)


def spelt(*words: str) -> Or:
    """These words, or all of them as one."""
    return Or((word(*words), word("".join(words))))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("  \t ", EVERYTHING),
        ("Wärme", word("warme")),
        ("lo-fi", spelt("lo", "fi")),
        ('"Warm Pad"', Words(("warm", "pad"), False)),
        ("a b", And((word("a"), word("b")))),
        ("a OR b c", Or((word("a"), And((word("b"), word("c")))))),
        ("(a OR b) c", And((Or((word("a"), word("b"))), word("c")))),
        ("-a", Not(word("a"))),
        ("NOT a", Not(word("a"))),
        ("--a", Not(Not(word("a")))),
        ("-(a b)", Not(And((word("a"), word("b"))))),
        ("a-b", spelt("a", "b")),
        ("a - b", And((word("a"), word("b")))),
        ("a \N{EN DASH} b & c", And((word("a"), word("b"), word("c")))),
        ("a -", word("a")),
        ("- a", word("a")),
        ("(a -) -b", And((word("a"), Not(word("b"))))),
        ("Don\N{RIGHT SINGLE QUOTATION MARK}t", spelt("don", "t")),
        ("R.E.M.", spelt("r", "e", "m")),
        ("v1.wav", word("v1", "wav")),
        ("!!!", Words(("\ue121\ue121\ue121",), False)),
        ("+", Words(("\ue12b",), False)),
        ("人民解", word("人民", "民解")),
        ("夜", word("夜")),
        ('"夜"', word("夜")),
        ('"人民"', Words(("人民",), False)),
        ('"人民 夜x"', Words(("人民", "民", "夜", "x"), False)),
        (
            '"Boards - Roygbiv"',
            Or(
                (
                    Words(("boards", "roygbiv"), False),
                    And((Words(("boards",), False, ("artist",)), Words(("roygbiv",), False, ("title",)))),
                )
            ),
        ),
        ("Mission: Impossible", And((word("mission"), word("impossible")))),
        ("or", word("or")),
        ("ORB", word("orb")),
        ("kind:one-shot", Is("kind", "one_shot")),
        ("KIND:Loop", Is("kind", "loop")),
        ("kind:loop,track", Or((Is("kind", "loop"), Is("kind", "track")))),
        ("class:kick", Is("sound_class", "kick")),
        ("bpm:=120..128", Between("tempo_bpm", 120.0, 128.0)),
        ("bpm:>=120", Between("tempo_bpm", 120.0, None)),
        ("bpm:=120", Between("tempo_bpm", 119.5, 120.5, high_open=True)),
        ("bpm:=120.0", Between("tempo_bpm", 119.95, 120.05, high_open=True)),
        ("bpm:none", Not(Known("tempo_bpm"))),
        ("key:any", Known("key_number")),
        ("key:8A", KeyIs(((9, "minor"),))),
        ("key:8A~", KeyIs(((9, "minor"), (0, "major"), (4, "minor"), (2, "minor")))),
        ("key:F#m", KeyIs(((6, "minor"),))),
        ('key:"F# minor"', KeyIs(((6, "minor"),))),
        ("key:bb_major", KeyIs(((10, "major"),))),
        ("key:minor", KeyIs(((None, "minor"),))),
        ("meter:3/4", And((Between("beats_per_bar", 3.0, 3.0), Between("beat_unit", 4.0, 4.0)))),
        (
            "meter:6/8",
            And(
                (
                    Or((Between("beats_per_bar", 2.0, 2.0), Between("beats_per_bar", 6.0, 6.0))),
                    Between("beat_unit", 8.0, 8.0),
                )
            ),
        ),
        ("lufs:>-10", Between("loudness_lufs", -10.0, None, low_open=True)),
        ("lufs:-14..-9.5", Between("loudness_lufs", -14.0, -9.5)),
        ("lufs:..-20", Between("loudness_lufs", None, -20.0)),
        ("duration:1:30..2m", Between("duration_s", 90.0, 120.0)),
        ("attack:<10ms", Between("attack_s", None, 0.01, high_open=True)),
        ("pitch:C2..C3", Between("pitch_midi", 36.0, 48.0)),
        ("tag:Lo-Fi", Tagged("lo-fi")),
        ("tag:dus*", Tagged("dus", is_prefix=True)),
        ('tag:"warm pad"', Tagged("warm pad")),
        ('tag:"none"', Tagged("none")),
        ("tag:none", Not(HasTag())),
        ("title:rain", Words(("rain",), True, ("title",))),
        ('artist:"Amon Tobin"', Words(("amon", "tobin"), False, ("artist",))),
        ("path:Drums/Kicks", Words(("drums", "kicks"), True, ("path",))),
        ("id:K3F", IdIs("k3f")),
        ("external:LP-1042", ExternalIs("LP-1042")),
        ("external:LP-10*", ExternalLike(("LP-10", ""))),
        ('external:"LP-10*"', ExternalIs("LP-10*")),
        ('"kind:loop"', Words(("kind", "loop"), False)),
    ],
)
def test_what_a_query_means(text: str, tree: Node) -> None:
    assert parse(text) == tree


def test_half_and_double_tempo_match_unless_told_otherwise() -> None:
    assert parse("bpm:120..128") == Or(
        (
            Between("tempo_bpm", 120.0, 128.0),
            Between("tempo_bpm", 60.0, 64.0),
            Between("tempo_bpm", 240.0, 256.0),
        )
    )
    assert parse("bpm:>120") == Between("tempo_bpm", 120.0, None, low_open=True)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7d", "2026-11-13T15:30", None),
        ("90min", "2026-11-20T14:00", None),
        (">7d", "2026-11-13T15:30", None),
        ("<7d", None, "2026-11-13T15:30"),
        ("30d..7d", "2026-10-21T15:30", "2026-11-13T15:30"),
        ("today", "2026-11-20T00:00", "2026-11-21T00:00"),
        ("yesterday", "2026-11-19T00:00", "2026-11-20T00:00"),
        ("2026-11-02", "2026-11-02T00:00", "2026-11-03T00:00"),
        ("2026-12", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("2024", "2024-01-01T00:00", "2025-01-01T00:00"),
        (">2025", "2026-01-01T00:00", None),
        ("<=2025", None, "2026-01-01T00:00"),
        ("2026-01..2026-02", "2026-01-01T00:00", "2026-03-01T00:00"),
        ("..2026-02-28", None, "2026-03-01T00:00"),
    ],
)
def test_dates_are_ranges_of_moments(text: str, low: str | None, high: str | None) -> None:
    first, last = (None if each is None else each + ":00.000Z" for each in (low, high))
    assert parse(f"added:{text}") == Between("added_at", first, last, high_open=True)


def test_a_day_is_a_day_where_the_person_is() -> None:
    berlin = timezone(timedelta(hours=1))
    tree = parse_query("added:2026-11-20", now=NOW.astimezone(berlin)).tree
    assert tree == Between("added_at", "2026-11-19T23:00:00.000Z", "2026-11-20T23:00:00.000Z", high_open=True)


def test_the_order_stands_beside_the_terms() -> None:
    query = parse_query("kind:loop sort:-bpm tag:x sort:title")
    assert query.sort == (SortKey("tempo_bpm", descending=True), SortKey("title_key"))
    assert query.tree == And((Is("kind", "loop"), Tagged("x")))
    assert parse_query("sort:bpm").tree == EVERYTHING


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("kind:lop", 5, "'lop' is none of track, loop"),
        ("a kind:loop,lop", 12, "'lop'"),
        ('kind:"lop"', 6, "'lop'"),
        ("bmp:120", 0, "did you mean bpm:"),
        ("http://x", 0, "in quotes"),
        ("bpm:12x", 4, "'12x' is not a number"),
        ("bpm:>", 5, "A number is missing"),
        ("bpm:120..1x8", 9, "'1x8' is not a number"),
        ("bpm:128..120", 4, "runs backwards"),
        ("bpm:120-128", 4, "write 120..128 for a range"),
        ("duration:1-2m", 9, "write 1..2m for a range"),
        ("bpm:>120..130", 4, "takes no >"),
        ("bpm:..", 4, "at least one end"),
        ("bpm:", 4, "A value is missing after bpm:, as in bpm:120..128"),
        ("kind:loop,", 10, "A value is missing"),
        ("key:H", 4, "not a key"),
        ("meter:waltz", 6, "not a meter"),
        ("duration:long", 9, "not a duration"),
        ("added:someday", 6, "not a date"),
        ("added:2026-02-30", 6, "no date"),
        ("added:99999y", 6, "longer ago"),
        ("id:1!", 3, "not an id"),
        ('"warm', 0, "never closed"),
        ("a (b", 2, "never closed"),
        ("a) b", 1, "closes nothing"),
        ("a ()", 2, "hold nothing"),
        ("OR a", 0, "before OR"),
        ("a OR", 4, "after OR"),
        ("a OR OR b", 5, "after OR"),
        ("(a OR )", 6, "after OR"),
        ("-", 0, "beside this -"),
        ("a OR -", 5, "beside this -"),
        ("(- ) a", 1, "beside this -"),
        ("sort:bpm -", 9, "beside this -"),
        ("NOT - a", 0, "after this NOT"),
        ("NOT", 0, "after this NOT"),
        ("a \udcff", 2, "No text holds this character"),
        ("tag:a\x00", 5, "No text holds this character"),
        ("\ue000", 0, "no word in"),
        ("title:\ue000", 6, "no word in"),
        ("sort:foo", 5, "cannot be sorted by 'foo'"),
        ("sort:tag", 5, "cannot be sorted"),
        ("-sort:bpm", 1, "stands for itself"),
        ("(sort:bpm)", 1, "stands for itself"),
        ("(" * 60 + "a", 50, "at most 50 deep"),
        ("-" * 60 + "a", 50, "at most 50 deep"),
    ],
)
def test_an_error_points_at_the_character(text: str, position: int, message: str) -> None:
    with pytest.raises(QuerySyntaxError) as refused:
        parse(text)
    assert message in str(refused.value)
    assert (refused.value.position, refused.value.query) == (position, text)


@given(st.text(alphabet=st.one_of(st.sampled_from('()"-:,.<>=~*ORab19 '), st.characters()), max_size=40))
def test_any_text_is_a_query_or_an_error_within_it(text: str) -> None:
    position = 0
    try:
        parse(text)
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(text)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_example_of_every_field_can_be_read(field) -> None:  # type: ignore[no-untyped-def]
    assert parse(field.example) != EVERYTHING
    for name in (field.name, *field.aliases):
        assert parse(field.example.replace(field.name, name, 1)) == parse(field.example)


def test_every_field_is_documented() -> None:
    page = Path(__file__).parents[3] / "docs" / "query-language.md"
    documented = page.read_text(encoding="utf-8")
    for field in FIELDS:
        names = ", ".join(f"`{name}`" for name in (field.name, *field.aliases))
        assert f"| {names} | {field.meaning} | `{field.example}` |" in documented


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ('bpm:"128 bpm"', "bpm:128"),
        ("bpm:120..128BPM", "bpm:120..128"),
        ('key:"G♭ Major"', "key:F#"),
        ("key:AMIN", "key:8A"),
        ('key:"h-Moll"', "key:Bm"),
        ("key:Am/8A", "key:1m"),
    ],
)
def test_tempi_and_keys_are_read_as_in_tags(written: str, plain: str) -> None:
    assert parse_query(written) == parse_query(plain)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("kind:field", "kind:field_recording"),
        ("kind:one-shot", "kind:one_shot"),
        ("kind:loops", "kind:loop"),
        ("class:hihat,hi-hat,hh", "class:hat,hat,hat"),
        ("role:drum", "role:drums"),
    ],
)
def test_words_of_the_lists_as_people_and_the_screen_write_them(typed: str, plain: str) -> None:
    assert parse_query(typed) == parse_query(plain)


@pytest.mark.parametrize(("typed", "meant"), [("class:kik", "kick"), ("role:pad", "harmony"), ("kind:lopp", "loop")])
def test_a_word_that_is_none_is_answered_with_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(QuerySyntaxError, match=rf"did you mean {meant}\?"):
        parse_query(typed)


def test_a_unit_behind_a_range_holds_for_both_ends() -> None:
    assert parse_query("duration:1..2m") == parse_query("duration:60..120")
    assert parse_query("duration:30s..2m") == parse_query("duration:30..120")
    assert parse_query("duration:100..250ms") == parse_query("duration:0.1..0.25")
    assert parse_query("bpm:120..128bpm") == parse_query("bpm:120..128")


def test_more_values_than_a_database_takes_are_refused_and_as_many_are_not() -> None:
    parse_query("id:" + ",".join(["abcd"] * 800))
    for text in ("id:" + ",".join(["abcd"] * 801), " OR ".join(["rain"] * 801)):
        with pytest.raises(QuerySyntaxError, match="at most 800"):
            parse_query(text)
