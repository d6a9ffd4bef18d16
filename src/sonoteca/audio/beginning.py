"""Reads the first seconds of a file, all that a hummed query needs."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.container import open_container, open_regular_file
from sonoteca.audio.decoding import Decoding
from sonoteca.audio.measure import sanitize
from sonoteca.audio.mixdown import MonoMix, ToRate
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.names import printable_path
from sonoteca.errors import DamagedAudio, FileUnreadable

_BLOCK = 2**14


def read_beginning(path: str | os.PathLike[str] | bytes, duration_s: float) -> AudioSignal:
    """Mono samples at 22,050 Hz of the first ``duration_s`` seconds; the rest of the file is not decoded.

    Raises
    ------
    AudioError
        As ``decode.open_recording``.
    ValueError
        If ``duration_s`` is not positive.
    """
    if duration_s <= 0.0:
        raise ValueError(f"duration_s must be positive, got {duration_s}")
    shown = printable_path(path)
    with open_regular_file(path) as file, open_container(file, shown) as opened:
        decoding = Decoding(opened, shown, _Mono)
        try:
            decoding.run(longest_s=duration_s)
        except OSError as error:
            raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
    if decoding.sink is None:
        raise DamagedAudio(f"{shown}: nothing in it could be decoded.")
    samples = decoding.sink.samples()[: round(duration_s * ANALYSIS_RATE)]
    return AudioSignal(samples[None], ANALYSIS_RATE)


class _Mono:
    """A sink that mixes and resamples as the analysis of a whole file does."""

    def __init__(self, sample_rate: int, channel_names: tuple[str, ...]) -> None:
        self.sample_rate = sample_rate
        self.wanted = _BLOCK
        self._mix = MonoMix(len(channel_names))
        self._resampler = ToRate(sample_rate)
        self._parts: list[NDArray[np.float32]] = []

    def push(self, block: NDArray[np.float32], *, is_raw_float: bool) -> None:
        sanitize(block)
        self._parts.append(self._resampler.push(self._mix.push(block)))

    def samples(self) -> NDArray[np.float32]:
        return np.concatenate([*self._parts, self._resampler.finish()])
