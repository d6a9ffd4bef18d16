"""Peaks are the least and the largest sample of each pixel of a waveform; they are drawn while a file is decoded.

Two drawings come from one decode. The *overview* has at most 2,000 pixels, and more than 1,000 unless the sound has
fewer samples. The *zoom* has 256 samples in a pixel: more where that would be more than ``MOST_PIXELS`` (a sound
of ten hours has 2,048), fewer where the overview has fewer, so that it is never the coarser one. All are powers of two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.dat import FULL_SCALE, DrawnPeaks, dat_bytes
from sonoteca.audio.file_stamp import FileStamp
from sonoteca.audio.mixdown import MonoMix
from sonoteca.audio.span import HeardAs, Take, decode_span

SAMPLES_PER_PIXEL = 256
OVERVIEW_PIXELS = 2_000
# About 100 minutes at 44,100 Hz; a drawing of so many is 4 MiB.
MOST_PIXELS = 2**20


def draw_peaks(path: str, stamp: FileStamp) -> DrawnPeaks:
    """Draw a whole file, of the frames that it is played from (``audio.span``), mixed to one channel.

    Raises
    ------
    AudioError, SoundsMissing
        As ``span.decode_span``.
    """
    meters: list[PeakMeter] = []

    def begin(heard: HeardAs) -> Take:
        meters.append(PeakMeter(heard.sample_rate))
        mix = MonoMix(heard.channels)
        return lambda block: meters[0].push(mix.push(block))

    decode_span(path, stamp, begin)
    return meters[0].finish()


class PeakMeter:
    """Feeds on the samples of a sound, (n,) each, in order; beyond full scale is clipped, as the format has no room for it.

    Examples
    --------
    >>> meter = PeakMeter(44_100)
    >>> meter.push(np.array([0.5, -0.25], np.float32))
    >>> np.frombuffer(meter.finish().overview[24:], "<i2").tolist()
    [16384, 16384, -8192, -8192]
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._n_samples = 0
        # A sound that turns out to be short is drawn finer than a pixel of the zoom: its samples are kept so long.
        self._samples: list[NDArray[np.float32]] = []
        self._is_short = True
        self._rest = np.zeros(0, np.float32)
        # (n, 2) minimum and maximum as they stand in the file.
        self._pairs: list[NDArray[np.int16]] = []

    def push(self, samples: NDArray[np.float32]) -> None:
        """The next samples."""
        self._n_samples += len(samples)
        if self._is_short:
            self._samples.append(samples.copy())
            if self._n_samples <= OVERVIEW_PIXELS * SAMPLES_PER_PIXEL:
                return
            self._is_short, samples, self._samples = False, np.concatenate(self._samples), []
        joined = np.concatenate([self._rest, samples])
        n_whole = len(joined) // SAMPLES_PER_PIXEL * SAMPLES_PER_PIXEL
        self._pairs.append(_pixels(joined[:n_whole], SAMPLES_PER_PIXEL))
        self._rest = joined[n_whole:].copy()

    def finish(self) -> DrawnPeaks:
        """The drawings of everything pushed; ValueError for nothing at all."""
        if not self._n_samples:
            raise ValueError("there is nothing to draw")
        for_overview = _power_for(self._n_samples, OVERVIEW_PIXELS)
        for_zoom = max(min(SAMPLES_PER_PIXEL, for_overview), _power_for(self._n_samples, MOST_PIXELS))
        if self._is_short:
            zoom = _pixels(np.concatenate(self._samples), for_zoom)
        else:
            last = [_pixels(self._rest, SAMPLES_PER_PIXEL)] if len(self._rest) else []
            zoom = _joined(np.concatenate([*self._pairs, *last]), for_zoom // SAMPLES_PER_PIXEL)
        overview = _joined(zoom, for_overview // for_zoom)
        return DrawnPeaks(
            dat_bytes(self._sample_rate, for_overview, overview.astype("<i2").tobytes()),
            dat_bytes(self._sample_rate, for_zoom, zoom.astype("<i2").tobytes()),
        )


def _power_for(n_samples: int, n_pixels: int) -> int:
    """The smallest power of two that, as samples per pixel, gives no more than so many pixels.

    >>> _power_for(2_000, 2_000), _power_for(2_001, 2_000)
    (1, 2)
    """
    return 1 << max(0, (-(-n_samples // n_pixels) - 1).bit_length())


def _pixels(samples: NDArray[np.float32], samples_per_pixel: int) -> NDArray[np.int16]:
    starts = np.arange(0, len(samples), samples_per_pixel)
    if not len(starts):
        return np.zeros((0, 2), np.int16)
    pairs = np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)
    whole: NDArray[np.int16] = np.clip(np.rint(pairs * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)
    return whole


def _joined(pairs: NDArray[np.int16], factor: int) -> NDArray[np.int16]:
    """So many neighbouring pixels as one."""
    if factor == 1:
        return pairs
    starts = np.arange(0, len(pairs), factor)
    return np.stack([np.minimum.reduceat(pairs[:, 0], starts), np.maximum.reduceat(pairs[:, 1], starts)], axis=1)
