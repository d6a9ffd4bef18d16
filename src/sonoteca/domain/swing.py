"""Swing: how late the second of two equal notes comes.

A pair of eighths lasts a beat, a pair of sixteenths half of one. ``share`` is the part of its pair that passes
before the second note: 0.5 straight, 0.667 as triplets; drum machines name it in percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STRAIGHT = 0.5


@dataclass(frozen=True, slots=True)
class OffBeats:
    """The second notes of pairs: where they fall (``share`` 0..1 of the pair) and how many were heard."""

    share: float
    onsets: int

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0 or self.onsets < 1:
            raise ValueError(f"not an off-beat: {self.onsets} onsets at {self.share} of their pair")


@dataclass(frozen=True, slots=True)
class Swing:
    """None where too few notes of that kind are played to say it."""

    eighths: OffBeats | None
    sixteenths: OffBeats | None

    def as_json(self) -> dict[str, Any]:
        """The descriptor's value."""
        return {"eighths": _json(self.eighths), "sixteenths": _json(self.sixteenths)}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Swing:
        """What ``as_json`` gave; ValueError, KeyError or TypeError for anything else."""
        return cls(*(None if (each := value[name]) is None else OffBeats(float(each["share"]), int(each["onsets"]))
                     for name in ("eighths", "sixteenths")))  # fmt: skip


def _json(off_beats: OffBeats | None) -> dict[str, Any] | None:
    return None if off_beats is None else {"share": round(off_beats.share, 3), "onsets": off_beats.onsets}
