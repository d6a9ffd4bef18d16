"""WAV files whose side chunks FFmpeg stumbles over, without those chunks.

A ``LIST`` chunk of two bytes, or of none, makes FFmpeg refuse the file although every sample
is there; sample libraries are full of such. Seen through ``SamplesOnly`` the file has its
format and its samples and nothing else.
"""

from __future__ import annotations

import io
import struct

from sonoteca.audio.chunks import ChunkFile, read_chunks

_KEPT = (b"fmt ", b"fact")
_LARGEST_RIFF = 2**32 - 1


class SamplesOnly:
    """A readable, seekable view of an open file: ``head``, then ``n_bytes`` of it from ``first_byte``."""

    def __init__(self, file: io.FileIO, head: bytes, *, first_byte: int, n_bytes: int) -> None:
        self._file = file
        self._head = head
        self._first_byte = first_byte
        self._n_bytes = n_bytes
        self._position = 0

    def read(self, n_bytes: int) -> bytes:
        """At most ``n_bytes``, fewer at the seam; empty at the end."""
        if self._position < len(self._head):
            data = self._head[self._position : self._position + n_bytes]
        else:
            offset = self._position - len(self._head)
            self._file.seek(self._first_byte + offset)
            data = self._file.read(max(0, min(n_bytes, self._n_bytes - offset))) or b""
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._head) + self._n_bytes}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position


def samples_only(file: io.FileIO) -> SamplesOnly | None:
    """The view of a WAV file without its side chunks, None for what is no WAV or has no format or samples."""
    riff = read_chunks(file, _KEPT)
    if riff is None or riff.kind != "riff":
        return None
    samples = next((chunk for chunk in riff.chunks if chunk.name == b"data"), None)
    if samples is None or riff.find(b"fmt ") is None:
        return None
    n_bytes = samples.n_bytes - samples.n_missing
    head = _head(riff, n_bytes)
    return SamplesOnly(file, head, first_byte=samples.first_byte, n_bytes=n_bytes)


def _head(riff: ChunkFile, n_bytes: int) -> bytes:
    sized = struct.Struct(riff.order + "4sI")
    body = b"WAVE"
    for name in _KEPT:
        if (data := riff.find(name)) is not None:
            body += sized.pack(name, len(data)) + data + b"\0" * (len(data) & 1)
    # Longer than a RIFF can say: FFmpeg reads to the end of what it is given.
    shown = n_bytes if n_bytes < _LARGEST_RIFF - len(body) else _LARGEST_RIFF
    body += sized.pack(b"data", shown)
    identity = b"RIFF" if riff.order == "<" else b"RIFX"
    return identity + struct.pack(riff.order + "I", min(_LARGEST_RIFF, len(body) + n_bytes)) + body
