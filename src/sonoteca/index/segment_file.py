"""One immutable segment on disk: ids, float16 vectors, and a checksum for every piece.

Layout (little-endian): the magic, the length and CRC-32 of a JSON header, the header, then
arrays at multiples of 64 bytes. The header names each array's type, shape and offset and the
CRC-32 of each of its blocks. Rows of a flat segment rise by id and are checked in blocks of
``BLOCK_ROWS``; rows of a partitioned segment are grouped by the nearest of ``n_lists``
centroids and every list is a block, so that a cold process reads and checks only the lists
it visits.

A file is there whole or not at all (``whole_file``). Its bytes are verified before native code
sees them.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.whole_file import WholeFile

# Where segments lie below a library's data folder.
INDEX_FOLDER = "index"
MAGIC = b"SONSEG1\n"
BLOCK_ROWS = 65_536
# Where ids have more gaps than this, rows are found by bisection instead of a table over all ids.
_TABLE_IDS_PER_ROW = 8
_ALIGN = 64
_PREFIX = struct.Struct("<8sIIQ")  # magic, header CRC, reserved, header length


class SegmentDamaged(Exception):
    """The file is not what its checksums say; the catalogue has to replace it."""


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What the manifest keeps of a file. ``crc32`` is that of the header, which holds all others."""

    file: str
    rows: int
    dimensions: int
    first_id: int
    last_id: int
    crc32: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Rows grouped by their nearest centroid: float32 (n_lists, dimensions), int64 (n_lists + 1,) first rows."""

    centroids: NDArray[np.float32]
    offsets: NDArray[np.int64]


def write_segment(
    path: Path,
    ids: NDArray[np.int64],
    vectors: NDArray[np.float16],
    partition: Partition | None = None,
) -> SegmentFacts:
    """Write rows (by rising id, or grouped as ``partition`` says) to ``path``."""
    if len(ids) == 0 or vectors.shape[0] != len(ids):
        raise ValueError(f"a segment has as many ids as vectors and at least one: {len(ids)}, {vectors.shape}")
    arrays: dict[str, NDArray[Any]] = {"ids": np.ascontiguousarray(ids, "<i8")}
    if partition is None:
        if np.any(np.diff(ids) <= 0):
            raise ValueError("ids of a flat segment must rise")
        bounds = [*range(0, len(ids), BLOCK_ROWS), len(ids)]
    else:
        arrays["by_id"] = np.argsort(ids, kind="stable").astype("<i4")
        arrays["centroids"] = np.ascontiguousarray(partition.centroids, "<f4")
        arrays["offsets"] = np.ascontiguousarray(partition.offsets, "<i8")
        bounds = partition.offsets.tolist()
    arrays["vectors"] = np.ascontiguousarray(vectors, "<f2")
    described, offset = {}, 0
    for name, array in arrays.items():
        offset = -(-offset // _ALIGN) * _ALIGN
        blocks = (
            [_crc32(array[start:stop]) for start, stop in pairwise(bounds)] if name == "vectors" else [_crc32(array)]
        )
        described[name] = {"dtype": array.dtype.str, "shape": array.shape, "offset": offset, "crc32": blocks}
        offset += array.nbytes
    header = json.dumps({"arrays": described, "bounds": bounds if partition is None else None}).encode()
    start = -(-(_PREFIX.size + len(header)) // _ALIGN) * _ALIGN
    with WholeFile(path) as aside, aside.open("wb") as out:
        out.write(_PREFIX.pack(MAGIC, zlib.crc32(header), 0, len(header)))
        out.write(header)
        for name, array in arrays.items():
            out.seek(start + described[name]["offset"])  # type: ignore[operator]
            out.write(array.data)
    return SegmentFacts(
        file=path.name,
        rows=len(ids),
        dimensions=vectors.shape[1],
        first_id=int(ids.min()),
        last_id=int(ids.max()),
        crc32=zlib.crc32(header),
        size=path.stat().st_size,
    )


def _crc32(array: NDArray[Any]) -> int:
    return zlib.crc32(array.view(np.uint8).reshape(-1).data)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class SegmentFile:
    """A mapped segment. Everything but the vectors is verified on opening, vectors block by block on use."""

    def __init__(self, path: Path, facts: SegmentFacts) -> None:
        self.path = path
        self.facts = facts
        try:
            with path.open("rb") as stream:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SegmentDamaged(f"{path.name} cannot be opened: {error}") from error
        self._opened = _state_of(path)
        if len(self._map) != facts.size:
            raise SegmentDamaged(f"{path.name} has {len(self._map)} bytes, {facts.size} were written")
        described, self._data_start, bounds = self._read_header()
        self._described = described
        self.ids: NDArray[np.int64] = self._array("ids")
        self._check("ids")
        partitioned = "centroids" in described
        self.by_id: NDArray[np.int32] | None = self._array("by_id") if partitioned else None
        self.partition: Partition | None = None
        if partitioned:
            for name in ("by_id", "centroids", "offsets"):
                self._check(name)
            self.partition = Partition(self._array("centroids"), self._array("offsets"))
            self.bounds = self.partition.offsets
        else:
            self.bounds = np.asarray(bounds, np.int64)
        self.vectors: NDArray[np.float16] = self._array("vectors")
        if len(self.ids) != facts.rows or self.vectors.shape != (facts.rows, facts.dimensions):
            raise SegmentDamaged(f"{path.name} holds {self.vectors.shape}, {facts.rows} rows were written")
        self._verified = np.zeros(len(self.bounds) - 1, bool)
        self._row_of_id: NDArray[np.int32] | None = None
        self._block_of_row: NDArray[np.int32] | None = None

    def is_as_opened(self) -> bool:
        """Whether the file on disk is the one that was opened, and nobody wrote to it since."""
        return self._opened is not None and self._opened == _state_of(self.path)

    def _read_header(self) -> tuple[dict[str, Any], int, list[int] | None]:
        if len(self._map) < _PREFIX.size:
            raise SegmentDamaged(f"{self.path.name} is cut short")
        magic, crc, _, length = _PREFIX.unpack_from(self._map)
        header = self._map[_PREFIX.size : _PREFIX.size + length]
        if magic != MAGIC or zlib.crc32(header) != crc or crc != self.facts.crc32:
            raise SegmentDamaged(f"{self.path.name}: its header is not the one that was written")
        content = json.loads(header)
        return content["arrays"], -(-(_PREFIX.size + length) // _ALIGN) * _ALIGN, content["bounds"]

    def _array(self, name: str) -> NDArray[Any]:
        described = self._described[name]
        shape = tuple(described["shape"])
        count = int(np.prod(shape))
        return np.frombuffer(
            self._map, np.dtype(described["dtype"]), count, self._data_start + described["offset"]
        ).reshape(shape)

    def _check(self, name: str) -> None:
        if _crc32(self._array(name)) != self._described[name]["crc32"][0]:
            raise SegmentDamaged(f"{self.path.name}: {name} are not what was written")

    def verify_blocks(self, blocks: NDArray[np.intp]) -> None:
        """Check the vectors of these blocks, each once; SegmentDamaged if one differs."""
        crcs = self._described["vectors"]["crc32"]
        for block in blocks[~self._verified[blocks]]:
            if _crc32(self.vectors[self.bounds[block] : self.bounds[block + 1]]) != crcs[block]:
                raise SegmentDamaged(f"{self.path.name}: block {block} of the vectors is not what was written")
            self._verified[block] = True

    def verify_all(self) -> None:
        self.verify_blocks(np.arange(len(self.bounds) - 1))

    def verify_rows(self, rows: NDArray[np.intp]) -> None:
        """Check the blocks that these rows lie in; SegmentDamaged if one differs."""
        if not self._verified.all():
            self.verify_blocks(np.unique(self.blocks_of(rows)))

    def blocks_of(self, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """The block (in a partitioned segment: the list) of each row."""
        if self._block_of_row is None:
            lengths = np.diff(self.bounds)
            self._block_of_row = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        return self._block_of_row[rows]

    def rows_of(self, wanted: NDArray[np.int64]) -> NDArray[np.intp]:
        """Row numbers of those of ``wanted`` (rising) that are here."""
        first_id, last_id = self.facts.first_id, self.facts.last_id
        wanted = wanted[np.searchsorted(wanted, first_id) : np.searchsorted(wanted, last_id, side="right")]
        if not len(wanted):
            return np.empty(0, np.intp)
        span = last_id - first_id + 1
        if span > _TABLE_IDS_PER_ROW * self.facts.rows:
            order = np.arange(self.facts.rows) if self.by_id is None else self.by_id.astype(np.intp)
            # No id is beyond the last, so every place is one of a row.
            nearest = order[np.searchsorted(self.ids, wanted, sorter=order)]
            return np.asarray(nearest[self.ids[nearest] == wanted], np.intp)
        # Made on the first filter. Ids hardly have gaps, so a table is small, and ten times faster than bisection.
        if self._row_of_id is None:
            rows_by_id = np.full(span, -1, np.int32)
            rows_by_id[self.ids - first_id] = np.arange(self.facts.rows, dtype=np.int32)
            # Whole when others see it: several threads may ask.
            self._row_of_id = rows_by_id
        rows = self._row_of_id[wanted - first_id]
        return np.asarray(rows[rows >= 0], np.intp)
