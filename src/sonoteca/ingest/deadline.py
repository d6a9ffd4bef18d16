"""How long a worker may take for one file: it follows from how long the file claims to be, or from its size."""

from __future__ import annotations

import os

# A file is given this much time whatever its length, for a slow disk and a busy machine.
BASE_DEADLINE_S = 60.0
# No sound is sparser: 500 bytes are a second of speech at 4 kbit/s. A header that claims more lies.
_FEWEST_BYTES_PER_S = 500.0
# Where the header says nothing, 32 kbit/s.
_USUAL_BYTES_PER_S = 4_000.0


def deadline_s(size: int, claimed_s: float | None) -> float:
    """60 s and a fifth of the sound's length, which is claimed or guessed from the file's size in bytes.

    Examples
    --------
    A lying header of a small file, and 3 hours of FLAC:

    >>> deadline_s(400_000, 1e9), deadline_s(10**9, 3 * 3600.0)
    (220.0, 2220.0)
    """
    if claimed_s is None:
        claimed_s = size / _USUAL_BYTES_PER_S
    return BASE_DEADLINE_S + min(claimed_s, size / _FEWEST_BYTES_PER_S) / 5.0


def deadline_of_file(path: str) -> float:
    """The deadline of a file whose header nobody has read, in seconds."""
    return deadline_s(size_of(path), None)


def size_of(path: str) -> int:
    """Bytes; 0 for what cannot be looked at, which the worker will say."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0
