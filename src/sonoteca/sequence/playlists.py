"""The playlists of a library: made of sounds, of files and of queries, listed, shown, renamed, forgotten.

What changes the entries of one is in ``playlist_changes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import names_of_sounds, resolve_sound, whole_regions
from sonoteca.catalogue.made import playlists as stored
from sonoteca.catalogue.made.playlist_edits import repeats
from sonoteca.catalogue.made.playlists import PlaylistEntry, PlaylistSummary, SmartRule
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.names import public_id, sound_name
from sonoteca.domain.request import Request
from sonoteca.errors import QuerySyntaxError
from sonoteca.search.query.listing import SoundRow, rows_of
from sonoteca.sequence.playlist_entries import Entry, entries_of_hashes, file_name, keepable, stored_entries
from sonoteca.sequence.playlist_file import check_playlist_file, named_entries, write_entries
from sonoteca.sequence.smart_playlists import contents_found, count_found, smart_rule


@dataclass(frozen=True, slots=True)
class Repeat:
    """A sound that stands more than once: its file's name and its positions, from 1."""

    name: str
    positions: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "positions": list(self.positions)}


def named_repeats(connection: Connection, entries: Sequence[PlaylistEntry], added: range) -> tuple[Repeat, ...]:
    """What stands more than once since the entries at the positions ``added`` are there."""
    found = repeats(entries, added)
    named = entries_of_hashes(connection, [entries[positions[0] - 1].content_hash for positions in found])
    return tuple(
        Repeat(file_name(entry.called), tuple(positions)) for entry, positions in zip(named, found, strict=True)
    )


def resolved_entries(connection: Connection, names: Sequence[str]) -> list[PlaylistEntry]:
    """Sounds that a person names, as entries."""
    return [PlaylistEntry(resolve_sound(connection, name).content_hash) for name in names]


class CreatePlaylistRequest(Request):
    """What a new playlist holds: the sounds named, then those of ``source``, then those of ``filter``.

    Attributes
    ----------
    playlist : str
        What it is to be called.
    sounds : tuple of str
        Ids, unique prefixes of one, paths, ``external:ID``.
    source : str or None
        Another playlist of the library, or an M3U file.
    filter : str or None
        What this query finds now, in its order.
    replace : bool
        Whether a playlist of that name gives way.
    """

    playlist: str
    sounds: tuple[str, ...] = ()
    source: str | None = None
    filter: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class CreatePlaylistAnswer:
    """A playlist that was made: how many ``entries`` it has, and which lines of a file were ``left_out``."""

    request: CreatePlaylistRequest
    entries: int
    repeats: tuple[Repeat, ...]
    left_out: tuple[Entry, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "playlist": self.request.playlist,
            "entries": self.entries,
            "repeats": [each.as_json() for each in self.repeats],
            "left_out": [{"name": each.name, "state": str(each.state)} for each in self.left_out],
        }


def create_playlist(
    library: Library, request: CreatePlaylistRequest, *, may_be_file: bool = True
) -> CreatePlaylistAnswer:
    """Keep sounds as a playlist; lines of a file that are no sound of the library are left out and answered.

    Parameters
    ----------
    may_be_file : bool
        Whether ``source`` may be a file of this machine; else it is a playlist of the library.

    Raises
    ------
    SoundNotFound, AmbiguousSound, PlaylistNotFound, PlaylistUnreadable, QuerySyntaxError
    RequestError
        The name is taken, empty, or cannot be stored.
    """
    left_out: list[Entry] = []
    # One transaction: what is copied may be the playlist that gives way, and another may be adding to it.
    with library.write() as connection:
        entries = resolved_entries(connection, request.sounds)
        if request.source is not None:
            copied, left_out = _copied(connection, request.source, may_be_file=may_be_file)
            entries += copied
        if request.filter is not None:
            found = contents_found(connection, smart_rule(request.filter))
            entries += [PlaylistEntry(content_hash) for content_hash in found]
        twice = named_repeats(connection, entries, range(1, len(entries) + 1))
        stored.save_playlist(connection, request.playlist, entries, replace=request.replace)
    return CreatePlaylistAnswer(request, len(entries), twice, tuple(left_out))


