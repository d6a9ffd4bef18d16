"""Locations: which files hold which sound, and which of them are missing."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import file_claims
from sonoteca.catalogue.identity.roots import Root
from sonoteca.catalogue.identity.sounds import ensure_sounds, known_sounds
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.names import compare_key, display_name, storable
from sonoteca.catalogue.store.schema import locations, roots, sounds
from sonoteca.domain.claim import Claim
from sonoteca.errors import SonotecaError


@dataclass(frozen=True, slots=True)
class KnownLocation:
    """What the catalogue remembers of one path; enough to plan without another query.

    ``sound_id`` None: the bytes could never be read (``error_code`` says why). ``status`` and
    ``analysis_identity`` are the sound's. Unchanged means: same ``size`` and ``mtime_ns``.
    ``claims_version`` is that of the reader of its tags, None if none has read them.
    """

    id: int
    relative_path: bytes
    compare_key: str
    size: int
    mtime_ns: int
    is_missing: bool
    error_code: str | None
    claims_version: int | None
    sound_id: int | None
    content_hash: str | None
    status: str | None
    analysis_identity: str | None

    @property
    def is_failed(self) -> bool:
        """Whether it gave no sound: its bytes could not be read, or not be analysed."""
        return self.sound_id is None or self.status == "failed"


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
    SAME = "same"  # same content, place, size and time: it was only looked at again
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
            locations.c.missing_since, locations.c.error_code, locations.c.claims_version, locations.c.sound_id,
            sounds.c.content_hash, sounds.c.status, sounds.c.analysis_identity,
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
        id_, path, key, size, mtime_ns, missing_since, *rest = row
        yield KnownLocation(id_, bytes(path), key, size, mtime_ns, missing_since is not None, *rest)


@dataclass(slots=True)
class _Row:
    """A location while a batch is being decided."""

    id: int
    root_id: int
    sound_id: int | None
    is_gone: bool
    is_missing: bool
    seen: SeenFile


def record_files(
    connection: Connection,
    root: Root,
    files: Sequence[tuple[SeenFile, str]],
    *,
    vanished: Collection[int] = (),
    said: Mapping[bytes, Sequence[Claim]] | None = None,
) -> list[Recorded]:
    """Record files whose content hash is known now.

    Parameters
    ----------
    files : sequence of (SeenFile, content hash)
        Each path once.
    vanished : collection of location ids
        Known locations that this walk did not see and has not marked missing yet. A file with
        the content of one of these, or of one already marked missing, was moved.
    said : mapping of relative path to claims, optional
        What files say about themselves, as far as it was read. Their sounds are called by it from now on,
        unless a person or a shop says otherwise.

    Returns
    -------
    list of Recorded
        In the order of ``files``.
    """
    if not files:
        return []
    hashes = [content_hash for _, content_hash in files]
    unseen = set(hashes) - set(known_sounds(connection, hashes))
    sound_ids = ensure_sounds(connection, hashes)
    batch = _Batch(connection, root, [file for file, _ in files], set(sound_ids.values()), frozenset(vanished))
    recorded = []
    for file, content_hash in files:
        is_new = content_hash in unseen
        unseen.discard(content_hash)
        recorded.append(batch.decide(file, sound_ids[content_hash], is_new))
    ids = batch.write()
    recorded = [
        Recorded(ids.get(index, known.location_id), known.sound_id, known.change, known.is_new_sound)
        for index, known in enumerate(recorded)
    ]
    _keep_claims(connection, files, recorded, said or {})
    file_claims.settle_places(connection, batch.touched_sounds)
    return recorded


def _keep_claims(
    connection: Connection,
    files: Sequence[tuple[SeenFile, str]],
    recorded: Sequence[Recorded],
    said: Mapping[bytes, Sequence[Claim]],
) -> None:
    kept: dict[int, Sequence[Claim] | None] = {}
    for (file, _), each in zip(files, recorded, strict=True):
        if file.relative_path in said:
            kept[each.location_id] = said[file.relative_path]
        elif each.change is Change.CHANGED:
            # What stood there before was said of another content.
            kept[each.location_id] = None
    file_claims.keep(connection, kept)


class _Batch:
    """Decides file by file from what was read once, and writes all changes together."""

    def __init__(
        self,
        connection: Connection,
        root: Root,
        files: Sequence[SeenFile],
        sound_ids: set[int],
        vanished: frozenset[int],
    ) -> None:
        self.connection = connection
        self.root = root
        self.now = clock.now()
        self.touched_sounds: set[int] = set(sound_ids)
        self._inserts: list[dict[str, Any]] = []
        self._insert_index: list[int] = []
        self._updates: list[dict[str, Any]] = []
        self._replaced: list[dict[str, Any]] = []
        self._count = 0
        self._by_path: dict[bytes, _Row] = {}
        self._gone_by_key: dict[str, _Row] = {}
        self._gone_by_sound: dict[int, list[_Row]] = {}
        self._used: set[int] = set()
        columns = (
            locations.c.id, locations.c.root_id, locations.c.sound_id, locations.c.missing_since,
            locations.c.relative_path, locations.c.compare_key, locations.c.size, locations.c.mtime_ns,
        )  # fmt: skip
        here = locations.c.root_id == root.id
        conditions: list[sa.ColumnElement[bool]] = [
            here & locations.c.relative_path.in_(some) for some in chunks([f.relative_path for f in files])
        ]
        conditions += [
            here & locations.c.compare_key.in_(some) for some in chunks([compare_key(f.relative_path) for f in files])
        ]
        conditions += [locations.c.sound_id.in_(some) for some in chunks(list(sound_ids))]
        seen = {file.relative_path for file in files}
        for condition in conditions:
            for found in connection.execute(sa.select(*columns).where(condition)):
                path = bytes(found.relative_path)
                is_here = found.root_id == root.id
                is_missing = found.missing_since is not None
                is_gone = (is_missing or found.id in vanished) and not (is_here and path in seen)
                was = SeenFile(path, found.size, found.mtime_ns)
                row = _Row(found.id, found.root_id, found.sound_id, is_gone, is_missing, was)
                if is_here and path in seen:
                    self._by_path[path] = row
                elif is_gone:
                    if is_here:
                        self._gone_by_key[found.compare_key] = row
                    gone = self._gone_by_sound.setdefault(found.sound_id, [])
                    if all(other.id != row.id for other in gone):
                        gone.append(row)

    def decide(self, file: SeenFile, sound_id: int, is_new: bool) -> Recorded:
        index = self._count
        self._count += 1
        row = self._by_path.get(file.relative_path)
        if row is None:
            row = self._gone_by_key.get(compare_key(file.relative_path))
            row = None if row is None or row.id in self._used else row
        if row is None or row.sound_id is None:
            moved = next((gone for gone in self._gone_by_sound.get(sound_id, []) if gone.id not in self._used), None)
            if row is None and moved is not None:
                self._update(moved, file, sound_id)
                return Recorded(moved.id, sound_id, Change.MOVED, False)
        if row is None:
            self._inserts.append(self._values(file, sound_id) | {"added_at": self.now})
            self._insert_index.append(index)
            return Recorded(0, sound_id, Change.NEW if is_new else Change.COPY, is_new)
        held, was_missing, was_gone, was = row.sound_id, row.is_missing, row.is_gone, row.seen
        self._update(row, file, sound_id)
        if held is None:
            change = Change.NEW if is_new else Change.COPY
        elif held == sound_id:
            # Gone, yet the same content under the same name in other bytes (NFC and NFD).
            unmoved = Change.SAME if file == was else Change.TOUCHED
            change = Change.MOVED if was_gone else Change.RETURNED if was_missing else unmoved
        else:
            change = Change.CHANGED
            self.touched_sounds.add(held)
            if is_new:
                self._replaced.append({"row": sound_id, "old": held})
        return Recorded(row.id, sound_id, change, is_new)

    def _values(self, file: SeenFile, sound_id: int) -> dict[str, Any]:
        return {
            "root_id": self.root.id,
            "sound_id": sound_id,
            "relative_path": file.relative_path,
            "compare_key": compare_key(file.relative_path),
            "display_path": display_name(file.relative_path),
            "size": file.size,
            "mtime_ns": file.mtime_ns,
        }

    def _update(self, row: _Row, file: SeenFile, sound_id: int) -> None:
        self._used.add(row.id)
        self._updates.append({"row": row.id} | self._values(file, sound_id))
        row.sound_id, row.is_missing, row.is_gone, row.seen = sound_id, False, False, file

    def write(self) -> dict[int, int]:
        """Ids of inserted locations by the index of their file."""
        if self._updates:
            present = dict.fromkeys(("missing_since", "error_code", "error_message", "error_remedy"))
            statement = sa.update(locations).where(locations.c.id == sa.bindparam("row")).values(present)
            self.connection.execute(statement, self._updates)
        if self._replaced:
            statement = sa.update(sounds).where(sounds.c.id == sa.bindparam("row"))
            self.connection.execute(statement.values(replaces=sa.bindparam("old")), self._replaced)
        if not self._inserts:
            return {}
        insert = sa.insert(locations).returning(locations.c.id, sort_by_parameter_order=True)
        ids = self.connection.execute(insert, self._inserts).scalars().all()
        return dict(zip(self._insert_index, ids, strict=True))


def record_unreadable(connection: Connection, root: Root, file: SeenFile, error: SonotecaError) -> int:
    """Keep that a file's bytes gave no content hash; returns the location's id. A content known before stays."""
    values: dict[str, Any] = {
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "missing_since": None,
        "error_code": error.code,
        "error_message": storable(error.message),
        "error_remedy": storable(error.remedy),
    }
    here = (locations.c.root_id == root.id) & (locations.c.relative_path == file.relative_path)
    known: int | None = connection.execute(
        sa.update(locations).where(here).values(values).returning(locations.c.id)
    ).scalar()
    if known is not None:
        return known
    values |= {
        "root_id": root.id,
        "relative_path": file.relative_path,
        "compare_key": compare_key(file.relative_path),
        "display_path": display_name(file.relative_path),
        "added_at": clock.now(),
    }
    made: int = connection.execute(sa.insert(locations).values(values).returning(locations.c.id)).scalar_one()
    return made


def mark_missing(connection: Connection, location_ids: Sequence[int]) -> int:
    """These paths are not on disk now; returns how many were not marked before. Nothing is deleted."""
    return _set_missing(connection, location_ids, clock.now())


def mark_present(connection: Connection, location_ids: Sequence[int]) -> int:
    """Missing ones seen again with the same size and time; returns how many were marked missing."""
    return _set_missing(connection, location_ids, None)


def _set_missing(connection: Connection, location_ids: Sequence[int], since: str | None) -> int:
    changed: list[int | None] = []
    for some in chunks(list(location_ids)):
        differs = locations.c.missing_since.is_(None) if since is not None else locations.c.missing_since.is_not(None)
        statement = sa.update(locations).where(locations.c.id.in_(some), differs).values(missing_since=since)
        changed += connection.execute(statement.returning(locations.c.sound_id)).scalars().all()
    # Another file may be the main one now.
    file_claims.settle_places(connection, (sound_id for sound_id in changed if sound_id is not None))
    if changed:
        kind = "locations_missing" if since is not None else "locations_returned"
        events.record(connection, kind, details={"count": len(changed)})
    return len(changed)


def keep_claims(connection: Connection, said: Mapping[int, Sequence[Claim]]) -> int:
    """Keep what known files say about themselves, by location; returns how many sounds are called otherwise since."""
    file_claims.keep(connection, said)
    of_sounds: set[int] = set()
    for some in chunks(list(said)):
        here = sa.select(locations.c.sound_id).where(locations.c.id.in_(some), locations.c.sound_id.is_not(None))
        of_sounds.update(connection.execute(here).scalars())
    return len(file_claims.settle_places(connection, of_sounds))


@dataclass(frozen=True, slots=True)
class Location:
    """One place of a sound, for showing and opening it."""

    id: int
    root: Root
    relative_path: bytes
    display_path: str
    is_missing: bool

    @property
    def path(self) -> Path:
        return self.root.absolute(self.relative_path)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a sound can be opened.

    ``path`` is a file of it that is there now, ``last_path`` that of the last look where none is: both None if no file is
    known. ``is_disk_away``: none is there, and the disks of all are not there.
    """

    path: str | None = None
    last_path: str | None = None
    is_disk_away: bool = False

    @property
    def absence(self) -> str | None:
        """Why it cannot be opened, in words; None if it can."""
        if self.path is not None:
            return None
        return "disk not there" if self.is_disk_away else "file missing"


