"""Disk against catalogue: what is new, what changed, what is gone, what nobody has to look at again.

Nothing is read but names, sizes and times: ``(size, mtime_ns)`` decides whether a file has to
be identified again.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.locations import KnownLocation, SeenFile, known_locations
from sonoteca.catalogue.identity.roots import Place, Root, find_place, list_roots, path_bytes
from sonoteca.domain.claim import CLAIM_VERSION
from sonoteca.ingest.report import PlanCounts
from sonoteca.ingest.root_paths import encoded
from sonoteca.ingest.walk import FoundFile, LeftOut


@dataclass(frozen=True, slots=True)
class FileToIdentify:
    """A file whose content is not known, or may have changed.

    ``was`` is what the catalogue knows of its path: nothing (None), another size or time, or the same.
    """

    path: str
    root: Root
    seen: SeenFile
    was: Literal["other", "same"] | None = None


@dataclass(frozen=True, slots=True)
class FileToRead:
    """An unchanged file whose tags no reader of today has read: its content is known, what it says is not."""

    path: str
    location_id: int


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file that can be read to hear a sound."""

    path: str
    size: int
    content_hash: str


@dataclass(slots=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    unknown : int
        Files at paths that the library does not know; they are among ``to_identify``.
    sounds : dict
        Files of known sounds that did not change, one per sound row.
    to_read : list of FileToRead
        Of the unchanged files those whose tags have to be read again: an older version did.
    gone : list of KnownLocation
        Known, not marked missing, and not on disk. Some of them will turn out to have moved.
    n_known_present : int
        Known locations below the walked folders that were not missing before.
    """

    found: int = 0
    unknown: int = 0
    unchanged: int = 0
    failed_before: int = 0
    to_identify: list[FileToIdentify] = field(default_factory=list)
    sounds: dict[int, SoundFile] = field(default_factory=dict)
    to_read: list[FileToRead] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    gone: list[KnownLocation] = field(default_factory=list)
    n_known_present: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    def moved(self) -> list[KnownLocation]:
        """Those of ``gone`` that a new file has the size and time of: it moved, as far as that can be told without reading."""
        new = Counter((file.seen.size, file.seen.mtime_ns) for file in self.to_identify if file.was is None)
        found = []
        for location in self.gone:
            stamp = location.size, location.mtime_ns
            if new[stamp] and not location.is_failed:
                new[stamp] -= 1
                found.append(location)
        return found

    def counts(self) -> PlanCounts:
        return PlanCounts(self.found, self.unchanged, len(self.to_identify), len(self.left_out), len(self.gone))


@dataclass(frozen=True, slots=True)
class Start:
    """A folder a walk began in.

    Attributes
    ----------
    place : Place or None
        The folder in the library; None if the library does not know it (yet).
    is_walked : bool
        False if only single files of it were named: then nothing in it is gone.
    lower : tuple of (str, Root)
        Known roots below a folder that is not known itself, with the way to them (ends in ``/``).
    """

    folder: str
    place: Place | None
    is_walked: bool
    lower: tuple[tuple[str, Root], ...] = ()


def find_start(connection: Connection, folder: str, *, is_walked: bool) -> Start:
    """Where ``folder`` stands in the library, changing nothing."""
    place = find_place(connection, folder)
    if place is not None:
        return Start(folder, place, is_walked)
    above = path_bytes(folder) + b"/"
    lower = tuple(
        (os.fsdecode(root.path[len(above) :]) + "/", root)
        for root in list_roots(connection)
        if root.path.startswith(above)
    )
    return Start(folder, None, is_walked, lower)


def make_plan(
    connection: Connection,
    files: Iterable[FoundFile | LeftOut],
    starts: Sequence[Start],
    *,
    identify_all: bool = False,
) -> Plan:
    """Compare a walk with the catalogue.

    Parameters
    ----------
    identify_all : bool
        Identify unchanged files too: a file may have been replaced by one of equal size and time, and one whose
        bytes could not be read may be readable now.
    """
    plan = Plan()
    known = _Known(connection, starts)
    start_of = {start.folder: start for start in starts}
    for file in files:
        if isinstance(file, LeftOut):
            plan.left_out.append(file)
            continue
        plan.found += 1
        root, relative = _located(start_of[file.start], file.below)
        location = known.take(root, relative)
        plan.unknown += location is None
        is_changed = location is None or location.size != file.size or location.mtime_ns != file.mtime_ns
        if location is None or is_changed or identify_all:
            seen = SeenFile(relative, file.size, file.mtime_ns)
            was: Literal["other", "same"] | None = None if location is None else "other" if is_changed else "same"
            plan.to_identify.append(FileToIdentify(file.path, root, seen, was))
        elif location.sound_id is None or location.content_hash is None:
            plan.unchanged += 1
            plan.failed_before += 1
        else:
            plan.unchanged += 1
            if location.claims_version != CLAIM_VERSION:
                plan.to_read.append(FileToRead(file.path, location.id))
            plan.sounds.setdefault(location.sound_id, SoundFile(file.path, file.size, location.content_hash))
            if location.is_missing:
                plan.returned.append(location.id)
    plan.n_known_present = known.n_present
    plan.gone = known.gone()
    return plan


_FEW_FOLDERS = 8
# Of files below a folder that the library does not know.
_NO_ROOT = Root(0, "", b"", None)


def _located(start: Start, below: str) -> tuple[Root, bytes]:
    tail = encoded(below)
    if start.place is not None:
        upper = start.place.relative_path
        return start.place.root, upper + b"/" + tail if upper else tail
    for way, root in start.lower:
        if below.startswith(way):
            return root, encoded(below[len(way) :])
    return _NO_ROOT, tail


class _Known:
    """Locations below the starts; what nobody takes was not seen."""

    def __init__(self, connection: Connection, starts: Sequence[Start]) -> None:
        self._by_path: dict[tuple[int, bytes], KnownLocation] = {}
        self._roots: dict[int, Root] = {}
        self._walked: set[int] = set()
        self._taken: set[int] = set()
        for root, below, is_walked in _loads(starts):
            self._roots[root.id] = root
            for location in known_locations(connection, root, below):
                self._by_path[root.id, location.relative_path] = location
                if is_walked:
                    self._walked.add(location.id)
        self.n_present = sum(
            location.id in self._walked and not location.is_missing for location in self._by_path.values()
        )

    def take(self, root: Root, relative: bytes) -> KnownLocation | None:
        location = self._by_path.get((root.id, relative))
        if location is not None:
            self._taken.add(location.id)
        return location

    def gone(self) -> list[KnownLocation]:
        """Not seen, and really not there: a file that is left out by a rule, or in a locked folder, is no loss."""
        return [
            location
            for (root_id, relative), location in self._by_path.items()
            if location.id in self._walked
            and location.id not in self._taken
            and not location.is_missing
            and is_gone(os.fsencode(self._roots[root_id].absolute(relative)))
        ]


def _loads(starts: Sequence[Start]) -> Iterator[tuple[Root, bytes, bool]]:
    """What to read: each walked folder; folders of single files one by one, or their root when they are many."""
    single: dict[Root, list[bytes]] = {}
    for start in starts:
        for _, root in start.lower:
            yield root, b"", start.is_walked
        if start.place is not None and start.is_walked:
            yield start.place.root, start.place.relative_path, True
        elif start.place is not None:
            single.setdefault(start.place.root, []).append(start.place.relative_path)
    for root, folders in single.items():
        for below in folders if len(folders) <= _FEW_FOLDERS else [b""]:
            yield root, below, False


def is_gone(path: str | bytes, *, follow: bool = True) -> bool:
    """Whether the file system says that nothing is at ``path``; False where it does not say.

    ``follow``: what is behind a link counts, not the link.
    """
    try:
        os.stat(path, follow_symlinks=follow)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENOTDIR)
    except ValueError:
        return True
    return False
