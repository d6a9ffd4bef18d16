"""Folders to candidate files: any name, no loops, nothing that is not a regular file.

What is a candidate: a regular file whose name ends in one of ``AUDIO_EXTENSIONS``; one
without an extension whose first bytes are those of an audio container; any file that was
named itself; not one whose name says that it is not finished (``unfinished``). Links to files are followed: each name is a candidate (exact copies become one
sound with two locations). A folder is read once, however many links lead to it; the name
without a link wins. Files and folders come sorted by their bytes, so two walks of the same
disk give the same list.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sonoteca.domain.names import printable_path
from sonoteca.errors import AudioError, FileUnreadable, NotARegularFile
from sonoteca.ingest.ignore_rules import IGNORE_FILE, IgnoreRules, is_ignored, parse_rules
from sonoteca.ingest.root_paths import absolute
from sonoteca.ingest.unfinished import has_temporary_name, unfinished_name

# What FFmpeg's audio demuxers are usually called by. Containers that mostly hold films (mkv,
# mov, avi) are opened only when they are named themselves.
AUDIO_EXTENSIONS = frozenset(
    {"3g2", "3ga", "3gp", "8svx", "aa", "aac", "ac3", "adts", "adx", "aea", "aif", "aifc", "aiff", "al", "alac",
     "amr", "ape", "aptx", "aptxhd", "ast", "au", "avr", "awb", "bfstm", "brstm", "bwf", "caf", "dff", "dsf", "dts",
     "dtshd", "eac3", "f4a", "f4b", "flac", "gsm", "hca", "iff", "ircam", "latm", "loas", "m2a", "m4a", "m4b", "m4p",
     "m4r", "mac", "mka", "mlp", "mp+", "mp1", "mp2", "mp3", "mp4", "mpa", "mpc", "mpga", "nist", "oga", "ogg",
     "oma", "omg", "opus", "paf", "qcp", "qoa", "ra", "ram", "rf64", "rka", "rm", "shn", "snd", "sox", "spx", "svx",
     "tak", "thd", "tta", "ul", "vag", "voc", "vqf", "w64", "wav", "wave", "weba", "webm", "wma", "wsd", "wv", "wve",
     "xwma"}
)  # fmt: skip

# Folders no sound of a person's lies in: version control, waste bins, old versions and previews of NAS boxes and of
# programs that synchronise. In any case of letters: Windows and NAS boxes write them as they like.
SYSTEM_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "$recycle.bin", "recycler", "#recycle", "@recycle", ".recycle", ".recycle.bin", "@recycle.bin",
     "system volume information", "@eadir", ".@__thumb", "#snapshot", "@snapshot", ".snapshot", ".snapshots", "~snapshot",
     "@recently-snapshot", ".zfs", "@tmp", "@sharebin", "@sharesnap", "__macosx", ".appledouble", ".temporaryitems",
     ".documentrevisions-v100", ".spotlight-v100", ".fseventsd", ".stversions", ".stfolder", ".sync", ".dropbox.cache",
     ".debris", "lost+found", "node_modules", "__pycache__"}
)  # fmt: skip

# First bytes of the containers a file without an extension is most likely to be.
_MAGIC = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b".snd", b"wvPK", b"MAC ", b"TTA1", b"riff",
          b"\x30\x26\xb2\x75", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9")  # fmt: skip
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_APPLE_DOUBLE = b"\x00\x05\x16\x07"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A candidate.

    ``path`` is absolute, undecodable bytes as surrogates; ``start`` is the folder the walk began
    in (of a file that was named itself, its folder), ``below`` the way from there with ``/``.
    """

    path: str
    start: str
    below: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A path that could have been a candidate but is none, and why."""

    path: str
    error: AudioError


def walk(
    paths: Iterable[str | bytes | os.PathLike[str]],
    *,
    exclude: Sequence[str] = (),
    skip_folders: Iterable[str] = (),
) -> Iterator[FoundFile | LeftOut]:
    """Candidates below ``paths``, each once, sorted within each path.

    Parameters
    ----------
    paths : iterable of path
        Files or folders. A file named here is a candidate whatever its extension.
    exclude : sequence of str
        Globs in gitignore's language, relative to the path they are met under.
    skip_folders : iterable of str
        Absolute folders never to enter (the library's own data).

    Yields
    ------
    FoundFile or LeftOut
        What is no candidate by its name yields nothing, unless it was named.
    """
    walker = _Walker(exclude, {_identity_of(folder) for folder in skip_folders})
    for path in paths:
        yield from walker.start(absolute(path))


class _Walker:
    """Remembers across all given paths which folders were read and which files were given."""

    def __init__(self, exclude: Sequence[str], skip: set[tuple[int, int] | None]) -> None:
        self._exclude = parse_rules(exclude)
        self._folders: set[tuple[int, int] | None] = {identity for identity in skip if identity is not None}
        self._given: set[str] = set()

    def start(self, path: str) -> Iterator[FoundFile | LeftOut]:
        if path in self._given:
            return
        self._given.add(path)
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            yield _unreadable(path, error)
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._below(path)
        else:
            start, name = os.path.split(path)
            yield _judge(path, start, name, status)

    def _below(self, start: str) -> Iterator[FoundFile | LeftOut]:
        # Each entry: folder, its path below ``start`` (ends in "/" or empty), rules that hold there.
        levels = [self._exclude] if self._exclude else []
        pending: list[tuple[str, str, list[IgnoreRules]]] = [(start, "", levels)]
        linked: list[tuple[str, str, list[IgnoreRules]]] = []
        while pending or linked:
            # Folders behind links wait until every folder was met under its own name.
            folder, below, levels = pending.pop() if pending else linked.pop(0)
            try:
                if not self._enter(folder):
                    continue
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda entry: os.fsencode(entry.name))
            except (OSError, ValueError) as error:
                yield _unreadable(folder, error)
                continue
            if any(entry.name == IGNORE_FILE for entry in entries):
                levels = [*levels, _read_rules(os.path.join(folder, IGNORE_FILE), below)]
            deeper: list[tuple[str, str, list[IgnoreRules]]] = []
            for entry in entries:
                relative = below + entry.name
                try:
                    is_folder = entry.is_dir()
                except OSError:
                    is_folder = False
                if is_folder:
                    if _is_system(entry.name) or (levels and is_ignored(relative, levels, is_folder=True)):
                        continue
                    (linked if entry.is_symlink() else deeper).append((entry.path, relative + "/", levels))
                elif not (levels and is_ignored(relative, levels, is_folder=False)):
                    yield from self._file(entry, start, relative)
            pending.extend(reversed(deeper))

    def _enter(self, folder: str) -> bool:
        status = os.stat(folder)
        identity = (status.st_dev, status.st_ino)
        # Some network file systems number nothing; there a loop ends at the system's path limit.
        if status.st_ino == 0:
            return True
        if identity in self._folders:
            return False
        self._folders.add(identity)
        return True

    def _file(self, entry: os.DirEntry[str], start: str, below: str) -> Iterator[FoundFile | LeftOut]:
        extension = _extension(entry.name)
        if extension and extension not in AUDIO_EXTENSIONS:
            return
        path = entry.path
        if path in self._given:
            return
        try:
            status = entry.stat()
        except OSError as error:
            if (extension and error.errno != errno.ENOENT) or entry.is_symlink():
                yield _unreadable(path, error)
            return
        if not extension and not (stat.S_ISREG(status.st_mode) and _starts_like_audio(path)):
            return
        if entry.name.startswith("._") and _has_magic(path, _APPLE_DOUBLE, status):
            return
        self._given.add(path)
        yield _judge(path, start, below, status)


def _is_system(name: str) -> bool:
    # .Trash, .Trashes, .Trash-1000
    return (folded := name.lower()) in SYSTEM_FOLDERS or folded.startswith(".trash")


def _judge(path: str, start: str, below: str, status: os.stat_result) -> FoundFile | LeftOut:
    if stat.S_ISREG(status.st_mode):
        is_known = _extension(below) in AUDIO_EXTENSIONS
        if has_temporary_name(path, status.st_mtime, is_known_ending=is_known):
            return LeftOut(path, unfinished_name(path))
        return FoundFile(path, start, below, status.st_size, status.st_mtime_ns)
    what = _SPECIAL.get(stat.S_IFMT(status.st_mode), "something")
    return LeftOut(path, NotARegularFile(f"{printable_path(path)} is {what}, not a file."))


def _unreadable(path: str, error: OSError | ValueError) -> LeftOut:
    shown = printable_path(path)
    if isinstance(error, ValueError):
        return LeftOut(path, FileUnreadable(f"{shown} is not a possible file name: {error}."))
    if os.path.islink(path):
        what = "a link to itself" if error.errno == errno.ELOOP else "a link to nothing"
        return LeftOut(path, NotARegularFile(f"{shown} is {what}."))
    return LeftOut(path, FileUnreadable(f"{shown} cannot be read: {error.strerror}."))


def _extension(name: str) -> str:
    """Lower-case extension without the dot; blanks behind it, as Windows and people leave them, do not count."""
    return os.path.splitext(name.rstrip(" ."))[1][1:].lower()


def _starts_like_audio(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return head.startswith(_MAGIC) or head[4:8] == b"ftyp"


def _has_magic(path: str, magic: bytes, status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


def _read_rules(path: str, below: str) -> IgnoreRules:
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            return parse_rules(file.read().splitlines(), folder=below)
    except OSError:
        return parse_rules((), folder=below)


def _identity_of(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
