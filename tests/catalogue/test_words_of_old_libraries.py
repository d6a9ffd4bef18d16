"""A library whose words were split as they stood: after the upgrade everything is found, and no row is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
from sonoteca.catalogue.heard import fulltext
from sonoteca.catalogue.heard.word_splitting import BREAK, MARK
from sonoteca.catalogue.store.library import open_library

AT = "2026-11-01T00:00:00.000Z"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three sounds of schema 0003: one in two places with a denied tag, one with tags, one without a file."""
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0003")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', ?)", (AT,))
    connection.execute(
        "INSERT INTO roots (id, name, path, display_path, added_at) VALUES (1, 'music', ?, '/music', ?)",
        (b"/music", AT),
    )
    for number, (title, artist) in enumerate(
        [(None, None), ("中国人民解放军", None), ("Don't Stop", "R.E.M.")], start=1
    ):
        connection.execute(
            "INSERT INTO sounds (id, public_id, content_hash, status, title, artist, added_at)"
            " VALUES (?, ?, ?, 'pending', ?, ?, ?)",
            (number, f"s{number}", f"x1:{number}", title, artist, AT),
        )
        connection.execute(
            "INSERT INTO regions (id, sound_id, number, start_s, end_s, producer, version, generation)"
            " VALUES (?, ?, 0, 0.0, 1.0, 'whole', 1, 0)",
            (number, number),
        )
    for number, (sound, name) in enumerate([(1, "AcousticSnare.wav"), (1, "tr808/copy.wav"), (2, "a.wav")], start=1):
        connection.execute(
            "INSERT INTO locations (id, root_id, sound_id, relative_path, compare_key, display_path, size, mtime_ns, added_at)"
            " VALUES (?, 1, ?, ?, ?, ?, 1, 1, ?)",
            (number, sound, name.encode(), name, name, AT),
        )
    for region, tag, source, present in [(1, "jazz", "import", 1), (1, "jazz", "user", 0), (2, "lo-fi", "user", 1)]:
        connection.execute(
            "INSERT INTO tags (region_id, tag, source, label, present, at) VALUES (?, ?, ?, ?, ?, ?)",
            (region, tag, source, tag, present, AT),
        )
    connection.executemany(
        "INSERT INTO sound_text (rowid, path) VALUES (?, ?)",
        [(1, "music acousticsnare wav"), (2, "music a wav"), (3, "")],
    )
    connection.commit()
    connection.close()
    return path


def test_words_are_those_that_a_new_library_has(old: Path) -> None:
    with open_library(old) as library, library.write() as connection:
        upgraded = connection.execute(sa.text("SELECT rowid, * FROM sound_text ORDER BY rowid")).all()
        fulltext.refresh(connection, [1, 2, 3])
        assert connection.execute(sa.text("SELECT rowid, * FROM sound_text ORDER BY rowid")).all() == upgraded
    assert [row.path.replace(MARK, "+").replace(BREAK, "/") for row in upgraded] == [
        "music acousticsnare wav + snare / music tr808 copy wav + 808", "music a wav", "",
    ]  # fmt: skip
    assert [row.tags for row in upgraded] == ["", f"lo fi {MARK} lofi", ""]
    assert upgraded[1].title == "中国 国人 人民 民解 解放 放军 军"
    assert (upgraded[2].title, upgraded[2].artist) == (f"don t stop {MARK} dont", f"r e m {MARK} rem em")


def test_no_row_of_the_library_changes(old: Path) -> None:
    def rows(table: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(old) as connection:
            return connection.execute(f"SELECT * FROM {table}").fetchall()

    tables = ("sounds", "regions", "locations", "tags")
    before = [[row[:8] for row in rows(table)] for table in tables]
    open_library(old).close()
    assert [[row[:8] for row in rows(table)] for table in tables] == before
