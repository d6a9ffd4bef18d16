"""Playlists: named orders of sounds, kept by content hash, so that they outlive moves and removals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue import clock
from sonoteca.catalogue.names import is_storable
from sonoteca.catalogue.schema_made import playlist_entries, playlists
from sonoteca.errors import PlaylistNotFound, RequestError, WriteSwallowed


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """A sound, or with ``start_s`` and ``end_s`` a span of it. The library need not hold it (any more)."""

    content_hash: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """``details`` say how it came about, if a program made it."""

    name: str
    entries: tuple[PlaylistEntry, ...]
    details: Mapping[str, Any] | None
    created_at: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class PlaylistSummary:
    """One line of the list of playlists."""

    name: str
    count: int
    created_at: str
    changed_at: str


def save_playlist(
    connection: Connection,
    name: str,
    entries: Sequence[PlaylistEntry],
    *,
    details: Mapping[str, Any] | None = None,
    replace: bool = False,
) -> None:
    """Keep a playlist under a name.

    Parameters
    ----------
    entries : sequence of PlaylistEntry
        In order.
    details : mapping of JSON values, optional
    replace : bool
        Whether one of that name gives way.

    Raises
    ------
    RequestError
        The name is taken, empty, or cannot be stored.
    """
    if not name.strip() or not is_storable(name):
        raise RequestError(f"{name!r} is no name for a playlist.", "Use letters and digits.")
    now = clock.now()
    row_number = connection.execute(sa.select(playlists.c.id).where(playlists.c.name == name)).scalar()
    if row_number is None:
        values = {"name": name, "details": details, "created_at": now, "changed_at": now}
        row_number = connection.execute(sa.insert(playlists).values(values).returning(playlists.c.id)).scalar_one()
    elif replace:
        changed = sa.update(playlists).where(playlists.c.id == row_number).values(details=details, changed_at=now)
        connection.execute(changed)
        connection.execute(sa.delete(playlist_entries).where(playlist_entries.c.playlist_id == row_number))
    else:
        raise RequestError(f"There is a playlist {name!r} already.", "Use another name, or --replace.")
    if entries:
        connection.execute(
            sa.insert(playlist_entries),
            [
                {
                    "playlist_id": row_number,
                    "position": position,
                    "content_hash": entry.content_hash,
                    "start_s": entry.start_s,
                    "end_s": entry.end_s,
                }
                for position, entry in enumerate(entries, start=1)
            ],
        )
    kept = sa.select(sa.func.count()).where(playlist_entries.c.playlist_id == row_number)
    if connection.execute(kept).scalar_one() != len(entries):
        raise WriteSwallowed(f"The playlist {name!r} was written, but its entries are not there.")


def find_playlist(connection: Connection, name: str) -> Playlist | None:
    """The playlist of exactly this name."""
    if not is_storable(name):
        return None
    row = connection.execute(sa.select(playlists).where(playlists.c.name == name)).first()
    if row is None:
        return None
    entries = connection.execute(
        sa.select(playlist_entries)
        .where(playlist_entries.c.playlist_id == row.id)
        .order_by(playlist_entries.c.position)
    )
    return Playlist(
        row.name,
        tuple(PlaylistEntry(entry.content_hash, entry.start_s, entry.end_s) for entry in entries),
        row.details,
        row.created_at,
        row.changed_at,
    )


def get_playlist(connection: Connection, name: str) -> Playlist:
    """``find_playlist``, or PlaylistNotFound."""
    if (found := find_playlist(connection, name)) is None:
        raise PlaylistNotFound(f"This library has no playlist {name!r}.")
    return found


def list_playlists(connection: Connection) -> list[PlaylistSummary]:
    """All playlists, by name."""
    query = (
        sa.select(
            playlists.c.name,
            sa.func.count(playlist_entries.c.position),
            playlists.c.created_at,
            playlists.c.changed_at,
        )
        .outerjoin(playlist_entries, playlist_entries.c.playlist_id == playlists.c.id)
        .group_by(playlists.c.id, playlists.c.name, playlists.c.created_at, playlists.c.changed_at)
        .order_by(playlists.c.name)
    )
    return [PlaylistSummary(*row) for row in connection.execute(query)]


def remove_playlist(connection: Connection, name: str) -> None:
    """Forget a playlist; its sounds stay. PlaylistNotFound if there is none of that name."""
    found = connection.execute(sa.select(playlists.c.id).where(playlists.c.name == name)).scalar()
    if found is None:
        raise PlaylistNotFound(f"This library has no playlist {name!r}.")
    connection.execute(sa.delete(playlists).where(playlists.c.id == found))
