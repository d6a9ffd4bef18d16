"""Lists of paths in files: one per line, or between NUL bytes when a name holds a line break."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from sonoteca.errors import FileUnreadable


def read_paths(file: str | os.PathLike[str]) -> list[str]:
    """Paths in ``file`` (``-`` is standard input), in order, bytes that are not UTF-8 kept.

    A file that holds a NUL byte is split there (``find -print0``), any other at line ends.

    Raises
    ------
    FileUnreadable
    """
    try:
        if os.fspath(file) == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as opened:
                content = opened.read()
    except OSError as error:
        raise FileUnreadable(f"the list of paths {os.fspath(file)!r} cannot be read: {error.strerror}") from error
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        parts = content.split(b"\0")
    else:
        parts = content.split(b"\n")
        # Only a file in which every line ends so was written with Windows line ends.
        if len(parts) > 1 and all(part.endswith(b"\r") for part in parts[:-1]):
            parts = [part.removesuffix(b"\r") for part in parts]
    return [os.fsdecode(part) for part in parts if part]


def write_paths(file: str | os.PathLike[str], paths: Iterable[str]) -> None:
    """Write what ``read_paths`` reads back; between NUL bytes only if a name holds a line break or ends in CR."""
    encoded = [os.fsencode(path) for path in paths]
    end = b"\0" if any(b"\n" in path or path.endswith(b"\r") for path in encoded) else b"\n"
    with open(file, "wb") as opened:
        opened.write(b"".join(path + end for path in encoded))
