"""Samples in memory. Times are seconds, sample ``n`` is at ``n / sample_rate``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Everything that listens works at this rate; what lies above 11 kHz is measured natively.
ANALYSIS_RATE = 22_050


@dataclass(frozen=True, slots=True, eq=False)
class AudioSignal:
    """``samples`` float32, shape (channels, n_samples), full scale ±1; ``sample_rate`` in Hz."""

    samples: NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(
                f"samples must be float32 (channels, n_samples), got {self.samples.dtype} {self.samples.shape}"
            )
        if self.sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, got {self.sample_rate}")

    @property
    def n_samples(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate
