"""Where a file lies below a root, on any operating system.

A location is stored as a root and a *relative path*: bytes, ``/`` between the parts on every
system, never starting with ``/``, no ``.`` or ``..``. POSIX names are kept byte for byte;
Windows names are UTF-8, with ``surrogatepass`` for the lone surrogates NTFS allows. So one
catalogue can be read where the same disk is mounted elsewhere, or under another system.

The *flavour* is ``PurePosixPath`` or ``PureWindowsPath``; functions take it as an argument,
so that Windows arithmetic is tested on Linux.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath

HERE: type[PurePath] = PureWindowsPath if sys.platform == "win32" else PurePosixPath


def absolute(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Absolute form of ``path`` without ``.`` and ``..``; links are kept as they are named.

    ``..`` behind a link is resolved by the file system, not by text, as the shell's
    ``cat link/../file`` does.
    """
    text = os.fsdecode(path)
    if ".." in HERE(text).parts:
        head, tail = os.path.split(text)
        text = os.path.join(os.path.realpath(head), tail) if tail != ".." else os.path.realpath(text)
    return os.path.abspath(text)


def relative_bytes(path: str, root: str, *, flavour: type[PurePath] = HERE) -> bytes | None:
    """``path`` below ``root`` as stored bytes; None if it does not lie below it, or is it.

    Examples
    --------
    >>> relative_bytes("/music/a/b.wav", "/music", flavour=PurePosixPath)
    b'a/b.wav'
    >>> relative_bytes("d:/Music/Loops/x.wav", "D:\\\\music", flavour=PureWindowsPath)
    b'Loops/x.wav'
    >>> relative_bytes("/musical/a.wav", "/music", flavour=PurePosixPath) is None
    True
    """
    try:
        relative = flavour(path).relative_to(flavour(root))
    except ValueError:
        return None
    if not relative.parts or ".." in relative.parts:
        return None
    if issubclass(flavour, PureWindowsPath):
        return relative.as_posix().encode("utf-8", "surrogatepass")
    return str(relative).encode("utf-8", "surrogateescape")


def join_root(root: str, relative: bytes, *, flavour: type[PurePath] = HERE) -> str:
    """The path that ``relative_bytes`` came from; ValueError for bytes that lead out of the root.

    Examples
    --------
    >>> join_root("D:\\\\Music", b"Loops/x.wav", flavour=PureWindowsPath)
    'D:\\\\Music\\\\Loops\\\\x.wav'
    >>> join_root("/music", b"caf\\xe9.wav", flavour=PurePosixPath)
    '/music/caf\\udce9.wav'
    """
    is_windows = issubclass(flavour, PureWindowsPath)
    text = relative.decode("utf-8", "surrogatepass" if is_windows else "surrogateescape")
    part = flavour(text)
    if not part.parts or part.is_absolute() or part.drive or part.root or ".." in part.parts:
        raise ValueError(f"not a path below a root: {relative!r}")
    return str(flavour(root) / part)


def deepest_root(path: str, roots: Iterable[str], *, flavour: type[PurePath] = HERE) -> str | None:
    """The root that ``path`` lies below or is; of several, the one nearest to the file.

    Examples
    --------
    >>> deepest_root("/a/b/c.wav", ["/a", "/a/b", "/z"], flavour=PurePosixPath)
    '/a/b'
    """
    target = flavour(path)
    holders = [root for root in roots if target.is_relative_to(flavour(root))]
    return max(holders, key=lambda root: len(flavour(root).parts), default=None)


def display(relative: bytes) -> str:
    """``relative`` as text for a person: bytes that are not UTF-8 become ``\\xff`` escapes.

    Examples
    --------
    >>> print(display(b"no\\xff.wav"))
    no\\xff.wav
    """
    return relative.decode("utf-8", "backslashreplace")


def same_name_key(relative: bytes) -> str:
    """Equal for names that differ only in Unicode normal form, as macOS and Linux spell them."""
    return unicodedata.normalize("NFC", relative.decode("utf-8", "surrogateescape"))