def _copied(connection: Connection, source: str, *, may_be_file: bool) -> tuple[list[PlaylistEntry], list[Entry]]:
    """The entries of another playlist or of a file, and those of the file that are no sound of the library."""
    playlist = stored.find_playlist(connection, source)
    if playlist is not None:
        return list(stored_entries(connection, playlist)), []
    entries = named_entries(connection, source, may_be_file=may_be_file)
    kept = keepable(connection, entries)
    left_out = [entry for entry, keeps in zip(entries, kept, strict=True) if keeps is None]
    return [keeps for keeps in kept if keeps is not None], left_out


class SmartPlaylistRequest(Request):
    """What a smart playlist holds: the first ``limit`` sounds that ``filter`` finds, in the order ``sort``.

    Attributes
    ----------
    playlist : str
        What it is to be called.
    filter : str
        A query, which may hold an order itself. Blank: all sounds.
    sort : str or None
        A field to sort by, such as ``bpm`` or ``-energy``; newest first without.
    limit : int >= 1, or None
    replace : bool
        Whether a playlist of that name gives way.
    """

    playlist: str
    filter: str
    sort: str | None = None
    limit: int | None = Field(default=None, ge=1)
    replace: bool = False


@dataclass(frozen=True, slots=True)
class SmartPlaylistAnswer:
    """A smart playlist that was made, and how many ``entries`` it has now."""

    request: SmartPlaylistRequest
    rule: SmartRule
    entries: int

    def as_json(self) -> dict[str, Any]:
        return {"playlist": self.request.playlist, "entries": self.entries, "smart": self.rule.as_json()}


def create_smart_playlist(library: Library, request: SmartPlaylistRequest) -> SmartPlaylistAnswer:
    """Keep a query as a playlist: it holds what the query finds whenever it is read.

    Raises
    ------
    QuerySyntaxError
        The query or the order cannot be read.
    RequestError
        The order is named twice; the name is taken, empty, or cannot be stored.
    """
    rule = smart_rule(request.filter, sort=request.sort, limit=request.limit)
    with library.write() as connection:
        stored.save_smart_playlist(connection, request.playlist, rule, replace=request.replace)
        return SmartPlaylistAnswer(request, rule, count_found(connection, rule))


@dataclass(frozen=True, slots=True)
class PlaylistRow:
    """One playlist in a list of them.

    ``rule`` is that of a smart one. ``entries`` is None where its query is of another version of the program.
    """

    name: str
    entries: int | None
    rule: SmartRule | None
    created_at: str
    changed_at: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "entries": self.entries,
            "smart": None if self.rule is None else self.rule.as_json(),
            "created_at": self.created_at,
            "changed_at": self.changed_at,
        }


@dataclass(frozen=True, slots=True, repr=False)
class PlaylistsAnswer(Rows):
    """All playlists, by name."""

    rows: tuple[PlaylistRow, ...]

    def as_json(self) -> dict[str, Any]:
        return {"query": {}, "results": self.as_rows()}


def list_playlists(library: Library) -> PlaylistsAnswer:
    """List the playlists of a library with how many entries each has now."""
    with library.read() as connection:
        return PlaylistsAnswer(
            tuple(
                PlaylistRow(each.name, _count_now(connection, each), each.rule, each.created_at, each.changed_at)
                for each in stored.list_playlists(connection)
            )
        )


def _count_now(connection: Connection, playlist: PlaylistSummary) -> int | None:
    if playlist.rule is None:
        return playlist.count
    try:
        return count_found(connection, playlist.rule)
    except QuerySyntaxError:
        return None


class ShowPlaylistRequest(Request):
    """Which playlist is shown; ``output`` is the M3U file that its entries are written to besides, if any."""

    playlist: str
    output: Path | None = None

    def model_post_init(self, context: Any) -> None:
        check_playlist_file(self.output)


