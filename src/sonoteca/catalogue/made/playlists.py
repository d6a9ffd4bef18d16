"""Playlists: named orders of sounds, kept by content hash, so that they outlive moves and removals.

A smart playlist has no entries of its own: it keeps a query, in its details, and holds whatever
that finds whenever it is read (``sequence/smart_playlists.py``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made.former_states import PLAYLIST, FormerState, keep_states, next_batch
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.names import is_storable
from sonoteca.catalogue.store.read_back import rows_counted
from sonoteca.catalogue.store.schema_made import playlist_entries, playlists
from sonoteca.errors import PlaylistNotFound, RequestError

# The detail that makes a playlist a smart one.
_SMART = "smart"


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """A sound, or with ``start_s`` and ``end_s`` a span of it. The library need not hold it (any more)."""

    content_hash: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class SmartRule:
    """What a smart playlist holds: the first ``limit`` sounds (None: all) that ``query`` finds, in its order."""

    query: str
    limit: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"query": self.query, "limit": self.limit}


@dataclass(frozen=True, slots=True)
class Playlist:
    """``details`` say how it came about, if a program made it. ``entries`` of a smart one are empty."""

    name: str
    entries: tuple[PlaylistEntry, ...]
    details: Mapping[str, Any] | None
    created_at: str
    changed_at: str

    @property
    def rule(self) -> SmartRule | None:
        """What a smart playlist holds; None for a plain one."""
        return _rule_in(self.details)


@dataclass(frozen=True, slots=True)
class PlaylistSummary:
    """One line of the list of playlists; ``count`` is of the entries kept, so 0 where there is a ``rule``."""

    name: str
    count: int
    rule: SmartRule | None
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
    _check_name(name)
    before = find_playlist(connection, name)
    _save(connection, name, entries, details=details, replace=replace)
    log_change(connection, before, find_playlist(connection, name))


def _save(
    connection: Connection,
    name: str,
    entries: Sequence[PlaylistEntry],
    *,
    details: Mapping[str, Any] | None,
    replace: bool,
) -> None:
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
        raise RequestError(
            f"There is a playlist {name!r} already.", "Use another name, or let it replace that one.", field="replace"
        )
    store_entries(connection, row_number, entries)


def save_smart_playlist(connection: Connection, name: str, rule: SmartRule, *, replace: bool = False) -> None:
    """Keep a query under a name; made readable before by ``sequence.smart_playlists.smart_rule``.

    Raises
    ------
    RequestError
        As ``save_playlist``.
    """
    save_playlist(connection, name, (), details={_SMART: rule.as_json()}, replace=replace)


def store_entries(
    connection: Connection, row_number: int, entries: Sequence[PlaylistEntry], *, before: Sequence[PlaylistEntry] = ()
) -> None:
    """Let ``entries`` be those of a playlist that has ``before``; only from the first difference on is written."""
    same = 0
    while same < min(len(before), len(entries)) and before[same] == entries[same]:
        same += 1
    of_playlist = playlist_entries.c.playlist_id == row_number
    if len(before) > same:
        connection.execute(sa.delete(playlist_entries).where(of_playlist, playlist_entries.c.position > same))
    if len(entries) > same:
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
                for position, entry in enumerate(entries[same:], start=same + 1)
            ],
        )
    rows_counted(connection, "playlist_entries", len(entries), playlist_entries.c.playlist_id, [row_number]).require()


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
        raise not_found(connection, name)
    return found


def list_playlists(connection: Connection) -> list[PlaylistSummary]:
    """All playlists, by name."""
    count = sa.select(sa.func.count()).where(playlist_entries.c.playlist_id == playlists.c.id).scalar_subquery()
    query = sa.select(playlists, count.label("entry_count")).order_by(playlists.c.name)
    return [
        PlaylistSummary(row.name, row.entry_count, _rule_in(row.details), row.created_at, row.changed_at)
        for row in connection.execute(query)
    ]


def rename_playlist(connection: Connection, name: str, new_name: str) -> None:
    """Call a playlist otherwise.

    Raises
    ------
    PlaylistNotFound
    RequestError
        The new name is taken, empty, or cannot be stored.
    """
    found = playlist_id(connection, name)
    _check_name(new_name)
    if connection.execute(sa.select(playlists.c.id).where(playlists.c.name == new_name)).scalar() is not None:
        raise RequestError(
            f"There is a playlist {new_name!r} already.",
            "Use another name, or remove that one first.",
            field="new_name",
        )
    before = get_playlist(connection, name)
    changed = sa.update(playlists).where(playlists.c.id == found).values(name=new_name, changed_at=clock.now())
    connection.execute(changed)
    log_change(connection, before, get_playlist(connection, new_name))


def remove_playlist(connection: Connection, name: str) -> None:
    """Forget a playlist; its sounds stay. PlaylistNotFound if there is none of that name."""
    before = get_playlist(connection, name)
    connection.execute(sa.delete(playlists).where(playlists.c.name == name))
    log_change(connection, before, None)


def log_change(connection: Connection, before: Playlist | None, after: Playlist | None) -> None:
    """Keep what a playlist was before a change (None: there was none), so that it can be undone."""
    if before is not None and after is not None and _document(before) == _document(after):
        return
    became = None if after is None else {"name": after.name, "entries": len(after.entries)}
    named = before or after
    assert named is not None
    state = FormerState(PLAYLIST, named.name, None if before is None else _document(before), became)
    batch = next_batch(connection)
    keep_states(connection, batch, PLAYLIST, [state])
    events.record(connection, "playlist_changed", details={"batch": batch})


def restore_playlist(connection: Connection, state: FormerState) -> Playlist | None:
    """Make a playlist what it was before a change; None where there was none."""
    if state.after is not None:
        connection.execute(sa.delete(playlists).where(playlists.c.name == state.after["name"]))
    before = state.before
    if before is None:
        return None
    connection.execute(sa.delete(playlists).where(playlists.c.name == before["name"]))
    values = {name: before[name] for name in ("name", "details", "created_at", "changed_at")}
    number = connection.execute(sa.insert(playlists).values(values).returning(playlists.c.id)).scalar_one()
    store_entries(connection, number, [PlaylistEntry(*each) for each in before["entries"]])
    return get_playlist(connection, before["name"])


def _document(playlist: Playlist) -> dict[str, Any]:
    return {
        "name": playlist.name,
        "details": playlist.details,
        "created_at": playlist.created_at,
        "changed_at": playlist.changed_at,
        "entries": [[each.content_hash, each.start_s, each.end_s] for each in playlist.entries],
    }


def playlist_id(connection: Connection, name: str) -> int:
    """Row number of the playlist of exactly this name, or PlaylistNotFound."""
    found: int | None = None
    if is_storable(name):
        found = connection.execute(sa.select(playlists.c.id).where(playlists.c.name == name)).scalar()
    if found is None:
        raise not_found(connection, name)
    return found


def _rule_in(details: Mapping[str, Any] | None) -> SmartRule | None:
    kept = (details or {}).get(_SMART)
    return None if kept is None else SmartRule(kept["query"], kept["limit"])


def _check_name(name: str) -> None:
    if not name.strip() or not is_storable(name):
        raise RequestError(f"{name!r} is no name for a playlist.", "Use letters and digits.", field="playlist")


def not_found(connection: Connection, name: str, besides: str = "") -> PlaylistNotFound:
    """The error that names the playlists that are called nearly so."""
    names = {each.casefold(): each for each in connection.execute(sa.select(playlists.c.name)).scalars()}
    near = [repr(names[each]) for each in difflib.get_close_matches(name.casefold(), names, n=3)]
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return PlaylistNotFound(f"This library has no playlist {name!r}{besides}.{meant}")
