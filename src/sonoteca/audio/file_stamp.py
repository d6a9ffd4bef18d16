"""What is known of a file without decoding it: its stamp, whose sound it holds, whether browsers play it as it is."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size, times and number of a file.

    Size and ``mtime_ns`` can be what they were although the bytes are others: a program may set the time back.
    Nobody sets ``ctime_ns`` (POSIX; on Windows it is the time of creation), and a file put in the place of
    another has another ``number``.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    number: int


@dataclass(frozen=True, slots=True)
class AsItIs:
    """A file that every browser plays as it is.

    ``n_samples`` per channel; ``bytes_hash`` is a hash over all bytes of the file, tags included.
    """

    media_type: str
    sample_rate: int
    channels: int
    n_samples: int
    bytes_hash: str


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a file held when ``stamp`` was its own; ``as_it_is`` is None where it has to be transcoded."""

    stamp: FileStamp
    content_hash: str
    as_it_is: AsItIs | None


def stamp_of(file: str | int) -> FileStamp:
    """The stamp of a path, or of an open file's descriptor; OSError where it cannot be looked at."""
    state = os.stat(file)
    return FileStamp(state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
