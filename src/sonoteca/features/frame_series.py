"""Values over time, one per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FrameSeries:
    """``values`` float32, shape (..., n_frames). Frame ``t`` is centred on sample ``t * hop_length``.

    ``first_frame`` is the number, in the whole sound, of the first frame held: a view of a
    region starts where the region does, and ``times_s`` are still seconds of the sound.
    """

    values: NDArray[np.float32]
    sample_rate: int
    hop_length: int
    first_frame: int = 0

    @property
    def n_frames(self) -> int:
        return int(self.values.shape[-1])

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Centres of the frames in seconds of the sound, shape (n_frames,)."""
        return np.asarray(
            (np.arange(self.n_frames) + self.first_frame) * (self.hop_length / self.sample_rate), np.float64
        )

    def between(self, start_s: float, end_s: float) -> FrameSeries:
        """The frames whose centres lie in ``[start_s, end_s)``, at least one; a view where the frames are in memory."""
        rate = self.frame_rate
        start = int(np.ceil(start_s * rate - 1e-6)) - self.first_frame
        stop = int(np.ceil(end_s * rate - 1e-6)) - self.first_frame
        start = min(max(start, 0), max(self.n_frames - 1, 0))
        stop = min(max(stop, start + 1), self.n_frames)
        return self._part(start, stop)

    def in_memory(self) -> FrameSeries:
        """The same frames where reading ``values`` costs nothing: this series, unless it lies in a file."""
        return self

    def _part(self, start: int, stop: int) -> FrameSeries:
        return FrameSeries(self.values[..., start:stop], self.sample_rate, self.hop_length, self.first_frame + start)
