"""ID3 tags: version 2.2, 2.3 and 2.4 before the sound, version 1 in the last 128 bytes.

FFmpeg reads them too, but it keeps the first of several values, drops texts whose encoding is not
the one they state, and looks at version 1 only where there is no version 2. A frame's text is
decoded by what its bytes are (``text_bytes``, and ``_utf16`` for two-byte text); its stated encoding only says
how wide a character is, and even that is doubted where it cannot be. ``read_id3v2`` and
``read_id3v1`` name fields by frame ids (``tit2``, ``tt2``) or, for free-form frames, by the frame's own words.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sonoteca.domain.text_bytes import text_of

# A tag with large pictures has some megabytes; what lies beyond this is not looked at.
MAX_TAG_BYTES = 2**25
MAX_TEXT_BYTES = 2**16
MAX_FRAMES = 2_000
MAX_VALUES = 100
_ID3V1_BYTES = 128
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FRAME_NAME = re.compile(rb"[A-Z][A-Z0-9]{2}[A-Z0-9 \0]?")


@dataclass(frozen=True, slots=True)
class Id3v2:
    """Values by lower-case name in the order of the file, and where the tag ``end``s in it."""

    values: Mapping[str, tuple[str, ...]]
    end: int


def read_id3v2(file: io.FileIO, at: int) -> Id3v2 | None:
    """The tag that begins at byte ``at``; None if none does. What is damaged in it is left out."""
    file.seek(at)
    head = file.read(10) or b""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4) or max(head[6:10]) > 127:
        return None
    version, flags, size = head[3], head[5], _synchsafe(head[6:10])
    end = at + 10 + size + (10 if version == 4 and flags & 0x10 else 0)
    body = file.read(min(size, MAX_TAG_BYTES)) or b""
    if flags & 0x80 and version < 4:
        body = _synchronised(body)
    first = 0
    if version == 2 and flags & 0x40:
        # A compression that was never defined.
        return Id3v2({}, end)
    if version > 2 and flags & 0x40 and len(body) >= 4:
        first = 4 + int.from_bytes(body[:4], "big") if version == 3 else _synchsafe(body[:4])
    found: dict[str, tuple[str, ...]] = {}
    for name, content in _frames(body, first, version):
        try:
            label, values = _named_values(name, content)
        except ValueError:
            continue
        if values:
            found.setdefault(label, values)
    return Id3v2(found, end)


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _synchronised(data: bytes) -> bytes:
    """Without the zeros that keep players from taking a tag for sound."""
    return data.replace(b"\xff\x00", b"\xff")


def _frames(body: bytes, position: int, version: int) -> Iterator[tuple[bytes, bytes]]:
    """(name, content) of the text frames; the walk ends at the padding or at what is no frame."""
    n_head = 6 if version == 2 else 10
    for _ in range(MAX_FRAMES):
        head = body[position : position + n_head]
        name = head[: 3 if version == 2 else 4]
        if len(head) < n_head or not _FRAME_NAME.fullmatch(name):
            return
        size = int.from_bytes(head[3:6], "big") if version == 2 else _frame_size(body, position, version)
        content = body[position + n_head : position + n_head + size]
        position += n_head + size
        name = name.rstrip(b"\0 ")
        if name[:1] == b"T" or name in (b"COM", b"COMM"):
            plain = content[:MAX_TEXT_BYTES] if version == 2 else _plain(content, head[9], version)
            if plain:
                yield name, plain


def _frame_size(body: bytes, position: int, version: int) -> int:
    """The size of a frame: 7 bits a byte in version 2.4 and 8 in 2.3, but programs have mixed them up.

    The reading after which another frame, padding or the end follows is the right one.
    """
    data = body[position + 4 : position + 8]
    plain = int.from_bytes(data, "big")
    if max(data) > 127:
        return plain
    synchsafe = _synchsafe(data)
    readings = (synchsafe, plain) if version == 4 else (plain, synchsafe)
    for size in readings:
        following = body[position + 10 + size : position + 14 + size]
        is_inside = position + 10 + size <= len(body)
        if is_inside and (not following.strip(b"\0") or _FRAME_NAME.fullmatch(following)):
            return size
    return readings[0]


def _plain(content: bytes, flags: int, version: int) -> bytes:
    """A frame's content without what its format flags put around it; empty where it is encrypted."""
    compressed, encrypted, grouped = (0x80, 0x40, 0x20) if version == 3 else (0x08, 0x04, 0x40)
    if flags & encrypted:
        return b""
    if version == 3 and flags & compressed:
        content = content[4:]
    if flags & grouped:
        content = content[1:]
    if version == 4:
        content = content[4:] if flags & 0x01 else content
        content = _synchronised(content) if flags & 0x02 else content
    if flags & compressed:
        try:
            return zlib.decompressobj().decompress(content, MAX_TEXT_BYTES)
        except zlib.error:
            return b""
    return content[:MAX_TEXT_BYTES]


