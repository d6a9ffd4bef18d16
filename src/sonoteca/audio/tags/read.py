"""All tags of one file: every place where the format keeps some, in order of trust.

A field that the first place lacks comes from the next: ID3v2, then APEv2, then ID3v1, whose
texts are cut at 30 bytes; the ``id3`` chunk of a WAV or AIFF file, then RIFF INFO; the atoms of MP4. What
FFmpeg hands out comes after them, because it keeps less; for the formats whose tags are read by it
alone (Vorbis comments, Matroska, ASF, CAF ...) it is the only place.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from av.audio.stream import AudioStream
from av.container import InputContainer

from sonoteca.audio.chunks import read_chunks
from sonoteca.audio.tags.ape import read_ape
from sonoteca.audio.tags.id3 import read_id3v1, read_id3v2
from sonoteca.audio.tags.mp4 import read_mp4
from sonoteca.domain.text_bytes import text_of

# Values by lower-case name, as one place in a file has them.
Tags: TypeAlias = Mapping[str, tuple[str, ...]]

# FFmpeg's names of formats that are a bare stream of frames, at whose end tags may stand.
_STREAMS = frozenset(
    [
        "aac",
        "ac3",
        "ape",
        "dts",
        "dtshd",
        "eac3",
        "flac",
        "mp2",
        "mp3",
        "mpc",
        "mpc8",
        "mpeg",
        "ofr",
        "optimfrog",
        "shn",
        "tak",
        "truehd",
        "tta",
        "wv",
    ]
)
_MOST_TAGS = 4
# In these FFmpeg puts a semicolon between several comments of one name.
_JOINED = frozenset({"ogg", "flac"})
_ONE_TEXT = frozenset({"title", "album", "comment", "description"})
_LYRICS_END = b"LYRICS200"


def read_tags(file: io.FileIO, container: InputContainer, stream: AudioStream) -> tuple[Tags, ...]:
    """What each place in the file says, the most trusted first. FFmpeg has to be done reading ``file``."""
    name = container.format.name
    own = tuple(_read_here(file, name))
    theirs = _from_ffmpeg({**stream.metadata, **container.metadata}, is_joined=name in _JOINED)
    # The comments of FLAC are its own tags; an ID3 tag around them is a stranger's.
    return (theirs, *own) if name == "flac" else (*own, theirs)


def _read_here(file: io.FileIO, format_name: str) -> Iterator[Tags]:
    if format_name.startswith("mov,"):
        if (atoms := read_mp4(file)) is not None:
            yield atoms
        return
    yield from _leading_id3(file)
    if format_name in _STREAMS:
        yield from _trailing(file)


def _leading_id3(file: io.FileIO) -> Iterator[Tags]:
    """The ID3v2 tags of a file: in front of everything, in a chunk, or where a DSF file points."""
    if (chunk_file := read_chunks(file, ())) is not None:
        starts = [chunk.first_byte for chunk in chunk_file.chunks if chunk.name.lower() == b"id3 "][:_MOST_TAGS]
        for start in starts:
            if (tag := read_id3v2(file, start)) is not None:
                yield tag.values
        return
    file.seek(0)
    head = file.read(28) or b""
    position = int.from_bytes(head[20:28], "little") if head[:4] == b"DSD " else 0
    for _ in range(_MOST_TAGS if position < 2**62 else 0):
        # Programs that do not see another's tag put theirs before it.
        if (tag := read_id3v2(file, position)) is None:
            return
        yield tag.values
        position = tag.end


def _trailing(file: io.FileIO) -> Iterator[Tags]:
    """APEv2 and ID3v1, in whatever order they stand at the end of the file, with lyrics between them or not."""
    end = file.seek(0, os.SEEK_END)
    ape: Tags | None = None
    old: Tags | None = None
    for _ in range(_MOST_TAGS):
        if old is None and (old := read_id3v1(file, end)) is not None:
            end -= 128
        elif ape is None and (ape := read_ape(file, end)) is not None:
            break
        elif (n_bytes := _lyrics_bytes(file, end)) is not None:
            end -= n_bytes
        else:
            break
    yield from (found for found in (ape, old) if found is not None)


def _lyrics_bytes(file: io.FileIO, end: int) -> int | None:
    """The length of a Lyrics3 block that ends here; None if none does."""
    if end < 15:
        return None
    file.seek(end - 15)
    tail = file.read(15) or b""
    if tail[6:] != _LYRICS_END or not tail[:6].isdigit():
        return None
    n_bytes = int(tail[:6]) + 15
    return n_bytes if n_bytes <= end else None


def _from_ffmpeg(metadata: Mapping[str, str], *, is_joined: bool) -> Tags:
    found: dict[str, tuple[str, ...]] = {}
    for name, text in metadata.items():
        told, label = _repaired(text), _repaired(name).lower()
        parts = told.split(";") if is_joined and label not in _ONE_TEXT else [told]
        if values := tuple(part for part in parts if part.strip()):
            found[label] = values
    return found


def _repaired(text: str) -> str:
    """FFmpeg's text, in which bytes that were no UTF-8 are lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text_of(text.encode("utf-8", "surrogateescape"))
    return text
