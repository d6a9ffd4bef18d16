"""Cheap facts about a file: what its header says, nothing decoded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from av.audio.stream import AudioStream
from av.container import InputContainer

from sonoteca.audio.chunks import read_chunks
from sonoteca.audio.claims import CHUNKS, all_claims
from sonoteca.audio.container import OpenedContainer, open_container, open_regular_file
from sonoteca.audio.tags.read import Tags, read_tags
from sonoteca.domain.claim import Claim
from sonoteca.domain.names import printable_path

# FFmpeg counts a container's length in microseconds.
_CONTAINER_TIME_BASE = 1_000_000


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What the header says. It may lie: ``decode.open_recording`` knows.

    ``duration_s`` is None where the header gives none; ``tags`` are as ``tags.read`` finds them,
    ``claims`` what they, the chunks and the name of the file say.
    """

    duration_s: float | None
    sample_rate: int
    channels: int
    codec: str
    container: str
    bit_depth: int | None
    bit_rate: int | None
    tags: tuple[Tags, ...]
    claims: tuple[Claim, ...]


def probe(path: str | os.PathLike[str] | bytes) -> AudioFacts:
    """Read a file's header.

    Raises
    ------
    AudioError
        As ``decode.open_recording`` does, except for damage that only decoding meets.
    """
    with open_regular_file(path) as file, open_container(file, printable_path(path)) as opened:
        container, stream = opened.container, opened.stream
        context = stream.codec_context
        duration_s = header_duration_s(container, stream)
        tags = read_tags(file, container, stream)
        return AudioFacts(
            duration_s=duration_s,
            sample_rate=context.sample_rate,
            channels=context.channels,
            codec=context.codec.canonical_name,
            container=container_name(container),
            bit_depth=bit_depth(opened),
            bit_rate=context.bit_rate or container.bit_rate or None,
            tags=tags,
            claims=all_claims(read_chunks(file, CHUNKS), tags, os.fsdecode(path), duration_s=duration_s),
        )


def header_duration_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Length in seconds by the header; for headerless formats FFmpeg's estimate from the bit rate."""
    if stream.duration is not None and stream.time_base is not None and stream.duration >= 0:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and container.duration >= 0:
        return container.duration / _CONTAINER_TIME_BASE
    return None


def container_name(container: InputContainer) -> str:
    """One plain name: FFmpeg's own where it has one, for families of formats the member."""
    name = container.format.name
    if name.startswith("mov,"):
        brand = container.metadata.get("major_brand", "").strip().lower()
        return "mov" if brand == "qt" else "m4a" if brand in ("m4a", "m4b") else "mp4"
    return name.split(",")[0]


def bit_depth(opened: OpenedContainer) -> int | None:
    """Bits per sample of what is stored without loss, None for lossy codecs and where it is not known.

    Decoders hand out 24 bits in 32-bit words, so the codec's own header is asked.
    """
    if opened.valid_bits is not None:
        return opened.valid_bits
    context = opened.stream.codec_context
    codec, extradata = context.codec.canonical_name, context.extradata or b""
    if match := re.fullmatch(r"pcm_[suf](\d+).*", codec):
        return int(match[1])
    if codec == "flac" and len(extradata) >= 18:
        # STREAMINFO: 20 bits of rate, 3 of channels, 5 of depth - 1.
        return ((extradata[12] & 1) << 4 | extradata[13] >> 4) + 1
    if codec == "alac" and len(extradata) >= 18:
        # The cookie may still be wrapped in its 12-byte atom.
        return extradata[17] if extradata[4:8] == b"alac" else extradata[5]
    if codec in ("wavpack", "tta", "ape", "tak", "shorten", "truehd", "mlp") and getattr(context, "format", None):
        return 16 if context.format.name.startswith("s16") else None
    return None
