"""Names for people: files as text, and the public id of a sound."""

from __future__ import annotations

import base64
import hashlib
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


def public_id(content_hash: str) -> str:
    """The id that people and programs see: 16 characters, equal in every library.

    80 bits of SHA-256 in base32: among a million sounds two share an id with probability 4e-13.

    >>> public_id("x1:00112233445566778899aabbccddeeff")
    'p2wrgt3dc2qulfxs'
    """
    digest = hashlib.sha256(content_hash.encode()).digest()[:10]
    return base64.b32encode(digest).decode().lower()


def sound_name(id_: str, title: str | None, artist: str | None, path: str | None, shop_title: str | None = None) -> str:
    """What one sound is called by itself: artist and title, a shop's title, or its file; its id only where it has none.

    >>> sound_name("x5qm", "Song", "Nobody", "/m/x.mp3"), sound_name("x5qm", "Song", None, "/m/x.mp3")
    ('Nobody - Song', 'x.mp3')
    >>> sound_name("x5qm", "Dusty", None, "/m/x.wav", shop_title="Dusty")
    'Dusty'
    """
    if artist and title:
        return f"{artist} - {title}"
    if shop_title:
        return shop_title
    return path_end(path) if path else title or id_


def path_end(path: str, folders: int = 0) -> str:
    """The name of a file, with so many of its folders.

    >>> path_end("/m/a/b.wav"), path_end("/m/a/b.wav", 1)
    ('b.wav', 'a/b.wav')
    """
    return "/".join(path.rstrip("/").split("/")[-1 - folders :])
