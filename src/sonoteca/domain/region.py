"""A span of a sound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """Half-open span ``[start_s, end_s)`` in seconds from the first sample of the sound.

    ``number`` 0 is the whole sound; event regions count from 1 in time order.
    """

    number: int
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if self.number < 0 or not 0 <= self.start_s <= self.end_s:
            raise ValueError(f"not a region: number {self.number}, {self.start_s} s to {self.end_s} s")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def is_whole(self) -> bool:
        return self.number == 0
