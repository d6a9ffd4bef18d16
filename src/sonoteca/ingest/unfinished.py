"""Files that another program is still writing: by their names, and by what changes between two looks.

One place for everything that takes files in. Such a file is *left out*, with a reason, and taken in when
it is looked at again and has come to rest under its own name.
"""

from __future__ import annotations

import os
import re
import time

from sonoteca.domain.names import printable_path
from sonoteca.errors import FileUnfinished

# What browsers, copiers, synchronisers and editors add to the name of a file they have not finished.
TEMPORARY_ENDINGS = frozenset(
    {"part", "partial", "filepart", "crdownload", "download", "opdownload", "dctmp", "aria2", "tmp", "temp",
     "!ut", "!qb", "!bt", "bc!", "swp", "icloud"}
)  # fmt: skip
# rsync writes ".loop.wav.aB3xYz" before it becomes "loop.wav".
_COPIED = re.compile(r"\..+\.[A-Za-z0-9]{6}")
# A name that begins with "~" is a program's while the file is young; an old one is somebody's.
_YOUNG_S = 86_400.0


def has_temporary_name(path: str, mtime_s: float, *, is_known_ending: bool) -> bool:
    """Whether a file is called as programs call what they have not finished.

    Parameters
    ----------
    mtime_s : float [s since 1970]
        When it was last written to.
    is_known_ending : bool
        Whether its name ends as those of sound do.

    Examples
    --------
    >>> [has_temporary_name(name, 0.0, is_known_ending=False) for name in ("a.wav.part", "b.crdownload", ".a.wav.x7Kp2Q")]
    [True, True, True]
    >>> has_temporary_name("~a.wav", time.time(), is_known_ending=True), has_temporary_name("~a.wav", 0.0, is_known_ending=True)
    (True, False)
    >>> has_temporary_name("Part 1.wav", 0.0, is_known_ending=True)
    False
    """
    name = os.path.basename(path).rstrip(" .")
    if os.path.splitext(name)[1][1:].lower() in TEMPORARY_ENDINGS or name.endswith("~"):
        return True
    if not is_known_ending and _COPIED.fullmatch(name):
        return True
    return name.startswith(("~", ".~")) and time.time() - mtime_s < _YOUNG_S


def unfinished_name(path: str) -> FileUnfinished:
    """Why a file with a temporary name is left out."""
    return FileUnfinished(f"{printable_path(path)} is called as a file that is not finished yet.")


def still_growing(path: str, size: int, mtime_ns: int) -> FileUnfinished | None:
    """Why a file is left out that was ``size`` bytes, written to at ``mtime_ns``, at the first look and is not now.

    None if it is as it was, or is gone: that is another matter.
    """
    try:
        now = os.stat(path)
    except (OSError, ValueError):
        return None
    if (now.st_size, now.st_mtime_ns) == (size, mtime_ns):
        return None
    return FileUnfinished(f"{printable_path(path)} is still being written.")
