"""Locations: which files hold which sound, and which of them are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue import clock, fulltext, summaries
from sonoteca.catalogue.database import chunks
from sonoteca.catalogue.names import compare_key, display_name
from sonoteca.catalogue.roots import Root
from sonoteca.catalogue.schema import locations, roots, sounds
from sonoteca.catalogue.sounds import ensure_sounds
from sonoteca.errors import SonotecaError


@dataclass(frozen=True, slots=True)
class KnownLocation:
    """What the catalogue remembers of one path; enough to plan without another query.

    ``sound_id`` None: the bytes could never be read (``error_code`` says why). ``status`` and
    ``analysis_identity`` are the sound's. Unchanged means: same ``size`` and ``mtime_ns``.
    """

    id: int
    relative_path: bytes
    compare_key: str
    size: int
    mtime_ns: int
    is_missing: bool
    error_code: str | None
    sound_id: int | None
    content_hash: str | None
    status: str | None
    analysis_identity: str | None


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as the walk saw it. ``relative_path`` has ``/`` between its parts on every system."""

    relative_path: bytes
    size: int
    mtime_ns: int


class Change(StrEnum):
    """What recording a file meant."""

    NEW = "new"  # a content never seen
    COPY = "copy"  # one more place of a known content
    MOVED = "moved"  # a known content whose old place is gone: the row, analysis and tags are kept
    CHANGED = "changed"  # another content at a known place; the new sound ``replaces`` the old
    TOUCHED = "touched"  # same content at the same place, retagged or with another time stamp
    RETURNED = "returned"  # was missing, is back


@dataclass(frozen=True, slots=True)
class Recorded:
    """``is_new_sound``: the content was never seen, so it has to be analysed."""

    location_id: int
    sound_id: int
    change: Change
    is_new_sound: bool


def known_locations(connection: Connection, root: Root, below: bytes = b"") -> Iterator[KnownLocation]:
    """All locations of ``root`` (below a relative folder), missing ones too, in one streaming query."""
    query = (
        sa.select(
            locations.c.id, locations.c.relative_path, locations.c.compare_key, locations.c.size, locations.c.mtime_ns,
            locations.c.missing_since, locations.c.error_code, locations.c.sound_id, sounds.c.content_hash,
            sounds.c.status, sounds.c.analysis_identity,
        )
        .outerjoin(sounds, sounds.c.id == locations.c.sound_id)
        .where(locations.c.root_id == root.id)
    )  # fmt: skip
    if below:
        # "/" + 1 is "0": the range of all names that begin with the folder.
        query = query.where(
            (locations.c.relative_path == below)
            | ((locations.c.relative_path >= below + b"/") & (locations.c.relative_path < below + b"0"))
        )
    for row in connection.execute(query):
        (id_, path, key, size, mtime_ns, missing_since, error_code, sound_id, content_hash, status, identity) = row
        yield KnownLocation(
            id_, bytes(path), key, size, mtime_ns, missing_since is not None, error_code, sound_id, content_hash, status, identity
        )  # fmt: skip


def record_files(
    connection: Connection,
    root: Root,
    files: Sequence[tuple[SeenFile, str]],
    *,
    vanished: Collection[int] = (),
) -> list[Recorded]:
    """Record files whose content hash is known now.

    Parameters
    ----------
    files : sequence of (SeenFile, content hash)
    vanished : collection of location ids
        Known locations that this walk did not see and has not marked missing yet. A file with
        the content of one of these, or of one already marked missing, was moved.

    Returns
    -------
    list of Recorded
        In the order of ``files``.
    """
    raise NotImplementedError


def record_unreadable(connection: Connection, root: Root, file: SeenFile, error: SonotecaError) -> int:
    """Keep that a file's bytes gave no content hash; returns the location's id. A content known before stays."""
    raise NotImplementedError


def mark_missing(connection: Connection, location_ids: Sequence[int]) -> int:
    """These paths are not on disk now; returns how many were not marked before. Nothing is deleted."""
    raise NotImplementedError


def mark_present(connection: Connection, location_ids: Sequence[int]) -> int:
    """Missing ones seen again with the same size and time; returns how many were marked missing."""
    raise NotImplementedError


def paths_of(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[tuple[Root, Row[Any]]]]:
    raise NotImplementedError


_ = (StrEnum, chunks, clock, fulltext, summaries, compare_key, display_name, roots, ensure_sounds)
