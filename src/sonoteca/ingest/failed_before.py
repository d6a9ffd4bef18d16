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
from sonoteca.ingest.plan import FileToIdentify, SoundFile


@dataclass(slots=True)
class FailedBefore:
    """Failed sounds with an unchanged file to hear, and files to identify first: changed, or never readable."""

    sounds: dict[int, SoundFile] = field(default_factory=dict)
    to_identify: list[FileToIdentify] = field(default_factory=list)


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
    wanted = _failed_sounds(connection, codes)
    for sound_id, content_hash, file in _files_of(connection, sorted(wanted)):
        if sound_id in found.sounds:
            continue
        now = _seen_now(file)
        if now == file.seen:
            found.sounds[sound_id] = SoundFile(file.path, file.seen.size, content_hash)
        elif now is not None:
            found.to_identify.append(FileToIdentify(file.path, file.root, now))
    found.to_identify += _unreadable(connection, codes)
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


def _files_of(connection: Connection, sound_ids: Sequence[int]) -> Iterator[tuple[int, str, FileToIdentify]]:
    roots = {root.id: root for root in list_roots(connection)}
    for some in chunks(list(sound_ids)):
        query = (
            sa.select(
                locations.c.sound_id, sounds.c.content_hash, locations.c.root_id, locations.c.relative_path,
                locations.c.size, locations.c.mtime_ns,
            )
            .join(sounds, sounds.c.id == locations.c.sound_id)
            .where(locations.c.sound_id.in_(some), locations.c.missing_since.is_(None))
            .order_by(locations.c.id)
        )  # fmt: skip
        for row in connection.execute(query):
            seen = SeenFile(bytes(row.relative_path), row.size, row.mtime_ns)
            yield row.sound_id, row.content_hash, _file(roots[row.root_id], seen)


def _unreadable(connection: Connection, codes: Sequence[str]) -> Iterator[FileToIdentify]:
    roots = {root.id: root for root in list_roots(connection)}
    query = sa.select(locations).where(locations.c.error_code.is_not(None), locations.c.missing_since.is_(None))
    if codes:
        query = query.where(locations.c.error_code.in_(list(codes)))
    for row in connection.execute(query.order_by(locations.c.id)):
        file = _file(roots[row.root_id], SeenFile(bytes(row.relative_path), row.size, row.mtime_ns))
        now = _seen_now(file)
        if now is not None:
            yield FileToIdentify(file.path, file.root, now)


def _file(root: Root, seen: SeenFile) -> FileToIdentify:
    return FileToIdentify(os.fspath(root.absolute(seen.relative_path)), root, seen)


def _seen_now(file: FileToIdentify) -> SeenFile | None:
    """The file as it is on disk now; None if it is not there."""
    try:
        status = os.stat(file.path)
    except (OSError, ValueError):
        return None
    return SeenFile(file.seen.relative_path, status.st_size, status.st_mtime_ns)