def whereabouts(connection: Connection, sound_ids: Iterable[int]) -> dict[int, Whereabouts]:
    """Ask the disks where these sounds are."""
    is_away = functools.cache(lambda root: root.is_away)
    found: dict[int, Whereabouts] = {}
    for sound_id, places in locations_of(connection, list(dict.fromkeys(sound_ids))).items():
        paths = [os.fspath(place.path) for place in places]
        there = next((path for path in paths if os.path.isfile(path)), None)
        if there is not None:
            found[sound_id] = Whereabouts(there)
        else:
            last_path = paths[0] if paths else None
            found[sound_id] = Whereabouts(None, last_path, bool(places) and all(is_away(each.root) for each in places))
    return found


def missing_locations(connection: Connection) -> list[int]:
    """Row numbers of the paths that are marked missing."""
    return list(connection.execute(sa.select(locations.c.id).where(locations.c.missing_since.is_not(None))).scalars())


def shown_paths(connection: Connection, location_ids: Sequence[int]) -> list[str]:
    """Where these locations are, as it is shown to people, sorted."""
    found = []
    for some in chunks(list(location_ids)):
        query = (
            sa.select(roots.c.display_path.label("above"), locations.c.display_path)
            .join(roots, roots.c.id == locations.c.root_id)
            .where(locations.c.id.in_(some))
        )
        found += [f"{row.above.rstrip('/')}/{row.display_path}" for row in connection.execute(query)]
    return sorted(found)


def locations_of(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[Location]]:
    """Per sound its places, those present first, then in the order they were found; display paths are absolute."""
    found: dict[int, list[Location]] = {sound_id: [] for sound_id in sound_ids}
    for some in chunks(list(sound_ids)):
        query = (
            sa.select(locations, roots.c.name, roots.c.path, roots.c.volume_id, roots.c.display_path.label("above"))
            .join(roots, roots.c.id == locations.c.root_id)
            .where(locations.c.sound_id.in_(some))
            .order_by(locations.c.missing_since.is_not(None), locations.c.id)
        )
        for row in connection.execute(query):
            root = Root(row.root_id, row.name, bytes(row.path), row.volume_id)
            shown = f"{row.above.rstrip('/')}/{row.display_path}"
            found[row.sound_id].append(
                Location(row.id, root, bytes(row.relative_path), shown, row.missing_since is not None)
            )
    return found
