"""What a frame feature is, and the block of sound it is computed from.

A feature is a frozen, hashable description (its settings); ``open()`` gives a stream that
is fed the sound block by block and answers with the frames of that block. Frame ``t`` is
centred on sample ``t * hop_length`` of the 22,050 Hz mono signal, which counts as zero
before its start and after its end; a sound of ``n`` samples has ``ceil(n / hop_length)``
frames, at least one.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

# 11.9 s: long enough that overhead per block vanishes, short enough for a few megabytes of
# spectra. Every hop length has to divide it, so hop lengths are powers of two.
BLOCK_LENGTH = 2**18
# The longest window is twice this.
MARGIN = 2**13


class Block:
    """``BLOCK_LENGTH`` samples (fewer at the end) with ``MARGIN`` samples on both sides.

    Spectra are computed on first use and shared by all features of the pass.
    """

    def __init__(
        self, padded: NDArray[np.float32], *, start: int, n_samples: int, sample_rate: int, is_last: bool
    ) -> None:
        if padded.shape != (n_samples + 2 * MARGIN,):
            raise ValueError(f"a block of {n_samples} samples needs {MARGIN} more on both sides, got {padded.shape}")
        self.padded = padded
        self.start = start
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.is_last = is_last
        self._magnitudes: dict[tuple[int, int, int], NDArray[np.float32]] = {}

    def n_frames(self, hop_length: int) -> int:
        return max(1, -(-self.n_samples // hop_length))

    def samples(self, before: int = 0, after: int = 0) -> NDArray[np.float32]:
        """The block's samples with ``before``/``after`` (<= MARGIN) neighbours, zeros beyond the sound."""
        return self.padded[MARGIN - before : MARGIN + self.n_samples + after]

    def windows(self, win_length: int, hop_length: int) -> NDArray[np.float32]:
        """Overlapping views, shape (n_frames, win_length), window ``t`` centred on frame ``t``."""
        if win_length > 2 * MARGIN:
            raise ValueError(f"win_length must be at most {2 * MARGIN}, got {win_length}")
        n_frames = self.n_frames(hop_length)
        first = MARGIN - win_length // 2
        stretch = self.padded[first : first + (n_frames - 1) * hop_length + win_length]
        return np.lib.stride_tricks.sliding_window_view(stretch, win_length)[::hop_length]

    def magnitude(self, n_fft: int, hop_length: int, *, win_length: int | None = None) -> NDArray[np.float32]:
        """Hann-windowed magnitude spectra, shape (n_frames, n_fft // 2 + 1), shared: do not write to it.

        Scaled so that a full-scale sine in the middle of a bin has magnitude 1.
        """
        win_length = n_fft if win_length is None else win_length
        key = (n_fft, hop_length, win_length)
        if key not in self._magnitudes:
            window = hann(win_length)
            frames = self.windows(win_length, hop_length) * (window * np.float32(2.0 / window.sum()))
            self._magnitudes[key] = np.abs(scipy.fft.rfft(frames, n_fft, axis=-1, overwrite_x=True))
        return self._magnitudes[key]


_HANN: dict[int, NDArray[np.float32]] = {}


def hann(win_length: int) -> NDArray[np.float32]:
    """Periodic Hann window, float32, shape (win_length,)."""
    if win_length not in _HANN:
        phase = 2.0 * np.pi * np.arange(win_length) / win_length
        _HANN[win_length] = (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
    return _HANN[win_length]


@runtime_checkable
class FeatureStream(Protocol):
    """One pass of one feature over one sound."""

    def push(self, block: Block) -> NDArray[np.float32]:
        """Frames of this block, shape (..., block.n_frames(hop_length)). Blocks come in order."""
        ...


@runtime_checkable
class Feature(Protocol):
    """A frozen, hashable description of a frame feature."""

    @property
    def hop_length(self) -> int: ...

    def open(self, sample_rate: int) -> FeatureStream:
        """A fresh stream for one sound."""
        ...
