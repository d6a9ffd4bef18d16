"""Tags of MP4 and M4A files: the atoms of ``moov/udta/meta/ilst``.

FFmpeg reads them too, but not the tempo, and of several values (artists) only the first. Standard
atoms keep their four characters as names (``©nam``, ``tmpo``); free-form ones are called what they call themselves.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping

from sonoteca.audio.tags.id3 import GENRES
from sonoteca.domain.text_bytes import text_of

# Boxes looked at on each level.
MAX_BOXES = 2_000
MAX_TEXT_BYTES = 2**16
MAX_VALUES = 100
_PATH = (b"moov", b"udta", b"meta", b"ilst")
_BOX = struct.Struct(">I4s")
# Well-known types of values.
_IMPLICIT, _UTF8, _UTF16, _INTEGER = 0, 1, 2, 21


def read_mp4(file: io.FileIO) -> Mapping[str, tuple[str, ...]] | None:
    """Values by lower-case name; None for any other file, and for one without tags."""
    file.seek(4)
    if file.read(4) != b"ftyp":
        return None
    first, end = 0, file.seek(0, io.SEEK_END)
    for name in _PATH:
        span = next(((first, end) for found, first, end in _boxes(file, first, end) if found == name), None)
        if span is None:
            return None
        first, end = span
        if name == b"meta":
            # A box with version and flags, except in QuickTime files, where the children begin at once.
            file.seek(first + 4)
            first += 0 if file.read(4) == b"hdlr" else 4
    values: dict[str, tuple[str, ...]] = {}
    for atom, start, stop in _boxes(file, first, end):
        name_of_atom, told = _item(file, atom, start, stop)
        if told:
            # Some programs write an atom per value, others all values into one.
            values[name_of_atom] = (*values.get(name_of_atom, ()), *told)[:MAX_VALUES]
    return values


def _item(file: io.FileIO, atom: bytes, first: int, end: int) -> tuple[str, tuple[str, ...]]:
    name = atom.decode("latin-1").lower()
    values: list[str] = []
    for box, start, stop in _boxes(file, first, end):
        file.seek(start)
        if box == b"name":
            name = text_of((file.read(min(stop - start, 256)) or b"")[4:]).lower()
        elif box == b"data" and len(values) < MAX_VALUES:
            content = file.read(min(stop - start, 8 + MAX_TEXT_BYTES)) or b""
            if len(content) > 8:
                values.append(_value(atom, int.from_bytes(content[1:4], "big"), content[8:]))
    return name, tuple(value for value in values if value.strip())


def _value(atom: bytes, kind: int, data: bytes) -> str:
    if atom == b"gnre" and len(data) == 2:
        # Counted from 1, unlike in ID3.
        number = int.from_bytes(data, "big") - 1
        return GENRES[number] if 0 <= number < len(GENRES) else ""
    if kind == _INTEGER or (kind == _IMPLICIT and atom == b"tmpo"):
        return str(int.from_bytes(data, "big", signed=False)) if len(data) in (1, 2, 3, 4, 8) else ""
    if kind == _UTF16:
        return data.decode("utf-16-be", "replace")
    return text_of(data) if kind in (_IMPLICIT, _UTF8) else ""


def _boxes(file: io.FileIO, first: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, where its content begins, where it ends) of the boxes between two bytes."""
    for _ in range(MAX_BOXES):
        if first + _BOX.size > end:
            return
        file.seek(first)
        head = file.read(16) or b""
        if len(head) < _BOX.size:
            return
        size, found = _BOX.unpack_from(head)
        content = first + _BOX.size
        if size == 1 and len(head) == 16:
            # The size is too large for 32 bits and follows.
            size = int.from_bytes(head[8:], "big")
            content += 8
        stop = end if size == 0 else min(end, first + size)
        if stop < content:
            return
        yield found, content, stop
        first = stop
