"""Restoring a library from a backup, by where it is; it need not be readable any more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonoteca.catalogue.store import backup
from sonoteca.catalogue.store.library import is_url, library_file
from sonoteca.errors import LibraryMissing, RequestError


@dataclass(frozen=True, slots=True)
class Restoration:
    """What is to be done, or was: ``path`` becomes what ``source`` holds.

    ``replaces`` says whether there is a library at ``path``; ``kept`` is where its former state was put,
    None before it is done and where there was none.
    """

    path: Path
    source: Path
    replaces: bool
    kept: Path | None = None


def plan_restore(location: str | Path, source: Path | None = None) -> Restoration:
    """Which file a restore would replace and by what: the newest backup, if none is named.

    Raises
    ------
    RequestError
        For PostgreSQL, whose own tools restore.
    LibraryMissing
        There is no backup.
    """
    if is_url(location):
        raise RequestError("A PostgreSQL library is restored by its server.", "Use pg_restore.")
    path = library_file(location)
    if source is None:
        folder = _backups(path)
        known = backup.list_backups(folder, path.suffix)
        if not known:
            raise LibraryMissing(f"There is no backup in {folder}.", "Name the backup file.")
        source = known[0]
    return Restoration(path, source, path.exists())


def restore_library(location: str | Path, source: Path | None = None) -> Restoration:
    """Put a backup in the place of a library; what was there before is kept beside the backups.

    Raises
    ------
    RequestError, LibraryMissing
        As ``plan_restore``.
    LibraryDamaged, LibraryTooNew, LibraryUnwritable
        The backup cannot be used; the library is as it was.
    """
    plan = plan_restore(location, source)
    kept = backup.restore(plan.path, plan.source, _backups(plan.path))
    return Restoration(plan.path, plan.source, plan.replaces, kept)


def _backups(path: Path) -> Path:
    return path.with_name(path.name + ".d") / "backups"
