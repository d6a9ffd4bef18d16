"""A span of a file is written as FLAC, which every browser plays and seeks to the sample.

Docs/decisions/0034-what-is-played-and-drawn.md says why it is FLAC. The file is never whole in memory.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.content_hash import RAW_PREFIX, hash_bytes
from sonoteca.audio.encode import SoundWriter
from sonoteca.audio.file_look import LARGEST_PLAYABLE_RATE, LEAST_PLAYABLE_RATE
from sonoteca.audio.file_stamp import FileStamp
from sonoteca.audio.mixdown import ToRate
from sonoteca.audio.span import HeardAs, Take, decode_span
from sonoteca.audio.written import TooLong, Written

# A rate that browsers may refuse becomes this one.
_USUAL_RATE = 48_000
# Ten-hour recordings exist; of a file that does not end so much is written, because disks do.
LONGEST_S = 24 * 3600.0


def transcode(path: str, stamp: FileStamp, target: str, *, start_s: float = 0.0, end_s: float | None = None) -> Written:
    """Write ``[start_s, end_s)`` as FLAC of 16 bits, or 24 where more is in it; mono or stereo, at its own rate.

    Raises
    ------
    AudioError, SoundsMissing
        As ``span.decode_span``; ``TooLong`` beyond ``LONGEST_S``.
    OSError
        The disk has no room, or takes nothing; no file is left.
    """
    with ExitStack() as stack:
        writers: list[_FlacWriter] = []

        def begin(heard: HeardAs) -> Take:
            writers.append(_FlacWriter(target, heard, stack))
            return writers[0].take

        decode_span(path, stamp, begin, start_s=start_s, end_s=end_s)
        (writer,) = writers
        writer.finish()
    return told_of(target, writer.sample_rate, writer.channels, writer.n_samples)


def told_of(target: str, sample_rate: int, channels: int, n_samples: int) -> Written:
    """What is to be said of a file that was just written."""
    with open(target, "rb", buffering=0) as file:
        bytes_hash = hash_bytes(file).removeprefix(RAW_PREFIX)
        return Written(sample_rate, channels, n_samples, os.fstat(file.fileno()).st_size, bytes_hash)


class _FlacWriter:
    """Writes blocks at a rate that every browser plays, with the exact length that follows."""

    def __init__(self, target: str, heard: HeardAs, stack: ExitStack) -> None:
        is_usual = LEAST_PLAYABLE_RATE <= heard.sample_rate <= LARGEST_PLAYABLE_RATE
        self.sample_rate = heard.sample_rate if is_usual else _USUAL_RATE
        self.channels = heard.channels
        self.n_samples = 0
        self._resamplers = [] if is_usual else [ToRate(heard.sample_rate, _USUAL_RATE) for _ in range(heard.channels)]
        encoding = ".16.flac" if heard.bits == 16 else ".flac"
        self._to = stack.enter_context(SoundWriter(target, self.sample_rate, self.channels, encoding=encoding))

    def take(self, block: NDArray[np.float32]) -> None:
        if self._resamplers:
            block = np.stack([each.push(row) for each, row in zip(self._resamplers, block, strict=True)])
        self._write(block)

    def finish(self) -> None:
        if self._resamplers:
            self._write(np.stack([each.finish() for each in self._resamplers]))

    def _write(self, block: NDArray[np.float32]) -> None:
        if not block.shape[1]:
            return
        self.n_samples += block.shape[1]
        if self.n_samples > LONGEST_S * self.sample_rate:
            raise TooLong(f"The sound lasts longer than {LONGEST_S / 3600.0:.0f} hours.")
        self._to.write(block)
