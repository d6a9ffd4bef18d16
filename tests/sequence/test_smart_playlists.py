"""Smart playlists: what their query finds at the moment they are read."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Connection

from sequence_samples import Made, store
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.made.playlists import (
    Playlist,
    PlaylistEntry,
    SmartRule,
    get_playlist,
    save_playlist,
    save_smart_playlist,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import QuerySyntaxError, RequestError
from sonoteca.sequence.playlist_entries import entries_of_hashes, entries_of_playlist, keepable, stored_entries
from sonoteca.sequence.smart_playlists import contents_found, count_found, smart_rule

TRACKS = {"slow": Made(bpm=90.0), "middle": Made(bpm=110.0), "fast": Made(bpm=130.0), "unknown": Made(bpm=None)}


@pytest.fixture
def tracks(library: Library) -> dict[str, str]:
    """Public ids by name."""
    with library.write() as connection:
        return store(connection, TRACKS)


def tag(connection: Connection, public_id: str, *, add: tuple[str, ...] = (), take: tuple[str, ...] = ()) -> None:
    sound = resolve_sound(connection, public_id)
    edit(connection, [whole_regions(connection, [sound.id])[sound.id]], {}, add_tags=add, remove_tags=take)


def names(connection: Connection, rule: SmartRule) -> list[str]:
    return [content_hash.removeprefix("x1:") for content_hash in contents_found(connection, rule)]


def test_a_list_changes_as_sounds_are_tagged_and_removed(library: Library, tracks: dict[str, str]) -> None:
    rule = smart_rule("tag:dusty", sort="bpm")
    with library.write() as connection:
        save_smart_playlist(connection, "dusty", rule)

    def held() -> list[str]:
        with library.read() as connection:
            playlist = get_playlist(connection, "dusty")
            found = [entry.name for entry in entries_of_playlist(connection, playlist)]
            assert len(found) == count_found(connection, rule)
            hashes = [entry.content_hash for entry in stored_entries(connection, playlist)]
            assert found == [f"/music/{each.removeprefix('x1:')}.wav" for each in hashes]
            return found

    assert held() == []
    with library.write() as connection:
        tag(connection, tracks["fast"], add=("dusty",))
        tag(connection, tracks["slow"], add=("dusty",))
    assert held() == ["/music/slow.wav", "/music/fast.wav"]
    with library.write() as connection:
        tag(connection, tracks["slow"], take=("dusty",))
    assert held() == ["/music/fast.wav"]
    with library.write() as connection:
        remove_sounds(connection, [resolve_sound(connection, tracks["fast"]).id])
    assert held() == []


def test_order_and_limit_are_those_of_the_query_language(library: Library, tracks: dict[str, str]) -> None:
    with library.read() as connection:
        assert names(connection, smart_rule("", sort="-bpm")) == ["fast", "middle", "slow", "unknown"]
        assert names(connection, smart_rule("bpm:>100 sort:bpm")) == ["middle", "fast"]
        assert names(connection, smart_rule("title:slow OR title:fast", sort="bpm")) == ["slow", "fast"]
        assert names(connection, smart_rule("-title:slow", sort="bpm", limit=2)) == ["middle", "fast"]
        # Newest first, as lists are.
        assert names(connection, smart_rule("kind:track")) == ["unknown", "fast", "middle", "slow"]
        for query, limit, count in (("", None, 4), ("", 3, 3), ("", 9, 4), ("title:none", 3, 0)):
            assert count_found(connection, smart_rule(query, limit=limit)) == count
            assert len(contents_found(connection, smart_rule(query, limit=limit))) == count


def test_a_rule_is_one_query_and_a_limit() -> None:
    assert smart_rule(" kind:loop ", sort="-energy", limit=5) == SmartRule("kind:loop sort:-energy", 5)
    assert smart_rule("", sort="bpm") == SmartRule("sort:bpm")
    assert smart_rule("a OR b") == SmartRule("a OR b")


@pytest.mark.parametrize(
    ("query", "sort", "position"),
    [("kind:loop enrgy:>5", None, 10), ("(bpm:120", None, 0), ("", "volume", 5), ("", "bpm kind:loop", 5), ("", "", 5)],
)
def test_what_cannot_be_read_is_pointed_at(query: str, sort: str | None, position: int) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        smart_rule(query, sort=sort)
    assert error.value.position == position
    assert error.value.query


def test_two_orders_or_no_room_are_refused() -> None:
    with pytest.raises(RequestError, match="name an order"):
        smart_rule("kind:loop sort:bpm", sort="-energy")
    with pytest.raises(RequestError, match="leaves nothing"):
        smart_rule("kind:loop", limit=0)


def test_a_query_of_another_version_is_pointed_at_when_it_is_read(library: Library) -> None:
    with library.write() as connection:
        save_smart_playlist(connection, "later", SmartRule("mood:gloomy"))
    with library.read() as connection, pytest.raises(QuerySyntaxError, match="mood"):
        entries_of_playlist(connection, get_playlist(connection, "later"))


def test_a_plain_playlist_holds_its_own_entries(library: Library) -> None:
    kept = (PlaylistEntry("x1:gone", 1.0, 2.0), PlaylistEntry("x1:gone"))
    with library.write() as connection:
        save_playlist(connection, "plain", kept)
    with library.read() as connection:
        playlist: Playlist = get_playlist(connection, "plain")
        assert stored_entries(connection, playlist) == kept


def test_only_what_the_library_knows_can_be_kept(library: Library, tracks: dict[str, str]) -> None:
    with library.read() as connection:
        entries = entries_of_hashes(connection, ["x1:slow", "x1:nobody", "x1:fast", "x1:slow"])
        assert keepable(connection, entries) == [
            PlaylistEntry("x1:slow"),
            None,
            PlaylistEntry("x1:fast"),
            PlaylistEntry("x1:slow"),
        ]