def _named_values(name: bytes, content: bytes) -> tuple[str, tuple[str, ...]]:
    """What a frame is called and its values; ``ValueError`` where it has no text."""
    frame = name.decode("ascii").lower()
    if content[0] > 3:
        # Old programs left the encoding out.
        content = b"\0" + content
    if frame in ("com", "comm"):
        # The three letters of a language stand before the text.
        words = _texts(content[0], content[4:])
        description, values = words[0], words[1:]
        label = "comment" if description.strip().lower() in ("", "comment") else f"comment:{description.lower()}"
    elif frame in ("txx", "txxx"):
        description, *values = _texts(content[0], content[1:])
        label = description.strip().lower()
    else:
        label, values = frame, _texts(content[0], content[1:])
    told = tuple(value for value in values if value.strip())[:MAX_VALUES]
    return label, tuple(genre for value in told for genre in _genres(value)) if frame in ("tco", "tcon") else told


def _texts(encoding: int, data: bytes) -> list[str]:
    """The values of a frame, which a NUL separates, with the empty ones."""
    is_wide = encoding in (1, 2) or data.startswith(_MARKS)
    if is_wide and (wide := _utf16(data, "utf-16-be" if encoding == 2 else "utf-16-le")) is not None:
        return [value.strip("\ufeff\ufffe") for value in wide.split("\0")]
    return [text_of(value) for value in data.removeprefix(b"\xef\xbb\xbf").split(b"\0")]


