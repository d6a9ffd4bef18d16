"""Text whose encoding is not known, or is not the one it is said to be.

Players, DJ programs and samplers have written tags and playlists for thirty years in whatever their
system used. One rule reads them all: UTF-8 where the bytes are UTF-8 (other text hardly ever
is by chance), else Windows-1252, which contains what is printable of Latin-1. Only Russian is told from it: its
words consist of nothing but letters that are rare accents there. Other code pages cannot be told safely.
"""

from __future__ import annotations

import codecs
import contextlib
import re


def text_of(data: bytes, *, may_be_cut: bool = False) -> str:
    """The text that bytes of an unknown 8-bit encoding mean.

    The five bytes that Windows-1252 does not define stay visible as ``\\x81``. ``may_be_cut``: the text
    filled a field of fixed length, so the last character of UTF-8 may have lost its end.

    >>> text_of("Røyksopp".encode()) == text_of("Røyksopp".encode("cp1252")) == "Røyksopp"
    True
    """
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    if may_be_cut:
        with contextlib.suppress(UnicodeDecodeError):
            whole = codecs.getincrementaldecoder("utf-8")().decode(data)
            # A lone byte at the end of plain text is rather a letter of Windows-1252.
            if not whole.isascii():
                return whole
    return data.decode("cp1251" if _is_russian(data) else "cp1252", "backslashreplace")


def _is_russian(data: bytes) -> bool:
    """Whether text that is no UTF-8 is Windows-1251: whole words of its letters, cased as words are, the usual ones often.

    >>> _is_russian("Земфира".encode("cp1251")), _is_russian("Señor Ångström, ÆØÅ".encode("cp1252"))
    (True, False)
    """
    words = [word for word in re.findall(rb"[A-Za-z\x80-\xff]+", data) if not word.isascii()]
    letters = b"".join(words)
    if not all(_RUSSIAN_WORD.fullmatch(word) for word in words) or max(map(len, words), default=0) < 4:
        return False
    n_usual = sum(letters.count(each) for each in _USUAL)
    return n_usual >= 2 and n_usual >= 0.2 * len(letters)


# A word in small letters, with a capital, or in capitals.
_RUSSIAN_WORD = re.compile(rb"[\xa8\xc0-\xff]?[\xb8\xe0-\xff]*|[\xa8\xc0-\xdf]+")
# "о", "а" and "и" are a quarter of Russian and a few in a hundred letters of whatever else these bytes may be.
_USUAL = "оаиОАИ".encode("cp1251")
