"""A library from before files kept their own tags: titles are given to the files they came from, and nothing is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.described import DescribeRequest, describe_sound
from sonoteca.catalogue.identity.locations import keep_claims
from sonoteca.catalogue.identity.roots import list_roots
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.claim import Claim
from sonoteca.search.query.listing import find_rows

AT = "2026-11-01T00:00:00.000Z"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Four sounds: in two places, sold by a shop, missing, and a melody that never was a file."""
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0004")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', ?)", (AT,))
    connection.execute(
        "INSERT INTO roots (id, name, path, display_path, added_at) VALUES (1, 'm', ?, '/m', ?)", (b"/m", AT)
    )
    kept = [
        (1, "x1:1", "Dust", "Solo", None), (2, "x1:2", "In the shop", None, 4.5), (3, "x1:3", "Lost", None, None),
        (4, "mel1:4", "Hummed", None, None),
    ]  # fmt: skip
    for number, content_hash, title, album, price in kept:
        connection.execute(
            "INSERT INTO sounds (id, public_id, content_hash, status, title, album, price, added_at, analysed_at)"
            " VALUES (?, ?, ?, 'analysed', ?, ?, ?, ?, ?)",
            (number, f"aaaaaaaaaaaaaaa{'abcd'[number - 1]}", content_hash, title, album, price, AT, AT),
        )
        connection.execute(
            "INSERT INTO regions (id, sound_id, number, start_s, end_s, producer, version, generation)"
            " VALUES (?, ?, 0, 0.0, 1.0, 'whole', 1, 0)",
            (number, number),
        )
        connection.execute(
            "INSERT INTO summaries (region_id, sound_id, whole_id, number, status, added_at, title)"
            " VALUES (?, ?, ?, 0, 'analysed', ?, ?)",
            (number, number, number, AT, title),
        )
    for name, sound_id, missing_since in (("a", 1, None), ("b", 1, None), ("c", 2, None), ("d", 3, AT)):
        connection.execute(
            "INSERT INTO locations (root_id, sound_id, relative_path, compare_key, display_path, size, mtime_ns,"
            " added_at, missing_since) VALUES (1, ?, ?, ?, ?, 1, 1, ?, ?)",
            (sound_id, name.encode(), name, name, AT, missing_since),
        )
    connection.commit()
    connection.close()
    return path


def test_titles_stay_and_belong_to_the_first_file(old: Path) -> None:
    with open_library(old) as library:
        with library.read() as connection:
            assert [root.path for root in list_roots(connection)] == [b"/m"]
            rows = {row.title: row.is_missing for row in find_rows(connection, "")}
        assert rows == {"Dust": False, "In the shop": False, "Lost": True, "Hummed": False}
        places = describe_sound(library, DescribeRequest(sound="/m/a")).sound["locations"]
    assert [(place["title"], place["album"]) for place in places] == [("Dust", "Solo"), (None, None)]


def test_what_the_shop_calls_a_sound_stays_when_its_tags_are_read(old: Path) -> None:
    with open_library(old) as library, library.write() as connection:
        told = [Claim("title", "From the tags", "tags"), Claim("artist", "Somebody", "tags")]
        assert keep_claims(connection, {1: told, 3: told}) == 2
        rows = {row.path: (row.title, row.artist) for row in find_rows(connection, "artist:somebody")}
        found = [row.path for row in find_rows(connection, "title:tags")]
    assert rows == {"/m/a": ("From the tags", "Somebody"), "/m/c": ("In the shop", "Somebody")}
    assert sorted(str(path) for path in found) == ["/m/a", "/m/c"]


def test_before_the_main_file_is_read_another_one_changes_nothing(old: Path) -> None:
    with open_library(old) as library, library.write() as connection:
        keep_claims(connection, {2: [Claim("title", "Dust (Radio)", "tags")]})
        [row] = find_rows(connection, "title:radio")
    assert row.title == "Dust"
