"""Entries of a playlist as sounds of the library: by content, by path, or by the end of a path when files have moved."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.locations import Whereabouts, whereabouts
from sonoteca.catalogue.identity.roots import list_roots, path_bytes
from sonoteca.catalogue.identity.sound_names import compared
from sonoteca.catalogue.identity.sounds import known_sounds
from sonoteca.catalogue.made.playlists import Playlist, PlaylistEntry
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.names import compare_key
from sonoteca.catalogue.store.schema import locations, sounds
from sonoteca.sequence.m3u import M3uEntry
from sonoteca.sequence.smart_playlists import contents_found

# Playlist files tell lengths in whole seconds, cut or rounded.
_WHOLE_SECONDS = 1.0
_FORGOTTEN = "a removed sound"


class EntryState(StrEnum):
    """Whether an entry can be played and judged."""

    FOUND = "found"
    MOVED = "moved_file"  # not at the path written, but this library has it elsewhere
    MISSING = "missing_file"  # the library knows the sound, no file of it is there
    NOT_IN_LIBRARY = "not_in_library"  # a file that was never added
    NOT_FOUND = "not_found"  # neither
    UNCLEAR = "unclear"  # not at the path written, and several sounds elsewhere may be meant


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a playlist.

    ``name`` is how it is written there; in a playlist of the library the path, the last one where its file is nowhere.
    ``path`` is where its file is, None where it is nowhere; ``last_path`` is then where it was last known to be, and
    ``is_disk_away`` says that the disk it lies on is not there. ``sound_id`` is None for what the library does not know.
    ``may_be`` are the paths of the sounds that may be meant where several are. ``is_content`` says that ``name`` is a
    content hash: no file of it was ever known, or the library has forgotten the sound.
    """

    name: str
    state: EntryState
    sound_id: int | None = None
    path: str | None = None
    last_path: str | None = None
    is_disk_away: bool = False
    may_be: tuple[str, ...] = ()
    is_content: bool = False

    @property
    def called(self) -> str:
        """How sentences call it where nothing is known of its sound: as it is written, and never by a hash."""
        return _FORGOTTEN if self.is_content else self.name

    @property
    def absence(self) -> str | None:
        """Why a sound that the library knows cannot be played, in words; None for others."""
        is_missing = self.state is EntryState.MISSING
        return Whereabouts(self.path, self.last_path, self.is_disk_away).absence if is_missing else None


def stored_entries(connection: Connection, playlist: Playlist) -> tuple[PlaylistEntry, ...]:
    """What a playlist of the library holds now: its entries, or those that the query of a smart one finds.

    Raises
    ------
    QuerySyntaxError
        The query is of another version of the program.
    """
    if playlist.rule is None:
        return playlist.entries
    return tuple(PlaylistEntry(content_hash) for content_hash in contents_found(connection, playlist.rule))


def entries_of_playlist(connection: Connection, playlist: Playlist) -> list[Entry]:
    """``stored_entries`` with where their files are."""
    return entries_of_hashes(connection, [entry.content_hash for entry in stored_entries(connection, playlist)])


def keepable(connection: Connection, entries: Sequence[Entry]) -> list[PlaylistEntry | None]:
    """As what a playlist of the library keeps these entries; None for what the library does not know."""
    sound_ids = list(dict.fromkeys(entry.sound_id for entry in entries if entry.sound_id is not None))
    hashes: dict[int, str] = {}
    for some in chunks(sound_ids):
        query = sa.select(sounds.c.id, sounds.c.content_hash).where(sounds.c.id.in_(some))
        hashes.update((row.id, row.content_hash) for row in connection.execute(query))
    return [None if entry.sound_id is None else PlaylistEntry(hashes[entry.sound_id]) for entry in entries]


def entries_of_hashes(connection: Connection, content_hashes: Sequence[str]) -> list[Entry]:
    """The sounds with these contents as entries of a playlist."""
    known = known_sounds(connection, list(dict.fromkeys(content_hashes)))
    places = whereabouts(connection, known.values())
    entries = []
    for content_hash in content_hashes:
        sound_id = known.get(content_hash)
        if sound_id is None:
            entries.append(Entry(content_hash, EntryState.NOT_FOUND, is_content=True))
        else:
            entries.append(entry_at(places[sound_id], sound_id, unnamed=content_hash))
    return entries


