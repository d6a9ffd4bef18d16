"""The notes of a hummed query: what a worker hears, and what tunes are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class QueryNotes:
    """What was sung: float32 arrays of equal length, rising in start.

    ``midi`` is fractional. ``voiced_share`` 0..1 says how much of the recording was sung.
    """

    starts_s: NDArray[np.float32]
    ends_s: NDArray[np.float32]
    midi: NDArray[np.float32]
    voiced_share: float = 1.0

    def __post_init__(self) -> None:
        if not self.starts_s.shape == self.ends_s.shape == self.midi.shape:
            raise ValueError(
                f"notes need as many starts as ends and pitches, got {self.starts_s.shape}, "
                f"{self.ends_s.shape}, {self.midi.shape}"
            )

    def __len__(self) -> int:
        return len(self.starts_s)