def _utf16(data: bytes, stated: str) -> str | None:
    """Text of two bytes a character, in the byte order that its mark, its zeros or else its frame state.

    None where it cannot be that: no mark, no zero, and most of its bytes are letters of a one-byte encoding.

    >>> _utf16("Röyk".encode("utf-16-be"), "utf-16-le"), _utf16(b"Plain words", "utf-16-le")
    ('Röyk', None)
    """
    order = dict(zip(_MARKS, ("utf-16-le", "utf-16-be"), strict=True)).get(data[:2])
    text = data[2:] if order else data
    n_even, n_odd = text[::2].count(0), text[1::2].count(0)
    if n_even != n_odd and min(n_even, n_odd) * 4 <= max(n_even, n_odd):
        # Zeros are the upper halves of Latin letters; a mark that contradicts them is wrong.
        order = "utf-16-be" if n_even > n_odd else "utf-16-le"
    elif order is None:
        words = data.rstrip(b"\0")
        plain = sum(chr(byte).isalnum() or byte == 32 for byte in words if byte < 128)
        # Two-byte text without a mark is right in UTF-16BE frames and a fault in the others.
        needed = 0.8 if stated == "utf-16-be" else 0.6
        if min(words, default=0) >= 32 and plain >= needed * len(words):
            return None
    return text[: len(text) // 2 * 2].decode(order or stated, "replace")


def read_id3v1(file: io.FileIO, end: int) -> Mapping[str, tuple[str, ...]] | None:
    """The tag in the 128 bytes before ``end``; None if none is there.

    Its names are ``title``, ``artist``, ``album``, ``date``, ``comment`` and ``genre``.
    """
    if end < _ID3V1_BYTES:
        return None
    file.seek(end - _ID3V1_BYTES)
    tag = file.read(_ID3V1_BYTES) or b""
    if len(tag) < _ID3V1_BYTES or tag[:3] != b"TAG":
        return None
    fields = dict(
        zip(("title", "artist", "album", "date", "comment"), struct.unpack("30s30s30s4s30s", tag[3:127]), strict=True)
    )
    texts = {name: text_of(data.split(b"\0")[0], may_be_cut=b"\0" not in data).strip() for name, data in fields.items()}
    if tag[127] < len(GENRES):
        texts["genre"] = GENRES[tag[127]]
    return {name: (text,) for name, text in texts.items() if text}


def _genres(text: str) -> tuple[str, ...]:
    """Genres of a version 2 frame: words, numbers of the version 1 list, or "(17)(4)words".

    >>> _genres("(4)Eurodisco"), _genres("17"), _genres("House"), _genres("((Foo) bar")
    (('Disco', 'Eurodisco'), ('Rock',), ('House',), ('(Foo) bar',))
    """
    found, rest = [], text.strip()
    while match := re.match(r"\((\d{1,3}|RX|CR)\)", rest):
        found.append(genre_of(match[1]))
        rest = rest[match.end() :].strip()
    rest = rest[1:] if rest.startswith("((") else rest
    found.append(genre_of(rest))
    return tuple(dict.fromkeys(genre for genre in found if genre))


def genre_of(word: str) -> str:
    """A genre by its number in the list of version 1 or by its word; "" for a number without a genre."""
    if word in _GENRE_WORDS:
        return _GENRE_WORDS[word]
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return GENRES[int(word)] if int(word) < len(GENRES) else ""
    return word


_GENRE_WORDS = {"RX": "Remix", "CR": "Cover"}

# The numbered genres of ID3v1, with the additions of Winamp.
GENRES = (
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal", "New Age",
    "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial", "Alternative", "Ska",
    "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip-Hop", "Vocal", "Jazz+Funk", "Fusion",
    "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel", "Noise", "AlternRock",
    "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop", "Instrumental Rock", "Ethnic", "Gothic",
    "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance", "Dream", "Southern Rock", "Comedy",
    "Cult", "Gangsta", "Top 40", "Christian Rap", "Pop/Funk", "Jungle", "Native American", "Cabaret", "New Wave",
    "Psychedelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal", "Acid Punk", "Acid Jazz", "Polka", "Retro",
    "Musical", "Rock & Roll", "Hard Rock", "Folk", "Folk-Rock", "National Folk", "Swing", "Fast Fusion", "Bebop",
    "Latin", "Revival", "Celtic", "Bluegrass", "Avantgarde", "Gothic Rock", "Progressive Rock", "Psychedelic Rock",
    "Symphonic Rock", "Slow Rock", "Big Band", "Chorus", "Easy Listening", "Acoustic", "Humour", "Speech",
    "Chanson", "Opera", "Chamber Music", "Sonata", "Symphony", "Booty Bass", "Primus", "Porn Groove", "Satire",
    "Slow Jam", "Club", "Tango", "Samba", "Folklore", "Ballad", "Power Ballad", "Rhythmic Soul", "Freestyle",
    "Duet", "Punk Rock", "Drum Solo", "A Cappella", "Euro-House", "Dance Hall", "Goa", "Drum & Bass", "Club-House",
    "Hardcore Techno", "Terror", "Indie", "BritPop", "Negerpunk", "Polsk Punk", "Beat", "Christian Gangsta Rap",
    "Heavy Metal", "Black Metal", "Crossover", "Contemporary Christian", "Christian Rock", "Merengue", "Salsa",
    "Thrash Metal", "Anime", "Jpop", "Synthpop", "Abstract", "Art Rock", "Baroque", "Bhangra", "Big Beat",
    "Breakbeat", "Chillout", "Downtempo", "Dub", "EBM", "Eclectic", "Electro", "Electroclash", "Emo",
    "Experimental", "Garage", "Global", "IDM", "Illbient", "Industro-Goth", "Jam Band", "Krautrock", "Leftfield",
    "Lounge", "Math Rock", "New Romantic", "Nu- Breakz", "Post-Punk", "Post-Rock", "Psytrance", "Shoegaze",
    "Space Rock", "Trop Rock", "World Music", "Neoclassical", "Audiobook", "Audio Theatre", "Neue Deutsche Welle",
    "Podcast", "Indie Rock", "G-Funk", "Dubstep", "Garage Rock", "Psybient",
)  # fmt: skip
