"""Playlists by name: one that the library keeps, or a file; and entries written to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import get_sound
from sonoteca.catalogue.made.playlists import find_playlist, not_found
from sonoteca.errors import RequestError
from sonoteca.sequence.m3u import SUFFIXES, M3uEntry, write_m3u
from sonoteca.sequence.playlist_entries import Entry, entries_of_lines, entries_of_playlist
from sonoteca.sequence.playlist_formats import read_playlist_file


def named_entries(connection: Connection, name: str, *, may_be_file: bool = True) -> list[Entry]:
    """The entries of the library's playlist ``name``, or, where that may be, of the file of that name.

    Raises
    ------
    PlaylistNotFound
        There is neither.
    PlaylistUnreadable
        The file is no playlist.
    """
    stored = find_playlist(connection, name)
    if stored is not None:
        return entries_of_playlist(connection, stored)
    if not may_be_file:
        raise not_found(connection, name)
    if Path(name).suffix.lower() in SUFFIXES or Path(name).is_file():
        return entries_of_lines(connection, read_playlist_file(name))
    raise not_found(connection, name, ", and there is no file of that name")


def check_playlist_file(path: Path | None) -> None:
    """Refuse the name of another kind of file before the work is done; RequestError for one."""
    if path is not None and path.suffix.lower() not in SUFFIXES:
        raise RequestError(f"{path} is not a name for a playlist file.", "End it in .m3u8 or .m3u.", field="output")


def playlist_file_name(path: str) -> str:
    """The same name, if it is one of a playlist file; RequestError otherwise."""
    check_playlist_file(Path(path))
    return path


def write_entries(connection: Connection, path: Path, entries: Sequence[Entry]) -> None:
    """Write a playlist file; entries whose file is nowhere keep the path where it was last, else stand as they were written."""
    lines = []
    for entry in entries:
        sound = None if entry.sound_id is None else get_sound(connection, entry.sound_id)
        names = [] if sound is None else [each for each in (sound.artist, sound.title) if each]
        lines.append(
            M3uEntry(
                written=entry.name,
                path=entry.path or entry.last_path or entry.name,
                duration_s=None if sound is None else sound.duration_s,
                title=" - ".join(names) or Path(entry.path or entry.name).stem,
            )
        )
    write_m3u(path, lines)
