"""Restoring a library from a backup, by where it is; it need not be readable any more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sonoteca.catalogue.store import backup
from sonoteca.catalogue.store.library import is_url, library_file
from sonoteca.errors import LibraryError, LibraryMissing, RequestError


@dataclass(frozen=True, slots=True)
class Restoration:
    """What is to be done, or was: ``path`` becomes what ``source`` holds.

    ``replaces`` says whether there is a library at ``path``; ``kept`` is where its former state was put,
    None before it is done and where there was none. ``passed_over`` are files among the backups that are newer
    than ``source`` and cannot be used, each with the reason.
    """

    path: Path
    source: Path
    replaces: bool
    kept: Path | None = None
    passed_over: tuple[tuple[Path, str], ...] = ()


def plan_restore(location: str | Path, source: Path | None = None) -> Restoration:
    """Which file a restore would replace and by what: the newest backup that is whole, if none is named.

    What an earlier restore put aside is a backup only where there is no other.

    Raises
    ------
    RequestError
        For PostgreSQL, whose own tools restore.
    LibraryMissing
        There is no backup, or none that can be used.
    """
    if is_url(location):
        raise RequestError("A PostgreSQL library is restored by its server.", "Use pg_restore.")
    path = library_file(location)
    passed_over: list[tuple[Path, str]] = []
    if source is None:
        folder = _backups(path)
        for known in backup.list_backups(folder, path.suffix):
            try:
                backup.verify_file(known)
            except LibraryError as error:
                passed_over.append((known, error.message))
            else:
                source = known
                break
        if source is None:
            broken = f" that can be used: {'; '.join(why for _, why in passed_over)}" if passed_over else "."
            raise LibraryMissing(f"There is no backup in {folder}{broken}", "Name the backup file.")
    return Restoration(path, source, path.exists(), passed_over=tuple(passed_over))


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
    return replace(plan, kept=kept)


def _backups(path: Path) -> Path:
    return path.with_name(path.name + ".d") / "backups"
