"""A span of a file as it was recorded: native rate, both channels, and who it is.

Analysis hears mono at 22,050 Hz; what people hear again (a render, a preview) is read here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.container import open_container, open_regular_file
from sonoteca.audio.content_hash import hash_bytes
from sonoteca.audio.decoding import Decoding
from sonoteca.audio.kweighting import default_channel_names
from sonoteca.audio.measure import sanitize
from sonoteca.audio.recording import MAX_READ_S
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.names import printable_path
from sonoteca.errors import DamagedAudio, EmptyAudio, FileUnreadable

_BLOCK = 2**16
# What a channel gives to left and right when there are more than two (ITU-R BS.775: -3 dB for the
# centre and the surrounds); the low frequency channel is left out, as everywhere.
_SIDES = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "FC": (0.7071, 0.7071), "LFE": (0.0, 0.0), "LFE2": (0.0, 0.0),
    "BL": (0.7071, 0.0), "BR": (0.0, 0.7071), "SL": (0.7071, 0.0), "SR": (0.0, 0.7071), "BC": (0.5, 0.5),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """``signal`` is the span with ``lead`` samples of what comes before it and ``trail`` of what follows."""

    signal: AudioSignal
    lead: int
    trail: int
    content_hash: str


def read_passage(
    path: str | os.PathLike[str] | bytes, start_s: float, end_s: float, *, context_s: float = 0.0
) -> Passage:
    """Decode ``[start_s, end_s)`` of a file, mono or stereo, at its own rate.

    Parameters
    ----------
    path : path
        Any name the file system allows.
    start_s, end_s : float [s]
        At most ``MAX_READ_S`` apart. An end beyond the sound is the sound's end.
    context_s : float >= 0 [s]
        How much of what surrounds the span is wanted; there is less at the ends of the sound.

    Returns
    -------
    Passage
        More than two channels are mixed to stereo. ``content_hash`` is that of the whole file.

    Raises
    ------
    AudioError
        As ``decode.open_recording``; EmptyAudio too where the sound ends before ``start_s``.
    ValueError
        For a span that is empty, negative or too long.
    """
    if not 0 <= start_s < end_s or end_s - start_s > MAX_READ_S or context_s < 0:
        raise ValueError(f"a passage of at most {MAX_READ_S} s can be read, got {start_s} s to {end_s} s")
    shown = printable_path(path)
    with open_regular_file(path) as file, open_container(file, shown) as opened:
        decoding = Decoding(opened, shown, partial(_Excerpt, start_s=start_s, end_s=end_s, context_s=context_s))
        try:
            decoding.run()
            content_hash = decoding.packets.text() if decoding.packets.n_bytes else hash_bytes(file)
        except OSError as error:
            raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
    excerpt = decoding.sink
    if excerpt is None:
        raise DamagedAudio(f"{shown}: nothing in it could be decoded.")
    if excerpt.n_samples <= excerpt.first:
        raise EmptyAudio(f"{shown} ends before {start_s:g} s.", "Have the file analysed again.")
    return excerpt.passage(content_hash)


class _Excerpt:
    """A sink that keeps a span of what it is given."""

    def __init__(
        self, sample_rate: int, channel_names: tuple[str, ...], *, start_s: float, end_s: float, context_s: float
    ) -> None:
        self.sample_rate = sample_rate
        self.wanted = _BLOCK
        self.n_samples = 0
        self.first = round(start_s * sample_rate)
        self._stop = max(self.first + 1, round(end_s * sample_rate))
        n_context = round(context_s * sample_rate)
        self._from, self._until = max(0, self.first - n_context), self._stop + n_context
        self._sides = stereo_weights(channel_names)
        self._kept: list[NDArray[np.float32]] = []

    def push(self, block: NDArray[np.float32], *, is_raw_float: bool) -> None:
        at, self.n_samples = self.n_samples, self.n_samples + block.shape[1]
        inside = block[:, max(0, self._from - at) : max(0, self._until - at)]
        if inside.shape[1]:
            inside = np.ascontiguousarray(inside)
            sanitize(inside)
            self._kept.append(inside if self._sides is None else self._sides @ inside)

    def passage(self, content_hash: str) -> Passage:
        samples = np.concatenate(self._kept, axis=1)
        trail = max(0, self._from + samples.shape[1] - self._stop)
        return Passage(AudioSignal(samples, self.sample_rate), self.first - self._from, trail, content_hash)


def stereo_weights(names: tuple[str, ...]) -> NDArray[np.float32] | None:
    """Weights (2, n_channels), or None where there is nothing to mix.

    A file that does not say what its channels are has the usual order; channels beyond it stand in the middle.
    """
    if len(names) <= 2:
        return None
    if not any(name in _SIDES for name in names):
        names = default_channel_names(len(names))
    return np.array([_SIDES.get(name, (0.7071, 0.7071)) for name in names], dtype=np.float32).T.copy()
