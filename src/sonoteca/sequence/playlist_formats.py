"""Playlist files of several kinds are read as what they are, by what they hold: M3U, PLS, XSPF, and cue sheets of whole files.

Of the others that are known by their beginning a sentence says what they are. Names decide nothing: a PLS
called ``.m3u`` is read as the PLS it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

from sonoteca.domain.text_bytes import text_of
from sonoteca.errors import PlaylistUnreadable
from sonoteca.sequence.m3u import M3uEntry, local_path, parse_m3u, path_of_url

# A playlist of a million entries has 100 MB; beyond it, something else was named.
_MOST_BYTES = 256 * 2**20
_NAMES = {".m3u": "M3U", ".m3u8": "M3U", ".pls": "PLS", ".xspf": "XSPF", ".cue": "a cue sheet"}
_PLS_LINE = re.compile(r"(File|Title|Length)(\d+)\s*=(.*)", re.IGNORECASE)
_CUE_FILE = re.compile(r"\s*FILE\s+(?:\"([^\"]*)\"|(\S+))", re.IGNORECASE)
_CUE_TRACK = re.compile(r"\s*TRACK\s+\d+\s+\w+", re.IGNORECASE)
_CUE_TITLE = re.compile(r"\s*TITLE\s+\"?(.*?)\"?\s*", re.IGNORECASE)
# What other XML files of lists of sounds are called.
_XML_KINDS = {
    "smil": "a Windows Media playlist (WPL)",
    "asx": "an ASX playlist",
    "plist": "a library of Music or iTunes",
    "DJ_PLAYLISTS": "a rekordbox library",
    "NML": "a Traktor library",
}


def read_playlist_file(path: str | Path) -> list[M3uEntry]:
    """The entries of a playlist file of any kind that is read.

    Raises
    ------
    PlaylistUnreadable
        The file cannot be read, is no text, or is of a kind that is not read: the sentence says which.
    """
    place = Path(path)
    try:
        if place.stat().st_size > _MOST_BYTES:
            raise PlaylistUnreadable(f"{place} is too large for a playlist.")
        data = place.read_bytes()
    except OSError as error:
        raise PlaylistUnreadable(f"{place} cannot be read ({error.strerror}).") from error
    return parse_playlist(data, folder=place.absolute().parent, name=str(place))


def parse_playlist(data: bytes, *, folder: Path, name: str = "the playlist") -> list[M3uEntry]:
    """The entries of a playlist; relative paths are taken from ``folder``.

    >>> [entry] = parse_playlist(b"[playlist]\\nFile1=a.mp3\\nTitle1=A\\nLength1=90\\n", folder=Path("/lists"))
    >>> entry.path, entry.duration_s, entry.title
    ('/lists/a.mp3', 90.0, 'A')

    Raises
    ------
    PlaylistUnreadable
        As in ``read_playlist_file``.
    """
    lines = _lines(data)
    first = next((line for line in lines if line.strip()), "").strip()
    if first.startswith("<"):
        return _xspf(data, folder, name)
    if first.lower() == "[playlist]":
        return _pls(lines, folder)
    if any(_CUE_FILE.match(line) for line in lines) and any(_CUE_TRACK.fullmatch(line.rstrip()) for line in lines):
        return _cue(lines, folder, name)
    said = _NAMES.get(Path(name).suffix.lower(), "M3U")
    if first.startswith(("{", "[")) and not (folder / first).exists():
        raise PlaylistUnreadable(f"{name} is no playlist that can be read: it begins as JSON or settings do.", _REMEDY)
    if said != "M3U" and first:
        raise PlaylistUnreadable(f"{name} is called {said}, but does not hold one.", _REMEDY)
    return parse_m3u(data, folder=folder, name=name)


_REMEDY = "Write it as M3U8 with the program it is from."


def _lines(data: bytes) -> list[str]:
    """The lines of a text in any encoding that playlists are written in; none for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\x00" in data:
        return []
    else:
        text = text_of(data.removeprefix(b"\xef\xbb\xbf"))
    return re.split(r"\r\n|\r|\n", text)


def _place(text: str, folder: Path) -> str:
    return local_path(text, os.fsencode(text) if os.sep == "/" else text.encode(), folder)


