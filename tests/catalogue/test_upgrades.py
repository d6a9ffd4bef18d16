"""An old library in which everything stands that later schemas read again is upgraded whole, on either database."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.heard.summaries import derived_rows
from sonoteca.catalogue.store import schema, schema_made, upgrade
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import claims, edits, locations, observations, regions, sounds, summaries, tags
from sonoteca.search.query.listing import find_rows

AT = "2026-11-01T00:00:00.000Z"
LOOP = [("meter", "analyzer", {"beats_per_bar": 4, "beat_unit": 4}, 0.9), ("bars", "analyzer", 4, 0.8)]
# Of each sound: its row, its summary, its files (name, since when missing), and what was said of it.
OLD: tuple[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str | None]], list[tuple[str, str, Any, float | None]]], ...] = (
    (
        {"content_hash": "x1:1", "title": "Don't Stop", "artist": "R.E.M."},
        {"kind": "track", "role": "drums", "title": "Don't Stop", "artist": "R.E.M."},
        [("AcousticSnare.wav", None), ("tr808/copy.wav", None)],
        [("kind", "analyzer", "track", 0.9), ("role", "analyzer", {"value": "drums", "scores": {"drums": 0.8}}, 0.8)],
    ),
    (
        {"content_hash": "x1:2", "title": "In the shop", "external_id": "shop-2"},
        {"kind": "loop", "tempo_bpm": 126.0, "beats_per_bar": 4, "beat_unit": 4, "bars": 4.0, "title": "In the shop"},
        [("riff 126.wav", AT)],
        [
            ("kind", "analyzer", "loop", 0.9), ("tempo", "import", {"bpm": 126.0}, None),
            ("tempo", "analyzer", {"bpm": 124.0}, 0.9), *LOOP,
        ],
    ),
    ({"content_hash": "mel1:3", "title": "中国人民解放军"}, {"title": "中国人民解放军"}, [], []),
)  # fmt: skip
TAGS = [(1, "jazz", "import", 1), (1, "jazz", "user", 0), (2, "lo-fi", "user", 1)]
FOUND = {
    "snare": ["Don't Stop"], "808": ["Don't Stop"], "artist:rem": ["Don't Stop"], "lofi": ["In the shop"], "jazz": [],
    "解放": ["中国人民解放军"], "is:missing": ["In the shop"],
}  # fmt: skip
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEPT = (sounds, regions, locations, observations, tags, edits)


@pytest.fixture(params=["0001", "0003"])
def old(request: pytest.FixtureRequest, location: str) -> str:
    """A library of the schema named by the parameter."""
    samples.library_of_revision(location, request.param)
    engine = samples.plain_engine(location)
    with engine.begin() as connection:
        _fill(connection)
    engine.dispose()
    return location


def _insert(connection: Connection, table: str, **values: Any) -> None:
    columns = [sa.column(name, JSON) if name in ("value", "before", "after") else sa.column(name) for name in values]
    connection.execute(sa.insert(sa.table(table, *columns)).values(**values))


def _fill(connection: Connection) -> None:
    connection.exec_driver_sql(f"INSERT INTO meta (key, value) VALUES ('library_uuid', 'u'), ('created_at', '{AT}')")
    _insert(connection, "roots", id=1, name="music", path=b"/music", display_path="/music", added_at=AT)
    for number, (sound, summary, files, said) in enumerate(OLD, start=1):
        _insert(
            connection,
            "sounds",
            id=number,
            public_id=f"s{number}",
            status="analysed",
            added_at=AT,
            analysed_at=AT,
            **sound,
        )
        _insert(connection, "regions", id=number, sound_id=number, number=0, start_s=0.0, end_s=7.74, producer="whole",
                version=1, generation=0)  # fmt: skip
        _insert(connection, "summaries", region_id=number, sound_id=number, whole_id=number, number=0, status="analysed",
                added_at=AT, duration_s=7.74, **summary)  # fmt: skip
        for name, since in files:
            _insert(connection, "locations", root_id=1, sound_id=number, relative_path=name.encode(), compare_key=name,
                    display_path=name, size=1, mtime_ns=1, added_at=AT, missing_since=since)  # fmt: skip
        for descriptor, source, value, sure in said:
            producer = "test.ear" if source == "analyzer" else "riff"
            _insert(connection, "observations", region_id=number, descriptor=descriptor, source=source, producer=producer,
                    version=1, settings="", value=value, confidence=sure, at=AT)  # fmt: skip
    for region, tag, source, present in TAGS:
        _insert(connection, "tags", region_id=region, tag=tag, source=source, label=tag, present=bool(present), at=AT)
    _insert(connection, "edits", batch=1, region_id=1, what="tag", name="jazz", before=None, after=True, at=AT)


def _rows(connection: Connection, table: sa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    columns: list[sa.ColumnElement[Any]] = [sa.column(name) for name in names]
    chosen = sa.select(*columns).select_from(sa.table(table.name))
    return sorted((tuple(row) for row in connection.execute(chosen)), key=repr)


def test_nothing_is_lost_and_all_is_as_today(old: str) -> None:
    engine = samples.plain_engine(old)
    with engine.connect() as connection:
        names = {
            each.name: [column["name"] for column in sa.inspect(connection).get_columns(each.name)] for each in KEPT
        }
        before = {each.name: _rows(connection, each, names[each.name]) for each in KEPT}
    engine.dispose()
    with open_library(old) as library, library.read() as connection:
        assert upgrade.stored_revision(connection) == schema.REVISION
        assert {each.name: _rows(connection, each, names[each.name]) for each in KEPT} == before
        said = sa.select(claims.c.location_id, claims.c.field, claims.c.value).order_by(
            claims.c.location_id, claims.c.position
        )
        assert [tuple(row) for row in connection.execute(said)] == [
            (1, "title", "Don't Stop"), (1, "artist", "R.E.M."), (3, "title", "In the shop"),
        ]  # fmt: skip
        shop = sa.select(sounds.c.shop_title).order_by(sounds.c.id)
        assert list(connection.execute(shop).scalars()) == [None, "In the shop", None]
        seen = sa.select(summaries.c.is_missing, summaries.c.role, summaries.c.tempo_bpm, summaries.c.bars)
        assert [tuple(row) for row in connection.execute(seen.order_by(summaries.c.sound_id))] == [
            (False, "mix", None, None), (True, None, 124.0, 4.0), (False, None, None, None),
        ]  # fmt: skip
        assert [(row["role"], row["tempo_bpm"]) for row in derived_rows(connection, [1, 2])] == [
            ("mix", None),
            (None, 124.0),
        ]
        assert connection.execute(sa.select(sa.func.count()).select_from(schema_made.former_states)).scalar() == 0
        assert {query: [row.title for row in find_rows(connection, query)] for query in FOUND} == FOUND
