"""A path of somebody who may see the library's folders and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sonoteca
from sonoteca.catalogue.identity.inside_roots import path_inside_roots
from sonoteca.catalogue.identity.roots import ensure_root, list_roots
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import FileUnreadable, PathOutsideRoots, RequestError


@pytest.fixture
def library(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    with sonoteca.open_library(shutil.copy(blank_file, tmp_path / "library.sonoteca")) as opened:
        yield opened


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    (folder / "loops").mkdir(parents=True)
    (folder / "loops" / "a.wav").write_bytes(b"inside")
    (tmp_path / "music-evil").mkdir()
    (tmp_path / "music-evil" / "b.wav").write_bytes(b"outside")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    with library.write() as connection:
        ensure_root(connection, folder)
    return folder


def test_a_file_of_a_root_is_found_by_its_whole_path_and_by_that_below_the_root(library: Library, music: Path) -> None:
    there = (music / "loops" / "a.wav").resolve()
    for name in (str(there), "loops/a.wav", "./loops/../loops/a.wav", str(music / "loops" / ".." / "loops" / "a.wav")):
        assert sonoteca.path_in_roots(library, name) == there
    assert sonoteca.path_in_roots(library, music) == music.resolve()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "loops/../../secret.txt",
        "../music-evil/b.wav",
        "../nothing-there",
        "/etc/passwd",
        "/nothing-there",
        "a\0.wav",
        "../" * 40 + "etc/passwd",
    ],
)
def test_what_leads_out_is_refused_in_the_same_words_whether_it_is_there_or_not(
    library: Library, music: Path, name: str
) -> None:
    with pytest.raises(PathOutsideRoots, match="is not inside the folders of this library") as refused:
        sonoteca.path_in_roots(library, name)
    assert refused.value.http_status == 403


@pytest.mark.parametrize("name", ["loops/b.wav", "..%2fsecret.txt", "%2e%2e/secret.txt", "c:\\a", "\\\\?\\c:\\a"])
@pytest.mark.skipif(sys.platform == "win32", reason="these are names like others only where / alone divides")
def test_a_name_that_is_nowhere_below_the_roots_is_no_file(library: Library, music: Path, name: str) -> None:
    with pytest.raises(FileUnreadable):
        sonoteca.path_in_roots(library, name)


@pytest.mark.skipif(not hasattr(os, "symlink") or sys.platform == "win32", reason="links need rights there")
def test_a_link_counts_as_what_it_leads_to(library: Library, music: Path) -> None:
    (music / "out.wav").symlink_to(music.parent / "secret.txt")
    (music / "in.wav").symlink_to("loops/a.wav")
    (music / "evil").symlink_to(music.parent / "music-evil")
    (music / "round.wav").symlink_to("round.wav")
    for name in ("out.wav", "evil/b.wav", str(music / "out.wav")):
        with pytest.raises(PathOutsideRoots):
            sonoteca.path_in_roots(library, name)
    assert sonoteca.path_in_roots(library, "in.wav") == (music / "loops" / "a.wav").resolve()
    with pytest.raises(FileUnreadable):
        sonoteca.path_in_roots(library, "round.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_root_that_is_a_link_itself_holds_what_is_behind_it(library: Library, music: Path) -> None:
    other = music.parent / "disk"
    other.mkdir()
    (other / "c.wav").write_bytes(b"inside too")
    (music.parent / "link").symlink_to(other)
    with library.write() as connection:
        ensure_root(connection, music.parent / "link")
    for name in ("c.wav", str(music.parent / "link" / "c.wav"), str(other / "c.wav")):
        assert sonoteca.path_in_roots(library, name) == (other / "c.wav").resolve()
        with library.read() as connection:
            # What it is called in the library is another matter: its row lies below the root as it was added.
            assert path_inside_roots(list_roots(connection), name) == str(music.parent / "link" / "c.wav")


def test_a_root_is_a_folder_of_the_library_and_no_file_in_it(library: Library, music: Path) -> None:
    with library.read() as connection, pytest.raises(PathOutsideRoots):
        path_inside_roots(list_roots(connection), str(music))


def test_a_name_that_is_in_two_roots_is_the_first_one_to_be_opened_and_no_row(library: Library, music: Path) -> None:
    second = music.parent / "second"
    (second / "loops").mkdir(parents=True)
    (second / "loops" / "a.wav").write_bytes(b"another")
    with library.write() as connection:
        ensure_root(connection, second)
    assert sonoteca.path_in_roots(library, "loops/a.wav") == (music / "loops" / "a.wav").resolve()
    with library.read() as connection, pytest.raises(RequestError, match="may be"):
        path_inside_roots(list_roots(connection), "loops/a.wav")


def test_a_library_without_folders_has_no_file(library: Library) -> None:
    with pytest.raises(PathOutsideRoots):
        sonoteca.path_in_roots(library, "a.wav")
