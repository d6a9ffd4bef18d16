"""Roots: the folders that were added, and where they are mounted on this machine.

No root lies inside another: adding a folder above known ones takes their locations over,
adding one below finds the upper one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import summaries
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.names import compare_key, display_name
from sonoteca.catalogue.store.schema import locations, roots


@dataclass(frozen=True, slots=True)
class Root:
    """``path`` is absolute, as bytes with ``/`` between its parts and none at the end."""

    id: int
    name: str
    path: bytes
    volume_id: str | None

    @property
    def folder(self) -> Path:
        return Path(os.fsdecode(self.path or b"/"))

    @property
    def is_away(self) -> bool:
        """Whether its disk is not there: there is no such folder, or an empty one, as a mount point is without its disk."""
        try:
            with os.scandir(self.folder) as entries:
                return next(entries, None) is None
        except OSError:
            return True

    def absolute(self, relative_path: bytes) -> Path:
        """Where a location is on this machine."""
        return Path(os.fsdecode(self.path + b"/" + relative_path))


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file as root and path below it; ``relative_path`` is empty for the root itself."""

    root: Root
    relative_path: bytes


def path_bytes(path: str | bytes | Path) -> bytes:
    """An absolute path as stored: bytes of the file system, ``/`` between parts, none at the end."""
    text = os.path.abspath(os.fsencode(path))
    return text.replace(os.sep.encode(), b"/").rstrip(b"/")


def list_roots(connection: Connection) -> list[Root]:
    rows = connection.execute(sa.select(roots).order_by(roots.c.path))
    return [Root(row.id, row.name, bytes(row.path), row.volume_id) for row in rows]


def find_place(connection: Connection, path: str | bytes | Path) -> Place | None:
    """The known root that ``path`` is or lies below, or None."""
    wanted = path_bytes(path)
    for root in list_roots(connection):
        if wanted == root.path:
            return Place(root, b"")
        if wanted.startswith(root.path + b"/"):
            return Place(root, wanted[len(root.path) + 1 :])
    return None


def ensure_root(connection: Connection, folder: str | bytes | Path, *, volume_id: str | None = None) -> Place:
    """The place of ``folder``, making a root of it if no known root holds it.

    Known roots below a new one are taken over: their locations keep row, analysis and tags.
    """
    if (place := find_place(connection, folder)) is not None:
        return place
    path = path_bytes(folder)
    name = display_name(path.rsplit(b"/", 1)[-1]) or "/"
    values = {
        "name": name,
        "path": path,
        "display_path": display_name(path) or "/",
        "volume_id": volume_id,
        "added_at": clock.now(),
    }
    root_id = connection.execute(sa.insert(roots).values(values).returning(roots.c.id)).scalar_one()
    root = Root(root_id, name, path, volume_id)
    for lower in list_roots(connection):
        if lower.path.startswith(path + b"/"):
            _take_over(connection, root, lower)
    return Place(root, b"")


def _take_over(connection: Connection, upper: Root, lower: Root) -> None:
    prefix = lower.path[len(upper.path) + 1 :] + b"/"
    rows = connection.execute(
        sa.select(locations.c.id, locations.c.relative_path).where(locations.c.root_id == lower.id)
    ).all()
    if rows:
        changes = []
        for row in rows:
            relative_path = prefix + bytes(row.relative_path)
            changes.append(
                {
                    "row": row.id,
                    "root_id": upper.id,
                    "relative_path": relative_path,
                    "compare_key": compare_key(relative_path),
                    "display_path": display_name(relative_path),
                }
            )
        connection.execute(sa.update(locations).where(locations.c.id == sa.bindparam("row")), changes)
        _refresh_paths(connection, upper.id)
    connection.execute(sa.delete(roots).where(roots.c.id == lower.id))


def _refresh_paths(connection: Connection, root_id: int) -> None:
    """Paths are also what lists show and words are found by."""
    here = sa.select(locations.c.sound_id).where(locations.c.root_id == root_id, locations.c.sound_id.is_not(None))
    summaries.refresh_places(connection, list(connection.execute(here.distinct()).scalars()))