def _pls(lines: list[str], folder: Path) -> list[M3uEntry]:
    """Winamp's list: numbered keys, in any order."""
    said: dict[int, dict[str, str]] = {}
    for line in lines:
        if match := _PLS_LINE.fullmatch(line.strip()):
            said.setdefault(int(match[2]), {})[match[1].lower()] = match[3].strip()
    return [
        M3uEntry(
            facts["file"], _place(facts["file"], folder), _seconds(facts.get("length")), facts.get("title") or None
        )
        for _, facts in sorted(said.items())
        if facts.get("file")
    ]


def _seconds(text: str | None, per_second: float = 1.0) -> float | None:
    """A length that is known: players write -1 and 0 where it is not."""
    try:
        seconds = float(text or "") / per_second
    except ValueError:
        return None
    return seconds if 0.0 < seconds < 1e9 else None


def _cue(lines: list[str], folder: Path, name: str) -> list[M3uEntry]:
    """A cue sheet that has a file for each track; one that cuts a file into tracks is refused."""
    entries: list[M3uEntry] = []
    tracks = 0
    for line in lines:
        if match := _CUE_FILE.match(line):
            written = match[1] or match[2]
            entries.append(M3uEntry(written, _place(written, folder)))
            tracks = 0
        elif _CUE_TRACK.fullmatch(line.rstrip()):
            tracks += 1
            if tracks > 1:
                raise PlaylistUnreadable(
                    f"{name} is a cue sheet that cuts {entries[-1].written if entries else 'one file'} into tracks, "
                    "and a playlist holds whole files.",
                    "Name the file itself, or split it first.",
                )
        elif entries and tracks and (match := _CUE_TITLE.fullmatch(line)):
            last = entries[-1]
            entries[-1] = M3uEntry(last.written, last.path, None, match[1].strip() or None)
    return entries


class _Xspf:
    """What an XSPF file says of its tracks, taken element by element."""

    def __init__(self) -> None:
        self.tracks: list[dict[str, str]] = []
        self.open: list[str] = []

    def start(self, name: str, _: dict[str, str]) -> None:
        if not self.open and name.rpartition(" ")[2] != "playlist":
            kind = _XML_KINDS.get(name.rpartition(" ")[2], "XML of another kind")
            raise PlaylistUnreadable(kind)
        self.open.append(name.rpartition(" ")[2])
        if self.open == ["playlist", "trackList", "track"]:
            self.tracks.append({})

    def end(self, _: str) -> None:
        self.open.pop()

    def text(self, said: str) -> None:
        if self.open[:3] == ["playlist", "trackList", "track"] and len(self.open) == 4:
            track = self.tracks[-1]
            track[self.open[3]] = track.get(self.open[3], "") + said

    def refuse(self, *_: object) -> None:
        raise PlaylistUnreadable("XML that declares entities or a document type")


def _xspf(data: bytes, folder: Path, name: str) -> list[M3uEntry]:
    """XSPF by expat; what declares a document type or entities is refused, so nothing is expanded or fetched."""
    seen = _Xspf()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = seen.start, seen.end
    parser.CharacterDataHandler = seen.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = seen.refuse
    try:
        parser.Parse(data, True)
    except PlaylistUnreadable as refusal:
        raise PlaylistUnreadable(f"{name} is no playlist that can be read: {refusal.message}.", _REMEDY) from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PlaylistUnreadable(f"{name} is not whole: {error}.", _REMEDY) from error
    entries = []
    for track in seen.tracks:
        if written := track.get("location", "").strip():
            named = [each for each in (track.get("creator", "").strip(), track.get("title", "").strip()) if each]
            seconds = _seconds(track.get("duration"), 1000.0)
            entries.append(M3uEntry(written, _place_of_uri(written, folder), seconds, " - ".join(named) or None))
    return entries


def _place_of_uri(uri: str, folder: Path) -> str:
    """The path that a URI means: its escapes are read first, because they are no part of a name here."""
    if uri.lower().startswith("file:"):
        return path_of_url(uri) if re.match(r"file:/", uri, re.IGNORECASE) else _place_of_uri(uri[5:], folder)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", uri):
        return uri
    return _place(os.fsdecode(unquote_to_bytes(uri)), folder)
