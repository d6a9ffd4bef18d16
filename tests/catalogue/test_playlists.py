"""Playlists in the catalogue: order, repeats and names are kept; nothing is lost when a sound goes."""

from __future__ import annotations

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.made.playlists import (
    PlaylistEntry,
    SmartRule,
    find_playlist,
    get_playlist,
    list_playlists,
    remove_playlist,
    rename_playlist,
    save_playlist,
    save_smart_playlist,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import PlaylistNotFound, RequestError

ENTRIES = (PlaylistEntry("x1:b"), PlaylistEntry("x1:a", 1.5, 3.25), PlaylistEntry("x1:b"))


def test_order_spans_and_repeats_are_kept(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "Übung 1", ENTRIES, details={"score": 0.5})
    with library.read() as connection:
        kept = get_playlist(connection, "Übung 1")
        assert kept.entries == ENTRIES
        assert kept.details == {"score": 0.5}
        assert [(each.name, each.count) for each in list_playlists(connection)] == [("Übung 1", 3)]


def test_a_name_is_taken_unless_it_is_to_be_replaced(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "a", ENTRIES)
        with pytest.raises(RequestError, match="already"):
            save_playlist(connection, "a", ENTRIES[:1])
        save_playlist(connection, "a", ENTRIES[:1], replace=True)
        save_playlist(connection, "empty", ())
    with library.read() as connection:
        assert get_playlist(connection, "a").entries == ENTRIES[:1]
        assert [(each.name, each.count) for each in list_playlists(connection)] == [("a", 1), ("empty", 0)]


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\udce9"])
def test_names_that_cannot_be_kept_are_refused(library: Library, name: str) -> None:
    with library.write() as connection, pytest.raises(RequestError, match="no name for a playlist"):
        save_playlist(connection, name, ENTRIES)
    with library.write() as connection:
        save_playlist(connection, "a", ENTRIES)
        with pytest.raises(RequestError, match="no name for a playlist"):
            rename_playlist(connection, "a", name)
        with pytest.raises(PlaylistNotFound):
            remove_playlist(connection, name)
    with library.read() as connection:
        assert find_playlist(connection, name) is None
        assert find_playlist(connection, "a") is not None


def test_what_is_not_there_is_not_found(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "a", ENTRIES)
        remove_playlist(connection, "a")
        for action in (get_playlist, remove_playlist):
            with pytest.raises(PlaylistNotFound):
                action(connection, "a")


def test_a_playlist_outlives_its_sounds(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", kind="track")
        save_playlist(connection, "a", ENTRIES)
        remove_sounds(connection, [sound_id])
    with library.read() as connection:
        assert get_playlist(connection, "a").entries == ENTRIES


def test_a_playlist_is_called_otherwise_and_stays_what_it_was(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "a", ENTRIES, details={"score": 0.5})
        save_playlist(connection, "b", ())
        with pytest.raises(RequestError, match="already"):
            rename_playlist(connection, "a", "b")
        with pytest.raises(PlaylistNotFound):
            rename_playlist(connection, "c", "d")
        rename_playlist(connection, "a", "Übung 2")
    with library.read() as connection:
        kept = get_playlist(connection, "Übung 2")
        assert (kept.entries, kept.details) == (ENTRIES, {"score": 0.5})
        assert {each.name for each in list_playlists(connection)} == {"b", "Übung 2"}


def test_a_query_is_kept_and_gives_way_like_any_other(library: Library) -> None:
    with library.write() as connection:
        save_playlist(connection, "a", ENTRIES)
        with pytest.raises(RequestError, match="already"):
            save_smart_playlist(connection, "a", SmartRule("tag:dusty"))
        save_smart_playlist(connection, "a", SmartRule("tag:dusty", 20), replace=True)
        save_smart_playlist(connection, "b", SmartRule(""))
    with library.read() as connection:
        assert get_playlist(connection, "a").rule == SmartRule("tag:dusty", 20)
        assert get_playlist(connection, "a").entries == ()
        listed = [(each.name, each.count, each.rule) for each in list_playlists(connection)]
        assert listed == [("a", 0, SmartRule("tag:dusty", 20)), ("b", 0, SmartRule("", None))]


def test_a_playlist_called_nearly_so_is_named(library: Library) -> None:
    with library.write() as connection:
        for name in ("Friday", "Warm up"):
            save_playlist(connection, name, ENTRIES)
        with pytest.raises(PlaylistNotFound, match="Did you mean 'Friday'"):
            get_playlist(connection, "fridy")
