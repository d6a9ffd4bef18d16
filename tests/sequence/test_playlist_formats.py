"""PLS, XSPF and cue sheets are read as what they are; what is no playlist is refused with a sentence that says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.errors import PlaylistUnreadable
from sonoteca.sequence.m3u import M3uEntry
from sonoteca.sequence.playlist_formats import parse_playlist, read_playlist_file

LISTS = Path("/lists")


def parsed(text: str | bytes, name: str = "list.m3u") -> list[tuple[str, float | None, str | None]]:
    data = text.encode() if isinstance(text, str) else text
    return [(each.path, each.duration_s, each.title) for each in parse_playlist(data, folder=LISTS, name=name)]


PLS = """[playlist]
File2=/music/b%20.mp3
Title1=Artist - A = B
File1=sub/a.mp3
Length1=213
Length2=-1
File3=http://radio/stream
NumberOfEntries=3
Version=2
"""


@pytest.mark.parametrize("name", ["list.pls", "list.m3u", "list.txt"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_pls_is_read_in_the_order_of_its_numbers(name: str, mark: bytes) -> None:
    assert parsed(mark + PLS.encode(), name) == [
        ("/lists/sub/a.mp3", 213.0, "Artist - A = B"),
        ("/music/b%20.mp3", None, None),
        ("http://radio/stream", None, None),
    ]


XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Mine</title>
  <trackList>
    <track><location>file:///music/a%20%26%20b.mp3</location><title>A &amp; B</title><creator>Anna</creator><duration>213400</duration></track>
    <track><location>sub/%C3%A4.mp3</location></track>
    <track><title>nowhere</title></track>
  </trackList>
</playlist>"""


@pytest.mark.parametrize("name", ["list.xspf", "list.m3u"])
def test_xspf_is_read(name: str) -> None:
    assert parsed(XSPF, name) == [("/music/a & b.mp3", 213.4, "Anna - A & B"), ("/lists/sub/ä.mp3", None, None)]


def test_a_cue_sheet_of_whole_files_is_a_playlist() -> None:
    sheet = """REM GENRE House
PERFORMER "Anna"
TITLE "The album"
FILE "01 a.wav" WAVE
  TRACK 01 AUDIO
    TITLE "A"
    INDEX 01 00:00:00
FILE b.wav WAVE
  TRACK 02 AUDIO
    INDEX 01 00:00:00
"""
    assert parsed(sheet, "album.cue") == [("/lists/01 a.wav", None, "A"), ("/lists/b.wav", None, None)]


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "cuts a file": ('FILE "mix.wav" WAVE\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n TRACK 02 AUDIO\n', "cuts mix.wav into tracks"),
    "entities": (
        '<!DOCTYPE playlist [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]><playlist><trackList/></playlist>',
        "document type",
    ),
    "another file": ('<!DOCTYPE p SYSTEM "file:///etc/passwd"><playlist/>', "document type"),
    "Windows Media": ("<?wpl version='1.0'?><smil><body><seq><media src='a.mp3'/></seq></body></smil>", "Windows Media"),
    "rekordbox": ("<DJ_PLAYLISTS Version='1.0.0'/>", "rekordbox"),
    "cut off": (XSPF[:300], "is not whole"),
    "some XML": ("<html><body>404</body></html>", "XML of another kind"),
    "JSON": ('{"playlist": {"track": []}}', "JSON or settings"),
    "settings": ("[section]\nkey=value\n", "JSON or settings"),
    "no text": (b"RIFF\x00\x00WAVE", "is no text"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_playlist_is_refused_with_a_sentence(kind: str) -> None:
    data, said = REFUSED[kind]
    with pytest.raises(PlaylistUnreadable, match=said):
        parsed(data, "list.xspf")


@pytest.mark.parametrize("name", ["a.pls", "a.xspf", "a.cue"])
def test_a_name_that_promises_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(PlaylistUnreadable, match="does not hold one"):
        parsed("a.mp3\nb.mp3\n", name)


def test_an_m3u_stays_one(tmp_path: Path) -> None:
    place = tmp_path / "list.txt"
    place.write_text("#EXTM3U\nFILE.mp3\n")
    assert read_playlist_file(place) == [M3uEntry("FILE.mp3", str(tmp_path / "FILE.mp3"))]


@given(st.binary(max_size=120), st.sampled_from(["[playlist]\n", "<playlist>", "FILE a WAVE\nTRACK 01 AUDIO\n", ""]))
def test_any_bytes_are_read_or_refused(data: bytes, first: str) -> None:
    try:
        entries = parse_playlist(first.encode() + data, folder=LISTS)
    except PlaylistUnreadable:
        return
    assert all(entry.path for entry in entries)
