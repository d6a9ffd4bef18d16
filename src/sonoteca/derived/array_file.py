"""A file of named arrays with a checksum for each: written whole, read back as it was written or refused.

Layout (little-endian): the magic, the CRC-32 and length of a JSON header, the header, then the
arrays at multiples of 64 bytes. The header holds a note of the writer and, for each array, its
type, shape, place and CRC-32. Nothing in it is run when it is read: numbers and fixed-width texts
only, no pickle and no structure of a native library (decision 0003).
"""

from __future__ import annotations

import json
import mmap
import re
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.observation import JsonValue
from sonoteca.whole_file import WholeFile

MAGIC = b"SONARR1\n"
_PREFIX = struct.Struct("<8sIIQ")  # magic, header CRC, reserved, header length
_ALIGN = 64
_NUMBERS_AND_TEXTS = re.compile(r"[<|](?:[biuf][1248]|[biuf]16|[SU]\d{1,6})")
_PIECE_BYTES = 2**24


class ArrayFileDamaged(Exception):
    """The file is not what was written."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFile:
    """What a file holds."""

    note: Mapping[str, JsonValue]
    arrays: Mapping[str, NDArray[Any]]


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], note: Mapping[str, JsonValue]) -> None:
    """Write arrays, whole or not at all; an existing file is replaced.

    Parameters
    ----------
    arrays : mapping of name to array of booleans, numbers or fixed-width texts
    note : mapping
        What the writer wants to know of the file before it reads the arrays.

    Raises
    ------
    ValueError
        An array of another type.
    OSError
        It cannot be written; what was there stays.
    """
    packed = {name: _little_endian(name, array) for name, array in arrays.items()}
    described: dict[str, dict[str, Any]] = {}
    offset = 0
    for name, array in packed.items():
        offset = -(-offset // _ALIGN) * _ALIGN
        crc32 = 0
        for piece in _pieces(array):
            crc32 = zlib.crc32(piece, crc32)
        described[name] = {"dtype": array.dtype.str, "shape": array.shape, "offset": offset, "crc32": crc32}
        offset += array.nbytes
    header = json.dumps({"note": dict(note), "arrays": described}).encode()
    start = _data_start(len(header))
    with WholeFile(path) as aside, aside.open("wb") as out:
        out.write(_PREFIX.pack(MAGIC, zlib.crc32(header), 0, len(header)))
        out.write(header)
        for name, array in packed.items():
            out.seek(start + described[name]["offset"])
            for piece in _pieces(array):
                out.write(piece)
        out.truncate(start + offset)


def read_arrays(path: Path, *, mapped: Collection[str] = ()) -> ArrayFile:
    """What ``write_arrays`` wrote.

    Parameters
    ----------
    mapped : names, optional
        Of arrays that stay in the file and are read as they are used; they are checked as well.

    Raises
    ------
    ArrayFileDamaged
        A byte is not what was written.
    OSError
        It is not there or cannot be read.
    """
    with path.open("rb") as file:
        note, described, start = _read_header(file)
        arrays = {}
        for name, array in described.items():
            arrays[name] = _read_array(file, path, name, array, start, is_mapped=name in mapped)
    return ArrayFile(note, arrays)


def read_note(path: Path) -> Mapping[str, JsonValue]:
    """The note alone; the arrays are not looked at. Raises as ``read_arrays``."""
    with path.open("rb") as file:
        return _read_header(file)[0]


def _read_header(file: BinaryIO) -> tuple[dict[str, JsonValue], dict[str, Any], int]:
    prefix = file.read(_PREFIX.size)
    if len(prefix) < _PREFIX.size or not prefix.startswith(MAGIC):
        raise ArrayFileDamaged("it is no file of arrays")
    _, crc32, _, length = _PREFIX.unpack(prefix)
    header = file.read(min(length, 2**24))
    if zlib.crc32(header) != crc32:
        raise ArrayFileDamaged("its header is not what was written")
    content = json.loads(header)
    return content["note"], content["arrays"], _data_start(length)


def _read_array(
    file: BinaryIO, path: Path, name: str, described: Mapping[str, Any], start: int, *, is_mapped: bool
) -> NDArray[Any]:
    shape = tuple(described["shape"])
    if not _NUMBERS_AND_TEXTS.fullmatch(described["dtype"]):
        raise ArrayFileDamaged(f"{name} is of the type {described['dtype']}")
    dtype = np.dtype(described["dtype"])
    place, n_bytes = start + described["offset"], int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    file.seek(place)
    array: NDArray[Any] | None = None if is_mapped else np.empty(n_bytes, np.uint8)
    crc32, done = 0, 0
    while done < n_bytes:
        piece = file.read(min(_PIECE_BYTES, n_bytes - done))
        if not piece:
            raise ArrayFileDamaged(f"it is cut short in {name}")
        crc32 = zlib.crc32(piece, crc32)
        if array is not None:
            array[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if crc32 != described["crc32"]:
        raise ArrayFileDamaged(f"{name} is not what was written")
    if array is None:
        # A map of nothing is refused by the system.
        return np.memmap(path, dtype, "r", place, shape) if n_bytes else np.empty(shape, dtype)
    whole: NDArray[Any] = array.view(dtype).reshape(shape)
    return whole


def _data_start(header_length: int) -> int:
    return -(-(_PREFIX.size + header_length) // _ALIGN) * _ALIGN


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    packed = np.asarray(array)
    if packed.dtype.byteorder == ">" or not packed.flags.c_contiguous:
        packed = np.ascontiguousarray(packed, packed.dtype.newbyteorder("<"))
    # An array without a dimension has one element; a text of width 0 is none.
    if not _NUMBERS_AND_TEXTS.fullmatch(packed.dtype.str) or packed.dtype.itemsize == 0:
        raise ValueError(f"{name} holds {packed.dtype}, and only numbers and texts of a fixed width are kept")
    return packed


def _pieces(array: NDArray[Any]) -> Iterator[memoryview]:
    raw = array.reshape(-1).view(np.uint8)
    for at in range(0, len(raw), _PIECE_BYTES):
        yield raw[at : at + _PIECE_BYTES].data
        _let_go_of_pages(array)


def _let_go_of_pages(array: NDArray[Any]) -> None:
    """Let the system take back what was read of an array that is mapped from a file; it is read again when used."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
