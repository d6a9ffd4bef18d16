"""A file is complete under its name or not there, after errors, full disks and kills at any line."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from sonoteca import whole_file
from sonoteca.whole_file import WholeFile, remove_leftovers, write_whole

OLD, NEW = b"what stood there", b"what is to stand there" * 1000


def test_the_content_takes_the_name_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", OLD)
    write_whole(tmp_path / "a.txt", (NEW[:5], memoryview(NEW)[5:]))
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == NEW


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("n" * 255), NEW)
    assert (tmp_path / ("n" * 255)).read_bytes() == NEW


def test_the_file_may_be_read_by_whom_the_mask_allows(tmp_path: Path) -> None:
    former = os.umask(0o022)
    try:
        write_whole(tmp_path / "a.txt", NEW)
    finally:
        os.umask(former)
    if os.name == "posix":
        assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_an_error_while_writing_leaves_what_stood_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", OLD)

    def pieces() -> Iterator[bytes]:
        yield NEW
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.txt", pieces())
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == OLD


def test_a_disk_that_cannot_keep_the_bytes_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "a.txt", OLD)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a.txt", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == OLD


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "a.txt", NEW)


def test_bytes_reach_the_disk_before_the_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("name")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_whole(tmp_path / "a.txt", NEW)
    if sys.platform == "linux":
        assert steps == ["file", "name", "folder"]


def test_leftovers_go_when_nobody_can_be_writing_them_and_nothing_else_does(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (".sonoteca-1.part", ".sonoteca-2.part", "a.part"))
    for path in (old, young, other):
        path.write_bytes(OLD)
    for path in (old, other):
        os.utime(path, times=(0, time.time() - 3700))
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {young.name, other.name}
    remove_leftovers(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_line_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    seen: set[bytes] = set()
    line = 0
    while True:
        write_whole(tmp_path / "a.txt", OLD)
        child = os.fork()
        if not child:
            try:
                _die_at(line)
                with WholeFile(tmp_path / "a.txt") as aside:
                    aside.write_bytes(NEW)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        found = (tmp_path / "a.txt").read_bytes()
        assert found in (OLD, NEW)
        seen.add(found)
        remove_leftovers(tmp_path, older_than_s=-1.0)
        assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
        if not os.WIFSIGNALED(status):
            break
        line += 1
    # Of some ten lines, the name is taken in one of the middle.
    assert line > 5
    assert seen == {OLD, NEW}


def _die_at(line: int) -> None:
    """Have this process killed when it executes its ``line``-th line of ``whole_file``."""
    left = line

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename == whole_file.__file__ else None

    sys.settrace(on_call)