# What an entry of a playlist tells of its sound.
_TOLD = ("bpm", "key", "camelot", "energy_level", "duration_s")


@dataclass(frozen=True, slots=True)
class PlaylistEntryRow:
    """One entry: its position from 1, its content, where the sound is, what it is called and what is known of it."""

    position: int
    content_hash: str
    entry: Entry
    title: str | None = None
    artist: str | None = None
    sound: SoundRow | None = None

    @property
    def name(self) -> str:
        """What it is called: artist and title, a shop's title, or its file."""
        entry, shop_title = self.entry, None if self.sound is None else self.sound.shop_title
        return sound_name(entry.called, self.title, self.artist, entry.path or entry.last_path, shop_title)

    @property
    def absence(self) -> str | None:
        """Why it cannot be played, in words; None if it can, or the library does not know it."""
        return self.entry.absence

    def as_json(self) -> dict[str, Any]:
        known = {} if self.sound is None else self.sound.as_json()
        return {
            "position": self.position,
            "id": public_id(self.content_hash),
            "content_hash": self.content_hash,
            "title": self.title,
            "artist": self.artist,
            "path": self.entry.path,
            "last_path": self.entry.last_path,
            "state": str(self.entry.state),
            "disk_away": self.entry.is_disk_away,
            **{name: known.get(name) for name in _TOLD},
        }


@dataclass(frozen=True, slots=True, repr=False)
class ShowPlaylistAnswer(Rows):
    """The entries of a playlist in order; ``rule`` is that of a smart one, ``details`` say how it came about."""

    request: ShowPlaylistRequest
    rows: tuple[PlaylistEntryRow, ...]
    rule: SmartRule | None
    details: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        return {"query": {"playlist": self.request.playlist, "details": self.details}, "results": self.as_rows()}


def show_playlist(library: Library, request: ShowPlaylistRequest) -> ShowPlaylistAnswer:
    """Show the entries of a playlist, and write them to a file if one is named.

    Raises
    ------
    PlaylistNotFound
    PlaylistUnreadable
        The file cannot be written.
    QuerySyntaxError
        The query of a smart one is of another version of the program.
    """
    with library.read() as connection:
        playlist = stored.get_playlist(connection, request.playlist)
        hashes = [entry.content_hash for entry in stored_entries(connection, playlist)]
        entries = entries_of_hashes(connection, hashes)
        names = names_of_sounds(connection, [entry.sound_id for entry in entries if entry.sound_id is not None])
        if request.output is not None:
            write_entries(connection, request.output, entries)
        known = [entry.sound_id for entry in entries if entry.sound_id is not None]
        regions = list(whole_regions(connection, known).values())
        facts = {row.sound_id: row for row in rows_of(connection, regions)}
    rows = tuple(
        PlaylistEntryRow(
            position,
            content_hash,
            entry,
            *names.get(entry.sound_id or 0, (None, None)),
            sound=facts.get(entry.sound_id or 0),
        )
        for position, (content_hash, entry) in enumerate(zip(hashes, entries, strict=True), start=1)
    )
    return ShowPlaylistAnswer(request, rows, playlist.rule, playlist.details)


class RenamePlaylistRequest(Request):
    """Which playlist is to be called ``new_name``."""

    playlist: str
    new_name: str


def rename_playlist(library: Library, request: RenamePlaylistRequest) -> None:
    """Call a playlist otherwise.

    Raises
    ------
    PlaylistNotFound
    RequestError
        The new name is taken, empty, or cannot be stored.
    """
    with library.write() as connection:
        stored.rename_playlist(connection, request.playlist, request.new_name)


class ForgetPlaylistRequest(Request):
    """Which playlist is to be forgotten."""

    playlist: str


def forget_playlist(library: Library, request: ForgetPlaylistRequest) -> None:
    """Forget a playlist; its sounds stay. PlaylistNotFound if there is none of that name."""
    with library.write() as connection:
        stored.remove_playlist(connection, request.playlist)
