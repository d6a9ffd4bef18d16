"""A disk that is full is told from one that fails, where SQLite calls both a disk I/O error."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from sonoteca.catalogue.store.database import explain
from sonoteca.errors import LibraryFull, LibraryUnwritable


def io_error(code: int = sqlite3.SQLITE_IOERR_SHMSIZE) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(("free", "kind"), [(0, LibraryFull), (8_192, LibraryFull), (10**9, LibraryUnwritable)])
def test_a_write_that_fails_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, kind: type[Exception]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    explained = explain(io_error(), str(tmp_path / "mine.sonoteca"))
    assert type(explained) is kind


def test_a_folder_that_has_gone_is_not_called_full(tmp_path: Path) -> None:
    assert type(explain(io_error(), str(tmp_path / "gone" / "mine.sonoteca"))) is LibraryUnwritable


def test_what_sqlite_itself_calls_full_is_full() -> None:
    assert type(explain(io_error(sqlite3.SQLITE_FULL), "mine.sonoteca")) is LibraryFull
