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
        text = os.path.realpath(text) if tail in ("", "..") else os.path.join(os.path.realpath(head), tail)
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
    return encoded(relative.as_posix(), flavour=flavour)


def encoded(relative: str, *, flavour: type[PurePath] = HERE) -> bytes:
    """A relative path with ``/`` between its parts as stored bytes.

    Examples
    --------
    >>> encoded("caf\\udce9.wav", flavour=PurePosixPath)
    b'caf\\xe9.wav'
    """
    return relative.encode("utf-8", _errors(flavour))


def join_root(root: str, relative: bytes, *, flavour: type[PurePath] = HERE) -> str:
    """The path that ``relative_bytes`` came from; ValueError for bytes that lead out of the root.

    Examples
    --------
    >>> join_root("D:\\\\Music", b"Loops/x.wav", flavour=PureWindowsPath)
    'D:\\\\Music\\\\Loops\\\\x.wav'
    >>> join_root("/music", b"caf\\xe9.wav", flavour=PurePosixPath)
    '/music/caf\\udce9.wav'
    """
    part = flavour(relative.decode("utf-8", _errors(flavour)))
    if not part.parts or part.is_absolute() or part.drive or part.root or ".." in part.parts:
        raise ValueError(f"not a path below a root: {relative!r}")
    return str(flavour(root) / part)


def _errors(flavour: type[PurePath]) -> str:
    return "surrogatepass" if issubclass(flavour, PureWindowsPath) else "surrogateescape"
