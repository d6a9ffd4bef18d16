"""Removals and playlists come back as they were, also when a process dies or two change at once."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_processes
import catalogue_samples as samples
from catalogue_samples import EAR, SPACE, heard, info, part, vectors
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.heard import embeddings
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import known_sounds, whole_regions
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.made.playlist_edits import insert_entries, move_entry, take_entries
from sonoteca.catalogue.made.playlists import (
    PlaylistEntry,
    SmartRule,
    find_playlist,
    list_playlists,
    remove_playlist,
    rename_playlist,
    save_playlist,
    save_smart_playlist,
)
from sonoteca.catalogue.made.removals import remove_with_a_way_back
from sonoteca.catalogue.made.undo import undo
from sonoteca.catalogue.store import schema, schema_made
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import all_tables
from sonoteca.domain.sound_analysis import SoundAnalysis

# What happened, and what is kept of it.
LOGS = {"events", "former_states"}


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but the logs; vectors without their row numbers."""
    found = {
        table.name: sorted((dict(row._mapping) for row in connection.execute(sa.select(table))), key=repr)
        for table in all_tables()
        if table.name not in LOGS and table is not schema.removed_embeddings
    }
    for space in embeddings.list_spaces(connection):
        table = schema.embeddings_table(space.number)
        found[table.name] = sorted(
            (
                {name: value for name, value in row._mapping.items() if name != "id"}
                for row in connection.execute(sa.select(table))
            ),
            key=repr,
        )
    return found


def with_an_event(connection: Connection, name: str) -> int:
    """A sound with an event region, vectors, a tag and edits."""
    sound_id = samples.add(connection, f"{name}.wav", f"x1:{name}", kind="field_recording")
    split = SoundAnalysis((part(0, 0.0, 9.0, heard(kind="field_recording")), part(1, 1.0, 2.0, heard(kind="one_shot"))))
    made = {SPACE.id: vectors([1, 0, 0, 0], [0, 1, 0, 0])}
    result = SoundResult(sound_id, info(f"x1:{name}", 9.0), split, embeddings=made)
    store_results(connection, [result], identities=[EAR], spaces=[SPACE])
    edit(connection, list(whole_regions(connection, [sound_id]).values()), parse_statements(rating="4"), add_tags=["x"])
    return sound_id


def test_removed_sounds_come_back_with_all_that_was_known_of_them(library: Library) -> None:
    with library.write() as connection:
        sound_ids = [with_an_event(connection, name) for name in "ab"]
        connection.execute(
            sa.update(schema.sounds).where(schema.sounds.c.id == sound_ids[1]).values(replaces=sound_ids[0])
        )
        other = samples.add(connection, "c.wav", "x1:c", kind="loop")
        before = everything(connection)
        words = connection.execute(sa.text("SELECT count(*) FROM sound_text")).scalar_one()
        assert remove_with_a_way_back(connection, sound_ids) == 2
        assert connection.execute(sa.select(schema.sounds.c.id)).scalars().all() == [other]
        undone = undo(connection)
        assert undone is not None
        assert undone.sound_ids == tuple(sound_ids)
        assert everything(connection) == before
        assert connection.execute(sa.text("SELECT count(*) FROM sound_text")).scalar_one() == words
        # Their edits can be undone as before.
        again = undo(connection)
        assert again is not None
        assert [each.name for each in again.told] == ["x", "rating"]
        # An index sees the vectors as new: those that were removed it has forgotten for good.
        [space] = embeddings.list_spaces(connection)
        gone, _ = embeddings.removed_ids(connection, space)
        assert not set(embeddings.embedding_ids(connection, space).tolist()) & set(np.asarray(gone).tolist())


