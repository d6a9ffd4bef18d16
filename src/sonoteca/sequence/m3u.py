"""M3U and M3U8 playlists: reading what players and DJ programs write, and writing what they all read.

There is no standard. What is read: plain lists of paths; the ``#EXTM3U`` dialect, whose
``#EXTINF:seconds,Artist - Title`` is about the entry that follows; UTF-8 with or without a byte
order mark, UTF-16 with one, else Windows-1252; line ends of any system; paths that are absolute,
relative to the playlist, Windows paths (``D:\\Music\\a.mp3``, ``\\\\server\\share\\a.mp3``) and
``file:`` URLs. Other comments are skipped. What is written: UTF-8, ``\\n``, ``#EXTM3U``.
"""

from __future__ import annotations

import contextlib
import ntpath
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sonoteca.domain.text_bytes import text_of
from sonoteca.errors import PlaylistUnreadable
from sonoteca.whole_file import write_whole

SUFFIXES = frozenset({".m3u", ".m3u8"})
# A playlist of a million entries has 100 MB; beyond it, something else was named.
_MOST_BYTES = 256 * 2**20
_EXTINF = re.compile(r"#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)?[^,]*,?(?P<title>.*)", re.IGNORECASE)
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class M3uEntry:
    """One line of a playlist.

    Attributes
    ----------
    written : str
        The line as it stands in the file.
    path : str
        Where the file is meant to be on this machine: absolute where the playlist's own place is
        known. A Windows path on another system, and a network address, stay as they are written.
    duration_s : float or None
    title : str or None
        From ``#EXTINF``.
    """

    written: str
    path: str
    duration_s: float | None = None
    title: str | None = None


def read_m3u(path: str | Path) -> list[M3uEntry]:
    """The entries of a playlist file.

    Raises
    ------
    PlaylistUnreadable
        The file cannot be read, or is no text.
    """
    place = Path(path)
    try:
        if place.stat().st_size > _MOST_BYTES:
            raise PlaylistUnreadable(f"{place} is too large for a playlist.")
        data = place.read_bytes()
    except OSError as error:
        raise PlaylistUnreadable(f"{place} cannot be read ({error.strerror}).") from error
    return parse_m3u(data, folder=place.absolute().parent, name=str(place))


def parse_m3u(data: bytes, *, folder: Path, name: str = "the playlist") -> list[M3uEntry]:
    """The entries of a playlist; relative paths are taken from ``folder``.

    >>> [entry] = parse_m3u(b"#EXTM3U\\r\\n#EXTINF:213,Artist - Title\\r\\nmusic/a.mp3\\r\\n", folder=Path("/lists"))
    >>> entry.path, entry.duration_s, entry.title
    ('/lists/music/a.mp3', 213.0, 'Artist - Title')

    Raises
    ------
    PlaylistUnreadable
        It is no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode("utf-8")
    elif b"\x00" in data:
        raise PlaylistUnreadable(f"{name} is no text, so it is no playlist.")
    entries: list[M3uEntry] = []
    duration_s: float | None = None
    title: str | None = None
    # Not splitlines: names may hold the odd separators that it splits at.
    for raw in re.split(rb"\r\n|\r|\n", data.removeprefix(b"\xef\xbb\xbf")):
        line = text_of(raw).strip()
        if not line:
            continue
        if line.startswith("#"):
            if match := _EXTINF.fullmatch(line):
                seconds = float(match["seconds"] or -1.0)
                # -1 (and 0) stand for "not known".
                duration_s = seconds if seconds > 0 else None
                title = match["title"].strip() or None
            continue
        entries.append(M3uEntry(line, _local_path(line, os.fsdecode(raw.strip()), folder), duration_s, title))
        duration_s = title = None
    return entries


def _local_path(written: str, as_named: str, folder: Path) -> str:
    """The path that a line means; ``as_named`` has the very bytes of the line, as the file system names files."""
    if written.lower().startswith("file:"):
        return _path_of_url(written)
    if _URL.match(written):
        return written
    if _WINDOWS.match(written) and os.sep != "\\":
        return written
    readings = [
        written,
        # A name that is not UTF-8 on disk either.
        as_named,
        # Programs on Windows write relative paths with backslashes.
        *([written.replace("\\", "/")] if os.sep != "\\" else []),
        # Some write paths as if they were addresses.
        unquote(written),
    ]
    paths = [os.path.normpath(folder / reading) for reading in dict.fromkeys(readings)]
    fallback = paths[0] if "\\" not in written or os.sep == "\\" else os.path.normpath(folder / readings[2])
    return next((path for path in paths if _exists(path)), fallback)


def _exists(path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return os.path.exists(path)
    return False


def _path_of_url(url: str) -> str:
    """The path of a ``file:`` URL: ``file:///C:/a%20b.mp3`` is a Windows path, ``//localhost`` is this machine."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if re.match(r"/[A-Za-z]:[\\/]", path):
        return path[1:]
    if parts.netloc and parts.netloc.lower() != "localhost":
        return f"//{parts.netloc}{path}"
    return path


def write_m3u(path: str | Path, entries: Sequence[M3uEntry]) -> None:
    """Write a playlist: UTF-8 with ``#EXTINF``, paths relative where they lie below the playlist's folder.

    Raises
    ------
    PlaylistUnreadable
        The file cannot be written, or a path cannot stand in a playlist (it holds a line end).
    """
    place = Path(path)
    text = format_m3u(entries, folder=place.absolute().parent)
    try:
        write_whole(place, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise PlaylistUnreadable(f"{place} cannot be written ({error.strerror}).", "Name another file.") from error


def format_m3u(entries: Sequence[M3uEntry], *, folder: Path) -> str:
    """The text of a playlist that lies in ``folder``.

    >>> print(format_m3u([M3uEntry("", "/lists/a.mp3", 213.4, "Artist - Title")], folder=Path("/lists")), end="")
    #EXTM3U
    #EXTINF:213,Artist - Title
    a.mp3
    """
    lines = ["#EXTM3U"]
    for entry in entries:
        written = _written(entry.path, folder)
        if re.search(r"[\r\n]", written) or written != written.strip():
            raise PlaylistUnreadable(
                f"{entry.path!r} cannot stand in a playlist: line ends and outer spaces are lost there.",
                "Rename the file.",
            )
        if entry.title is not None or entry.duration_s is not None:
            seconds = -1 if entry.duration_s is None else round(entry.duration_s)
            title = re.sub(r"[\r\n]+", " ", entry.title or "").strip()
            lines.append(f"#EXTINF:{seconds},{title}")
        lines.append(written)
    return "\n".join(lines) + "\n"


def _written(path: str, folder: Path) -> str:
    """Relative below the folder of the playlist, else as it is; never mistaken for a comment."""
    if ntpath.isabs(path) and not os.path.isabs(path):
        return path
    with contextlib.suppress(ValueError):
        relative = str(Path(path).relative_to(folder))
        return relative if not relative.startswith("#") and "\\" not in relative else f"./{relative}"
    return path
