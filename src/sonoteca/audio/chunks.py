"""Walks the chunks of RIFF (WAV, RF64), AIFF and CAF files without trusting the sizes they claim.

Only headers are read, and the first bytes of the chunks that are asked for; a chunk's length
is believed as far as the file reaches. The walk ends after ``MAX_CHUNKS``.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MAX_CHUNKS = 50_000
MAX_CHUNK_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Chunk:
    """``data`` is the beginning of the chunk, at most ``MAX_CHUNK_BYTES``; empty if it was not asked for.

    Only the first chunk of a name keeps its data. ``n_bytes`` is what the header says, of which
    ``n_missing`` lie beyond the end of the file; they begin at ``first_byte``. ``is_unpadded``: it has an
    odd length, and the next chunk follows at once instead of at an even place.
    """

    name: bytes
    data: bytes
    n_bytes: int
    n_missing: int
    first_byte: int
    is_unpadded: bool = False


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """``kind`` is ``riff``, ``aiff`` or ``caf``; ``order`` is struct's sign for its byte order."""

    kind: str
    order: str
    chunks: tuple[Chunk, ...]

    def find(self, name: bytes) -> bytes | None:
        """Data of the first chunk of that name."""
        return next((chunk.data for chunk in self.chunks if chunk.name == name), None)

    @property
    def missing_share(self) -> float:
        """The share of the samples that was cut off with the end of the file, 0 to 1.

        Programs that write a stream leave the length at 0 or at a largest number: nothing is missing then.
        """
        for chunk in self.chunks:
            if chunk.name.lower() in _SOUNDS and 0 < chunk.n_bytes < _STREAMED_BYTES:
                return chunk.n_missing / chunk.n_bytes
        return 0.0


# 2**31 - 1 and 2**32 - 1, and some programs subtract a header.
_STREAMED_BYTES = 2**31 - 2**12
_SOUNDS = (b"data", b"ssnd")
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
    # RF64 keeps the length of its samples in another chunk.
    n_sample_bytes: int | None = None
    seen: set[bytes] = set()
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
        if (name in wanted or name == b"ds64") and name not in seen:
            seen.add(name)
            data = file.read(min(n_bytes, MAX_CHUNK_BYTES)) or b""
        if name == b"ds64" and len(data) >= 16:
            n_sample_bytes = struct.unpack_from("<Q", data, 8)[0]
        if name == b"data" and n_bytes == 2**32 - 1 and n_sample_bytes is not None:
            n_bytes = n_sample_bytes
        is_odd = padded and n_bytes & 1 == 1
        is_unpadded = is_odd and _follows_at_once(file, header, position + n_bytes, end)
        n_missing = max(0, position + n_bytes - end)
        yield Chunk(name, data, n_bytes, n_missing=n_missing, first_byte=position, is_unpadded=is_unpadded)
        position += n_bytes + (is_odd and not is_unpadded)


def _follows_at_once(file: io.FileIO, header: struct.Struct, position: int, end: int) -> bool:
    """Whether a chunk begins at ``position`` and none a byte later, where it belongs after an odd length."""
    file.seek(position)
    around = file.read(header.size + 1) or b""
    return _begins_chunk(around[:-1], header, position, end) and not _begins_chunk(
        around[1:], header, position + 1, end
    )


def _begins_chunk(head: bytes, header: struct.Struct, position: int, end: int) -> bool:
    if len(head) < header.size:
        return False
    name, n_bytes = header.unpack(head)
    is_name = all(0x20 <= byte < 0x7F for byte in name) and name[:1] != b" "
    # The chunk of the samples may promise more than there is: a file that was cut off, or streamed.
    return is_name and (position + header.size + n_bytes <= end or name.lower() in _SOUNDS)
