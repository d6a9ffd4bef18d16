"""M3U playlists as other programs write them, and back again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.errors import PlaylistUnreadable
from sonoteca.sequence.m3u import M3uEntry, format_m3u, parse_m3u, write_m3u
from sonoteca.sequence.playlist_formats import read_playlist_file

LISTS = Path("/lists")


def paths(data: bytes) -> list[str]:
    return [entry.path for entry in parse_m3u(data, folder=LISTS)]


def test_plain_lists_and_extended_ones() -> None:
    assert paths(b"a.mp3\nb/c.mp3\n\n# a comment\n/d.mp3") == ["/lists/a.mp3", "/lists/b/c.mp3", "/d.mp3"]
    [one, two, three] = parse_m3u(
        b'#EXTM3U\n#EXTINF:213,Artist - A, B\na.mp3\n#EXTINF:-1,\nb.mp3\n#extinf:12.5 tvg-id="x",C\n#EXTGRP:g\nc.mp3\n',
        folder=LISTS,
    )
    assert (one.duration_s, one.title) == (213.0, "Artist - A, B")
    assert (two.duration_s, two.title) == (None, None)
    assert (three.duration_s, three.title) == (12.5, "C")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_all_systems(line_end: bytes) -> None:
    assert paths(line_end.join([b"#EXTM3U", b"a.mp3", b"b.mp3"])) == ["/lists/a.mp3", "/lists/b.mp3"]


@pytest.mark.parametrize(
    "data",
    [
        "café/Ø.mp3".encode(),
        b"\xef\xbb\xbf" + "café/Ø.mp3".encode(),
        "café/Ø.mp3".encode("cp1252"),
        "café/Ø.mp3".encode("utf-16"),
        "café/Ø.mp3\r\n".encode("utf-16-le").join([b"\xff\xfe", b""]),
    ],
    ids=["utf-8", "byte order mark", "cp1252", "utf-16", "utf-16 little endian"],
)
def test_encodings(data: bytes) -> None:
    assert paths(data) == ["/lists/café/Ø.mp3"]


def test_one_line_in_another_encoding_spoils_no_other() -> None:
    assert paths("ä.mp3\n".encode() + "ö.mp3".encode("cp1252")) == ["/lists/ä.mp3", "/lists/ö.mp3"]


@pytest.mark.skipif(os.sep == "\\", reason="Windows paths are paths there")
def test_windows_paths_stay_and_backslashes_become_slashes() -> None:
    assert paths(b"D:\\Music\\a.mp3\n\\\\server\\share\\b.mp3\nsub\\c.mp3\n..\\d.mp3") == [
        "D:\\Music\\a.mp3",
        "\\\\server\\share\\b.mp3",
        "/lists/sub/c.mp3",
        "/d.mp3",
    ]


def test_urls() -> None:
    assert paths(b"file:///music/a%20b.mp3\nfile://localhost/c.mp3\nfile:///C:/Music/d.mp3\nhttp://radio/stream") == [
        "/music/a b.mp3",
        "/c.mp3",
        "C:/Music/d.mp3",
        "http://radio/stream",
    ]


@pytest.mark.skipif(os.sep == "\\", reason="such names cannot be on Windows")
def test_of_several_readings_the_one_that_is_there_wins(tmp_path: Path) -> None:
    for name in (b"a\\b.mp3", b"caf\xe9.mp3", b"c d.mp3", b"100%25.mp3"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).touch()
    (tmp_path / "list.m3u").write_bytes(b"a\\b.mp3\ncaf\xe9.mp3\nc%20d.mp3\n100%25.mp3\n")
    found = [entry.path for entry in read_playlist_file(tmp_path / "list.m3u")]
    assert all(os.path.exists(path) for path in found)
    assert os.fsencode(found[1]).endswith(b"caf\xe9.mp3")


def test_what_is_no_playlist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaylistUnreadable, match="is no text"):
        parse_m3u(b"RIFF\x00\x00\x00WAVE", folder=LISTS)
    with pytest.raises(PlaylistUnreadable, match="cannot be read"):
        read_playlist_file(tmp_path / "none.m3u")
    with pytest.raises(PlaylistUnreadable, match="cannot be written"):
        write_m3u(tmp_path / "no folder" / "a.m3u", [])


def test_writing_is_relative_below_the_playlist_and_absolute_elsewhere() -> None:
    text = format_m3u(
        [
            M3uEntry("", "/lists/sub/a.mp3", 213.4, "Artist - A\nB"),
            M3uEntry("", "/music/b.mp3"),
            M3uEntry("", "/lists/#c.mp3", None, "C"),
            M3uEntry("", "D:\\d.mp3"),
        ],
        folder=LISTS,
    )
    assert text.splitlines() == [
        "#EXTM3U", "#EXTINF:213,Artist - A B", "sub/a.mp3", "/music/b.mp3", "#EXTINF:-1,C", "./#c.mp3", "D:\\d.mp3",
    ]  # fmt: skip


ODD_NAMES = [
    "file:x.wav", "FILE:x.wav", " lead.wav", "#x.wav", " #x.wav", "100%25.wav", "a%20b.wav", "50%.wav", "http:x.wav", "C:x.wav",
    "a\nb.mp3", "a\rb.mp3", "a.mp3 ", "a?b#c.mp3", "\u00a0a.wav\u2003", "a\\b.wav", "./x.wav", "file:/x.wav", "-x.wav", "[playlist]", "<x>.wav",
    "caf\udce9.wav", "\ufeffx.wav",
]  # fmt: skip


@pytest.mark.skipif(os.sep == "\\", reason="such names cannot be on Windows")
@pytest.mark.parametrize("folder", ["lists", "lists/sub", "elsewhere"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_survive_being_written_and_read_back(tmp_path: Path, folder: str, name: str) -> None:
    file, place = tmp_path / folder / name, tmp_path / "lists" / "list.m3u8"
    for each in (file, place):
        each.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    write_m3u(place, [M3uEntry("", str(file), 2.0, "A"), M3uEntry("", "/b.wav")])
    assert [entry.path for entry in read_playlist_file(place)] == [os.path.normpath(file), "/b.wav"]


@pytest.mark.skipif(os.sep == "\\", reason="such names cannot be on Windows")
@pytest.mark.parametrize("name", [name for name in ODD_NAMES if "\udce9" not in name])
def test_odd_names_survive_while_their_disk_is_away(tmp_path: Path, name: str) -> None:
    place = tmp_path / "list.m3u8"
    for folder in (tmp_path, Path("/away")):
        write_m3u(place, [M3uEntry("", str(folder / name))])
        assert [entry.path for entry in read_playlist_file(place)] == [os.path.normpath(folder / name)]


@pytest.mark.skipif(os.sep == "\\", reason="such names cannot be on Windows")
def test_others_lines_are_read_as_the_names_that_are_there(tmp_path: Path) -> None:
    for name in (" lead.wav", "file:x.wav", "what?.wav", "100%.wav"):
        (tmp_path / name).touch()
    lines = [
        " lead.wav",
        "file:x.wav",
        "file:lead%20in.wav",
        f"file://{tmp_path}/what?.wav",
        f"file://{tmp_path}/100%.wav",
    ]
    (tmp_path / "list.m3u").write_text("\n".join(lines))
    found = [os.path.relpath(entry.path, tmp_path) for entry in read_playlist_file(tmp_path / "list.m3u")]
    assert found == [" lead.wav", "file:x.wav", "file:lead%20in.wav", "what?.wav", "100%.wav"]


def test_a_failed_write_leaves_the_playlist_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "list.m3u8"
    write_m3u(place, [M3uEntry("", "/a.mp3")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PlaylistUnreadable, match="No space left"):
        write_m3u(place, [M3uEntry("", "/b.mp3")])
    monkeypatch.undo()
    assert [entry.path for entry in read_playlist_file(place)] == ["/a.mp3"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["list.m3u8"]


# Characters that a name may have and a line can hold; backslashes and % are read in several ways.
_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\r\n\x00/\\%\ufeff")
_NAMES = st.text(_CHARACTERS, min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and name not in (".", "..") and ":" not in name
)
_TITLES = st.none() | st.text(_CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(
        st.tuples(st.lists(_NAMES, min_size=1, max_size=3), st.none() | st.integers(1, 10_000), _TITLES, st.booleans()),
        max_size=6,
    )
)
def test_what_is_written_is_read_back(made: list[tuple[list[str], int | None, str | None, bool]]) -> None:
    entries = [
        M3uEntry("", "/".join(["/lists" if below else "/else", *parts]), None if s is None else float(s), title)
        for parts, s, title, below in made
    ]
    read = parse_m3u(format_m3u(entries, folder=LISTS).encode(), folder=LISTS)
    assert [(each.path, each.duration_s, each.title) for each in read] == [
        (each.path, each.duration_s, each.title) for each in entries
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        entries = parse_m3u(data, folder=LISTS)
    except PlaylistUnreadable:
        return
    assert all(entry.path and not entry.written.startswith("#") for entry in entries)
