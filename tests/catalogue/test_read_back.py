"""Whatever writes rows notices that a database takes them and does not have them, and then nothing is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.made.knowledge import save_advice
from sonoteca.catalogue.made.match_weights import add_weights
from sonoteca.catalogue.made.playlists import PlaylistEntry, save_playlist
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.read_back import rows_counted
from sonoteca.catalogue.store.schema import meta, sounds
from sonoteca.catalogue.store.schema_made import all_tables
from sonoteca.errors import WriteSwallowed
from sonoteca.knowledge.starter_base import starter_advice


def _advice(connection: Connection) -> None:
    save_advice(connection, starter_advice()[:2])


def _playlist(connection: Connection) -> None:
    save_playlist(connection, "friday", [PlaylistEntry("x1:a"), PlaylistEntry("x1:b")])


def _shop(connection: Connection) -> None:
    [sound_id] = connection.execute(sa.select(sounds.c.id)).scalars()
    set_shop_facts(connection, {sound_id: ShopFacts(price=2.5, currency="EUR")})


def _weights(connection: Connection) -> None:
    add_weights(connection, "[role.bass]\nchord = 5.0\n", use=False)


def reverted(connection: Connection, is_sqlite: bool, table: str, event: str, column: str) -> None:
    """A trigger that lets a write pass, and then writes something else, without an error."""
    if is_sqlite:
        connection.exec_driver_sql(
            f"CREATE TRIGGER reverted AFTER {event} ON {table} BEGIN"
            f" UPDATE {table} SET {column} = 'XXX' WHERE rowid = NEW.rowid; END"
        )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION revert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.{column} = 'XXX'; RETURN NEW; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER reverted BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION revert()"
    )


def swallowed(connection: Connection, is_sqlite: bool, table: str, event: str) -> None:
    """A trigger that lets a write pass and keeps nothing of it."""
    if is_sqlite:
        connection.exec_driver_sql(
            f"CREATE TRIGGER swallowed BEFORE {event} ON {table} BEGIN SELECT RAISE(IGNORE); END"
        )
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER swallowed BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION swallow()"
    )


def rows(library: Library) -> dict[str, list[str]]:
    with library.read() as connection:
        return {each.name: sorted(map(repr, connection.execute(sa.select(each)))) for each in all_tables()}


@pytest.mark.parametrize(
    ("table", "event", "write", "told"),
    [
        ("knowledge", "INSERT", _advice, "2 rows were written to knowledge, but 0 are there"),
        ("playlist_entries", "INSERT", _playlist, "2 rows were written to playlist_entries, but 0 are there"),
        ("sounds", "UPDATE", _shop, "1 row was written to sounds, but 0 are there"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.islower() and " " not in value else "",
)
def test_rows_that_are_not_kept_are_counted(
    library: Library, table: str, event: str, write: Callable[[Connection], None], told: str
) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a")
        swallowed(connection, library.is_sqlite, table, event)
    before = rows(library)
    with pytest.raises(WriteSwallowed, match=told) as error, library.write() as connection:
        write(connection)
    assert "row-level security" in str(error.value.remedy)
    assert rows(library) == before


@pytest.mark.parametrize(
    ("table", "event", "column", "write"),
    [
        ("knowledge", "INSERT", "source", _advice),
        ("sounds", "UPDATE", "currency", _shop),
        ("match_weights", "INSERT", "toml", _weights),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_that_a_trigger_changes_are_found(
    library: Library, table: str, event: str, column: str, write: Callable[[Connection], None]
) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a")
        reverted(connection, library.is_sqlite, table, event, column)
    before = rows(library)
    with pytest.raises(WriteSwallowed, match=r"are there as they were written \(not "), library.write() as connection:
        write(connection)
    assert rows(library) == before


def test_many_are_counted_by_their_key_and_conditions(library: Library) -> None:
    with library.write() as connection:
        connection.execute(sa.insert(meta), [{"key": f"k{each}", "value": str(each % 2)} for each in range(20_001)])
        keys = [f"k{each}" for each in range(20_001)]
        assert rows_counted(connection, "meta", 20_001, meta.c.key, keys).is_whole
        odd = rows_counted(connection, "meta", 20_001, meta.c.key, keys, meta.c.value == "1")
        assert (odd.there, odd.is_whole) == (10_000, False)
