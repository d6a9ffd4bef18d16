"""Connections to SQLite and PostgreSQL, and what their errors mean to a person."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.request import pathname2url

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from sonoteca.errors import (
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    LibraryFull,
    LibraryMissing,
    LibraryUnwritable,
)

# JSON must be readable by any program, so NaN and Infinity are refused (ValueError) when written.
_to_json = partial(json.dumps, allow_nan=False, separators=(",", ":"), ensure_ascii=False)

# RETURNING came with 3.35.
OLDEST_SQLITE = (3, 35)

# The write-ahead log is shortened when it is larger; it takes as long to take over as to read.
MOST_LOG_BYTES = 64 * 2**20

# Connections that stay open for the next question, each with its statements and pages. A thread that holds one may need
# a second, so there is no limit (with one, enough of them wait for each other): what is beyond is closed when it comes back.
_KEPT_CONNECTIONS = 8

# How soon a refused switch to the write-ahead log is tried again.
_SWITCH_AGAIN_S = 0.01

# One lock number for all writers of a PostgreSQL library: "sonoteca" as bytes, cut to 63 bits.
_WRITER_LOCK = int.from_bytes(b"sonoteca") >> 1


class _SQLiteCompiler(SQLiteCompiler):
    """SQLAlchemy's, which also writes ``with_hint(table, "INDEXED BY name", "sqlite")`` behind the table."""

    def get_from_hint_text(self, table: sa.FromClause, text: str | None) -> str | None:
        return text


def sqlite_engine(
    path: Path, *, read_only: bool, immutable: bool = False, busy_timeout_s: float = 30.0, max_pages: int | None = None
) -> Engine:
    """An engine on an SQLite file.

    Parameters
    ----------
    path : Path
        The file; it is created unless ``read_only``.
    read_only : bool
        Opened so that nothing can write through it.
    immutable : bool
        Promise that nobody writes: needs no ``-shm`` file, for read-only disks.
    busy_timeout_s : float >= 0 [s]
        How long a writer waits for another one.
    max_pages : int, optional
        Largest size of the file in pages (``PRAGMA max_page_count``).
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise LibraryError(
            f"This Python carries SQLite {sqlite3.sqlite_version}, but {oldest} is needed.",
            "Use a newer Python, or a postgresql:// library.",
        )
    query = "mode=ro" + ("&immutable=1" if immutable else "") if read_only else "mode=rwc"
    uri = f"file:{pathname2url(str(path.absolute()))}?{query}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        try:
            if not read_only:
                _switch_to_wal(connection, busy_timeout_s)
            _set_pragmas(connection, read_only=read_only, max_pages=max_pages)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = sa.create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=-1,
        json_serializer=_to_json,
        json_deserializer=json.loads,
    )
    engine.dialect.statement_compiler = _SQLiteCompiler
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _switch_to_wal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Journal in a write-ahead log, also when others open the same new file at this moment.

    Two that switch at once would wait for each other, so SQLite refuses one of them without its busy timeout.
    """
    give_up_at = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(_SWITCH_AGAIN_S)


def _set_pragmas(connection: sqlite3.Connection, *, read_only: bool, max_pages: int | None) -> None:
    if not read_only:
        # What a reader kept from being taken over is cut off once it is: the log does not stay as large as it ever was.
        connection.execute(f"PRAGMA journal_size_limit = {MOST_LOG_BYTES}")
        # With WAL, NORMAL loses no commit when a process is killed, and never damages the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        if max_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {int(max_pages)}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")  # KiB
    connection.execute("PRAGMA mmap_size = 1073741824")
    # ANALYZE looks at this many rows per index: enough to tell a rare value from a common one.
    connection.execute("PRAGMA analysis_limit = 1000")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another writer was
    # faster; IMMEDIATE waits for its turn instead.
    immediate = connection.get_execution_options().get("sonoteca_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def postgres_engine(url: str, *, read_only: bool, busy_timeout_s: float = 30.0) -> Engine:
    """An engine on a PostgreSQL database; ``url`` is ``postgresql://...`` (psycopg 3 is used)."""
    parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
    options = f"-c lock_timeout={int(busy_timeout_s * 1000)}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    return sa.create_engine(
        parsed,
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=-1,
        json_serializer=_to_json,
        json_deserializer=json.loads,
        connect_args={"options": options, "connect_timeout": 10},
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        pool_pre_ping=True,
    )


def shorten_log(engine: Engine, wait_s: float) -> bool:
    """Take the write-ahead log of an SQLite file over into it and cut it to nothing.

    Readers that began before, and a writer, are waited for; new writers wait meanwhile. False if they took longer
    than ``wait_s``: what they need stays in the log.
    """
    with engine.connect() as connection, waits_at_most(connection, wait_s):
        # Past SQLAlchemy, which would begin a transaction: inside of one there is no checkpoint.
        raw: Any = connection.connection.driver_connection
        [is_busy, *_] = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


@contextmanager
def waits_at_most(connection: Connection, wait_s: float | None) -> Iterator[None]:
    """Let an SQLite connection wait for another writer only so long; None changes nothing.

    Outside of a transaction: the wait is for its beginning.
    """
    if wait_s is None or connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection
    [before] = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
    try:
        yield
    finally:
        # The connection goes back to its pool, and serves others.
        raw.execute(f"PRAGMA busy_timeout = {before}")


