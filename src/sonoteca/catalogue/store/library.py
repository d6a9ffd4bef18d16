"""Opening a library: where it is, what state it is in, and connections to it.

A location is a file, a folder (then ``FOLDER/library.sonoteca``) or a ``postgresql://`` URL.
Beside a file ``F`` stands the folder ``F.d/`` with what can be large or rebuilt: index
segments, peaks, caches, backups.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from sonoteca.catalogue.store import upgrade
from sonoteca.catalogue.store.backup import backup_file, copy_library
from sonoteca.catalogue.store.database import (
    MOST_LOG_BYTES,
    errors_explained,
    explain,
    lock_for_writing,
    postgres_engine,
    shorten_log,
    sqlite_engine,
    waits_at_most,
)
from sonoteca.catalogue.store.schema import REVISION, meta
from sonoteca.errors import (
    LibraryBusy,
    LibraryDamaged,
    LibraryMissing,
    LibraryNeedsUpgrade,
    LibraryTooNew,
    LibraryUnwritable,
    RequestError,
)

Mode = Literal["read", "write", "create"]

FILE_NAME = "library.sonoteca"
# A log that readers keep long is tried again after a while, and whoever wrote does not wait long for it.
_SHORTEN_AGAIN_S, _SHORTEN_WAIT_S = 10.0, 0.5
_LIBRARY_SUFFIXES = (".sonoteca", ".sqlite", ".sqlite3", ".db")


class Library:
    """An open library; close it, or use it as a context manager.

    Attributes
    ----------
    location : str
        What a person calls it: the file's path or the URL without its password.
    path : Path or None
        The SQLite file; None on PostgreSQL.
    data_dir : Path or None
        Folder for index, peaks, cache and backups; it may not exist yet.
    uuid : str
        Given when the library was made; a copy keeps it.
    upgraded_from : str or None
        The schema it was at before it was upgraded while it was opened.
    names_files : bool
        Whether a name may be told to be a file of this machine. Who answers strangers turns it off: they would learn
        which files there are.
    held : dict
        What was made from the library and is held as long as it is open, by name: whoever makes it keeps it here.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        location: str,
        path: Path | None,
        data_dir: Path | None,
        mode: Mode,
        upgraded_from: str | None = None,
    ) -> None:
        self.engine = engine
        self.location = location
        self.path = path
        self.data_dir = data_dir
        self.mode = mode
        self.upgraded_from = upgraded_from
        self.names_files = True
        self.held: dict[str, Any] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._wrote = False
        self._is_closed = False
        self._shorten_again_at = 0.0
        with self.read() as connection:
            uuid = connection.execute(sa.select(meta.c.value).where(meta.c.key == "library_uuid")).scalar()
        if uuid is None:
            raise LibraryDamaged(f"{location} has lost its own identity (meta.library_uuid).")
        self.uuid: str = uuid

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open to read" if self.mode == "read" else "open to change"
        return f"<Library {self.location}, {state}>"

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @property
    def schema_revision(self) -> str:
        """The schema that it is at, as its migrations are named."""
        return REVISION

    @property
    def url(self) -> str:
        """The database as a URL, without its password."""
        return self.location if self.path is None else f"sqlite:///{self.path}"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state and is rolled back at the end; RequestError once it is closed."""
        self._require_open()
        with errors_explained(self.location), self._connected() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    @contextmanager
    def write(self, *, wait_s: float | None = None) -> Iterator[Connection]:
        """A connection of the only writer: committed at the end, rolled back if anything is raised.

        Parameters
        ----------
        wait_s : float >= 0 [s], optional
            How long to wait for another writer, instead of as long as the library was opened with.

        Raises
        ------
        LibraryBusy, LibraryFull, LibraryUnwritable, LibraryDamaged
            From any statement or the commit; the state before is intact.
        """
        self._require_open()
        if self.mode == "read":
            raise LibraryUnwritable(f"{self.location} was opened for reading only.", "Open it for writing.")
        with (
            errors_explained(self.location),
            self._connected(sonoteca_writes=True) as connection,
            waits_at_most(connection, wait_s),
            connection.begin(),
        ):
            lock_for_writing(connection, wait_s=wait_s)
            yield connection
        self._wrote = True
        if self.log_bytes > MOST_LOG_BYTES and time.monotonic() >= self._shorten_again_at:
            self._shorten_again_at = time.monotonic() + _SHORTEN_AGAIN_S
            self.shorten_log(wait_s=_SHORTEN_WAIT_S)

    @property
    def log_bytes(self) -> int:
        """Size of SQLite's write-ahead log beside the file; 0 where there is none."""
        try:
            return 0 if self.path is None else os.stat(f"{self.path}-wal").st_size
        except OSError:
            return 0

    def shorten_log(self, *, wait_s: float = 2.0) -> bool:
        """Take SQLite's write-ahead log over into the file and cut it to nothing.

        A process that writes does so by itself when the log has grown. False if readers or a writer were at work
        for longer than ``wait_s``; on PostgreSQL, and where the library may not be written, nothing is done.
        """
        self._require_open()
        if self.path is None or self.mode == "read":
            return True
        with errors_explained(self.location):
            try:
                return shorten_log(self.engine, wait_s)
            except sqlite3.OperationalError as error:
                if isinstance(explain(error, self.location), LibraryBusy):
                    return False
                raise

    def _connected(self, **options: bool) -> Connection:
        return self.engine.connect().execution_options(sonoteca_names_files=self.names_files, **options)

    def _require_open(self) -> None:
        if self._is_closed:
            raise RequestError(f"{self.location} was closed.", "Open it again.")

    def lock(self, name: str) -> threading.RLock:
        """One lock per name, so that of several threads one makes what is held under it and the others wait."""
        return self._locks.setdefault(name, threading.RLock())

    def data_folder(self, *parts: str) -> Path:
        """A folder below ``data_dir``, created.

        Raises
        ------
        RequestError
            If a PostgreSQL library was opened without ``data_dir``.
        LibraryUnwritable
            If the folder cannot be made.
        """
        if self.data_dir is None:
            raise RequestError(
                f"{self.location} has no data folder on this machine.", "Name a folder for it.", field="data_dir"
            )
        folder = self.data_dir.joinpath(*parts)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryUnwritable(f"The folder {folder} could not be made ({error.strerror}).") from error
        return folder

    def backup(self, target: Path | None = None) -> Path:
        """Copy the library while it is in use; verified. By default a dated file in its ``backups`` folder.

        Parameters
        ----------
        target : Path, optional
            A file that does not exist yet, or a folder.

        Raises
        ------
        RequestError
            If the target exists, or for PostgreSQL, whose own tools make backups.
        LibraryFull, LibraryUnwritable, LibraryDamaged
        """
        if self.path is None:
            raise RequestError(
                f"{self.location} is a PostgreSQL database: its own tools make backups.", "Use pg_dump and pg_restore."
            )
        if target is None:
            return backup_file(self.path, self.data_folder("backups"))
        target = target.expanduser().absolute()
        if target.is_dir():
            return backup_file(self.path, target)
        copy_library(self.path, target)
        return target

    def close(self) -> None:
        """Write down what the database learnt, and let go of it; a second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.is_sqlite and self._wrote:
            # The planner's statistics, which go stale with what was written. A library on a full
            # or vanished disk is closed all the same.
            with contextlib.suppress(sa.exc.DBAPIError), self.engine.connect() as connection:
                # Whoever writes now will do it at the end.
                connection.exec_driver_sql("PRAGMA busy_timeout = 500")
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        self.held.clear()
        self.engine.dispose()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_url(location: str | Path) -> bool:
    return isinstance(location, str) and location.startswith(("postgresql://", "postgres://"))


def library_file(location: str | Path) -> Path:
    """The SQLite file that ``location`` (a file or a folder, existing or not) means.

    >>> library_file("/music/mine.sonoteca").name, library_file("/no/such/folder").name
    ('mine.sonoteca', 'library.sonoteca')
    """
    path = Path(location).expanduser().absolute()
    if path.is_dir() or (not path.exists() and path.suffix.lower() not in _LIBRARY_SUFFIXES):
        return path / FILE_NAME
    return path


def open_library(
    location: str | Path,
    *,
    mode: Mode = "write",
    data_dir: Path | None = None,
    upgrade_older: bool = True,
    busy_timeout_s: float = 30.0,
    max_pages: int | None = None,
) -> Library:
    """Open, and in mode ``create`` make if it is not there, a library.

    Parameters
    ----------
    location : str or Path
        A file, a folder or a ``postgresql://`` URL.
    mode : "read", "write" or "create"
        ``read`` never changes a byte and works on read-only disks.
    data_dir : Path, optional
        Instead of ``F.d``; on PostgreSQL the only way to have one.
    upgrade_older : bool
        In ``write`` and ``create``: whether an older library is backed up and upgraded, or refused.
    busy_timeout_s : float >= 0 [s]
        How long to wait for another writer.
    max_pages : int, optional
        Limit of an SQLite file's size, in its pages of 4 KiB.

    Raises
    ------
    LibraryMissing
        Nothing is there (``read``, ``write``), or the folder around it is missing (all modes): its disk may not
        be mounted.
    LibraryNeedsUpgrade, LibraryTooNew, LibraryDamaged, LibraryUnwritable, LibraryFull, LibraryBusy
    RequestError
        The mode is none, or this installation cannot speak to PostgreSQL.
    """
    if mode not in get_args(Mode):
        raise RequestError(f"{mode!r} is no mode.", f"It is one of {', '.join(get_args(Mode))}.", field="mode")
    if is_url(location):
        return _open_postgres(str(location), mode, data_dir, upgrade_older, busy_timeout_s)
    path = library_file(location)
    _check_file(path, mode)
    data_dir = data_dir if data_dir is not None else path.with_name(path.name + ".d")
    name = str(path)
    engine = _sqlite_engine_for(path, mode, busy_timeout_s, max_pages)
    try:
        with errors_explained(name):
            upgraded_from = _bring_to_today(engine, name, mode, upgrade_older, path, data_dir)
        return Library(engine, location=name, path=path, data_dir=data_dir, mode=mode, upgraded_from=upgraded_from)
    except BaseException:
        engine.dispose()
        raise


def _check_file(path: Path, mode: Mode) -> None:
    """Refuse with the plain reason before SQLite says "unable to open database file"."""
    folder = path.parent
    try:
        exists = path.exists()
        folder_exists = folder.is_dir()
    except OSError as error:
        raise LibraryUnwritable(f"{path} cannot be reached ({error.strerror}).") from error
    if exists:
        if not path.is_file():
            raise LibraryDamaged(f"{path} is not a file.", "Name a file or a folder for the library.")
        if not os.access(path, os.R_OK):
            raise LibraryUnwritable(f"{path} may not be read by this user.")
        if mode != "read" and not (os.access(path, os.W_OK) and os.access(folder, os.W_OK)):
            raise LibraryUnwritable(f"{path} may not be written by this user: the file or its folder is read-only.")
        return
    if mode != "create":
        place = "." if folder_exists else f": its folder {folder} does not exist, is its disk mounted?"
        raise LibraryMissing(f"There is no library at {path}{place}")
    if not folder_exists:
        # One folder is made, not a chain: a chain would hide that a disk is not mounted.
        if not folder.parent.is_dir():
            raise LibraryMissing(
                f"{path} cannot be made: {folder.parent} does not exist, is its disk mounted?",
                "Mount the disk, create the folder, or name another library.",
            )
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise LibraryUnwritable(f"The folder {folder} could not be made ({error.strerror}).") from error
    elif not os.access(folder, os.W_OK):
        raise LibraryUnwritable(f"{path} cannot be made: its folder may not be written by this user.")


def _sqlite_engine_for(path: Path, mode: Mode, busy_timeout_s: float, max_pages: int | None) -> Engine:
    read_only = mode == "read"
    # Reading a WAL file needs a -shm file beside it. Where none can be made and no writer left
    # a -wal, the file is complete by itself and may be read as immutable.
    wal = path.with_name(path.name + "-wal")
    immutable = read_only and not os.access(path.parent, os.W_OK) and not (wal.exists() and wal.stat().st_size > 0)
    return sqlite_engine(
        path, read_only=read_only, immutable=immutable, busy_timeout_s=busy_timeout_s, max_pages=max_pages
    )


def _open_postgres(url: str, mode: Mode, data_dir: Path | None, upgrade_older: bool, busy_timeout_s: float) -> Library:
    name = sa.make_url(url).render_as_string(hide_password=True)
    try:
        engine = postgres_engine(url, read_only=mode == "read", busy_timeout_s=busy_timeout_s)
    except ModuleNotFoundError as error:
        raise RequestError(
            f"This installation cannot open {name}: it lacks {error.name}.", "pip install 'sonoteca[postgres]'"
        ) from error
    try:
        with errors_explained(name):
            upgraded_from = _bring_to_today(engine, name, mode, upgrade_older, None, data_dir)
        return Library(engine, location=name, path=None, data_dir=data_dir, mode=mode, upgraded_from=upgraded_from)
    except BaseException:
        engine.dispose()
        raise


def _bring_to_today(
    engine: Engine, name: str, mode: Mode, upgrade_older: bool, path: Path | None, data_dir: Path | None
) -> str | None:
    """Make or upgrade what is there; returns the schema that it had, if it was upgraded."""
    with engine.connect() as connection:
        revision = upgrade.stored_revision(connection)
        is_empty = revision is None and not sa.inspect(connection).get_table_names()
    if revision == REVISION:
        return None
    if revision is None:
        if not is_empty:
            raise LibraryDamaged(
                f"{name} is a database, but not a Sonoteca library.", "Name another library.", field="library"
            )
        if mode != "create":
            raise LibraryMissing(f"There is no library in {name}: the database is empty.")
        upgrade.migrate(engine)
        return None
    if upgrade.is_newer(revision):
        raise LibraryTooNew(f"{name} was written by a newer Sonoteca (schema {revision}, this one knows {REVISION}).")
    if mode == "read" or not upgrade_older:
        raise LibraryNeedsUpgrade(
            f"{name} was written by an older Sonoteca (schema {revision}, today's is {REVISION})."
        )
    if path is not None and data_dir is not None:
        backup_file(path, data_dir / "backups", reason=f"before-{REVISION}")
    upgrade.migrate(engine)
    return revision
