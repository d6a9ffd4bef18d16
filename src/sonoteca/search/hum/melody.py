"""Melodies as they are searched: note starts and pitches, many of them packed into flat arrays.

A melody from a score is one line of sure notes. One that was heard in a mixture has all notes
that may be in it, each with its chance, and several lines through them (``domain/possible_notes.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.possible_notes import PossibleNotes


@dataclass(frozen=True, slots=True, eq=False)
class Melody:
    """One melody of one sound.

    ``key`` is the caller's number for it (a region's row, a song's number): answers carry it.
    ``starts_s``, ``ends_s`` and ``midi`` are float32 of equal length, starts rising. ``chance``
    float32 0..1 and ``lines`` uint8 (a bit per line) are those of possible notes.
    """

    key: int
    starts_s: NDArray[np.float32]
    ends_s: NDArray[np.float32]
    midi: NDArray[np.float32]
    chance: NDArray[np.float32]
    lines: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if not (self.starts_s.shape == self.ends_s.shape == self.midi.shape) or self.starts_s.ndim != 1:
            raise ValueError(
                f"melody {self.key} needs as many starts as ends and pitches, got "
                f"{self.starts_s.shape}, {self.ends_s.shape}, {self.midi.shape}"
            )
        if not (self.starts_s.shape == self.chance.shape == self.lines.shape):
            raise ValueError(f"melody {self.key} needs a chance and lines for each of its {len(self.starts_s)} notes")
        if len(self.starts_s) > 1 and bool(np.any(np.diff(self.starts_s) < 0.0)):
            raise ValueError(f"melody {self.key} has notes that do not rise in start")

    @classmethod
    def from_rows(cls, key: int, rows: Iterable[Sequence[float]]) -> Melody:
        """From rows (start_s, end_s, midi) in any order; of notes that start together the highest stays."""
        table = np.array(sorted(tuple(map(float, row)) for row in rows), dtype=np.float64).reshape(-1, 3)
        # The melody is the upper voice: of two notes within 20 ms the lower one goes.
        order = np.lexsort((table[:, 2], np.round(table[:, 0] / 0.02)))
        table = table[order]
        same = np.append(np.diff(np.round(table[:, 0] / 0.02)) == 0, False)
        table = table[~same]
        table = table[np.argsort(table[:, 0], kind="stable")]
        starts, ends, midi = (table[:, k].astype(np.float32) for k in range(3))
        return cls.of_sure_notes(key, starts, ends, midi)

    @classmethod
    def of_sure_notes(
        cls, key: int, starts_s: NDArray[np.float32], ends_s: NDArray[np.float32], midi: NDArray[np.float32]
    ) -> Melody:
        """One line whose notes are certain."""
        return cls(key, starts_s, ends_s, midi, np.ones(len(midi), np.float32), np.ones(len(midi), np.uint8))

    @classmethod
    def of_possible_notes(cls, key: int, notes: PossibleNotes) -> Melody:
        """What was heard, with its doubts."""
        return cls(key, notes.starts_s, notes.ends_s, notes.midi.astype(np.float32), notes.chance, notes.lines)

    @classmethod
    def from_notes(cls, key: int, notes: Iterable[Mapping[str, Any]]) -> Melody:
        """From the value of the ``notes`` descriptor: objects with start_s, end_s, midi."""
        return cls.from_rows(key, [(note["start_s"], note["end_s"], note["midi"]) for note in notes])

    def __len__(self) -> int:
        return len(self.starts_s)


@dataclass(frozen=True, slots=True, eq=False)
class PackedMelodies:
    """Many melodies end to end: melody ``m`` owns notes ``offsets[m]:offsets[m + 1]``."""

    keys: NDArray[np.int64]
    offsets: NDArray[np.int64]
    starts_s: NDArray[np.float32]
    ends_s: NDArray[np.float32]
    midi: NDArray[np.float32]
    chance: NDArray[np.float32]
    lines: NDArray[np.uint8]

    @classmethod
    def pack(cls, melodies: Sequence[Melody]) -> PackedMelodies:
        offsets = np.concatenate([[0], np.cumsum([len(m) for m in melodies])]).astype(np.int64)
        empty = np.zeros(0, np.float32)
        return cls(
            np.array([m.key for m in melodies], np.int64),
            offsets,
            np.concatenate([empty, *(m.starts_s for m in melodies)]),
            np.concatenate([empty, *(m.ends_s for m in melodies)]),
            np.concatenate([empty, *(m.midi for m in melodies)]),
            np.concatenate([empty, *(m.chance for m in melodies)]),
            np.concatenate([np.zeros(0, np.uint8), *(m.lines for m in melodies)]),
        )

    @property
    def n_melodies(self) -> int:
        return len(self.keys)

    @property
    def n_notes(self) -> int:
        return len(self.starts_s)

    def owner(self) -> NDArray[np.int32]:
        """Melody number of each note, int32 (n_notes,)."""
        return np.repeat(np.arange(self.n_melodies, dtype=np.int32), np.diff(self.offsets))

    def joined(self, other: PackedMelodies) -> PackedMelodies:
        return PackedMelodies(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.offsets, other.offsets[1:] + self.n_notes]),
            np.concatenate([self.starts_s, other.starts_s]),
            np.concatenate([self.ends_s, other.ends_s]),
            np.concatenate([self.midi, other.midi]),
            np.concatenate([self.chance, other.chance]),
            np.concatenate([self.lines, other.lines]),
        )

    def only(self, kept: NDArray[np.bool_]) -> PackedMelodies:
        """Without the melodies for which ``kept`` is False."""
        notes = np.repeat(kept, np.diff(self.offsets))
        lengths = np.diff(self.offsets)[kept]
        return PackedMelodies(
            self.keys[kept],
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self.starts_s[notes],
            self.ends_s[notes],
            self.midi[notes],
            self.chance[notes],
            self.lines[notes],
        )
