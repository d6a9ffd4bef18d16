"""Melodies as they are searched: note starts and pitches, many of them packed into flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Melody:
    """One melody of one sound.

    ``key`` is the caller's number for it (a region's row, a song's number): answers carry it.
    ``starts_s``, ``ends_s`` and ``midi`` are float32 of equal length, starts rising.
    """

    key: int
    starts_s: NDArray[np.float32]
    ends_s: NDArray[np.float32]
    midi: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not (self.starts_s.shape == self.ends_s.shape == self.midi.shape) or self.starts_s.ndim != 1:
            raise ValueError(
                f"melody {self.key} needs as many starts as ends and pitches, got "
                f"{self.starts_s.shape}, {self.ends_s.shape}, {self.midi.shape}"
            )
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
        return cls(key, starts, ends, midi)

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
        )
