"""Several processes on one library, and processes that are killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from catalogue_processes import create_at_once
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.errors import LibraryBusy
from sonoteca.upkeep.check import check_library

_TESTS = Path(__file__).parents[1]


def test_processes_that_create_a_library_at_once_make_one(location: str) -> None:
    context = multiprocessing.get_context("spawn")
    count = 3
    barrier, made = context.Barrier(count), context.Queue()
    workers = [context.Process(target=create_at_once, args=(location, barrier, made)) for _ in range(count)]
    for worker in workers:
        worker.start()
    uuids = {made.get(timeout=120) for _ in workers}
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert len(uuids) == 1


def test_a_new_file_that_another_process_writes_at_this_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "library.sonoteca"
    # The other is already inside its first transaction, but has not switched to the write-ahead log.
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.3, other.execute, ["COMMIT"])
        done.start()
        with open_library(path, mode="create") as library, library.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        done.join()


def test_a_new_file_that_is_never_free_is_named_as_busy(tmp_path: Path) -> None:
    path = tmp_path / "library.sonoteca"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusy, match=r"library\.sonoteca"):
            open_library(path, mode="create", busy_timeout_s=0.1)


def kill_while_storing(library: Library, location: str, batch: int, wait_s: float) -> int:
    """Start a process that stores, kill it, and say how many sounds it had told to be stored."""
    before = count_analysed(library)
    command = [sys.executable, str(_TESTS / "catalogue_processes.py"), location, str(before), str(batch)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_TESTS), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        told = int(process.stdout.readline())
        time.sleep(wait_s)
        process.kill()
        for line in process.stdout:
            told = int(line)
    return told


def count_analysed(library: Library) -> int:
    with library.read() as connection:
        done = schema.sounds.c.status == "analysed"
        return connection.execute(sa.select(sa.func.count()).select_from(schema.sounds).where(done)).scalar_one()


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_writer_loses_no_commit_and_leaves_no_half_batch(
    library: Library, library_location: str, kills: int
) -> None:
    batch, chance = 3, random.Random(1)
    for _ in range(kills):
        told = kill_while_storing(library, library_location, batch, chance.random() * 0.2)
        stored = count_analysed(library)
        # One batch more may be committed and not told yet.
        assert stored in (told, told + batch)
    assert check_library(library).findings == ()


def test_a_library_can_be_opened_after_its_writer_was_killed(library: Library, library_location: str) -> None:
    kill_while_storing(library, library_location, 1, 0.0)
    with open_library(library_location, mode="read") as reader:
        assert count_analysed(reader) >= 1
