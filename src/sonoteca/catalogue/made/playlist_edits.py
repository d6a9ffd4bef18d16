"""Changes to the entries of a playlist: each reads, changes and writes within the caller's one write transaction.

``Library.write`` lets one writer in at a time, so that of two who change a playlist at once the second
builds on what the first has left. Positions count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.made.playlists import (
    Playlist,
    PlaylistEntry,
    get_playlist,
    log_change,
    playlist_id,
    store_entries,
)
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema_made import playlists
from sonoteca.errors import RequestError

# More digits than any list has entries are no position.
_POSITION = re.compile(r"[0-9]{1,9}")


def insert_entries(
    connection: Connection, name: str, entries: Sequence[PlaylistEntry], *, at: int | None = None
) -> Playlist:
    """Put entries into a playlist, in their order; what stood there comes after them.

    Parameters
    ----------
    at : int, optional
        The position of the first of them, 1 to one more than there are entries; None: at the end.

    Returns
    -------
    Playlist
        As it is now.

    Raises
    ------
    PlaylistNotFound
    RequestError
        There is no such position, or the playlist is a smart one.
    """
    before = get_plain_playlist(connection, name)
    kept = list(before.entries)
    first = len(kept) if at is None else at - 1
    if not 0 <= first <= len(kept):
        raise RequestError(
            f"Nothing can be put at position {at} of {name!r}: it has {_counted(len(kept))}.",
            f"Name a position from 1 to {len(kept) + 1}, or none for the end.",
            field="at",
        )
    kept[first:first] = entries
    return _written(connection, before, kept)


def take_entries(connection: Connection, name: str, positions: Collection[int]) -> Playlist:
    """Take the entries at these positions out of a playlist; all positions are those before the call.

    Returns
    -------
    Playlist
        As it is now.

    Raises
    ------
    PlaylistNotFound
    RequestError
        There is no such position (nothing is changed then), or the playlist is a smart one.
    """
    before = get_plain_playlist(connection, name)
    for position in positions:
        _check_position(before, position)
    gone = set(positions)
    kept = [entry for at, entry in enumerate(before.entries, start=1) if at not in gone]
    return _written(connection, before, kept)


def move_entry(connection: Connection, name: str, position: int, to: int) -> Playlist:
    """Let the entry at ``position`` stand at ``to`` afterwards; those between make room.

    Returns
    -------
    Playlist
        As it is now.

    Raises
    ------
    PlaylistNotFound
    RequestError
        There is no such position, or the playlist is a smart one.
    """
    before = get_plain_playlist(connection, name)
    _check_position(before, position)
    _check_position(before, to)
    kept = list(before.entries)
    kept.insert(to - 1, kept.pop(position - 1))
    return _written(connection, before, kept)


def get_plain_playlist(connection: Connection, name: str) -> Playlist:
    """A playlist whose entries can be changed.

    Raises
    ------
    PlaylistNotFound
    RequestError
        It is a smart one.
    """
    found = get_playlist(connection, name)
    if found.rule is not None:
        raise RequestError(
            f"{name!r} is a smart playlist: it holds what {found.rule.query!r} finds, and nothing else.",
            "Edit the sounds, replace it by one with another query, or make a plain one of what it holds now.",
        )
    return found


def named_positions(connection: Connection, playlist: Playlist, words: Sequence[str]) -> list[int]:
    """The positions that a person means, rising, each once.

    Parameters
    ----------
    words : sequence of str
        Digits are a position. A content hash, or any name of a sound (``resolve_sound``), means all
        entries of that sound.

    Raises
    ------
    RequestError
        There is no such position, or the sound is not in the playlist.
    SoundNotFound, AmbiguousSound
    """
    places: dict[str, list[int]] = {}
    for at, entry in enumerate(playlist.entries, start=1):
        places.setdefault(entry.content_hash, []).append(at)
    found: set[int] = set()
    for word in words:
        if _POSITION.fullmatch(word):
            _check_position(playlist, int(word))
            found.add(int(word))
            continue
        content_hash = word if word in places else resolve_sound(connection, word).content_hash
        if content_hash not in places:
            raise RequestError(
                f"{word!r} is not in the playlist {playlist.name!r}.",
                "Showing it tells what is, with its positions.",
            )
        found.update(places[content_hash])
    return sorted(found)


def repeats(entries: Sequence[PlaylistEntry], added: range) -> list[tuple[int, ...]]:
    """The positions of each sound that stands more than once and is among those at the positions ``added``.

    >>> repeats([PlaylistEntry(each) for each in "abcab"], range(4, 5))
    [(1, 4)]
    """
    places: dict[str, list[int]] = {}
    for at, entry in enumerate(entries, start=1):
        places.setdefault(entry.content_hash, []).append(at)
    return [tuple(at) for at in places.values() if len(at) > 1 and any(each in added for each in at)]


def _check_position(playlist: Playlist, position: int) -> None:
    if not 1 <= position <= len(playlist.entries):
        raise RequestError(
            f"{playlist.name!r} has no position {position}: it has {_counted(len(playlist.entries))}.",
            "Showing it tells the positions, which count from 1.",
        )


def _counted(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def _written(connection: Connection, before: Playlist, entries: Sequence[PlaylistEntry]) -> Playlist:
    number, now = playlist_id(connection, before.name), clock.now()
    store_entries(connection, number, entries, before=before.entries)
    connection.execute(sa.update(playlists).where(playlists.c.id == number).values(changed_at=now))
    after = replace(before, entries=tuple(entries), changed_at=now)
    if after.entries != before.entries:
        log_change(connection, before, after)
    return after
