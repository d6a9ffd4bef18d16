"""Walking the chunks of RIFF (WAV, RF64), AIFF and CAF files, unimpressed by what they claim.

Only headers are read, and the first bytes of the chunks that are asked for; a chunk's length
is believed as far as the file reaches. The walk ends after ``MAX_CHUNKS``.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MAX_CHUNKS = 2_000
MAX_CHUNK_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Chunk:
    """``data`` is the beginning of the chunk, at most ``MAX_CHUNK_BYTES``; empty if it was not asked for."""

    name: bytes
    data: bytes
    n_bytes: int


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """``kind`` is ``riff``, ``aiff`` or ``caf``; ``order`` is struct's sign for its byte order."""

    kind: str
    order: str
    chunks: tuple[Chunk, ...]

    def find(self, name: bytes) -> bytes | None:
        """Data of the first chunk of that name."""
        return next((chunk.data for chunk in self.chunks if chunk.name == name), None)


_RIFF = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}


def read_chunks(file: io.FileIO, wanted: Collection[bytes]) -> ChunkFile | None:
    """The chunk list of an open file, with the data of the ``wanted`` chunks; None for other formats."""
    file.seek(0)
    head = file.read(12) or b""
    if head[:4] in _RIFF and head[8:12] == b"WAVE":
        order = _RIFF[head[:4]]
        return ChunkFile("riff", order, tuple(_walk(file, order + "4sI", 12, wanted, padded=True)))
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return ChunkFile("aiff", ">", tuple(_walk(file, ">4sI", 12, wanted, padded=True)))
    if head[:4] == b"caff":
        return ChunkFile("caf", ">", tuple(_walk(file, ">4sQ", 8, wanted, padded=False)))
    return None


def _walk(file: io.FileIO, layout: str, first: int, wanted: Collection[bytes], *, padded: bool) -> Iterator[Chunk]:
    header = struct.Struct(layout)
    end = file.seek(0, io.SEEK_END)
    position = first
    for _ in range(MAX_CHUNKS):
        if position + header.size > end:
            return
        file.seek(position)
        head = file.read(header.size) or b""
        if len(head) < header.size:
            return
        name, n_bytes = header.unpack(head)
        position += header.size
        data = b""
        if name in wanted:
            data = file.read(min(n_bytes, MAX_CHUNK_BYTES)) or b""
        yield Chunk(name, data, n_bytes)
        position += n_bytes + (n_bytes & 1 if padded else 0)