def entry_at(place: Whereabouts, sound_id: int, *, unnamed: str) -> Entry:
    """A sound of the library as an entry, by its path; ``unnamed`` if no file of it was ever known."""
    state = EntryState.MISSING if place.path is None else EntryState.FOUND
    name = place.path or place.last_path or unnamed
    is_content = place.path is None and place.last_path is None
    return Entry(name, state, sound_id, place.path, place.last_path, place.is_disk_away, is_content=is_content)


def entries_of_lines(connection: Connection, lines: Sequence[M3uEntry]) -> list[Entry]:
    """The entries of a playlist file.

    A file that is not at the path written is one of those that are called so elsewhere: of several the one whose title and
    length the line tells, or that lies where the others of its folder have gone. Where that leaves several, none is taken.
    """
    wanted = [line.path for line in lines]
    found = sounds_at(connection, wanted)
    by_tail = sounds_by_tail(connection, [path for path in wanted if path not in found])
    places = whereabouts(connection, [*found.values(), *(each for some in by_tail.values() for each in some)])
    elsewhere = _meant(connection, lines, by_tail, places)
    entries = []
    for line in lines:
        written, path = line.written, line.path
        is_there = os.path.isfile(path)
        if path in found:
            sound_id = found[path]
            if is_there:
                entries.append(Entry(written, EntryState.FOUND, sound_id, path))
            else:
                entries.append(_lost(written, path, places[sound_id], sound_id))
        elif path in elsewhere and not is_there:
            entries.append(_lost(written, path, places[elsewhere[path]], elsewhere[path]))
        elif is_there:
            entries.append(Entry(written, EntryState.NOT_IN_LIBRARY, path=path))
        elif path in by_tail:
            known = [places[each].path or places[each].last_path for each in by_tail[path]]
            may_be = tuple(sorted(each for each in known if each is not None))
            entries.append(Entry(written, EntryState.UNCLEAR, last_path=path, may_be=may_be))
        else:
            entries.append(Entry(written, EntryState.NOT_FOUND, last_path=path))
    return entries


def _lost(written: str, path: str, place: Whereabouts, sound_id: int) -> Entry:
    """A line whose file is not at ``path``, of a sound that the library knows."""
    if place.path is not None:
        return Entry(written, EntryState.MOVED, sound_id, place.path)
    # The list says best where the file belongs: its disk may come back.
    return Entry(written, EntryState.MISSING, sound_id, None, path, place.is_disk_away)


def sounds_at(connection: Connection, paths: Sequence[str]) -> dict[str, int]:
    """Sounds by the paths they are known at; a name in another Unicode form is the same name."""
    found: dict[str, int] = {}
    for root in list_roots(connection):
        below: dict[bytes, list[str]] = {}
        for path in paths:
            if path not in found and "\x00" not in path and path_bytes(path).startswith(root.path + b"/"):
                below.setdefault(path_bytes(path)[len(root.path) + 1 :], []).append(path)
        here = sa.select(locations.c.relative_path, locations.c.compare_key, locations.c.sound_id).where(
            locations.c.root_id == root.id, locations.c.sound_id.is_not(None)
        )
        by_key: dict[str, list[str]] = {}
        for relative_path, named in below.items():
            by_key.setdefault(compare_key(relative_path), []).extend(named)
        for keys in chunks(list(by_key)):
            for row in connection.execute(here.where(locations.c.compare_key.in_(keys))):
                exact = below.get(bytes(row.relative_path), ())
                for path in by_key[row.compare_key]:
                    if path in exact or path not in found:
                        found[path] = row.sound_id
    return found


