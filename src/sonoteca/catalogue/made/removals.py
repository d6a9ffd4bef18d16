"""Removing sounds with a way back: all that is known of them is kept aside, and put back as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import embeddings, summaries
from sonoteca.catalogue.identity import remove
from sonoteca.catalogue.made.former_states import SOUND, FormerState, keep_states, next_batch, states_of
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import embeddings_table, locations, metadata, roots, sounds
from sonoteca.catalogue.store.schema import summaries as summaries_table
from sonoteca.catalogue.store.schema_made import map_points

# Derived from the rest, and made anew.
_DERIVED = (summaries_table, map_points)
_AT_ONCE = 200


def remove_with_a_way_back(connection: Connection, sound_ids: Sequence[int]) -> int:
    """Forget these sounds as ``identity.remove.remove_sounds`` does, so that ``restore_sounds`` can put them back."""
    wanted = list(dict.fromkeys(sound_ids))
    if not wanted:
        return 0
    batch = next_batch(connection)
    # Made once: building them for each sound costs more time than the database takes.
    reads, spaces = tuple(_reads_of_a_sound()), embeddings.list_spaces(connection)
    for some in chunks(wanted, _AT_ONCE):
        keep_states(connection, batch, SOUND, [_state(connection, sound_id, reads, spaces) for sound_id in some])
    return remove.remove_sounds(connection, wanted)


def restore_sounds(connection: Connection, batch: int) -> list[int]:
    """Put back the sounds that a change removed; returns their row numbers.

    One that was added again since gives way to what it was; its new places are kept.
    """
    restored: list[int] = []
    replaced: dict[int, int | None] = {}
    for state in states_of(connection, batch):
        if state.before is None:
            continue
        [row] = state.before["rows"]["sounds"]
        replaced[row["id"]] = row["replaces"]
        _put_back(connection, state.before)
        restored.append(row["id"])
        replaced |= dict.fromkeys(state.before["replaced_by"], row["id"])
    for sound_id, former in replaced.items():
        if former is not None and connection.execute(sa.select(sounds.c.id).where(sounds.c.id == former)).first():
            connection.execute(sa.update(sounds).where(sounds.c.id == sound_id).values(replaces=former))
    summaries.derive(connection, restored)
    return restored


def _state(
    connection: Connection,
    sound_id: int,
    reads: Sequence[tuple[str, sa.Select[Any]]],
    spaces: Sequence[embeddings.StoredSpace],
) -> FormerState:
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, query in reads:
        rows[name] = [dict(row._mapping) for row in connection.execute(query, {"sound": sound_id})]
    [sound] = rows["sounds"]
    region_ids = [row["id"] for row in rows["regions"]]
    vectors = {}
    for space in spaces:
        table = embeddings_table(space.number)
        found = connection.execute(sa.select(table).where(table.c.region_id.in_(region_ids)).order_by(table.c.id))
        vectors[str(space.number)] = [
            {name: value for name, value in row._mapping.items() if name != "id"} for row in found
        ]
    successors = connection.execute(sa.select(sounds.c.id).where(sounds.c.replaces == sound_id)).scalars().all()
    document = {"rows": rows, "vectors": vectors, "replaced_by": list(successors)}
    path = connection.execute(
        sa.select(summaries_table.c.path).where(summaries_table.c.sound_id == sound_id, summaries_table.c.number == 0)
    ).scalar()
    return FormerState(SOUND, sound["public_id"], document, {"path": path})


def _reads_of_a_sound() -> Iterator[tuple[str, sa.Select[Any]]]:
    """Every table whose rows go with a sound, and the query for those of ``:sound``; parents before children."""
    is_sound = sounds.c.id == sa.bindparam("sound")
    owned: dict[str, sa.Select[Any]] = {"sounds": sa.select(sounds.c.id).where(is_sound)}
    yield "sounds", sa.select(sounds).where(is_sound)
    for table in metadata.sorted_tables:
        if table in _DERIVED or table is sounds:
            continue
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            parents = owned.get(key.column.table.name)
            if parents is not None and key.ondelete == "CASCADE":
                condition = key.parent.in_(parents)
                if "id" in table.c:
                    owned[table.name] = sa.select(table.c.id).where(condition)
                yield table.name, sa.select(table).where(condition)
                break


def _step_aside(connection: Connection, content_hash: str) -> int | None:
    """Let what the library has of this content since free its name; returns its row number."""
    newer: int | None = connection.execute(sa.select(sounds.c.id).where(sounds.c.content_hash == content_hash)).scalar()
    if newer is not None:
        aside = {"content_hash": f"{content_hash}:newer", "public_id": f"newer:{newer}"}
        connection.execute(sa.update(sounds).where(sounds.c.id == newer).values(aside))
    return newer


def _put_back(connection: Connection, document: dict[str, Any]) -> None:
    [sound] = document["rows"]["sounds"]
    newer = _step_aside(connection, sound["content_hash"])
    # Where a row got another number, and which places are of another sound by now (None).
    moved: dict[str, dict[int, int | None]] = {}
    for table in metadata.sorted_tables:
        rows = [
            {name: value for name, value in row.items() if name in table.c}
            for row in document["rows"].get(table.name, ())
        ]
        if table is sounds:
            rows = [row | {"replaces": None} for row in rows]
        elif table is locations:
            moved[table.name] = {row["id"]: _put_back_place(connection, row) for row in rows}
            rows = []
        rows = [row for each in rows if (row := _renumbered(table, each, moved)) is not None]
        if rows:
            connection.execute(sa.insert(table), rows)
    if newer is not None:
        mine = sa.update(locations).where(locations.c.sound_id == newer).values(sound_id=sound["id"])
        connection.execute(mine)
        remove.remove_sounds(connection, [newer])
    numbers = {str(space.number) for space in embeddings.list_spaces(connection)}
    for number, vectors in document["vectors"].items():
        if vectors and number in numbers:
            # With new row numbers: an index that took in their removal would never see the old ones again.
            connection.execute(sa.insert(embeddings_table(int(number))), vectors)


def _renumbered(table: sa.Table, row: dict[str, Any], moved: dict[str, dict[int, int | None]]) -> dict[str, Any] | None:
    """The row with the numbers that its parents have now; None where one of them is gone."""
    for key in table.foreign_keys:
        numbers = moved.get(key.column.table.name)
        if numbers is not None and row.get(key.parent.name) is not None:
            number = numbers.get(row[key.parent.name], row[key.parent.name])
            if number is None:
                return None
            row = row | {key.parent.name: number}
    return row


def _put_back_place(connection: Connection, place: dict[str, Any]) -> int | None:
    """The row number of the place; None where it is known for what it holds by now."""
    if not _is_free(connection, place):
        return None
    if connection.execute(sa.select(locations.c.id).where(locations.c.id == place["id"])).first() is not None:
        # Numbers of places are used again.
        place = {name: value for name, value in place.items() if name != "id"}
    number: int = connection.execute(sa.insert(locations).values(place).returning(locations.c.id)).scalar_one()
    return number


def _is_free(connection: Connection, place: dict[str, Any]) -> bool:
    """Whether no other sound has been found at a place since, and its folder is still one of the library."""
    is_there = (locations.c.root_id == place["root_id"]) & (locations.c.relative_path == place["relative_path"])
    has_root = connection.execute(sa.select(roots.c.id).where(roots.c.id == place["root_id"])).first() is not None
    return has_root and connection.execute(sa.select(locations.c.id).where(is_there)).first() is None
