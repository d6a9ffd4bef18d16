"""Waveforms as BBC audiowaveform keeps them: the binary ``.dat`` of version 2, and the same as JSON.

waveform-data.js, which draws them in browsers, reads both. Values are 16-bit, minimum and maximum per pixel, of
one channel. A pixel covers ``samples_per_pixel`` frames at the sound's own rate; the last may cover fewer.
"""

from __future__ import annotations

import array
import struct
import sys
from dataclasses import dataclass
from typing import Any

FULL_SCALE = 32_767
# Version, flags (bit 0: 8-bit values), rate, samples per pixel, pixels, channels.
_HEADER = struct.Struct("<iIiiIi")
_VERSION = 2


@dataclass(frozen=True, slots=True)
class DrawnPeaks:
    """Both drawings of a sound (``audio.peaks``) as ``.dat`` files."""

    overview: bytes
    zoom: bytes


def dat_bytes(sample_rate: int, samples_per_pixel: int, pairs: bytes) -> bytes:
    """A ``.dat`` file; ``pairs`` are little-endian 16-bit minimum and maximum of pixel after pixel."""
    return _HEADER.pack(_VERSION, 0, sample_rate, samples_per_pixel, len(pairs) // 4, 1) + pairs


def is_dat(data: bytes) -> bool:
    """Whether these bytes are a whole file as ``dat_bytes`` makes it."""
    if len(data) < _HEADER.size:
        return False
    version, flags, _, _, n_pixels, n_channels = _HEADER.unpack_from(data)
    return (version, flags, n_channels) == (_VERSION, 0, 1) and len(data) == _HEADER.size + 4 * n_pixels


def dat_as_json(data: bytes) -> dict[str, Any]:
    """The JSON form of a ``.dat`` file: ``data`` is minimum and maximum of pixel after pixel, whole numbers.

    >>> dat_as_json(dat_bytes(44_100, 256, struct.pack("<4h", -3, 5, 0, 7)))["data"]
    [-3, 5, 0, 7]
    """
    version, _, sample_rate, samples_per_pixel, n_pixels, n_channels = _HEADER.unpack_from(data)
    values = array.array("h", data[_HEADER.size :])
    if sys.byteorder == "big":
        values.byteswap()
    return {
        "version": version,
        "channels": n_channels,
        "sample_rate": sample_rate,
        "samples_per_pixel": samples_per_pixel,
        "bits": 16,
        "length": n_pixels,
        "data": values.tolist(),
    }
