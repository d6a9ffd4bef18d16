"""Taking back what a person did last: an edit of values, a change of a playlist or of advice, a removal of sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made.edit import CHANGED_NOTHING, ToldChange, undo_edit
from sonoteca.catalogue.made.former_states import KNOWLEDGE, SOUND, last_batch, mark_undone, states_of
from sonoteca.catalogue.made.knowledge import CHANGED as KNOWLEDGE_CHANGED
from sonoteca.catalogue.made.knowledge import restore_advice
from sonoteca.catalogue.made.playlists import restore_playlist
from sonoteca.catalogue.made.removals import restore_sounds
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.schema import events as log


@dataclass(frozen=True, slots=True)
class PlaylistTaken:
    """A playlist before and after undoing: ``name`` and ``entries`` of each, None where there is none."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back.

    Attributes
    ----------
    number : int
        Of the change; 0: the last edit changed nothing, so there was nothing to take back.
    changed : int
        Sounds that are as they were, those that are back included.
    told : tuple of ToldChange
        Values that are others now.
    sound_ids : tuple of int
        Row numbers of sounds that are back.
    playlist : PlaylistTaken or None
    advice : tuple of (str or None, str or None)
        Titles of entries before and after undoing, None where there is none.
    """

    number: int
    changed: int
    told: tuple[ToldChange, ...] = ()
    sound_ids: tuple[int, ...] = ()
    playlist: PlaylistTaken | None = None
    advice: tuple[tuple[str | None, str | None], ...] = ()


def undo(connection: Connection) -> Undone | None:
    """Take back the last change that was not taken back yet.

    Returns
    -------
    Undone or None
        Number 0 where the last edit changed nothing: there is nothing to take back, and the next call takes back
        the change before it. None if there is none.
    """
    if _last_changed_nothing(connection):
        events.record(connection, "undone", details={"batch": None, "regions": 0})
        return Undone(0, 0)
    last = last_batch(connection)
    if last is None:
        return None
    batch, is_former = last
    undone = _undone_former(connection, batch) if is_former else _undone_edit(connection, batch)
    events.record(connection, "undone", details={"batch": batch, "regions": undone.changed})
    return undone


def _undone_edit(connection: Connection, batch: int) -> Undone:
    done = undo_edit(connection, batch)
    return Undone(batch, done.changed, done.told)


def _undone_former(connection: Connection, batch: int) -> Undone:
    first = next(iter(states_of(connection, batch)))
    if first.what == SOUND:
        restored = restore_sounds(connection, batch)
        undone = Undone(batch, len(restored), sound_ids=tuple(restored))
    elif first.what == KNOWLEDGE:
        undone = Undone(batch, 0, advice=tuple(restore_advice(connection, batch)))
    else:
        playlist = restore_playlist(connection, first)
        after = None if playlist is None else {"name": playlist.name, "entries": len(playlist.entries)}
        undone = Undone(batch, 0, playlist=PlaylistTaken(first.after, after))
    mark_undone(connection, batch)
    return undone


def _last_changed_nothing(connection: Connection) -> bool:
    """Whether the last thing that a person did is an edit that was none."""
    kinds = ["edited", "undone", "removed", "playlist_changed", KNOWLEDGE_CHANGED, CHANGED_NOTHING]
    of_changes = log.c.type.in_(kinds)
    last = connection.execute(sa.select(log.c.type).where(of_changes).order_by(log.c.id.desc()).limit(1)).scalar()
    return last == CHANGED_NOTHING
