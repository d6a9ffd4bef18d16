"""The walk finds every candidate once, whatever it is called, and hangs on nothing."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from sonoteca.ingest.walk import FoundFile, LeftOut, walk

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def found(*paths: str | bytes | Path, **options) -> list[str]:  # type: ignore[no-untyped-def]
    return [item.path for item in walk(paths, **options) if isinstance(item, FoundFile)]


def left_out(*paths: str | Path) -> dict[str, str]:
    return {item.path: item.error.code for item in walk(paths) if isinstance(item, LeftOut)}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_candidates_are_known_by_extension_in_sorted_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.wav", "a.MP3", "c/d.flac", "c/a.ogg", "notes.txt", "cover.jpg", "trailing .wav ", "set.m3u")
    assert found(tmp_path) == [
        str(tmp_path / name) for name in ("a.MP3", "b.wav", "trailing .wav ", "c/a.ogg", "c/d.flac")
    ]


def test_a_file_without_extension_is_a_candidate_if_it_begins_like_sound(tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(b"RIFF\0\0\0\0WAVE")
    (tmp_path / "movie").write_bytes(b"\0\0\0\x20ftypM4A ")
    (tmp_path / "README").write_bytes(b"hello")
    assert found(tmp_path) == [str(tmp_path / "movie"), str(tmp_path / "sound")]


def test_what_is_named_is_a_candidate_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "a.wav")
    assert found(tmp_path / "notes.txt", tmp_path, tmp_path / "a.wav") == [
        str(tmp_path / "notes.txt"),
        str(tmp_path / "a.wav"),
    ]


def test_size_time_and_way_from_the_start_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "c/d.flac")
    os.utime(tmp_path / "c/d.flac", ns=(5, 123_456_789))
    (file,) = walk([tmp_path])
    assert file == FoundFile(str(tmp_path / "c/d.flac"), str(tmp_path), "c/d.flac", 1, 123_456_789)


@posix_only
def test_any_name_a_file_system_allows(tmp_path: Path) -> None:
    names = [b"not utf8 \xff\xfe.wav", b"new\nline.wav", b"tab\t.wav", b"-dash.wav", b"$(touch pwned).wav", b"*?[a].wav",
             b"l" * 251 + b".wav", "\N{GUITAR}.wav".encode(), b"back\\slash.wav", b"percent%00.wav", b" .wav"]  # fmt: skip
    folder = os.fsencode(tmp_path)
    made = []
    for name in names:
        try:
            with open(os.path.join(folder, name), "wb"):
                made.append(os.path.join(folder, name))
        except OSError:  # this file system does not allow it
            continue
    assert len(made) > 6
    assert [os.fsencode(path) for path in found(tmp_path)] == sorted(made)
    assert [os.fsencode(path) for path in found(*made)] == made


@posix_only
def test_what_is_no_regular_file_is_left_out_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "good.wav")
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "dangling.wav").symlink_to("gone.wav")
    (tmp_path / "self.wav").symlink_to("self.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "folder.wav").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes only
    listener.bind("socket.wav")
    listener.close()
    assert found(tmp_path) == [str(tmp_path / "good.wav")]
    assert left_out(tmp_path) == {
        str(tmp_path / name): "not_a_file"
        for name in ("fifo.wav", "dangling.wav", "self.wav", "zero.wav", "socket.wav")
    }
    assert left_out(tmp_path / "fifo.wav", tmp_path / "nothing.wav") == {
        str(tmp_path / "fifo.wav"): "not_a_file",
        str(tmp_path / "nothing.wav"): "file_unreadable",
    }


@posix_only
def test_links_are_followed_but_no_folder_is_read_twice(tmp_path: Path) -> None:
    touch(tmp_path, "music/a.wav", "music/deep/b.wav", "elsewhere/c.wav")
    (tmp_path / "music/0up").symlink_to("..")
    (tmp_path / "music/0deep").symlink_to("deep")
    (tmp_path / "music/linked.wav").symlink_to("a.wav")
    (tmp_path / "music/other").symlink_to(tmp_path / "elsewhere")
    names = [os.path.relpath(path, tmp_path / "music") for path in found(tmp_path / "music")]
    # Under its own name if it has one below the start, else under the link's.
    assert names == ["a.wav", "linked.wav", "deep/b.wav", "0up/elsewhere/c.wav"]


def test_given_twice_is_found_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.wav")
    assert found(tmp_path, tmp_path / "a", tmp_path / "a/b.wav", tmp_path / "a/../a") == [str(tmp_path / "a/b.wav")]
    assert len(list(walk([tmp_path / "absent", tmp_path / "absent"]))) == 1


def test_ignore_files_and_excludes(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "stems/b.wav", "keep/c.wav", "keep/d.wav", "keep/x/e.wav", "$RECYCLE.BIN/f.wav")
    (tmp_path / ".sonotecaignore").write_text("/stems/\n# a comment\nd.wav\n")
    (tmp_path / "keep/.sonotecaignore").write_text("!d.wav\nx/\n")
    names = [os.path.relpath(path, tmp_path) for path in found(tmp_path)]
    assert names == ["a.wav", "keep/c.wav", "keep/d.wav"]
    assert found(tmp_path, exclude=["keep", "a.*"]) == []
    assert found(tmp_path, exclude=["**/c.wav"]) == [str(tmp_path / "a.wav"), str(tmp_path / "keep/d.wav")]


def test_waste_bins_old_versions_and_snapshots_are_not_walked(tmp_path: Path) -> None:
    names = [
        "#recycle",
        "@Recycle",
        "RECYCLER",
        "$recycle.bin",
        ".stversions",
        ".sync",
        "@eaDir",
        ".Trash-1000",
        ".snapshot",
    ]
    touch(tmp_path, "a.wav", "recycled drums/b.wav", *(f"{name}/c.wav" for name in names))
    assert [os.path.relpath(path, tmp_path) for path in found(tmp_path)] == ["a.wav", "recycled drums/b.wav"]


def test_the_librarys_own_folder_is_not_entered(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "library.sonoteca.d/cache/b.wav")
    assert found(tmp_path, skip_folders=[str(tmp_path / "library.sonoteca.d")]) == [str(tmp_path / "a.wav")]


def test_apple_double_files_are_no_sounds(tmp_path: Path) -> None:
    (tmp_path / "._a.wav").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    (tmp_path / "._real.wav").write_bytes(b"RIFF")
    assert found(tmp_path) == [str(tmp_path / "._real.wav")]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_locked_folder_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "locked/a.wav", "b.wav")
    (tmp_path / "locked").chmod(0)
    try:
        assert left_out(tmp_path) == {str(tmp_path / "locked"): "file_unreadable"}
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_folders_deeper_than_the_recursion_limit(tmp_path: Path) -> None:
    folder = tmp_path
    while len(folder.parts) <= sys.getrecursionlimit():
        folder = folder / "d"
        folder.mkdir()
    touch(folder, "deep.wav")
    try:
        assert found(tmp_path) == [str(folder / "deep.wav")]
    finally:
        # Nobody else can: the removal of temporary folders is recursive itself.
        (folder / "deep.wav").unlink()
        while folder != tmp_path:
            folder.rmdir()
            folder = folder.parent


def test_a_folder_that_cannot_be_is_told() -> None:
    assert list(left_out("/no/such/folder\0here").values()) == ["file_unreadable"]


def test_ten_thousand_files_take_a_fraction_of_a_second(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / str(folder)).mkdir()
        for name in range(100):
            (tmp_path / str(folder) / f"{name}.wav").touch()
    started = time.process_time()
    assert len(found(tmp_path)) == 10_000
    assert time.process_time() - started < 1.0
