"""Paths below roots on any system, and lists of paths in files."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.names import printable_path
from sonoteca.errors import FileUnreadable
from sonoteca.ingest.ignore_rules import is_ignored, parse_rules
from sonoteca.ingest.paths_file import read_paths, write_paths
from sonoteca.ingest.root_paths import absolute, encoded, join_root, relative_bytes

# Names as Linux gives them: any bytes but NUL and "/", undecodable ones as surrogates.
posix_names = st.binary(min_size=1, max_size=20).map(
    lambda name: os.fsdecode(name.replace(b"\0", b"0").replace(b"/", b"_"))
).filter(lambda name: name not in (".", ".."))  # fmt: skip
# Windows: no reserved characters, no trailing dot or blank, lone surrogates allowed.
windows_names = st.text(st.characters(min_codepoint=32, exclude_characters='<>:"/\\|?*'), min_size=1, max_size=20).filter(
    lambda name: not name.endswith((".", " "))
)  # fmt: skip


@given(st.lists(posix_names, min_size=1, max_size=4))
def test_a_posix_path_comes_back_byte_for_byte(parts: list[str]) -> None:
    path = "/music/" + "/".join(parts)
    relative = relative_bytes(path, "/music", flavour=PurePosixPath)
    assert relative is not None
    assert join_root("/music", relative, flavour=PurePosixPath) == path


@given(st.lists(windows_names, min_size=1, max_size=4), st.sampled_from(["D:\\Music", "\\\\nas\\share", "C:\\"]))
def test_a_windows_path_comes_back_and_is_stored_with_slashes(parts: list[str], root: str) -> None:
    path = str(PureWindowsPath(root, *parts))
    relative = relative_bytes(path, root, flavour=PureWindowsPath)
    assert relative is not None
    assert b"\\" not in relative
    assert relative.count(b"/") == len(parts) - 1
    assert join_root(root, relative, flavour=PureWindowsPath) == path


def test_windows_compares_drives_and_folders_without_case() -> None:
    assert relative_bytes("d:\\MUSIC\\a\\B.wav", "D:\\Music", flavour=PureWindowsPath) == b"a/B.wav"
    assert relative_bytes("E:\\Music\\a.wav", "D:\\Music", flavour=PureWindowsPath) is None
    assert relative_bytes("D:\\Musical\\a.wav", "D:\\Music", flavour=PureWindowsPath) is None


@pytest.mark.parametrize("relative", [b"", b"/etc/passwd", b"../up.wav", b"a/../../b"])
def test_nothing_leads_out_of_a_root(relative: bytes) -> None:
    for flavour in (PurePosixPath, PureWindowsPath):
        with pytest.raises(ValueError, match="not a path below a root"):
            join_root("/music", relative, flavour=flavour)


@pytest.mark.parametrize("relative", [b"C:/x.wav", b"C:x.wav", b"//nas/share/x.wav", b"\\x.wav"])
def test_a_drive_leads_out_of_a_windows_root(relative: bytes) -> None:
    with pytest.raises(ValueError, match="not a path below a root"):
        join_root("D:\\Music", relative, flavour=PureWindowsPath)


def test_a_root_is_not_below_itself() -> None:
    assert relative_bytes("/music", "/music", flavour=PurePosixPath) is None
    assert relative_bytes("/music/../x.wav", "/music", flavour=PurePosixPath) is None


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_dots_behind_a_link_mean_what_the_file_system_means(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    assert absolute(f"{tmp_path}/link/../x.wav") == f"{tmp_path}/a/x.wav"
    assert absolute(f"{tmp_path}/link/..") == f"{tmp_path}/a"
    assert absolute(f"{tmp_path}/link/./x.wav") == f"{tmp_path}/link/x.wav"


def test_names_for_people_hold_no_control_characters() -> None:
    assert printable_path("a\x1b[31m\n\udcffé.wav") == "a\\x1b[31m\\n\\xffé.wav"
    assert encoded("\udcff.wav", flavour=PurePosixPath) == b"\xff.wav"


@given(st.lists(posix_names, max_size=8))
def test_written_paths_are_read_back(tmp_path_factory: pytest.TempPathFactory, paths: list[str]) -> None:
    file = tmp_path_factory.mktemp("lists") / "paths.txt"
    write_paths(file, paths)
    # A byte order mark at the very start is not part of a name.
    expected = [path.removeprefix("\ufeff") if at == 0 else path for at, path in enumerate(paths)]
    assert read_paths(file) == [path for path in expected if path]


def test_lists_from_other_programs(tmp_path: Path) -> None:
    file = tmp_path / "paths.txt"
    file.write_bytes("\ufeffa.wav\r\nb é.wav\r\n".encode())
    assert read_paths(file) == ["a.wav", "b é.wav"]
    file.write_bytes(b"a\nb.wav\0c.wav\0")
    assert read_paths(file) == ["a\nb.wav", "c.wav"]
    with pytest.raises(FileUnreadable):
        read_paths(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.asd", ["a.asd", "x/y.asd"], ["a.asdf", "asd"]),
        ("/a.wav", ["a.wav"], ["x/a.wav"]),
        ("x/*.wav", ["x/a.wav"], ["x/y/a.wav", "y/x/a.wav"]),
        ("x/**/a.wav", ["x/a.wav", "x/y/z/a.wav"], ["y/a.wav"]),
        # What lies in an ignored folder is ignored, as git says.
        ("**/tmp/*", ["tmp/a", "x/tmp/a", "x/tmp/y/a"], ["tmp", "x/y/a"]),
        ("x/**", ["x/a", "x/y/a"], ["x", "y/x/a"]),
        ("ab?.wav", ["abc.wav", "x/abd.wav"], ["ab.wav", "ab/.wav"]),
        ("[a-c]x", ["ax", "y/cx"], ["dx", "/x"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("\\#x", ["#x"], ["x"]),
        # A bracket that is not closed, and a range from its end to its start, match nothing.
        ("a[b", [], ["a[b", "ab"]),
        ("a.b", ["a.b"], ["axb"]),
        ("  ", [], [" ", "a"]),
        ("x\\ ", ["x "], ["x"]),
        ("[z-a]", [], ["[z-a]", "a"]),
    ],
)
def test_patterns_are_gitignores(pattern: str, matching: list[str], other: list[str]) -> None:
    rules = [parse_rules([pattern])]
    assert [path for path in matching if not is_ignored(path, rules, is_folder=False)] == []
    assert [path for path in other if is_ignored(path, rules, is_folder=False)] == []


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_pattern_breaks_the_walk(pattern: str, name: str) -> None:
    assert is_ignored(name, [parse_rules([pattern])], is_folder=False) in (True, False)
