"""Kept files: whole or not there, the least used go first, and what is removed is gone from the disk."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from media_samples import Played
from sonoteca.errors import LibraryFull, LibraryUnwritable
from sonoteca.media.kept_files import KeepingLimits, Kept, folder_size, once

DAY_S = 86_400.0


def kept(played: Played, **limits: Any) -> Kept:
    return Kept(played.library, "cache", "test", limits=KeepingLimits(**limits))


def bytes_of(n_bytes: int) -> Any:
    def make(path: Path) -> dict[str, Any]:
        path.write_bytes(bytes(n_bytes))
        return {"n_bytes": n_bytes}

    return make


def unused_for(files: Kept, name: str, seconds: float) -> None:
    past = time.time() - seconds
    os.utime(files.folder / f"{name}.json", (past, past))


def test_a_file_without_its_note_or_of_another_size_is_made_again(played: Played) -> None:
    files = kept(played)
    files.get("a", bytes_of(10))
    (files.folder / "a").write_bytes(b"cut")
    assert files.find("a") is None
    assert files.get("a", bytes_of(20)).note == {"n_bytes": 20}
    (files.folder / "a.json").unlink()
    assert files.find("a") is None


def test_what_was_not_used_for_long_goes_and_a_use_counts(played: Played) -> None:
    files = kept(played, unused_s=10 * DAY_S)
    for name in ("used", "unused"):
        files.get(name, bytes_of(1_000))
        unused_for(files, name, 9 * DAY_S)
    assert files.find("used") is not None
    for name in ("used", "unused"):
        if name == "unused":
            unused_for(files, name, 11 * DAY_S)
    before = folder_size(files.folder).n_bytes
    removed = files.tidy()
    assert removed.files == 1
    assert removed.n_bytes == before - folder_size(files.folder).n_bytes > 1_000
    assert sorted(path.name for path in files.folder.iterdir()) == ["used", "used.json"]


def test_beyond_the_limit_the_least_used_go_first_and_what_is_in_use_stays(played: Played) -> None:
    files = kept(played)
    for number in range(4):
        files.get(str(number), bytes_of(1_000))
        unused_for(files, str(number), (4 - number) * DAY_S)
    small = kept(played, most_bytes=2_500)
    small.tidy()
    assert sorted(path.name for path in files.folder.iterdir()) == ["2", "2.json", "3", "3.json"]
    # One more: it is new, and the others make room.
    small.get("new", bytes_of(2_000))
    assert sorted(path.name for path in files.folder.iterdir()) == ["new", "new.json"]
    assert kept(played, most_bytes=0).tidy().files == 0


def test_what_a_killed_program_left_goes_too(played: Played) -> None:
    files = kept(played, unused_s=DAY_S)
    (files.folder / ".sonoteca-0011.part").write_bytes(bytes(500))
    (files.folder / "orphan.flac").write_bytes(bytes(300))
    (files.folder / "note only.json").write_bytes(b"{}")
    for path in files.folder.iterdir():
        os.utime(path, (0, 0))
    assert files.tidy().n_bytes == 802
    assert not list(files.folder.iterdir())


def test_nothing_is_made_where_the_disk_is_nearly_full(played: Played) -> None:
    files = kept(played, least_free_bytes=2**80)
    with pytest.raises(LibraryFull, match="nothing more is cached"):
        files.get("a", bytes_of(10))
    assert not list(files.folder.iterdir())


def test_a_failure_leaves_nothing_and_the_next_asker_tries_again(played: Played) -> None:
    files = kept(played)

    def fail(path: Path) -> dict[str, Any]:
        raise LibraryUnwritable("no")

    for _ in range(2):
        with pytest.raises(LibraryUnwritable):
            files.get("a", fail)
    assert files.get("a", bytes_of(1)).path.is_file()


def test_a_note_that_cannot_be_written_is_told(played: Played) -> None:
    files = kept(played)

    def make(path: Path) -> dict[str, Any]:
        shutil.rmtree(files.folder)
        return {"n_bytes": 0}

    with pytest.raises(LibraryUnwritable, match="cannot be kept"):
        files.get("a", make)


def test_who_waits_for_another_gets_what_it_made_or_its_error(played: Played) -> None:
    begun, go_on, answers = threading.Event(), threading.Event(), []

    def fail() -> int:
        begun.set()
        go_on.wait(10)
        raise ValueError("no")

    def ask() -> None:
        try:
            once(played.library, "x", fail)
        except ValueError as error:
            answers.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    time.sleep(0.05)
    go_on.set()
    for thread in threads:
        thread.join()
    assert answers == ["no", "no"]
    assert once(played.library, "x", lambda: 1) == 1
