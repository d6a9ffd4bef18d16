"""Bytes per beat of many regions, end to end: a million loops differ in length, and few of them are compared.

Many of them lie in a file, and only the rows that are compared are read; taking regions copies none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.columns import Columns

# More than this is laid in a temporary file, which the system may let go of and read again.
_MOST_IN_MEMORY = 2**26


@dataclass(frozen=True, slots=True, eq=False)
class StoredRows:
    """Rows (n_rows, width) uint8, in memory or mapped from a file."""

    rows: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class BeatRows(Columns):
    """A column of n regions: of each region a row of bytes per beat.

    Attributes
    ----------
    starts, lengths : int64 (n,)
        Region i has the rows ``starts[i]`` to ``starts[i] + lengths[i]`` of ``stored``.
    stored : StoredRows
        Shared by all that were taken from one table.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    stored: StoredRows

    @classmethod
    def end_to_end(cls, rows: NDArray[np.uint8], lengths: NDArray[np.int64]) -> BeatRows:
        """Of rows (sum of lengths, width) that lie in the order of the regions."""
        if len(rows) != int(lengths.sum()):
            raise ValueError(f"{len(rows)} rows are not those of regions of {int(lengths.sum())} beats")
        return cls(np.cumsum(lengths) - lengths, np.asarray(lengths, np.int64), StoredRows(rows))

    @classmethod
    def of_padded(cls, padded: NDArray[np.uint8], lengths: NDArray[np.int64]) -> BeatRows:
        """Of an array (n, longest, width) whose rows from ``lengths`` on are nothing."""
        return cls.end_to_end(padded[np.arange(padded.shape[1])[None, :] < lengths[:, None]], lengths)

    @property
    def width(self) -> int:
        return int(self.stored.rows.shape[1])

    def padded(self, at: NDArray[np.int64] | None = None, beats: int | None = None) -> NDArray[np.uint8]:
        """Rows of the regions ``at`` (all by default), uint8 (m, beats, width); 0 beyond the end of a region.

        ``beats`` is the most that any of all regions here has, where it is not given.
        """
        starts, lengths = (self.starts, self.lengths) if at is None else (self.starts[at], self.lengths[at])
        n_beats = int(self.lengths.max(initial=0)) if beats is None else beats
        inside = np.arange(n_beats)[None, :] < lengths[:, None]
        found = np.zeros((len(starts), n_beats, self.width), np.uint8)
        found[inside] = self.stored.rows[(starts[:, None] + np.arange(n_beats)[None, :])[inside]]
        return found

    def joined(self, other: Self) -> Self:
        """These regions, then the others."""
        lengths = np.concatenate([self.lengths, other.lengths])
        if self.stored is other.stored:
            return type(self)(np.concatenate([self.starts, other.starts]), lengths, self.stored)
        rows = laid_end_to_end((*self.pieces(), *other.pieces()), self.width)
        return type(self)(np.cumsum(lengths) - lengths, lengths, StoredRows(rows))

    def end_to_end_rows(self) -> NDArray[np.uint8]:
        """The rows of all regions in their order: as they are stored, where that is how they lie."""
        if len(self.stored.rows) == int(self.lengths.sum()) and bool(
            (self.starts == np.cumsum(self.lengths) - self.lengths).all()
        ):
            return self.stored.rows
        return laid_end_to_end(self.pieces(), self.width)

    def pieces(self, regions_at_once: int = 50_000) -> Iterable[NDArray[np.uint8]]:
        """The rows of all regions in their order, a piece at a time."""
        for first in range(0, len(self), regions_at_once):
            starts, lengths = (
                self.starts[first : first + regions_at_once],
                self.lengths[first : first + regions_at_once],
            )
            before = np.cumsum(lengths) - lengths
            yield self.stored.rows[np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))]


def laid_end_to_end(pieces: Iterable[NDArray[np.uint8]], width: int) -> NDArray[np.uint8]:
    """Pieces (n, width), one after the other; in a temporary file where they are many."""
    spool = RowSpool(width)
    spool.add(pieces)
    return spool.rows()


class RowSpool:
    """Rows that come piece by piece: in memory, and in a temporary file when they are many."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._held: list[NDArray[np.uint8]] = []
        self._n_held = self._n_rows = 0
        self._file: IO[bytes] | None = None

    def add(self, pieces: Iterable[NDArray[np.uint8]]) -> None:
        """Lay pieces (n, width) behind those before."""
        for piece in pieces:
            self._held.append(piece)
            self._n_held += piece.nbytes
            self._n_rows += len(piece)
            if self._n_held > _MOST_IN_MEMORY:
                self._to_file()

    def rows(self) -> NDArray[np.uint8]:
        """All of them, (n, width); nothing can be added afterwards."""
        if self._file is None:
            return np.concatenate([np.zeros((0, self._width), np.uint8), *self._held])
        # The map holds the file, which has no name, so nothing is left of it.
        with self._to_file() as file:
            file.flush()
            return np.memmap(file, np.uint8, "r", shape=(self._n_rows, self._width))

    def _to_file(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="sonoteca-beats-")  # noqa: SIM115 - it goes with its map
        for piece in self._held:
            self._file.write(np.ascontiguousarray(piece).data)
        self._held, self._n_held = [], 0
        return self._file
