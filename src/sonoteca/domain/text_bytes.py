"""Text whose encoding is not known, or is not the one it is said to be.

Players, DJ programs and samplers have written tags and playlists for thirty years in whatever their
system used. One rule reads them all: UTF-8 where the bytes are UTF-8 (other text hardly ever
is by chance), else Windows-1252, which contains what is printable of Latin-1.
"""

from __future__ import annotations

import codecs
import contextlib


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
    return data.decode("cp1252", "backslashreplace")
