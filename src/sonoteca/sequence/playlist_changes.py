"""Changes to the entries of a playlist: sounds put into it, taken out of it, moved. Positions count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from sonoteca.catalogue.made import playlist_edits
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.sequence.playlists import Repeat, named_repeats, resolved_entries


class AddToPlaylistRequest(Request):
    """Which sounds are put into a playlist.

    Attributes
    ----------
    playlist : str
    sounds : tuple of str, at least one
        Ids, unique prefixes of one, paths, ``external:ID``.
    at : int >= 1, or None
        The position of the first of them; None: after the last.
    """

    playlist: str
    sounds: tuple[str, ...] = Field(min_length=1)
    at: int | None = Field(default=None, ge=1)


@dataclass(frozen=True, slots=True)
class AddToPlaylistAnswer:
    """How many ``entries`` there are now, and the positions of those ``added``."""

    request: AddToPlaylistRequest
    entries: int
    added: range
    repeats: tuple[Repeat, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "playlist": self.request.playlist,
            "entries": self.entries,
            "added": list(self.added),
            "repeats": [each.as_json() for each in self.repeats],
        }


def add_to_playlist(library: Library, request: AddToPlaylistRequest) -> AddToPlaylistAnswer:
    """Put sounds at the end of a playlist, or at a position: what stood there comes after them.

    Raises
    ------
    PlaylistNotFound, SoundNotFound, AmbiguousSound
    RequestError
        There is no such position, or the playlist is a smart one.
    """
    with library.write() as connection:
        new = resolved_entries(connection, request.sounds)
        entries = playlist_edits.insert_entries(connection, request.playlist, new, at=request.at).entries
        first = len(entries) - len(new) + 1 if request.at is None else request.at
        added = range(first, first + len(new))
        return AddToPlaylistAnswer(request, len(entries), added, named_repeats(connection, entries, added))


class TakeFromPlaylistRequest(Request):
    """Which entries are taken out of a playlist.

    Attributes
    ----------
    playlist : str
    entries : tuple of str, at least one
        Positions before the call, or sounds by any name, which mean all entries of them.
    """

    playlist: str
    entries: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class TakeFromPlaylistAnswer:
    """How many ``entries`` are left, and the positions of those ``removed``, as they were before."""

    request: TakeFromPlaylistRequest
    entries: int
    removed: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {"playlist": self.request.playlist, "entries": self.entries, "removed": list(self.removed)}


def take_from_playlist(library: Library, request: TakeFromPlaylistRequest) -> TakeFromPlaylistAnswer:
    """Take entries out of a playlist; the sounds stay in the library.

    Raises
    ------
    PlaylistNotFound, SoundNotFound, AmbiguousSound
    RequestError
        There is no such entry (nothing is changed then), or the playlist is a smart one.
    """
    with library.write() as connection:
        before = playlist_edits.get_plain_playlist(connection, request.playlist)
        positions = playlist_edits.named_positions(connection, before, request.entries)
        left = playlist_edits.take_entries(connection, request.playlist, positions).entries
    return TakeFromPlaylistAnswer(request, len(left), tuple(positions))


class MoveInPlaylistRequest(Request):
    """The entry at ``position`` shall stand at ``to`` afterwards."""

    playlist: str
    position: int = Field(ge=1)
    to: int = Field(ge=1)


@dataclass(frozen=True, slots=True)
class MoveInPlaylistAnswer:
    """An entry was moved; ``entries`` is how many there are."""

    request: MoveInPlaylistRequest
    entries: int

    def as_json(self) -> dict[str, Any]:
        asked = self.request
        return {"playlist": asked.playlist, "entries": self.entries, "from": asked.position, "to": asked.to}


def move_in_playlist(library: Library, request: MoveInPlaylistRequest) -> MoveInPlaylistAnswer:
    """Move an entry of a playlist; those between make room.

    Raises
    ------
    PlaylistNotFound
    RequestError
        There is no such position, or the playlist is a smart one.
    """
    with library.write() as connection:
        moved = playlist_edits.move_entry(connection, request.playlist, request.position, request.to)
    return MoveInPlaylistAnswer(request, len(moved.entries))
