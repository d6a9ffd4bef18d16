"""M3U and M3U8 playlists: reading what players and DJ programs write, and writing what they all read.

There is no standard. What is read: plain lists of paths; the ``#EXTM3U`` dialect, whose
``#EXTINF:seconds,Artist - Title`` is about the entry that follows; UTF-8 with or without a byte
order mark, UTF-16 with one, else Windows-1252; line ends of any system; paths that are absolute,
relative to the playlist, Windows paths (``D:\\Music\\a.mp3``, ``\\\\server\\share\\a.mp3``) and
``file:`` URLs. Other comments are skipped. What is written: UTF-8, ``\\n``, ``#EXTM3U``; a name that
would be read as something else (``#a.wav``, ``file:a.wav``, one with a blank before it) begins with ``./``, and one
that no line holds (it has line ends, or blanks behind it) is a ``file:`` URL.
"""

from __future__ import annotations

import contextlib
import ntpath
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, unquote_to_bytes

from sonoteca.domain.text_bytes import text_of
from sonoteca.errors import PlaylistUnreadable
from sonoteca.whole_file import write_whole

SUFFIXES = frozenset({".m3u", ".m3u8"})
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
        text = text_of(raw)
        line = text.strip()
        if not line:
            continue
        if line.startswith("#"):
            if match := _EXTINF.fullmatch(line):
                seconds = float(match["seconds"] or -1.0)
                # -1 (and 0) stand for "not known".
                duration_s = seconds if seconds > 0 else None
                title = match["title"].strip() or None
            continue
        entries.append(M3uEntry(line, local_path(text, raw, folder), duration_s, title))
        duration_s = title = None
    return entries


def local_path(text: str, raw: bytes, folder: Path) -> str:
    """The path that a line means: absolute, except for a Windows path on another system and a network address.

    Parameters
    ----------
    text, raw : str, bytes
        The line as it is read, and its very bytes, as the file system names files.
    folder : Path
        Where relative paths begin.
    """
    written = text.strip()
    if re.match(r"file:[\\/]", written, re.IGNORECASE):
        return path_of_url(written)
    if _URL.match(written):
        return written
    if _WINDOWS.match(written) and os.sep != "\\":
        return written
    # Blanks around a name are part of it where there is such a file.
    readings = [text, written]
    # A name that is not UTF-8 on disk either.
    readings.append(os.fsdecode(raw.strip()))
    # Programs on Windows write relative paths with backslashes; "./" and "/" are other systems' ways.
    is_ours = written.startswith(("./", "/"))
    slashed = written.replace("\\", "/")
    if os.sep != "\\" and not is_ours:
        readings.append(slashed)
    # Some write paths as if they were addresses.
    readings.append(unquote(written))
    if written.lower().startswith("file:"):
        readings.append(unquote(written[5:]))
    paths = [os.path.normpath(folder / reading) for reading in dict.fromkeys(readings)]
    fallback = os.path.normpath(folder / (written if os.sep == "\\" or is_ours else slashed))
    return next((path for path in paths if _exists(path)), fallback)


def _exists(path: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return os.path.exists(path)
    return False


def path_of_url(url: str) -> str:
    """The path of a ``file:`` URL: ``file:///C:/a%20b.mp3`` is a Windows path, ``//localhost`` is this machine.

    A name that was put there as it is, with its own ``%``, ``?`` or ``#``, is read so where there is such a file.
    """
    rest, host = url[5:].replace("\\", "/"), ""
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    path = os.fsdecode(unquote_to_bytes(rest))
    if not _exists(path) and _exists(rest):
        path = rest
    if re.match(r"/[A-Za-z]:[\\/]", path):
        return path[1:]
    return f"//{host}{path}" if host and host.lower() != "localhost" else path


def write_m3u(path: str | Path, entries: Sequence[M3uEntry]) -> None:
    """Write a playlist: UTF-8 with ``#EXTINF``, paths relative where they lie below the playlist's folder.

    Raises
    ------
    PlaylistUnreadable
        The file cannot be written.
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
        if entry.title is not None or entry.duration_s is not None:
            seconds = -1 if entry.duration_s is None else round(entry.duration_s)
            title = re.sub(r"[\r\n]+", " ", entry.title or "").strip()
            lines.append(f"#EXTINF:{seconds},{title}")
        lines.append(written)
    return "\n".join(lines) + "\n"


def _written(path: str, folder: Path) -> str:
    """Relative below the folder of the playlist, else as it is; never mistaken for a comment, an address or another name."""
    if ntpath.isabs(path) and not os.path.isabs(path):
        return path
    written = path
    with contextlib.suppress(ValueError):
        written = str(Path(path).relative_to(folder))
        begins_alike = written.startswith("#") or written != written.lstrip() or ":" in written.partition("/")[0]
        if begins_alike or "\\" in written:
            written = f"./{written}"
    if re.search(r"[\r\n]", written) or written != written.rstrip():
        return "file://" + quote(os.fsencode(os.path.normpath(folder / path)))
    return written
