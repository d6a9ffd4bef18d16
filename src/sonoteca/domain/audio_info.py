"""What a file is, before anything is heard in it."""

from __future__ import annotations

from dataclasses import dataclass


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
