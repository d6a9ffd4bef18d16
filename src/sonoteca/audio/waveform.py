"""Waveforms to draw: overview and zoom as JSON, and BBC audiowaveform's binary ``.dat``.

All come from the 256-sample pixels measured during the one decode; sounds that are too short
for that (a one-shot) are drawn from their samples at the analysis rate.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.measure import SAMPLES_PER_PIXEL
from sonoteca.audio.recording import NativeMeasurements, Recording

OVERVIEW_POINTS = 1_000
ZOOM_POINTS = 8_000

# Version, flags (bit 0: 8-bit values), rate, samples per pixel, pixels, channels.
_DAT_HEADER = struct.Struct("<iIiiIi")
_DAT_VERSION = 2
_FULL_SCALE = 32_767


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Extremes and RMS of the mono mix over equal stretches: float32, shape (n_points,) each."""

    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]
    rms: NDArray[np.float32]
    duration_s: float

    def to_json(self) -> dict[str, object]:
        """Plain lists, rounded to 1/10,000 of full scale (-80 dB)."""
        return {
            "version": 1,
            "duration_s": self.duration_s,
            "n_points": len(self.rms),
            "min": _rounded(self.minimum),
            "max": _rounded(self.maximum),
            "rms": _rounded(self.rms),
        }


def draw(recording: Recording, n_points: int = OVERVIEW_POINTS) -> Waveform:
    """The waveform of a whole sound in at most ``n_points`` (fewer only if it has fewer samples)."""
    if n_points < 1:
        raise ValueError(f"n_points must be positive, got {n_points}")
    pixels = recording.measurements
    if len(pixels.peaks_rms) >= n_points:
        minimum, maximum, rms = pixels.peaks_min, pixels.peaks_max, pixels.peaks_rms
    else:
        minimum = maximum = recording.read(0, recording.n_samples)
        rms = np.abs(minimum)
    edges = np.linspace(0, len(rms), min(n_points, len(rms)), endpoint=False).astype(np.intp)
    counts = np.diff(edges, append=len(rms))
    return Waveform(
        np.minimum.reduceat(minimum, edges),
        np.maximum.reduceat(maximum, edges),
        np.sqrt(np.add.reduceat(np.square(rms, dtype=np.float64), edges) / counts).astype(np.float32),
        recording.info.duration_s,
    )


def write_dat(path: str | os.PathLike[str], measurements: NativeMeasurements) -> None:
    """Write BBC audiowaveform's format, version 2: mono, 16 bit, 256 native samples per pixel.

    Beyond full scale is clipped, as the format has no room for it.
    """
    pairs = np.stack([measurements.peaks_min, measurements.peaks_max], axis=1)
    values = np.clip(np.rint(pairs * _FULL_SCALE), -_FULL_SCALE - 1, _FULL_SCALE).astype("<i2")
    header = _DAT_HEADER.pack(_DAT_VERSION, 0, measurements.sample_rate, SAMPLES_PER_PIXEL, len(values), 1)
    with open(path, "wb") as file:
        file.write(header + values.tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class DatWaveform:
    """What a ``.dat`` file holds: ``minimum`` and ``maximum`` float32, shape (n_channels, n_pixels)."""

    sample_rate: int
    samples_per_pixel: int
    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]


def read_dat(path: str | os.PathLike[str]) -> DatWaveform:
    """Read BBC audiowaveform's format, versions 1 and 2, 8 or 16 bit.

    Raises
    ------
    ValueError
        If it is none of them, or shorter than its header says.
    """
    with open(path, "rb") as file:
        data = file.read()
    header_bytes = _DAT_HEADER.size
    if data[:4] == struct.pack("<i", 1):
        # Version 1 is always mono and has no field for it.
        header_bytes -= 4
        data = data[:header_bytes] + struct.pack("<i", 1) + data[header_bytes:]
    if len(data) < _DAT_HEADER.size:
        raise ValueError(f"{path} is too short for a waveform header: {len(data)} bytes")
    version, flags, sample_rate, samples_per_pixel, n_pixels, n_channels = _DAT_HEADER.unpack_from(data)
    if version not in (1, 2) or n_channels < 1:
        raise ValueError(f"{path} is no waveform of version 1 or 2: version {version}, {n_channels} channels")
    dtype, full_scale = (np.dtype("i1"), 127) if flags & 1 else (np.dtype("<i2"), _FULL_SCALE)
    n_values = 2 * n_pixels * n_channels
    if len(data) - _DAT_HEADER.size < n_values * dtype.itemsize:
        raise ValueError(f"{path} says {n_pixels} pixels and ends before them")
    values = np.frombuffer(data, dtype, n_values, _DAT_HEADER.size).reshape(n_pixels, n_channels, 2)
    scaled = values.astype(np.float32) / np.float32(full_scale)
    return DatWaveform(sample_rate, samples_per_pixel, scaled[:, :, 0].T, scaled[:, :, 1].T)


def _rounded(values: NDArray[np.float32]) -> list[float]:
    return [round(float(value), 4) for value in values]
