"""Names of files as text for people."""

from __future__ import annotations

import os


def printable_path(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """The path as it can be printed: bytes that are not UTF-8 and control characters are escaped.

    Examples
    --------
    >>> printable_path("no\\udcff\\n.wav")
    'no\\\\xff\\\\n.wav'
    """
    text = os.fsdecode(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
