"""What failed in earlier runs, as work for ``retry``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.locations import SeenFile
from sonoteca.catalogue.identity.roots import Root, list_roots
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import locations, regions, runs, sounds
from sonoteca.errors import AnalyzerFailed
from sonoteca.ingest.plan import FileToIdentify, is_gone


@dataclass(slots=True)
class FailedBefore:
    """Files that failed, and locations of such that are ``gone``, although their folder is there.

    All are identified anew: one may have been replaced by another of equal size and time.
    """

    to_identify: list[FileToIdentify] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    def look(self, location_id: int, file: FileToIdentify) -> bool:
        """Take a file in, if it is there."""
        now = _seen_now(file)
        if now is not None:
            self.to_identify.append(FileToIdentify(file.path, file.root, now))
        elif is_gone(file.path) and os.path.isdir(file.root.folder):
            self.gone.append(location_id)
        return now is not None


def failed_identities(connection: Connection) -> dict[int, str | None]:
    """Failed sounds, and which program version they failed in (see ``analyse.failure_identity``)."""
    rows = connection.execute(sa.select(sounds.c.id, sounds.c.analysis_identity).where(sounds.c.status == "failed"))
    return {row.id: row.analysis_identity for row in rows}


def failed_before(connection: Connection, *, codes: Sequence[str] = ()) -> FailedBefore:
    """All that failed, or of which one analyzer failed (code ``analyzer_failed``).

    Parameters
    ----------
    codes : sequence of str
        Only failures with one of these codes; any by default.
    """
    found = FailedBefore()
    taken: set[int] = set()
    for sound_id, location_id, file in _files_of(connection, sorted(_failed_sounds(connection, codes))):
        # One file of a sound is enough to hear it.
        if sound_id not in taken and found.look(location_id, file):
            taken.add(sound_id)
    for location_id, file in _unreadable(connection, codes):
        found.look(location_id, file)
    return found


def _failed_sounds(connection: Connection, codes: Sequence[str]) -> set[int]:
    query = sa.select(sounds.c.id).where(sounds.c.status == "failed")
    if codes:
        query = query.where(sounds.c.error_code.in_(list(codes)))
    found = set(connection.execute(query).scalars())
    if not codes or AnalyzerFailed.code in codes:
        with_failed_run = (
            sa.select(regions.c.sound_id)
            .join(runs, runs.c.region_id == regions.c.id)
            .where(runs.c.outcome == "failed")
            .distinct()
        )
        found |= set(connection.execute(with_failed_run).scalars())
    return found


def _files_of(connection: Connection, sound_ids: Sequence[int]) -> Iterator[tuple[int, int, FileToIdentify]]:
    roots = {root.id: root for root in list_roots(connection)}
    for some in chunks(list(sound_ids)):
        query = (
            sa.select(
                locations.c.sound_id, locations.c.id, locations.c.root_id, locations.c.relative_path, locations.c.size,
                locations.c.mtime_ns,
            )
            .where(locations.c.sound_id.in_(some), locations.c.missing_since.is_(None))
            .order_by(locations.c.id)
        )  # fmt: skip
        for row in connection.execute(query):
            seen = SeenFile(bytes(row.relative_path), row.size, row.mtime_ns)
            yield row.sound_id, row.id, _file(roots[row.root_id], seen)


def _unreadable(connection: Connection, codes: Sequence[str]) -> Iterator[tuple[int, FileToIdentify]]:
    roots = {root.id: root for root in list_roots(connection)}
    query = sa.select(locations).where(locations.c.error_code.is_not(None), locations.c.missing_since.is_(None))
    if codes:
        query = query.where(locations.c.error_code.in_(list(codes)))
    for row in connection.execute(query.order_by(locations.c.id)):
        yield row.id, _file(roots[row.root_id], SeenFile(bytes(row.relative_path), row.size, row.mtime_ns))


def _file(root: Root, seen: SeenFile) -> FileToIdentify:
    return FileToIdentify(os.fspath(root.absolute(seen.relative_path)), root, seen)


def _seen_now(file: FileToIdentify) -> SeenFile | None:
    """The file as it is on disk now; None if it is not there."""
    try:
        status = os.stat(file.path)
    except (OSError, ValueError):
        return None
    return SeenFile(file.seen.relative_path, status.st_size, status.st_mtime_ns)
