"""APEv2 tags at the end of a file, where Musepack, WavPack, Monkey's Audio and many MP3 programs put them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping

from sonoteca.domain.text_bytes import text_of

MAX_ITEMS = 1_000
MAX_TAG_BYTES = 2**25
MAX_TEXT_BYTES = 2**16
MAX_VALUES = 100
_FOOTER = struct.Struct("<8s4I8x")


def read_ape(file: io.FileIO, end: int) -> Mapping[str, tuple[str, ...]] | None:
    """Values by lower-case name of the tag that ends at byte ``end``; None if none does."""
    if end < _FOOTER.size:
        return None
    file.seek(end - _FOOTER.size)
    footer = file.read(_FOOTER.size) or b""
    if len(footer) < _FOOTER.size or footer[:8] != b"APETAGEX":
        return None
    _, _, size, n_items, _ = _FOOTER.unpack(footer)
    if not _FOOTER.size <= size <= min(end, MAX_TAG_BYTES):
        return None
    file.seek(end - size)
    items = file.read(size - _FOOTER.size) or b""
    return dict(reversed(list(_items(items, min(n_items, MAX_ITEMS)))))


def _items(data: bytes, n_items: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    position = 0
    for _ in range(n_items):
        if position + 8 > len(data):
            return
        size, flags = struct.unpack_from("<II", data, position)
        name_end = data.find(b"\0", position + 8, position + 8 + 256)
        if name_end < 0:
            return
        name = data[position + 8 : name_end].decode("ascii", "replace").lower()
        value = data[name_end + 1 : name_end + 1 + min(size, MAX_TEXT_BYTES)]
        position = name_end + 1 + size
        # Pictures and links are of other types.
        if flags >> 1 & 3 == 0:
            texts = tuple(text for part in value.split(b"\0")[:MAX_VALUES] if (text := text_of(part)).strip())
            if texts:
                yield name, texts
