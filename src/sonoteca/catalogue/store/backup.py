"""Copies of an SQLite library: made while it is in use, verified before they are trusted.

Functions on files: ``library.py`` stands above. PostgreSQL has its own tools (``pg_dump``).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import pathname2url

from sonoteca.catalogue.store.database import errors_explained
from sonoteca.catalogue.store.schema import REVISION
from sonoteca.errors import LibraryDamaged, LibraryMissing, LibraryTooNew, LibraryUnwritable, RequestError
from sonoteca.whole_file import WholeFile, sync_folder

# Pages copied before other writers get a turn: 4,096 pages of 4 KiB are 16 MiB.
_PAGES_A_STEP = 4096
_BEFORE_RESTORE = "before-restore"


def copy_library(path: Path, target: Path) -> None:
    """Copy the library file ``path``, in use or not, to ``target``, and verify the copy.

    Raises
    ------
    RequestError
        If the target exists.
    LibraryFull, LibraryUnwritable, LibraryDamaged
        Nothing is left at ``target``.
    """
    if target.exists():
        raise RequestError(f"{target} exists.", "Name a file that does not exist yet.")
    _copy(path, target)


def backup_file(path: Path, folder: Path, *, reason: str = "") -> Path:
    """A verified, dated copy of the library file ``path`` in ``folder`` (made if missing)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnwritable(f"The folder {folder} could not be made ({error.strerror}).") from error
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    words = "-".join(word for word in (path.stem, stamp, reason) if word)
    target = folder / f"{words}{path.suffix}"
    number = 2
    while target.exists():
        target = folder / f"{words}-{number}{path.suffix}"
        number += 1
    _copy(path, target)
    return target


def _copy(source: Path, target: Path) -> None:
    """Copy beside the target, verify, then give it its name: a half-made backup never has a backup's name."""
    try:
        with WholeFile(target) as unfinished:
            with (
                errors_explained(str(target)),
                closing(_read_only(source)) as from_,
                closing(sqlite3.connect(unfinished)) as to,
            ):
                from_.backup(to, pages=_PAGES_A_STEP)
                # A backup is one file, without a -wal beside it.
                to.execute("PRAGMA journal_mode = DELETE")
            verify_file(unfinished)
    except OSError as error:
        raise LibraryUnwritable(f"{target} could not be written ({error.strerror}).") from error


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{pathname2url(str(path))}?mode=ro", uri=True)


def verify_file(path: Path) -> str:
    """Check that ``path`` is a whole Sonoteca library this program can use; returns its schema revision.

    Raises
    ------
    LibraryMissing, LibraryDamaged, LibraryTooNew
    """
    if not path.is_file():
        raise LibraryMissing(f"There is no file {path}.", "Name a backup; they are in the library's backups folder.")
    with errors_explained(str(path)), closing(_read_only(path)) as connection:
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
        if problems != ["ok"]:
            raise LibraryDamaged(f"{path} fails its integrity check: {problems[0]}.", "Use another backup.")
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"alembic_version", "sounds", "meta"} <= names:
            raise LibraryDamaged(f"{path} is a database, but not a Sonoteca library.", "Use another backup.")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision > REVISION:
        raise LibraryTooNew(f"{path} was written by a newer Sonoteca (schema {revision}, this one knows {REVISION}).")
    return str(revision)


def restore(path: Path, source: Path, backups: Path) -> Path | None:
    """Make the library file ``path`` what the backup ``source`` holds; returns where its former state was kept.

    The backup is verified first. A library that can still be read is backed up, then overwritten
    in one SQLite transaction: whoever reads it meanwhile sees the old or the new state, and a kill
    leaves the old. One that is damaged is moved aside with its ``-wal``, and the copy takes its name.

    Raises
    ------
    LibraryMissing, LibraryDamaged, LibraryTooNew
        The backup cannot be used; the library is as it was.
    """
    source = source.expanduser().absolute()
    if path.exists() and source.exists() and path.samefile(source):
        raise RequestError(f"{source} is the library itself.", "Name a backup.")
    verify_file(source)
    if not path.exists():
        if not path.parent.is_dir():
            raise LibraryMissing(f"{path.parent} does not exist, is its disk mounted?")
        _copy(source, path)
        return None
    try:
        kept = backup_file(path, backups, reason=_BEFORE_RESTORE)
    except LibraryDamaged:
        return _replace_damaged(path, source)
    with errors_explained(str(path)), closing(_read_only(source)) as from_:
        to = sqlite3.connect(path, timeout=30.0, isolation_level=None)
        with closing(to):
            to.execute("PRAGMA journal_mode = WAL")
            from_.backup(to)
    verify_file(path)
    return kept


def _replace_damaged(path: Path, source: Path) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.restored")
    fresh.unlink(missing_ok=True)
    _copy(source, fresh)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")
    try:
        # The -wal goes first: left beside the fresh file, SQLite would replay it into it.
        for suffix in ("-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
        path.rename(aside)
        fresh.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise LibraryUnwritable(f"{path} could not be replaced ({error.strerror}).") from error
    return aside


def list_backups(folder: Path, suffix: str) -> list[Path]:
    """Backups in a folder, newest first; what a restore put aside stands behind them."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.suffix == suffix and not path.name.startswith(".")]
    return sorted(
        found,
        key=lambda path: (f"-{_BEFORE_RESTORE}" not in path.stem, path.stat().st_mtime_ns, path.name),
        reverse=True,
    )
