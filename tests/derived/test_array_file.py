"""Arrays come back from their file as they were written, or the file is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sonoteca.derived import array_file
from sonoteca.derived.array_file import ArrayFileDamaged, read_arrays, read_note, write_arrays

ARRAYS: dict[str, NDArray[Any]] = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 4),
    "none": np.zeros((0, 5), np.int64),
    "names": np.array([b"one", b"three"]),
    "words": np.array(["klein", "größer"]),
    "yes": np.array([True, False]),
    "one": np.array(7),
}
NOTE: dict[str, Any] = {"version": 3, "stamp": "12:ab"}


def same(found: NDArray[Any], written: NDArray[Any]) -> None:
    assert found.dtype == written.dtype
    assert found.shape == written.shape
    np.testing.assert_array_equal(found, written)


@pytest.mark.parametrize("mapped", [(), tuple(ARRAYS)])
def test_arrays_come_back_as_they_were(tmp_path: Path, mapped: tuple[str, ...]) -> None:
    write_arrays(tmp_path / "a", ARRAYS, NOTE)
    found = read_arrays(tmp_path / "a", mapped=mapped)
    assert found.note == read_note(tmp_path / "a") == NOTE
    assert list(found.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        same(found.arrays[name], array)


@settings(max_examples=60, deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from(["<f4", "<f2", ">f8", "<i8", "|u1", "|b1", "|S5", "<U3"]), hnp.array_shapes(min_side=0)
    )
)
def test_any_array_comes_back(array: NDArray[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("arrays") / "a"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_file, "_PIECE_BYTES", 7)
        for each in (array, array.T):
            write_arrays(path, {"it": each}, {})
            found = read_arrays(path).arrays["it"]
            assert found.shape == each.shape
            np.testing.assert_array_equal(found, each)


def test_no_byte_can_be_wrong_without_being_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_arrays(path, ARRAYS, NOTE)
    whole = path.read_bytes()
    same_after = 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            found = read_arrays(path)
        except ArrayFileDamaged:
            continue
        # Only what fills the gaps between arrays may differ.
        same_after += 1
        for name, array in ARRAYS.items():
            same(found.arrays[name], array)
    assert same_after < len(whole) / 2
    for length in range(0, len(whole), 13):
        path.write_bytes(whole[:length])
        with pytest.raises(ArrayFileDamaged):
            read_arrays(path)


def test_what_is_not_a_number_or_a_text_is_neither_written_nor_read(tmp_path: Path) -> None:
    for array in (
        np.array([{}, []], object),
        np.array(["2026-01-01"], "M8[D]"),
        np.zeros(2, "<f4,<i4"),
        np.zeros(1, "V3"),
    ):
        with pytest.raises(ValueError, match="numbers and texts"):
            write_arrays(tmp_path / "a", {"it": array}, {})
    (tmp_path / "a").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ArrayFileDamaged):
        read_arrays(tmp_path / "a")
    with pytest.MonkeyPatch.context() as patch:
        # A stranger's file whose header says that it holds objects.
        patch.setattr(array_file, "_little_endian", lambda name, array: array)
        write_arrays(tmp_path / "a", {"it": np.zeros(1, "V8")}, {})
    with pytest.raises(ArrayFileDamaged, match="type"):
        read_arrays(tmp_path / "a")


def test_a_file_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "nothing")
