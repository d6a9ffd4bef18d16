"""A span of a sound as people hear it: at its own rate, in one or two channels, block by block.

What is played and what is drawn come from here, so that they agree to the sample: both are the frames
that ``audio.decoding`` gives, without the delay and the padding of codecs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.container import OpenedContainer, open_container, open_regular_file
from sonoteca.audio.decoding import Decoding
from sonoteca.audio.file_stamp import FileStamp, stamp_of
from sonoteca.audio.measure import sanitize
from sonoteca.audio.passage import stereo_weights
from sonoteca.audio.probe import bit_depth
from sonoteca.domain.names import printable_path
from sonoteca.errors import DamagedAudio, EmptyAudio, FileUnreadable, SoundsMissing

_BLOCK = 2**16
# Lossless codecs that give floats: what they hold is more than 16 bits.
_FINE_FLOATS = ("dsd_", "wavpack")

Take: TypeAlias = Callable[[NDArray[np.float32]], None]


@dataclass(frozen=True, slots=True)
class HeardAs:
    """How a sound is handed on: ``bits`` is 16 where nothing finer is in it or can be told, else 24."""

    sample_rate: int
    channels: int
    bits: int


def decode_span(
    path: str | os.PathLike[str] | bytes,
    stamp: FileStamp,
    begin: Callable[[HeardAs], Take],
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> int:
    """Hand on ``[start_s, end_s)`` of a file, cut to the sample; how many samples per channel that were.

    Parameters
    ----------
    path : path
    stamp : FileStamp
        Of the file that is meant: no byte of another is handed on as its own.
    begin : function of HeardAs
        Called once, before the first block, with what the sound is; gives the function that takes the
        blocks, float32 (channels, n). More than two channels are mixed to stereo.
    start_s, end_s : float [s]
        An end beyond the sound, and None, are the sound's end.

    Raises
    ------
    AudioError
        As ``decode.open_recording``; EmptyAudio where there is not a single sample.
    SoundsMissing
        The file is another by now.
    """
    shown = printable_path(path)
    with open_regular_file(path) as file, open_container(file, shown) as opened:
        _require_same(file.fileno(), stamp, shown)
        cut = partial(_Cut, bits=_bits(opened), start_s=start_s, end_s=end_s, begin=begin)
        decoding = Decoding(opened, shown, cut)
        try:
            # What is decoded beyond the end makes sure that the last sample is there.
            decoding.run(longest_s=None if end_s is None else end_s + 1.0)
        except OSError as error:
            raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
        _require_same(file.fileno(), stamp, shown)
    if decoding.sink is None:
        if decoding.packets.n_bytes:
            raise DamagedAudio(f"{shown}: nothing in it could be decoded.")
        raise EmptyAudio(f"{shown} holds no sound: not a single sample is in it.")
    if not decoding.sink.n_given:
        raise EmptyAudio(f"{shown} ends before {start_s:g} s.", "Have the file analysed again.")
    return decoding.sink.n_given


def _require_same(descriptor: int, stamp: FileStamp, shown: str) -> None:
    if stamp_of(descriptor) != stamp:
        raise SoundsMissing(f"{shown} was changed while it was read.", "Try again when no program writes to it.")


def _bits(opened: OpenedContainer) -> int:
    depth, context = bit_depth(opened), opened.stream.codec_context
    if depth is not None:
        return 16 if depth <= 16 else 24
    is_float = getattr(context.format, "name", "").startswith("flt")
    return 16 if is_float and not context.codec.canonical_name.startswith(_FINE_FLOATS) else 24


class _Cut:
    """A sink that hands on a span of what it is given."""

    def __init__(
        self,
        sample_rate: int,
        channel_names: tuple[str, ...],
        *,
        bits: int,
        start_s: float,
        end_s: float | None,
        begin: Callable[[HeardAs], Take],
    ) -> None:
        self.sample_rate = sample_rate
        self.wanted = _BLOCK
        self.n_given = 0
        self._at = 0
        self._first = round(start_s * sample_rate)
        self._stop = None if end_s is None else max(self._first + 1, round(end_s * sample_rate))
        self._sides = stereo_weights(channel_names)
        self._take = begin(HeardAs(sample_rate, min(2, len(channel_names)), bits))

    def push(self, block: NDArray[np.float32], *, is_raw_float: bool) -> None:
        at, self._at = self._at, self._at + block.shape[1]
        stop = block.shape[1] if self._stop is None else max(0, self._stop - at)
        inside = np.ascontiguousarray(block[:, max(0, self._first - at) : stop])
        if inside.shape[1]:
            sanitize(inside)
            self.n_given += inside.shape[1]
            self._take(inside if self._sides is None else self._sides @ inside)
