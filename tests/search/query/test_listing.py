from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.domain.music import Key
from sonoteca.errors import QuerySyntaxError
from sonoteca.search.query import order
from sonoteca.search.query.facets import facets
from sonoteca.search.query.fields import FIELDS
from sonoteca.search.query.listing import count_sounds, find_regions, find_rows, find_sound_ids
from sonoteca.search.query.parser import parse_query
from sonoteca.search.query.sql import Target
from sonoteca.search.query.tree import And, SortKey, push_negations, split_text


def test_a_row_shows_what_is_known(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(
            connection,
            "Loops/a.wav",
            "x1:a",
            claims=[Claim("title", "Warm", "tags"), Claim("artist", "Björk", "tags")],
            kind="loop",
            tempo={"bpm": 120.5, "alternatives_bpm": []},
            key={"tonic": 9, "mode": "minor", "alternatives": []},
            loudness={"integrated_lufs": -9.5, "range_lu": None, "true_peak_dbtp": -1.0},
        )
        edit(connection, list(whole_regions(connection, [sound_id]).values()), {}, add_tags=["Dusty"])
        [row] = find_rows(connection, "")
    assert (row.title, row.artist, row.album, row.path) == ("Warm", "Björk", None, "/music/Loops/a.wav")
    assert (row.kind, row.role, row.tempo_bpm, row.key) == ("loop", None, 120.5, Key(9, "minor"))
    assert (row.tags, row.region, row.start_s, row.end_s, row.status) == (("Dusty",), 0, 0.0, 2.0, "analysed")
    shown = row.as_json()
    assert (shown["id"], shown["key"], shown["camelot"]) == (row.id, "A minor", "8A")
    assert not {"sound_id", "region_id"} & shown.keys()


def test_a_row_has_the_doubts_about_what_its_file_claims(library: Library) -> None:
    with library.write() as connection:
        for name, bpm in (("half", 60.0), ("same", 120.0)):
            claim = Claim("tempo_bpm", bpm, "tags")
            samples.add(connection, f"{name}.wav", f"x1:{name}", claims=[claim], tempo={"bpm": 120.0})
        samples.add(connection, "other.wav", "x1:other", tempo={"bpm": 120.0})
        rows = {row.path: row.as_json() for row in find_rows(connection, "")}
    [doubt] = rows["/music/half.wav"]["doubts"]
    assert (doubt["about"], doubt["code"], doubt["claimed"], doubt["heard"]) == ("tempo", "half", 60.0, 120.0)
    assert rows["/music/half.wav"]["bpm"] == 60.0
    assert rows["/music/same.wav"]["doubts"] == rows["/music/other.wav"]["doubts"] == []


def test_newest_comes_first(connection: Connection) -> None:
    ids = [row.sound_id for row in find_rows(connection, "")]
    assert ids == sorted(ids, reverse=True)
    assert [row.sound_id for row in find_rows(connection, "sound")] == ids


@pytest.mark.parametrize("few", [0, 5, 1000])
@pytest.mark.parametrize(
    "query", ["", "sort:bpm", "sort:-bpm", "sort:title sort:-duration", "sound sort:-title", "tag:dusty", "key:any", "sound -tag:dusty",
              "brightness:>0.2", "kind:none OR sort", "sort:confidence", "sort:-path kind:any", "added:1d lufs:<0", "warm OR tag:dust"]
)  # fmt: skip
def test_every_road_gives_the_same_order(
    connection: Connection, query: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "FEW", 1000)
    every = [row.region_id for row in find_rows(connection, query, limit=None)]
    monkeypatch.setattr(order, "FEW", few)
    pages = [find_rows(connection, query, limit=3, offset=first) for first in range(0, 22, 3)]
    assert [row.region_id for page in pages for row in page] == every
    assert sorted(every) == find_regions(connection, query)
    assert len(every) == count_sounds(connection, query) == len(find_sound_ids(connection, query))


@pytest.mark.parametrize("few", [0, 1000])
def test_a_list_is_sorted_by_any_field_with_unknown_values_last(
    connection: Connection, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "FEW", few)
    for field in FIELDS:
        # The lowest confidence is computed: the law test compares it with the predicate.
        if field.sort_column is None or field.sort_column == "confidence":
            continue
        table = schema.summaries if field.sort_column in schema.summaries.c else schema.sounds
        rows = sa.select(schema.summaries.c.region_id, table.c[field.sort_column]).join(schema.sounds)
        values = {row[0]: row[1] for row in connection.execute(rows)}
        for sign in ("", "-"):
            found = [values[row.region_id] for row in find_rows(connection, f"sort:{sign}{field.name}")]
            known = sorted((value for value in found if value is not None), reverse=sign == "-")
            assert found == known + [None] * (20 - len(known)), field.name


def test_titles_sort_as_people_read_them(library: Library) -> None:
    with library.write() as connection:
        for number, title in enumerate(["zebra", "Äpfel", "apple", "Birne"]):
            samples.add(connection, f"{number}.wav", f"x1:{number}", claims=[Claim("title", title, "tags")])
        found = [row.title for row in find_rows(connection, "sort:title")]
    assert found == ["Äpfel", "apple", "Birne", "zebra"]


def test_an_order_given_by_the_caller_holds_unless_the_query_names_one(connection: Connection) -> None:
    longest = (SortKey("duration_s", descending=True),)
    lengths = [row.duration_s for row in find_rows(connection, "duration:any", sort=longest)]
    assert lengths == sorted((each for each in lengths if each is not None), reverse=True)
    lengths = [row.duration_s for row in find_rows(connection, "duration:any sort:duration", sort=longest)]
    assert lengths == sorted(each for each in lengths if each is not None)


def test_event_regions_are_listed_on_request_and_inherit_tags(connection: Connection) -> None:
    rows = find_rows(connection, "tag:dusty", with_events=True)
    assert {row.region for row in rows} == {0, 1, 2}
    assert all("dusty" in {tag.lower() for tag in row.tags} for row in rows)
    assert {row.region for row in find_rows(connection, "tag:dusty")} == {0}


def test_facets_count_what_lists_show(connection: Connection) -> None:
    for query in ("", "kind:loop", "tag:dusty OR bpm:any", "zzz"):
        found = facets(connection, query)
        assert found.total == count_sounds(connection, query)
        for name, counts in (("kind", found.kind), ("role", found.role)):
            for value, count in counts.items():
                assert count == count_sounds(connection, f"({query or 'status:any'}) {name}:{value}"), (query, value)
        for name, count in found.key.items():
            assert count == count_sounds(connection, f'({query or "status:any"}) key:"{name}"')
        for tag, count in found.tag.items():
            assert count == count_sounds(connection, f'({query or "status:any"}) tag:"{tag}"'), tag
        for bpm, count in found.tempo_bpm.items():
            between = f"bpm:>={bpm} bpm:<{bpm + 10}"
            assert count == count_sounds(connection, f"({query or 'status:any'}) {between}")
        assert sum(found.kind.values()) <= found.total
    assert facets(connection, "").tag["dusty"] == 6


def test_a_denied_tag_is_not_counted(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", claims=[Claim("genre", "Jazz", "tags")])
        edit(connection, list(whole_regions(connection, [sound_id]).values()), {}, remove_tags=["jazz"])
        assert facets(connection, "").tag == {}
        assert find_rows(connection, "tag:jazz") == []
        assert find_rows(connection, "jazz") == []
        assert len(find_rows(connection, "-tag:jazz")) == 1


# PostgreSQL plans by its own statistics.
@pytest.mark.parametrize("library_location", ["sqlite"], indirect=True)
def test_pages_are_read_along_an_index(library: Library) -> None:
    with library.read() as connection:
        for text, index in (
            ("kind:loop lufs:>-10", schema.NEWEST_INDEX),
            ("sort:bpm kind:loop", schema.sort_index("tempo_bpm")),
            ("dusty kind:loop", "sound_text"),
        ):
            query = parse_query(text)
            target = Target("sqlite", with_events=False)
            walk = order.walk(push_negations(query.tree), query.sort, target).limit(50)
            statement = walk.compile(library.engine, compile_kwargs={"literal_binds": True})
            plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
            assert index in plan, text
            assert "TEMP B-TREE" not in plan, text


@pytest.mark.parametrize("library_location", ["sqlite"], indirect=True)
def test_what_a_kind_a_role_and_a_tempo_leave_is_read_along_their_index(library: Library) -> None:
    with library.read() as connection:
        for text, is_read_so in (
            ("kind:loop role:drums bpm:120..128", True),
            ("kind:loop role:drums bpm:=120..128", True),
            ("kind:loop bpm:120..128", False),
            ("kind:loop role:drums bpm:>120", False),
        ):
            _, rules = split_text(push_negations(parse_query(text).tree))
            assert order.leave_few(rules) == is_read_so, text
            probe = order.probe(And(tuple(rules)), (), Target("sqlite", with_events=False))
            statement = probe.compile(library.engine, compile_kwargs={"literal_binds": True})
            plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
            assert schema.KIND_ROLE_TEMPO_INDEX in plan or not is_read_so, text


def test_what_is_missing_is_found_and_marked_and_the_rest_without_it(connection: Connection) -> None:
    [missing] = find_rows(connection, "is:missing")
    assert (missing.is_missing, missing.as_json()["missing"]) == (True, True)
    assert missing.path == "/music/Sämples/drums/Sound_4.wav"
    there = find_rows(connection, "-is:missing")
    assert len(there) == 19
    assert not any(row.is_missing for row in there)
    assert count_sounds(connection, "is:missing OR -is:missing") == 20
    with pytest.raises(QuerySyntaxError, match="is none of missing"):
        find_rows(connection, "is:lost")
