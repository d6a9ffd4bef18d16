"""Identity of a sound: a hash over what is heard, not over the file.

``x1:`` + xxh3-128 over codec, rate, channels, sample format and the sound-bearing part of the
codec's set-up data, then the bytes of all packets of the first audio stream. Tags, pictures
and names do not enter, nothing is decoded, and packets are hashed as one stretch of bytes, so
it does not matter how a reader cuts them. A file without packets gets ``raw1:`` over its bytes.

A change of this recipe is a new prefix: hashes are compared for equality only.
"""

from __future__ import annotations

import io
import os
import struct

import xxhash
from av.audio.stream import AudioStream

from sonoteca.audio.container import open_container, open_regular_file
from sonoteca.domain.names import printable_path
from sonoteca.errors import AudioError

PREFIX = "x1:"
RAW_PREFIX = "raw1:"


class PacketHash:
    """Hash of one audio stream; ``update`` with every packet in order."""

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        self._hash = xxhash.xxh3_128()
        self.n_bytes = 0
        # FLAC files end with their last packet, so that a tag behind it becomes a part of it.
        self._may_end_in_tags = context.codec.canonical_name == "flac"
        self._last = b""
        name = context.codec.canonical_name
        sample_format = getattr(context.format, "name", "")  # unknown until decoded in some codecs
        head = f"{name}/{context.sample_rate}/{context.channels}/{sample_format.removesuffix('p')}/"
        self._hash.update(head.encode())
        self._hash.update(sound_bearing(name, context.extradata or b""))

    def update(self, packet: bytes) -> None:
        """Take the next packet."""
        if not packet:
            return  # FFmpeg's sign for the end
        self.n_bytes += len(packet)
        if self._may_end_in_tags:
            packet, self._last = self._last, packet
        self._hash.update(packet)

    def text(self) -> str:
        """The hash of all packets taken."""
        whole = self._hash.copy()
        whole.update(without_trailing_tags(self._last))
        return PREFIX + whole.hexdigest()


def without_trailing_tags(data: bytes) -> bytes:
    """``data`` without the ID3v1 and APEv2 tags at its end."""
    if data[-128:-125] == b"TAG":
        data = data[:-128]
    if data[-32:-24] == b"APETAGEX":
        n_bytes, _, flags = struct.unpack("<III", data[-20:-8])
        # The size counts the footer; bit 31 says that there is a header, too.
        n_bytes += 32 if flags & 0x80000000 else 0
        data = data[:-n_bytes] if n_bytes <= len(data) else data
    return data


def sound_bearing(codec: str, extradata: bytes) -> bytes:
    """``extradata`` without what a tagging program may change: Vorbis keeps its comments there."""
    if codec == "flac":
        # STREAMINFO without the frame sizes and the checksum, which some programs fill in later.
        return extradata[:4] + extradata[10:18]
    if codec == "vorbis":
        headers = _xiph_headers(extradata)
        return b"".join(header for header in headers if header[:1] != b"\x03")
    return extradata


def _xiph_headers(extradata: bytes) -> list[bytes]:
    """The packets of "Xiph lacing": their count - 1, the sizes of all but the last, the packets."""
    if not extradata or extradata[0] > 2:
        return [extradata]
    sizes = []
    position = 1
    for _ in range(extradata[0]):
        size = 0
        while position < len(extradata):
            size += extradata[position]
            position += 1
            if extradata[position - 1] < 255:
                break
        sizes.append(size)
    headers = []
    for size in sizes:
        headers.append(extradata[position : position + size])
        position += size
    return [*headers, extradata[position:]]


def hash_content(path: str | os.PathLike[str] | bytes) -> str:
    """The content hash of a file, without decoding it.

    Raises
    ------
    NotARegularFile, FileUnreadable
        Nothing could be read. Whatever can be read has a hash: what is not audio gets ``raw1:``.
    """
    with open_regular_file(path) as file:
        try:
            with open_container(file, printable_path(path)) as opened:
                packets = PacketHash(opened.stream)
                try:
                    for packet in opened.container.demux(opened.stream):
                        packets.update(bytes(packet))
                except (OSError, ValueError):
                    # A damaged file is what could be read of it.
                    pass
                if packets.n_bytes:
                    return packets.text()
        except AudioError:
            pass
        return hash_bytes(file)


def hash_bytes(file: io.FileIO) -> str:
    """``raw1:`` over all bytes of an open file."""
    file.seek(0)
    whole = xxhash.xxh3_128()
    while chunk := file.read(2**20):
        whole.update(chunk)
    return RAW_PREFIX + whole.hexdigest()
