"""Entries of a playlist that come, go and move: always as a list would, also with several writers at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue_samples as samples
from sonoteca.catalogue.made.playlist_edits import insert_entries, move_entry, named_positions, repeats, take_entries
from sonoteca.catalogue.made.playlists import (
    Playlist,
    PlaylistEntry,
    SmartRule,
    get_playlist,
    list_playlists,
    save_playlist,
    save_smart_playlist,
)
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.names import public_id
from sonoteca.errors import PlaylistNotFound, RequestError, SoundNotFound

ENTRY = st.builds(
    PlaylistEntry, st.sampled_from(["x1:a", "x1:b", "x1:c"]), st.sampled_from([None, 0.5]), st.sampled_from([None, 2.0])
)
ENTRIES = st.lists(ENTRY, max_size=4)
PLACE = st.integers(0, 7)
STEP = st.one_of(
    st.tuples(st.just("create"), ENTRIES),
    st.tuples(st.just("add"), ENTRIES, st.none() | PLACE),
    st.tuples(st.just("remove"), st.lists(PLACE, max_size=4)),
    st.tuples(st.just("move"), PLACE, PLACE),
)


def entries(names: str) -> list[PlaylistEntry]:
    return [PlaylistEntry(f"x1:{name}") for name in names]


def letters(library: Library, name: str = "mine") -> str:
    with library.read() as connection:
        return "".join(entry.content_hash.removeprefix("x1:") for entry in get_playlist(connection, name).entries)


def expected(model: list[PlaylistEntry], step: Any) -> list[PlaylistEntry]:
    """What a Python list is after a step; IndexError where there is no such position."""
    match step:
        case ("create", new):
            return list(new)
        case ("add", new, at):
            if at is None:
                return model + new
            if not 1 <= at <= len(model) + 1:
                raise IndexError
            return model[: at - 1] + new + model[at - 1 :]
        case ("remove", positions):
            if not all(1 <= each <= len(model) for each in positions):
                raise IndexError
            return [entry for at, entry in enumerate(model, start=1) if at not in positions]
        case (_, position, to):
            if not (1 <= position <= len(model) and 1 <= to <= len(model)):
                raise IndexError
            moved = list(model)
            moved.insert(to - 1, moved.pop(position - 1))
            return moved
    raise AssertionError(step)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_any_changes_leave_what_they_leave_of_a_list(library: Library, steps: list[Any]) -> None:
    other = entries("zyz")
    model: list[PlaylistEntry] = []
    with library.write() as connection:
        for name, content in (("mine", model), ("other", other)):
            save_playlist(connection, name, content, replace=True)
        for step in steps:
            refused: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
            try:
                model = expected(model, step)
            except IndexError:
                refused = pytest.raises(RequestError, match="position")
            with refused:
                match step:
                    case ("create", new):
                        save_playlist(connection, "mine", new, replace=True)
                    case ("add", new, at):
                        insert_entries(connection, "mine", new, at=at)
                    case ("remove", positions):
                        take_entries(connection, "mine", positions)
                    case (_, position, to):
                        move_entry(connection, "mine", position, to)
            assert list(get_playlist(connection, "mine").entries) == model
    with library.read() as connection:
        assert list(get_playlist(connection, "mine").entries) == model
        assert list(get_playlist(connection, "other").entries) == other
        assert {each.name: each.count for each in list_playlists(connection)} == {"mine": len(model), "other": 3}


def test_writers_at_once_lose_no_entry(library: Library, library_location: str) -> None:
    each_writes = 12
    with library.write() as connection:
        save_playlist(connection, "mine", entries("-"))
    barrier = threading.Barrier(3)

    def write(name: str, at: int | None) -> None:
        with open_library(library_location) as own:
            barrier.wait()
            for number in range(each_writes):
                with own.write() as connection:
                    insert_entries(connection, "mine", [PlaylistEntry(f"x1:{name}{number}")], at=at)
                with own.write() as connection:
                    move_entry(connection, "mine", 1, 2)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(write, *words) for words in (("a", None), ("b", None), ("c", 1))]:
            done.result()
    with library.read() as connection:
        kept = [entry.content_hash for entry in get_playlist(connection, "mine").entries]
    assert len(kept) == 3 * each_writes + 1
    assert set(kept) == {"x1:-"} | {f"x1:{name}{number}" for name in "abc" for number in range(each_writes)}


def test_a_change_that_is_refused_changes_nothing(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "mine", entries("abc"), details={"score": 0.5})
        with pytest.raises(RequestError, match="no position 4: it has 3 entries"):
            take_entries(connection, "mine", [1, 4])
        with pytest.raises(RequestError, match="position 5"):
            insert_entries(connection, "mine", entries("d"), at=5)
        with pytest.raises(RequestError, match="no position 0"):
            move_entry(connection, "mine", 0, 1)
        with pytest.raises(PlaylistNotFound):
            insert_entries(connection, "yours", entries("d"))
    assert letters(library) == "abc"


def test_a_change_is_dated_and_keeps_where_the_list_came_from(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "mine", entries("abc"), details={"score": 0.5})
    with library.write() as connection:
        before = get_playlist(connection, "mine")
        told = insert_entries(connection, "mine", entries("d"))
        after = get_playlist(connection, "mine")
    assert told == after
    assert (before.entries, before.details) == (tuple(entries("abc")), {"score": 0.5})
    assert (after.created_at, after.details) == (before.created_at, before.details)
    assert after.changed_at >= before.changed_at


def test_what_a_query_holds_cannot_be_changed_by_hand(library: Library) -> None:
    with library.write() as connection:
        save_smart_playlist(connection, "mine", SmartRule("tag:dusty", 5))
        changes: list[Callable[[], object]] = [
            lambda: insert_entries(connection, "mine", entries("a")),
            lambda: take_entries(connection, "mine", []),
            lambda: move_entry(connection, "mine", 1, 1),
        ]
        for change in changes:
            with pytest.raises(RequestError, match="smart playlist: it holds what 'tag:dusty' finds"):
                change()
        save_playlist(connection, "mine", entries("a"), replace=True)
        insert_entries(connection, "mine", entries("b"))
    assert letters(library) == "ab"


def test_positions_are_named_by_number_sound_or_content(library: Library) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="track")
        samples.add(connection, "d.wav", "x1:d", kind="track")
        save_playlist(connection, "mine", entries("abaca"))
        mine = get_playlist(connection, "mine")

        def named(*words: str) -> list[int]:
            return named_positions(connection, mine, words)

        assert named("4", "2", "2") == [2, 4]
        assert named("/music/a.wav") == named(public_id("x1:a")) == named(public_id("x1:a")[:6]) == [1, 3, 5]
        # "b" was removed from the library, or never was in it.
        assert named("x1:b", "5") == [2, 5]
        for word, error in (
            ("6", RequestError),
            ("0", RequestError),
            ("9" * 5000, SoundNotFound),
            ("x1:z", SoundNotFound),
        ):
            with pytest.raises(error):
                named("1", word)
        with pytest.raises(RequestError, match=r"'/music/d\.wav' is not in the playlist 'mine'"):
            named("/music/d.wav")


def test_repeats_are_told_of_what_was_added_only() -> None:
    assert repeats(entries("aabcb"), range(3, 6)) == [(3, 5)]
    assert repeats(entries("aabcb"), range(4, 5)) == []
    assert repeats((), range(1, 1)) == []


def test_a_playlist_without_details_is_plain() -> None:
    assert Playlist("mine", (), None, "", "").rule is None
    assert Playlist("mine", (), {"query": {"length": "8"}, "score": 0.5}, "", "").rule is None
