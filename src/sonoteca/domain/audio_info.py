"""What a file is, before anything is heard in it."""

from __future__ import annotations

from dataclasses import dataclass

# As FFmpeg's codecs without loss are called, or begin.
_LOSSLESS = ("pcm_", "flac", "alac", "wavpack", "ape", "tta", "tak", "mlp", "shorten")


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the file is. ``duration_s`` is exact: native samples after trimming encoder delay / rate."""

    duration_s: float
    sample_rate: int
    channels: int
    codec: str
    container: str
    n_samples: int
    content_hash: str
    bit_depth: int | None = None
    bit_rate: int | None = None


def is_lossless(codec: str | None) -> bool:
    """Whether a codec gives back every sample that was put in; what is not known is not said to.

    >>> is_lossless("pcm_s16le"), is_lossless("mp3")
    (True, False)
    """
    return codec is not None and codec.startswith(_LOSSLESS)
