"""An older library, upgraded, says no more than one of today, and keeps all that was heard."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.heard.summaries import derived_rows
from sonoteca.catalogue.store.library import open_library

AT = "2026-11-01T00:00:00.000Z"
PAD_BEATS = [0.5 * each for each in range(16)]
# Of each sound: what its summary says, and the statements (descriptor, source, value, confidence).
OLD: tuple[tuple[dict[str, Any], list[tuple[str, str, Any, float | None]]], ...] = (
    (
        {"kind": "track", "kind_confidence": 0.9, "role": "drums", "role_confidence": 0.8},
        [("kind", "analyzer", "track", 0.9), ("role", "analyzer", {"value": "drums", "scores": {"drums": 0.8}}, 0.8)],
    ),
    (
        {"kind": "one_shot", "kind_confidence": 1.0, "sound_class": "kick", "sound_class_confidence": 0.4},
        [("kind", "analyzer", "one_shot", 1.0), ("sound_class", "analyzer", "kick", 0.4)],
    ),
    (
        {"kind": "loop", "kind_confidence": 0.9, "tempo_bpm": 120.0, "tempo_confidence": 0.6, "beats_per_bar": 4, "bars": 4},
        [
            ("kind", "analyzer", "loop", 0.9),
            ("tempo", "analyzer", {"bpm": 120.0}, 0.6),
            ("beats_s", "analyzer", PAD_BEATS, 0.6),
            ("onsets_s", "analyzer", [0.0], None),
            ("onset_density", "analyzer", 0.125, None),
            ("meter", "analyzer", {"beats_per_bar": 4, "beat_unit": 4}, 0.9),
            ("bars", "analyzer", 4, 0.8),
        ],
    ),
    (
        {"kind": "loop", "kind_confidence": 0.9, "tempo_bpm": 93.0, "sound_class": None},
        [("kind", "analyzer", "loop", 0.9), ("tempo", "user", {"bpm": 93.0}, None), ("tempo", "analyzer", {"bpm": 120.0}, 0.3)],
    ),
)  # fmt: skip


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Four sounds as a library of revision 0003 held them."""
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0003")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', ?)", (AT,))
    for number, (summary, statements) in enumerate(OLD, start=1):
        connection.execute(
            "INSERT INTO sounds (id, public_id, content_hash, status, added_at, analysed_at)"
            " VALUES (?, ?, ?, 'analysed', ?, ?)",
            (number, f"s{number}", f"x1:{number}", AT, AT),
        )
        connection.execute(
            "INSERT INTO regions (id, sound_id, number, start_s, end_s, producer, version, generation)"
            " VALUES (?, ?, 0, 0.0, 8.0, 'whole', 1, 0)",
            (number, number),
        )
        columns = {"region_id": number, "sound_id": number, "whole_id": number, "number": 0, "status": "analysed",
                   "added_at": AT, "duration_s": 8.0, **summary}  # fmt: skip
        connection.execute(
            f"INSERT INTO summaries ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            list(columns.values()),
        )
        connection.executemany(
            "INSERT INTO observations (region_id, descriptor, source, producer, version, settings, value, confidence, at)"
            " VALUES (?, ?, ?, 'test.ear', 1, '', ?, ?, ?)",
            [(number, name, source, json.dumps(value), sure, AT) for name, source, value, sure in statements],
        )
    connection.commit()
    connection.close()
    return path


def test_an_upgraded_library_says_what_one_of_today_would(old: Path) -> None:
    with open_library(old) as library, library.read() as connection:
        read = "SELECT kind, role, role_confidence, sound_class, tempo_bpm, beats_per_bar, bars FROM summaries ORDER BY region_id"
        assert [tuple(row) for row in connection.exec_driver_sql(read)] == [
            ("track", "mix", 0.9, None, None, None, None),
            ("one_shot", None, None, None, None, None, None),
            ("loop", None, None, None, None, None, None),
            ("loop", None, None, None, 93.0, None, None),
        ]
        derived = [
            {name: row[name] for name in ("kind", "role", "tempo_bpm", "bars")}
            for row in derived_rows(connection, [1, 2, 3, 4])
        ]
        stored = connection.exec_driver_sql("SELECT kind, role, tempo_bpm, bars FROM summaries ORDER BY region_id")
        assert derived == [dict(row._mapping) for row in stored]
        (count,) = connection.exec_driver_sql("SELECT count(*) FROM observations").one()
        assert count == sum(len(statements) for _, statements in OLD)
