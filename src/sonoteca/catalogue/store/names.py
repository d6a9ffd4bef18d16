"""File names: bytes on disk, text for people, a key to compare by."""

from __future__ import annotations

import re
import unicodedata

_UNDECODABLE = re.compile("[\udc80-\udcff\x00-\x1f\x7f]")


def display_name(name: bytes) -> str:
    r"""Text for people: bytes that are not UTF-8 and control characters are written ``\xNN``.

    >>> display_name(b"caf\xe9.wav")
    'caf\\xe9.wav'
    """
    text = name.decode("utf-8", "surrogateescape")
    return _UNDECODABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)


def compare_key(name: bytes) -> str:
    """NFC of the display name: macOS and Linux write one name in different bytes."""
    return unicodedata.normalize("NFC", display_name(name))


def storable(text: str) -> str:
    r"""Text that every database takes: undecodable bytes and NUL are written ``\xNN``.

    An error message names a file, and a file may have any name.

    >>> storable("No sound in \udce9.wav")
    'No sound in \\xe9.wav'
    """
    escaped = text.replace("\x00", "\\x00")
    return "".join(f"\\x{ord(each) & 0xFF:02x}" if "\ud800" <= each <= "\udfff" else each for each in escaped)


def is_storable(text: str) -> bool:
    """Whether a database can hold ``text`` as it is; what it cannot hold, it need not search for."""
    return storable(text) == text
