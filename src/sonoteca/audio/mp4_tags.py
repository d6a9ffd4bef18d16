"""The tempo that MP4 files carry and FFmpeg does not hand out.

iTunes and every DJ program write the tempo of an M4A file as the atom
``moov/udta/meta/ilst/tmpo``, a big-endian integer of 1, 2 or 4 bytes.
"""

from __future__ import annotations

import io
import struct

# Boxes looked at on each level.
MAX_BOXES = 2_000
_PATH = (b"moov", b"udta", b"meta", b"ilst", b"tmpo", b"data")
_BOX = struct.Struct(">I4s")


def mp4_tempo(file: io.FileIO) -> int | None:
    """Beats per minute as the file says them, None if it does not; any other file says nothing."""
    file.seek(4)
    if file.read(4) != b"ftyp":
        return None
    first, end = 0, file.seek(0, io.SEEK_END)
    for name in _PATH:
        span = _find(file, name, first, end)
        if span is None:
            return None
        first, end = span
        if name == b"meta":
            # A box with version and flags, except in QuickTime files, where the children begin at once.
            file.seek(first + 4)
            first += 0 if file.read(4) == b"hdlr" else 4
    # Type and language stand before the value.
    file.seek(first + 8)
    value = file.read(max(0, min(end - first - 8, 4))) or b""
    return int.from_bytes(value, "big") if len(value) in (1, 2, 4) else None


def _find(file: io.FileIO, name: bytes, first: int, end: int) -> tuple[int, int] | None:
    """Where the content of the first box of that name begins and ends."""
    for _ in range(MAX_BOXES):
        if first + _BOX.size > end:
            return None
        file.seek(first)
        head = file.read(16) or b""
        if len(head) < _BOX.size:
            return None
        size, found = _BOX.unpack_from(head)
        content = first + _BOX.size
        if size == 1 and len(head) == 16:
            # The size is too large for 32 bits and follows.
            size = int.from_bytes(head[8:], "big")
            content += 8
        stop = end if size == 0 else min(end, first + size)
        if stop < content:
            return None
        if found == name:
            return content, stop
        first = stop
    return None
