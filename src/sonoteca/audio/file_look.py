"""A look at a file tells whose sound it holds and whether every browser plays it as it is; nothing is decoded.

Every browser plays a file as it is, to the sample, when it is WAV of 16 or 24-bit whole numbers or FLAC
of as many, mono or stereo, at a usual rate, and when its header tells the truth about its length. All else is not
certain, and why is told in docs/decisions/0034-what-is-played-and-drawn.md.
"""

from __future__ import annotations

import io
import os

import av.error

from sonoteca.audio.chunks import read_chunks
from sonoteca.audio.container import OpenedContainer, open_container, open_regular_file
from sonoteca.audio.content_hash import RAW_PREFIX, PacketHash, hash_bytes
from sonoteca.audio.file_stamp import AsItIs, FileLook, stamp_of
from sonoteca.audio.probe import bit_depth
from sonoteca.audio.riff_repair import mended
from sonoteca.domain.names import printable_path
from sonoteca.errors import FileUnreadable, SoundsMissing

# Chromium refuses rates below 3,000 Hz and above 768,000 Hz, others are not told; these all play.
LEAST_PLAYABLE_RATE, LARGEST_PLAYABLE_RATE = 8_000, 192_000
_PLAYABLE_BITS = (16, 24)
_WAV_CODECS = ("pcm_s16le", "pcm_s24le")


def look_at(path: str | os.PathLike[str] | bytes) -> FileLook:
    """Read a file to its end, without decoding it.

    Raises
    ------
    AudioError
        As ``decode.open_recording``, except for damage that only decoding meets.
    SoundsMissing
        Somebody writes to the file.
    """
    shown = printable_path(path)
    with open_regular_file(path) as file:
        stamp = stamp_of(file.fileno())
        try:
            with open_container(file, shown) as opened:
                content_hash, n_samples = _read_packets(opened)
                format_ = None if n_samples is None else _playable_format(file, opened, n_samples)
                context = opened.stream.codec_context
                rate, channels = context.sample_rate, context.channels
            bytes_hash = hash_bytes(file).removeprefix(RAW_PREFIX) if format_ or content_hash is None else ""
        except av.error.FFmpegError:
            raise
        except OSError as error:
            raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
        if stamp_of(file.fileno()) != stamp:
            raise SoundsMissing(f"{shown} is being written to.", "Try again when the other program has ended.")
    as_it_is = None
    if format_ is not None and n_samples is not None:
        as_it_is = AsItIs(format_, rate, channels, n_samples, bytes_hash)
    return FileLook(stamp, content_hash or RAW_PREFIX + bytes_hash, as_it_is)


def _read_packets(opened: OpenedContainer) -> tuple[str | None, int | None]:
    """The content hash, None for a file without packets; and how many samples its packets say they hold, if they do."""
    stream = opened.stream
    packets, ticks, is_told = PacketHash(stream), 0, True
    try:
        for packet in opened.container.demux(stream):
            packets.update(bytes(packet))
            if packet.size:
                ticks += packet.duration or 0
                is_told = is_told and bool(packet.duration)
    except (OSError, ValueError):
        # As far as it can be read it is what it is; a browser may stop here.
        is_told = False
    if not packets.n_bytes:
        return None, None
    is_counted = stream.time_base is not None and stream.time_base * stream.codec_context.sample_rate == 1
    return packets.text(), ticks if is_told and is_counted else None


def _playable_format(file: io.FileIO, opened: OpenedContainer, n_samples: int) -> str | None:
    """The media type, if the file is played as it is by every browser."""
    context, container = opened.stream.codec_context, opened.container
    if opened.warnings or opened.valid_bits is not None or context.channels not in (1, 2):
        return None
    if not LEAST_PLAYABLE_RATE <= context.sample_rate <= LARGEST_PLAYABLE_RATE or n_samples < 1:
        return None
    codec = context.codec.canonical_name
    if container.format.name == "wav" and codec in _WAV_CODECS:
        return "audio/wav" if _is_plain_wav(file, context.channels * (bit_depth(opened) or 0) // 8, n_samples) else None
    if container.format.name == "flac" and codec == "flac" and bit_depth(opened) in _PLAYABLE_BITS:
        file.seek(0)
        # A stream may leave its length open, and a tag of MP3's may stand before it.
        return "audio/flac" if file.read(4) == b"fLaC" and opened.stream.duration == n_samples else None
    return None


def _is_plain_wav(file: io.FileIO, frame_bytes: int, n_samples: int) -> bool:
    """Whether one chunk of samples says its true length, in a file that we need not mend for FFmpeg."""
    riff = read_chunks(file, ())
    file.seek(0)
    if riff is None or file.read(4) != b"RIFF" or mended(file) is not None:
        return False
    sounds = [chunk for chunk in riff.chunks if chunk.name == b"data"]
    return len(sounds) == 1 and sounds[0].n_missing == 0 and sounds[0].n_bytes == n_samples * frame_bytes