def lock_for_writing(connection: Connection, *, wait_s: float | None = None) -> None:
    """Wait until this is the only writer (``BEGIN IMMEDIATE`` has done it on SQLite)."""
    if connection.dialect.name == "postgresql":
        if wait_s is not None:
            # 0 would be for ever.
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(wait_s * 1000))}")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))


@contextmanager
def errors_explained(location: str) -> Iterator[None]:
    """Turn the database's errors into those of ``sonoteca.errors``, with their cause attached.

    A value that cannot be stored (NaN, NUL in a text of PostgreSQL) is a ValueError.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        explained = explain(error.orig if error.orig is not None else error, location)
        if explained is not None:
            raise explained from error
        if isinstance(error, sa.exc.DataError):
            raise ValueError(f"The database takes no such value: {_first_line(error.orig)}") from error
        raise
    except sa.exc.StatementError as error:
        # Not the database but the way to it refused a value: NaN is no JSON.
        if isinstance(error.orig, ValueError | TypeError):
            raise ValueError(f"The database takes no such value: {_first_line(error.orig)}") from error
        raise
    except sqlite3.Error as error:
        explained = explain(error, location)
        if explained is None:
            raise
        raise explained from error
    except sa.exc.TimeoutError as error:
        raise LibraryBusy(f"No connection to {location} became free: {error}") from error


_NO_ROOM = "There is no room left for {location}"
# What SQLite grows its shared memory by; a page of the database is smaller.
_A_PAGE = 32_768

_SQLITE_MEANING: dict[int, tuple[type[LibraryError], str]] = {
    sqlite3.SQLITE_FULL: (LibraryFull, _NO_ROOM),
    sqlite3.SQLITE_READONLY: (LibraryUnwritable, "{location} may not be written"),
    sqlite3.SQLITE_PERM: (LibraryUnwritable, "{location} may not be written"),
    sqlite3.SQLITE_CANTOPEN: (LibraryUnwritable, "{location} could not be opened"),
    sqlite3.SQLITE_IOERR: (LibraryUnwritable, "Reading or writing {location} failed"),
    sqlite3.SQLITE_BUSY: (LibraryBusy, "Another process is writing to {location}"),
    sqlite3.SQLITE_PROTOCOL: (LibraryBusy, "Another process is writing to {location}"),
    sqlite3.SQLITE_LOCKED: (LibraryBusy, "Another process is writing to {location}"),
    sqlite3.SQLITE_CORRUPT: (LibraryDamaged, "{location} is damaged"),
    sqlite3.SQLITE_NOTADB: (LibraryDamaged, "{location} is not a Sonoteca library"),
}

_POSTGRES_MEANING: dict[str, tuple[type[LibraryError], str]] = {
    "53100": (LibraryFull, _NO_ROOM),
    "53200": (LibraryFull, "The server of {location} has no memory left"),
    "25006": (LibraryUnwritable, "{location} may not be written"),
    "42501": (LibraryUnwritable, "{location} may not be written"),
    "55P03": (LibraryBusy, "Another process is writing to {location}"),
    "40001": (LibraryBusy, "Another process is writing to {location}"),
    "40P01": (LibraryBusy, "Another process is writing to {location}"),
    "53300": (LibraryBusy, "The server of {location} takes no more connections"),
    "XX001": (LibraryDamaged, "{location} is damaged"),
    "XX002": (LibraryDamaged, "{location} is damaged"),
    "3D000": (LibraryMissing, "There is no database {location}"),
}


def explain(error: BaseException, location: str) -> LibraryError | None:
    """The library error that ``error`` of a database driver means, or None if it is a fault of ours."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        meaning = None if code is None else _SQLITE_MEANING.get(code & 0xFF)
        if code is not None and code & 0xFF == sqlite3.SQLITE_IOERR and _is_full(location):
            # Where the index of its log does not fit, SQLite says only that something failed.
            meaning = (LibraryFull, _NO_ROOM)
    else:
        state = getattr(error, "sqlstate", None)
        meaning = None if state is None else _POSTGRES_MEANING.get(state)
        if (
            meaning is None
            and type(error).__name__ == "OperationalError"
            and state in (None, "57P03", "08006", "08001")
        ):
            meaning = (LibraryMissing, "No connection to {location}")
    if meaning is None:
        return None
    kind, sentence = meaning
    return kind(f"{sentence.format(location=location)} ({_first_line(error)}).")


def _is_full(location: str) -> bool:
    """Whether the disk that a library file lies on has no room for a page; False where that is not known."""
    try:
        return shutil.disk_usage(Path(location).parent).free < _A_PAGE
    except (OSError, ValueError):
        return False


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def names_files(connection: Connection) -> bool:
    """Whether who asks may be told which files this machine has; see ``Library.names_files``."""
    return bool(connection.get_execution_options().get("sonoteca_names_files", True))


def dialect_of(connection: Connection) -> Literal["sqlite", "postgresql"]:
    name = connection.dialect.name
    if name not in ("sqlite", "postgresql"):
        raise ValueError(f"libraries live on SQLite or PostgreSQL, not on {name}")
    return name  # type: ignore[return-value]


def server_version(connection: Connection) -> str:
    """The version of the database program, as it says it."""
    if dialect_of(connection) == "sqlite":
        return sqlite3.sqlite_version
    return str(connection.exec_driver_sql("SHOW server_version").scalar_one())


def chunks(values: list[Any], size: int = 10_000) -> Iterator[list[Any]]:
    """``values`` in pieces that fit the limit of bound parameters (SQLite: 32,766)."""
    for first in range(0, len(values), size):
        yield values[first : first + size]