def test_a_sound_that_was_added_again_gives_way_to_what_it_was(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", kind="loop")
        region = whole_regions(connection, [sound_id])[sound_id]
        edit(connection, [region], parse_statements(bpm="87"))
        before = stored_sound_object(connection, sound_id)
        remove_with_a_way_back(connection, [sound_id])
        samples.add(connection, "a.wav", "x1:a", kind="track")
        samples.add(connection, "copy of a.wav", "x1:a", kind="track")
        undo(connection)
        assert known_sounds(connection, ["x1:a"]) == {"x1:a": sound_id}
        now = stored_sound_object(connection, sound_id)
        assert {each["path"] for each in now["locations"]} == {"/music/a.wav", "/music/copy of a.wav"}
        kept = {name: value for name, value in before.items() if name not in ("locations", "path")}
        assert {name: now[name] for name in kept} == kept


def test_a_place_that_holds_another_sound_by_now_keeps_it(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a")
        remove_with_a_way_back(connection, [sound_id])
        other = samples.add(connection, "a.wav", "x1:other")
        undo(connection)
        owners = sa.select(schema.locations.c.sound_id)
        assert connection.execute(owners).scalars().all() == [other]
        assert known_sounds(connection, ["x1:a"]) == {"x1:a": sound_id}


def test_only_the_last_ten_removals_are_kept(library: Library) -> None:
    with library.write() as connection:
        for number in range(12):
            remove_with_a_way_back(connection, [samples.add(connection, f"{number}.wav", f"x1:{number}")])
        kept = connection.execute(sa.select(schema_made.former_states.c.name)).scalars().all()
        assert len(kept) == 10
        back = 0
        while undo(connection) is not None:
            back += 1
        assert back == 10
        assert known_sounds(connection, ["x1:1", "x1:2"]).keys() == {"x1:2"}


def test_removing_nothing_is_no_change(library: Library) -> None:
    with library.write() as connection:
        region = whole_regions(connection, [samples.add(connection, "a.wav", "x1:a")]).values()
        edit(connection, list(region), parse_statements(rating="2"))
        remove_with_a_way_back(connection, [])
        edit(connection, [], parse_statements(rating="3"))
        # Where no sound was meant, the edit before is still the last.
        undone = undo(connection)
        assert undone is not None
        assert undone.number == 1


def test_every_change_of_a_playlist_is_undone_exactly(library: Library) -> None:
    entries = [PlaylistEntry("x1:a"), PlaylistEntry("x1:b", 1.0, 2.0), PlaylistEntry("x1:a")]
    with library.write() as connection:
        states = [find_playlist(connection, "p")]
        for change in (
            lambda: save_playlist(connection, "p", entries, details={"asked": 1}),
            lambda: insert_entries(connection, "p", [PlaylistEntry("x1:c")], at=1),
            lambda: move_entry(connection, "p", 1, 3),
            lambda: take_entries(connection, "p", [1, 2]),
            lambda: save_playlist(connection, "p", entries[:1], replace=True),
            lambda: save_smart_playlist(connection, "p", SmartRule("kind:loop", 5), replace=True),
        ):
            change()
            states.append(find_playlist(connection, "p"))
        rename_playlist(connection, "p", "q")
        remove_playlist(connection, "q")
        assert list_playlists(connection) == []
        undone = undo(connection)
        assert undone is not None
        assert undone.playlist is not None
        assert undone.playlist.before is None
        assert undone.playlist.after == {"name": "q", "entries": 0}
        undo(connection)
        assert find_playlist(connection, "q") is None
        while states:
            assert find_playlist(connection, "p") == states.pop()
            undo(connection)
        assert undo(connection) is None


def test_moving_an_entry_to_where_it_stands_is_no_change(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "p", [PlaylistEntry("x1:a")])
        move_entry(connection, "p", 1, 1)
        assert connection.execute(sa.select(sa.func.count()).select_from(schema_made.former_states)).scalar_one() == 1


def test_undo_goes_back_through_all_kinds_of_changes_in_order(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a")
        region = whole_regions(connection, [sound_id])[sound_id]
        edit(connection, [region], parse_statements(rating="1"))
        save_playlist(connection, "p", [PlaylistEntry("x1:a")])
        remove_with_a_way_back(connection, [sound_id])
        done = [undo(connection) for _ in range(4)]
        assert [each and (each.number, bool(each.sound_ids), each.playlist is not None) for each in done] == [
            (3, True, False),
            (2, False, True),
            (1, False, False),
            None,
        ]


def test_a_number_is_never_used_twice(library: Library) -> None:
    with library.write() as connection:
        ids = [samples.add(connection, f"{name}.wav", f"x1:{name}") for name in "ab"]
        regions = whole_regions(connection, ids)
        edit(connection, [regions[ids[0]]], parse_statements(rating="1"))
        remove_with_a_way_back(connection, ids[:1])
        assert edit(connection, [regions[ids[1]]], parse_statements(rating="1")).number == 3


def test_killed_in_the_middle_of_a_removal_nothing_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "mine.sonoteca"
    with open_library(path, mode="create") as library, library.write() as connection:
        for number in range(5):
            samples.add(connection, f"{number}.wav", f"x1:{number}", kind="loop")
    command = [sys.executable, catalogue_processes.__file__, "die-removing", str(path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with open_library(path) as library, library.write() as connection:
        assert len(known_sounds(connection, [f"x1:{number}" for number in range(5)])) == 5
        assert undo(connection) is None
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_who_shift_a_grid_at_once_both_shift_it(library_location: str) -> None:
    with open_library(library_location) as library, library.write() as connection:
        sound_id = samples.add(
            connection, "a.wav", "x1:a", grid={"segments": [{"start_s": 0.0, "bpm": 120.0}], "drift_bpm": 0.0}
        )
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [
        context.Process(target=catalogue_processes.shift_grid, args=(library_location, sound_id, 5, barrier))
        for _ in range(2)
    ]
    for each in both:
        each.start()
    for each in both:
        each.join(120)
        assert each.exitcode == 0
    with open_library(library_location) as library, library.write() as connection:
        assert stored_sound_object(connection, sound_id)["grid_shift_s"] == pytest.approx(0.1)
        numbers = [each.number for each in iter(lambda: undo(connection), None)]
        assert numbers == list(range(10, 0, -1))
        assert stored_sound_object(connection, sound_id)["grid_shift_s"] is None


def test_an_older_library_gets_the_log_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0007")
    with sqlite3.connect(path) as connection:
        at = "2026-11-01T00:00:00.000Z"
        connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', ?)", (at,))
        connection.execute("INSERT INTO playlists VALUES (1, 'old', NULL, ?, ?)", (at, at))
        connection.execute("INSERT INTO playlist_entries VALUES (1, 1, 'x1:a', NULL, NULL)")
    with open_library(path, mode="create") as library, library.write() as connection:
        remove_playlist(connection, "old")
        undo(connection)
        restored = find_playlist(connection, "old")
        assert restored is not None
        assert (restored.entries, restored.changed_at) == ((PlaylistEntry("x1:a"),), at)
