"""WAV files that FFmpeg would refuse or misread although every sample is there, shown to it as it reads them rightly.

Five kinds are met in sample libraries. A side chunk of an odd length that nobody padded, or a
``LIST`` chunk of two bytes or none, hides what follows: FFmpeg is shown format and samples alone
(``SamplesOnly``). A second ``data`` chunk would be taken for the sound: it reads as ``JUNK``. And
samples of fewer bits than their words have (24 in 32) are taken for what they are not: the format
chunk reads as if all bits counted, which they do, since such samples stand at the top of their words
(Microsoft, *Multiple Channel Audio Data and WAVE Files*). Both are a ``Patched`` view. A RIFX file
keeps its samples with the highest byte first, which FFmpeg overlooks: they are turned round
(``SamplesOnly`` again). And an old codec for Windows put a whole Ogg file into the ``data`` chunk:
that file is what FFmpeg is shown.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sonoteca.audio.chunks import Chunk, ChunkFile, read_chunks

_KEPT = (b"fmt ", b"fact")
_LARGEST_RIFF = 2**32 - 1
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# The sub-format of WAVE_FORMAT_EXTENSIBLE that is PCM: its code, then what all sub-formats share.
_PCM_GUID = struct.pack("<H", _PCM) + bytes.fromhex("000000001000800000aa00389b71")
_OGG = b"OggS"
# Of a format chunk: its code, channels, rate, bytes a second, bytes of all channels' samples, bits of a sample.
_FORM = "HHIIHH"
_FORM_BYTES = struct.calcsize("<" + _FORM)
_BITS_AT, _VALID_BITS_AT, _GUID_AT = 14, 18, 24
# Samples of fewer bits than their words leave the rest zero: told from this much of the sound.
_EVIDENCE_BYTES = 2**16


class View(Protocol):
    """What FFmpeg reads from instead of the file."""

    def read(self, n_bytes: int) -> bytes: ...
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int: ...
    def tell(self) -> int: ...


class SamplesOnly:
    """A readable, seekable view of an open file: ``head``, then ``n_bytes`` of it from ``first_byte``.

    The bytes of each word of ``turned`` bytes come in the opposite order; 1 turns nothing.
    """

    def __init__(self, file: io.FileIO, head: bytes, *, first_byte: int, n_bytes: int, turned: int = 1) -> None:
        self._file = file
        self._turned = turned
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
            data = self._samples(offset, max(0, min(n_bytes, self._n_bytes - offset)))
        self._position += len(data)
        return data

    def _samples(self, offset: int, n_bytes: int) -> bytes:
        before = offset % self._turned
        self._file.seek(self._first_byte + offset - before)
        data = self._file.read(-(-(before + n_bytes) // self._turned) * self._turned) or b""
        if self._turned > 1:
            whole = len(data) // self._turned * self._turned
            data = np.frombuffer(data[:whole], np.uint8).reshape(-1, self._turned)[:, ::-1].tobytes()
        return data[before : before + n_bytes]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._head) + self._n_bytes}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position


class Patched:
    """A readable, seekable view of an open file in which the bytes at some offsets are others."""

    def __init__(self, file: io.FileIO, patches: Mapping[int, bytes]) -> None:
        self._file = file
        self._patches = patches
        file.seek(0)

    def read(self, n_bytes: int) -> bytes:
        first = self._file.tell()
        data = self._file.read(n_bytes) or b""
        for offset, patch in self._patches.items():
            begin, end = max(first, offset), min(first + len(data), offset + len(patch))
            if begin < end:
                data = data[: begin - first] + patch[begin - offset : end - offset] + data[end - first :]
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@dataclass(frozen=True, slots=True)
class Mended:
    """A view that reads rightly, what a person should know, and how many bits of a sample count (None: all)."""

    view: View
    warnings: tuple[str, ...]
    valid_bits: int | None = None


def mended(file: io.FileIO) -> Mended | None:
    """The view of a WAV file that FFmpeg would open and misread; None for every other file."""
    riff = read_chunks(file, _KEPT)
    if riff is None or riff.kind != "riff" or riff.find(b"fmt ") is None:
        return None
    sounds = [chunk for chunk in riff.chunks if chunk.name == b"data"]
    sound = next((chunk for chunk in sounds if chunk.n_bytes), None)
    if sound is None:
        return None
    if any(chunk.is_unpadded and chunk.first_byte < sound.first_byte for chunk in riff.chunks):
        view = _samples_view(file, riff, sound)
        return Mended(view, ("A chunk of odd length is not padded, as it must be: only the file's sound was read.",))
    if riff.order == ">" and (turned := _turned(file, riff, sound)) is not None:
        return turned
    file.seek(sound.first_byte)
    if file.read(len(_OGG)) == _OGG:
        inner = SamplesOnly(file, b"", first_byte=sound.first_byte, n_bytes=sound.n_bytes - sound.n_missing)
        return Mended(inner, ())
    patches, valid_bits = _format_patches(file, riff, sound)
    others = [chunk for chunk in sounds if chunk is not sound]
    patches |= {chunk.first_byte - 8: b"JUNK" for chunk in others}
    if not patches:
        return None
    warnings = ("The file has several data chunks: the first was read.",) if any(c.n_bytes for c in others) else ()
    return Mended(Patched(file, patches), warnings, valid_bits)


def samples_only(file: io.FileIO) -> SamplesOnly | None:
    """The view of a WAV file without its side chunks, None for what is no WAV or has no format or samples."""
    riff = read_chunks(file, _KEPT)
    if riff is None or riff.kind != "riff":
        return None
    samples = next((chunk for chunk in riff.chunks if chunk.name == b"data"), None)
    if samples is None or riff.find(b"fmt ") is None:
        return None
    return _samples_view(file, riff, samples)


def _samples_view(file: io.FileIO, riff: ChunkFile, samples: Chunk) -> SamplesOnly:
    n_bytes = samples.n_bytes - samples.n_missing
    return SamplesOnly(file, _head(riff, n_bytes), first_byte=samples.first_byte, n_bytes=n_bytes)


def _turned(file: io.FileIO, riff: ChunkFile, sound: Chunk) -> Mended | None:
    """A RIFX file of whole numbers or floats as the RIFF file it would be; None where bytes have no order."""
    data = riff.find(b"fmt ") or b""
    if len(data) < _FORM_BYTES:
        return None
    tag, n_channels, rate, _, align, bits = struct.unpack_from(riff.order + _FORM, data)
    n_word = align // n_channels if n_channels and align % n_channels == 0 else 0
    valid_bits = None
    if tag not in (_PCM, _FLOAT) or n_word not in (2, 3, 4, 8) or not 8 * (n_word - 1) < bits <= 8 * n_word:
        # Fewer bits than the words have: all of them count, as above.
        if tag != _PCM or n_word not in (2, 3, 4) or not _low_bytes_are_zero(file, riff, sound, n_word, -(-bits // 8)):
            return None
        valid_bits = bits if 0 < bits < 8 * n_word else None
        bits = 8 * n_word
    form = struct.pack("<" + _FORM, tag, n_channels, rate, rate * align & _LARGEST_RIFF, align, bits)
    n_bytes = sound.n_bytes - sound.n_missing
    head = _head(ChunkFile("riff", "<", (Chunk(b"fmt ", form, len(form), 0, 0),)), n_bytes)
    view = SamplesOnly(file, head, first_byte=sound.first_byte, n_bytes=n_bytes, turned=n_word)
    return Mended(view, (), valid_bits)


def _format_patches(file: io.FileIO, riff: ChunkFile, sound: Chunk) -> tuple[dict[int, bytes], int | None]:
    """What the format chunk has to say instead, by offset, and the bits that count; nothing where it is right."""
    chunk = next(chunk for chunk in riff.chunks if chunk.name == b"fmt ")
    number = struct.Struct(riff.order + "H")
    data = chunk.data
    if len(data) < _FORM_BYTES:
        return {}, None
    tag, n_channels, _, _, align, bits = struct.unpack_from(riff.order + _FORM, data)
    is_extensible = tag == _EXTENSIBLE and len(data) >= _GUID_AT + 16
    valid_bits = number.unpack_from(data, _VALID_BITS_AT)[0] if is_extensible else bits
    is_pcm = data[_GUID_AT : _GUID_AT + 16] == _PCM_GUID if is_extensible else tag == _PCM
    if not is_pcm or not n_channels or not 0 < bits <= 64:
        return {}, None
    word_bits = full_bits = -(-bits // 8) * 8
    aligned_bits = 8 * align // n_channels if align % n_channels == 0 else 0
    if word_bits < aligned_bits <= 64 and _low_bytes_are_zero(file, riff, sound, aligned_bits // 8, word_bits // 8):
        word_bits = aligned_bits
    patches = {}
    if word_bits != full_bits:
        patches[chunk.first_byte + _BITS_AT] = number.pack(word_bits)
    # Fewer bits in the same number of bytes FFmpeg reads rightly, and their identity shall stay.
    if is_extensible and 0 < valid_bits <= word_bits - 8:
        patches[chunk.first_byte + _VALID_BITS_AT] = number.pack(word_bits)
    counts = valid_bits if 0 < valid_bits < word_bits else bits
    return patches, counts if patches else None


def _low_bytes_are_zero(file: io.FileIO, riff: ChunkFile, sound: Chunk, n_word: int, n_sample: int) -> bool:
    """Whether the sound is words of ``n_word`` bytes whose upper ``n_sample`` hold the sample.

    The same numbers in a format chunk mean 24.0 floats of Cool Edit, whose low bytes are anything.
    """
    file.seek(sound.first_byte)
    data = file.read(min(_EVIDENCE_BYTES, sound.n_bytes)) or b""
    words = np.frombuffer(data[: len(data) // n_word * n_word], np.uint8).reshape(-1, n_word)
    low = words[:, : n_word - n_sample] if riff.order == "<" else words[:, n_sample:]
    return not low.any()


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
