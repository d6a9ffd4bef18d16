"""Notes that may belong to a melody, each with its chance, and the lines drawn through them.

A tracker that must choose one line loses what it doubts: where singer and accompanist are
told apart with difficulty, a quarter of the notes. Who looks for a tune can do with the
doubt: a hummed note may meet any of these, the likelier the better.

Conventions:

- times are seconds of the sound, starts never fall;
- ``chance`` 0..1 is the calibrated chance that the note is in the melody;
- bit ``b`` of ``lines`` says that the note is on line ``b``. Line 0 is the melody itself (the
  ``notes`` descriptor), the lines after it are ever more generous; each is one note at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PossibleNotes:
    """Columns of equal length: ``starts_s``, ``ends_s``, ``chance`` float32; ``midi``, ``lines`` uint8."""

    starts_s: NDArray[np.float32]
    ends_s: NDArray[np.float32]
    midi: NDArray[np.uint8]
    chance: NDArray[np.float32]
    lines: NDArray[np.uint8]

    def __post_init__(self) -> None:
        columns = (self.starts_s, self.ends_s, self.midi, self.chance, self.lines)
        if any(column.shape != (len(self.starts_s),) for column in columns):
            raise ValueError(f"columns of one length are needed, got {[column.shape for column in columns]}")
        if bool(np.any(np.diff(self.starts_s) < 0.0)):
            raise ValueError("starts of possible notes must not fall")

    def __len__(self) -> int:
        return len(self.starts_s)

    def only(self, kept: NDArray[np.bool_]) -> PossibleNotes:
        """Without the notes for which ``kept`` is False."""
        return PossibleNotes(
            self.starts_s[kept], self.ends_s[kept], self.midi[kept], self.chance[kept], self.lines[kept]
        )

    def within(self, end_s: float) -> PossibleNotes:
        """Without the notes that begin at ``end_s`` or later; what is held longer ends there."""
        kept = self.only(self.starts_s < end_s)
        return replace(kept, ends_s=np.minimum(kept.ends_s, np.float32(end_s)))

    @classmethod
    def joined(cls, parts: Sequence[PossibleNotes]) -> PossibleNotes:
        """Parts that follow each other in time as one; of none, no notes."""
        empty, none = np.zeros(0, np.float32), np.zeros(0, np.uint8)
        return cls(
            np.concatenate([empty, *(part.starts_s for part in parts)]),
            np.concatenate([empty, *(part.ends_s for part in parts)]),
            np.concatenate([none, *(part.midi for part in parts)]),
            np.concatenate([empty, *(part.chance for part in parts)]),
            np.concatenate([none, *(part.lines for part in parts)]),
        )

    def as_json(self) -> dict[str, Any]:
        """The descriptor's value: a list of numbers per column, times to the hundredth but starts to the millisecond."""
        return {
            "starts_s": [round(float(value), 3) for value in self.starts_s],
            "ends_s": [round(float(value), 2) for value in self.ends_s],
            "midi": self.midi.tolist(),
            "chance": [round(float(value), 2) for value in self.chance],
            "lines": self.lines.tolist(),
        }

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> PossibleNotes:
        """What ``as_json`` gave; ValueError or KeyError for anything else."""
        return cls(
            np.asarray(value["starts_s"], np.float32),
            np.asarray(value["ends_s"], np.float32),
            np.asarray(value["midi"], np.uint8),
            np.asarray(value["chance"], np.float32),
            np.asarray(value["lines"], np.uint8),
        )
