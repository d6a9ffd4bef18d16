"""What is said of a file that was just written; who reads the answer of a worker loads no decoder for it."""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.errors import AudioError


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: ``n_samples`` per channel; ``bytes_hash`` is a hash over all its bytes."""

    sample_rate: int
    channels: int
    n_samples: int
    n_bytes: int
    bytes_hash: str


class TooLong(AudioError):
    """A sound that is longer than what is written of one."""

    code = "too_long"
    default_remedy = "Ask for a part of it."