def _meant(
    connection: Connection,
    lines: Sequence[M3uEntry],
    by_tail: Mapping[str, Sequence[int]],
    places: Mapping[int, Whereabouts],
) -> dict[str, int]:
    """Which of the sounds that a lost path may mean it means; left out where that cannot be told."""
    meant = {path: some[0] for path, some in by_tail.items() if len(some) == 1}
    unclear = [line for line in lines if line.path in by_tail and line.path not in meant]
    titles = _titles_and_lengths(connection, [each for line in unclear for each in by_tail[line.path]])
    for line in unclear:
        told = [each for each in by_tail[line.path] if _is_told(line, *titles[each])]
        if len(told) == 1:
            meant[line.path] = told[0]
    gone_to: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for path, sound_id in meant.items():
        if (now := places[sound_id].path) is not None:
            gone_to.setdefault(_folded(tail_of(path))[1:], set()).add(_folded(tail_of(now))[1:])
    for line in unclear:
        folders = gone_to.get(_folded(tail_of(line.path))[1:], set())
        there = [
            each
            for each in by_tail[line.path]
            if (now := places[each].path) is not None and _folded(tail_of(now))[1:] in folders
        ]
        if line.path not in meant and len(there) == 1:
            meant[line.path] = there[0]
    return meant


def _titles_and_lengths(connection: Connection, sound_ids: Sequence[int]) -> dict[int, tuple[str, float | None]]:
    """What a playlist file says of each of these sounds besides its path: "Artist - Title", and how many seconds it lasts."""
    found: dict[int, tuple[str, float | None]] = {}
    for some in chunks(list(dict.fromkeys(sound_ids))):
        query = sa.select(sounds.c.id, sounds.c.artist, sounds.c.title, sounds.c.duration_s)
        for row in connection.execute(query.where(sounds.c.id.in_(some))):
            found[row.id] = (" - ".join(each for each in (row.artist, row.title) if each), row.duration_s)
    return found


def _is_told(line: M3uEntry, title: str, duration_s: float | None) -> bool:
    """Whether a line tells of a sound with this title and length."""
    if line.title is None or compared(line.title) != compared(title):
        return False
    return line.duration_s is None or duration_s is None or abs(line.duration_s - duration_s) <= _WHOLE_SECONDS


def sounds_by_tail(connection: Connection, paths: Sequence[str]) -> dict[str, list[int]]:
    """Sounds by file name and as many folders above it as agree: several where they agree equally well."""
    tails = {path: _folded(tail_of(path)) for path in paths}
    wanted = {tail[0] for tail in tails.values() if tail}
    if not wanted:
        return {}
    by_name: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    roots = {root.id: root for root in list_roots(connection)}
    query = sa.select(locations.c.root_id, locations.c.compare_key, locations.c.sound_id)
    for row in connection.execute(query.where(locations.c.sound_id.is_not(None))):
        if row.compare_key.rpartition("/")[2].casefold() in wanted:
            whole = f"{compare_key(roots[row.root_id].path)}/{row.compare_key}"
            tail = _folded(tail_of(whole))
            by_name.setdefault(tail[0], []).append((tail, row.sound_id))
    found = {}
    for path, tail in tails.items():
        agreeing = [(_agreement(tail, other), sound_id) for other, sound_id in by_name.get(tail[0] if tail else "", ())]
        best = max(agreeing, default=(0, 0))[0]
        if equal := sorted({sound_id for parts, sound_id in agreeing if parts == best}):
            found[path] = equal
    return found


def tail_of(path: str) -> tuple[str, ...]:
    r"""The parts of a path of any system, last first, without root and drive: what is left when a disk moves.

    >>> tail_of(r"D:\Music\Artist\song.mp3"), tail_of("/home/me/Music/song.mp3")[:2]
    (('song.mp3', 'Artist', 'Music'), ('song.mp3', 'Music'))
    """
    is_windows = path[1:3] in (":\\", ":/") or path.startswith("\\\\")
    pure = PureWindowsPath(path) if is_windows else PurePosixPath(path)
    parts = pure.parts[1:] if pure.anchor else pure.parts
    return tuple(reversed(parts))


def file_name(path: str) -> str:
    """The last part of a path of any system; what is no path stays.

    >>> file_name("x1:00ff"), file_name("/a/b.mp3")
    ('x1:00ff', 'b.mp3')
    """
    return next(iter(tail_of(path)), path)


def _folded(parts: tuple[str, ...]) -> tuple[str, ...]:
    """As names are compared between systems: one Unicode form, upper and lower case alike."""
    return tuple(compare_key(os.fsencode(part)).casefold() for part in parts)


def _agreement(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts agree from the file name upwards."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
