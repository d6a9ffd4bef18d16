"""Decoded frames to blocks of float32, all alike in rate, channels and size.

FFmpeg hands out small frames (1152 samples for MP3) in the decoder's own sample format. They
are gathered in FFmpeg's own queue, so that Python and numpy are entered once per block.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

_DTYPES: dict[str, type[np.generic]] = {
    "u8": np.uint8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
    "flt": np.float32,
    "dbl": np.float64,
}
# PyAV counts the planes of a frame up to a null pointer, which FFmpeg does not promise when all
# its eight pointers are in use: with more channels, what it calls planes is somebody else's
# memory. Such frames are interleaved first.
_MOST_PLANES = 7
# FFmpeg's sample formats and what full scale is in them.
_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}


def to_float(frame: AudioFrame) -> NDArray[np.float32]:
    """The frame's samples, float32, shape (channels, n_samples), C-contiguous, full scale ±1."""
    name = frame.format.name
    n_channels = frame.layout.nb_channels
    base = name.removesuffix("p")
    array = _planes(frame, _DTYPES[base], n_channels)
    if frame.format.is_packed:
        array = array.reshape(-1, n_channels).T
    if base == "flt":
        return np.ascontiguousarray(array)
    if base == "dbl":
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, dtype=np.float32)
    samples = np.empty(array.shape, dtype=np.float32)
    np.multiply(array, np.float32(1.0 / _FULL_SCALE[base]), out=samples, casting="unsafe")
    if base == "u8":
        samples -= 1.0
    return samples


def _planes(frame: AudioFrame, dtype: type[Any], n_channels: int) -> NDArray[Any]:
    """The frame's memory as PyAV's ``to_ndarray`` would give it, for any format and number of channels.

    PyAV knows no 64-bit integers. Planar frames of more than ``_MOST_PLANES`` channels never come here.
    """
    n_planes = n_channels if frame.format.is_planar else 1
    n_values = frame.samples * n_channels // n_planes
    return np.vstack([np.frombuffer(memoryview(plane), dtype, n_values) for plane in frame.planes[:n_planes]])


class FrameQueue:
    """Frames in, blocks of float32 out; the first frame fixes rate and layout for all.

    A frame that differs from the first (chained streams, a damaged header) is converted by
    FFmpeg's resampler to what the first was.
    """

    def __init__(self) -> None:
        self._fifo = AudioFifo()
        # Sample format, rate, layout and channels of what is queued.
        self._likeness: tuple[str, int, str, int] | None = None
        self._converter: AudioResampler | None = None
        self._converts: tuple[str, int, str, int] | None = None
        self._time_base: Fraction | None = None
        # Samples still to be dropped from the start.
        self.skip = 0
        self.n_written = 0
        # Whether rate or channels changed on the way.
        self.changed = False

    @property
    def n_waiting(self) -> int:
        return self._fifo.samples

    def write(self, frame: AudioFrame) -> None:
        """Take the next frame; it is used up."""
        layout = frame.layout
        likeness = (frame.format.name, frame.sample_rate, layout.name, layout.nb_channels)
        if likeness == self._likeness:
            if self._converter is not None:
                self._flush_converter()
            self._enqueue(frame)
            return
        if self._likeness is None:
            is_unsafe = frame.format.is_planar and layout.nb_channels > _MOST_PLANES
            self._likeness = (frame.format.packed.name if is_unsafe else frame.format.name, *likeness[1:])
            self._time_base = frame.time_base
            if not is_unsafe:
                self._enqueue(frame)
                return
        self._write_converted(frame, likeness)

    def _enqueue(self, frame: AudioFrame) -> None:
        # The queue would refuse timestamps with gaps; order is all we need.
        frame.pts = None
        self._fifo.write(frame)
        self.n_written += frame.samples
        if self.skip and self._fifo.samples:
            dropped = min(self.skip, self._fifo.samples)
            self._fifo.read(dropped)
            self.skip -= dropped
            self.n_written -= dropped

    def _enqueue_all(self, converted: list[AudioFrame]) -> None:
        for frame in converted:
            frame.time_base = self._time_base
            self._enqueue(frame)

    def _write_converted(self, frame: AudioFrame, likeness: tuple[str, int, str, int]) -> None:
        assert self._likeness is not None
        if self._converts != likeness:
            self._flush_converter()
            name, rate, layout, _ = self._likeness
            self._converter = AudioResampler(format=name, layout=layout, rate=rate)
            self._converts = likeness
            self.changed |= likeness[1:] != self._likeness[1:]
        assert self._converter is not None
        frame.pts = None
        self._enqueue_all(self._converter.resample(frame))

    def _flush_converter(self) -> None:
        if self._converter is not None:
            self._enqueue_all(self._converter.resample(None))
        self._converter = self._converts = None

    def finish(self) -> None:
        """No frame will follow."""
        self._flush_converter()

    def read(self, n_samples: int) -> NDArray[np.float32]:
        """The next ``n_samples`` (at most what waits), float32 (channels, n)."""
        frame = self._fifo.read(n_samples, partial=True)
        assert frame is not None
        return to_float(frame)
