"""Reads how many samples a file says it has, where FFmpeg's decoding alone does not end exactly there.

Lossy codecs add delay before the sound and padding behind it. FFmpeg drops what MP3 (LAME's
tag), Ogg Opus, Matroska, CAF and the edit lists of MP4 announce at the start; at the end it
leaves up to a frame in MP4, in Ogg Vorbis files of one page, in ADPCM, and in MP3 what exceeds
a frame. What is known about those is gathered here; a file that says nothing keeps what was
decoded.
"""

from __future__ import annotations

import re

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

# No codec pads by more than this: a larger excess means that the file lies, or is several files joined.
MAX_PADDING = 2**14
_COUNTS_SAMPLES = frozenset({"wav", "w64", "aiff", "caf", "flac", "ogg", "mov", "wv", "tta", "ape", "au"})
# Edit lists count in the film's time, mostly 1/600 s or 1/1000 s.
_EDIT_ROUNDING_S = 0.002


class StatedLength:
    """Collects what the container says while its packets pass by."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._container = container
        self._stream = stream
        self._format = container.format.name
        self._media_end: int | None = None
        self._first_is_trimmed: bool | None = None

    @property
    def n_skipped(self) -> int:
        """Samples to drop at the start that FFmpeg would not drop, or would drop twice."""
        if self._is_wma_of_ffmpeg:
            return wma_frame_length(self._stream.codec_context.codec.canonical_name, self._stream.sample_rate)
        return 0

    @property
    def wants_manual_skip(self) -> bool:
        """Whether FFmpeg's own idea of the delay is wrong for this file."""
        return self._is_wma_of_ffmpeg

    @property
    def _is_wma_of_ffmpeg(self) -> bool:
        # FFmpeg's decoder drops the two frames of delay that Microsoft's encoder has; its own
        # encoder has one, and the first 46 ms of sound would be lost.
        if self._stream.codec_context.codec.canonical_name not in ("wmav1", "wmav2"):
            return False
        return self._container.metadata.get("encoder", "").startswith("Lav")

    @property
    def claimed_s(self) -> float | None:
        """Length in seconds by a header that counts samples; None where it is an estimate."""
        if self._format.split(",")[0] not in _COUNTS_SAMPLES or self._stream.duration is None:
            return None
        return float(self._stream.duration * (self._stream.time_base or 0))

    def observe(self, packet: Packet[AudioStream]) -> None:
        """Take note of a packet's place."""
        if self._first_is_trimmed is None:
            self._first_is_trimmed = packet.has_sidedata("skip_samples")
        if packet.pts is not None and packet.duration is not None:
            self._media_end = packet.pts + packet.duration

    def n_samples(self, sample_rate: int) -> int | None:
        """The stated length in samples, or None when the container does not say, or not exactly."""
        stream = self._stream
        if self._format == "mp3":
            # With LAME's tag FFmpeg counts exactly; it cuts the end by one frame at most, and
            # a short frame (MPEG-2) can be less than the padding.
            if not self._first_is_trimmed or stream.duration is None or stream.time_base is None:
                return None
            return round(stream.duration * stream.time_base * sample_rate)
        if self._format.startswith("mov"):
            stated = itunes_length(self._container.metadata) or itunes_length(stream.metadata)
            if stated is not None:
                return stated
        elif self._format not in ("ogg", "wav", "w64"):
            return None
        if stream.duration is None or stream.time_base is None:
            return None
        # Sound with a spectral band copied from below (HE-AAC) may be counted at half its rate.
        samples_per_tick = stream.time_base * sample_rate
        if samples_per_tick not in (1, 2):
            return None
        ticks = stream.duration
        if self._format.startswith("mov") and self._media_end is not None:
            rounding = self._media_end - ticks
            if 0 <= rounding * stream.time_base <= _EDIT_ROUNDING_S:
                # The edit list was rounded; the sample table was not.
                ticks = self._media_end
        return int(ticks * samples_per_tick)


def itunes_length(tags: dict[str, str]) -> int | None:
    """The count of valid samples in an ``iTunSMPB`` tag.

    >>> itunes_length({"iTunSMPB": " 00000000 00000840 000001C0 0000000000055F00 00000000"})
    352000
    """
    match = re.match(r"\s*[0-9A-Fa-f]{8} [0-9A-Fa-f]{8} [0-9A-Fa-f]{8} ([0-9A-Fa-f]{16})\b", tags.get("iTunSMPB", ""))
    return int(match[1], 16) or None if match else None


def wma_frame_length(codec: str, sample_rate: int) -> int:
    """Samples per frame of Windows Media Audio 1 and 2."""
    if sample_rate <= 16_000:
        return 512
    if sample_rate <= 22_050 or (sample_rate <= 32_000 and codec == "wmav1"):
        return 1024
    return 2048
