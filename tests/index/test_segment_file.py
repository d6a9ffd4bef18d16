"""One segment file: damage is noticed, and a kill while writing leaves the file that was."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonoteca.index import segment_file
from sonoteca.index.segment_file import Partition, SegmentDamaged, SegmentFile, write_segment

DIMENSIONS = 16


def vectors(n_rows: int, seed: int) -> NDArray[np.float16]:
    return np.random.default_rng(seed).standard_normal((n_rows, DIMENSIONS)).astype(np.float16)


@pytest.mark.parametrize("is_partitioned", [False, True])
def test_every_flipped_bit_of_a_file_is_noticed(tmp_path: Path, is_partitioned: bool) -> None:
    path = tmp_path / "one.seg"
    rows = vectors(8, 0)
    partition = Partition(rows[:2].astype(np.float32), np.array([0, 3, 8])) if is_partitioned else None
    facts = write_segment(path, np.arange(1, 9), rows, partition)
    content = path.read_bytes()
    unnoticed = []
    for at in range(len(content)):
        broken = bytearray(content)
        broken[at] ^= 0x04
        path.write_bytes(broken)
        try:
            SegmentFile(path, facts).verify_all()
        except SegmentDamaged:
            continue
        unnoticed.append(at)
    # Magic, checksum and length, the header, ids and vectors; by_id, centroids and offsets. The rest is padding.
    covered = 20 + int.from_bytes(content[16:24], "little") + 8 * 8 + 8 * 2 * DIMENSIONS
    covered += (8 * 4 + 2 * 4 * DIMENSIONS + 3 * 8) if is_partitioned else 0
    assert len(unnoticed) == len(content) - covered
    assert all(content[at] == 0 for at in unnoticed)


def test_another_whole_file_under_the_same_name_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "one.seg"
    facts = write_segment(path, np.arange(1, 9), vectors(8, 0))
    write_segment(path, np.arange(1, 9), vectors(8, 1))
    with pytest.raises(SegmentDamaged, match="header"):
        SegmentFile(path, facts)


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be synced elsewhere")
def test_bytes_are_on_disk_before_the_name_and_the_name_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.seg"
    synced: list[tuple[bool, bool]] = []

    def record(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", record)
    write_segment(path, np.arange(1, 9), vectors(8, 0))
    assert synced == [(False, False), (True, True)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.sets(st.integers(1, 60), min_size=2, max_size=20),
    wanted=st.sets(st.integers(0, 70)),
    is_partitioned=st.booleans(),
    ids_per_row=st.sampled_from([0, 60]),
)
def test_rows_are_found_by_their_ids_whatever_is_missing(
    ids: set[int], wanted: set[int], is_partitioned: bool, ids_per_row: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = np.array(sorted(ids), np.int64)
    partition = None
    if is_partitioned:
        here = here[np.argsort(here % 7, kind="stable")]
        partition = Partition(np.eye(2, DIMENSIONS, dtype=np.float32), np.array([0, len(here) // 2, len(here)]))
    path = tmp_path_factory.mktemp("rows") / "one.seg"
    file = SegmentFile(path, write_segment(path, here, vectors(len(here), 0), partition))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_file, "_TABLE_IDS_PER_ROW", ids_per_row)
        found = file.rows_of(np.array(sorted(wanted), np.int64))
    assert here[found].tolist() == sorted(ids & wanted)
    assert file.blocks_of(found).tolist() == [int(np.searchsorted(file.bounds, row, "right")) - 1 for row in found]


def _write_forever(folder: str) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((20_000, DIMENSIONS)).astype(np.float16)
    while True:
        write_segment(Path(folder) / "live.seg", np.arange(1, 20_001), vectors)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_kill_at_any_moment_of_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    facts = write_segment(
        tmp_path / "live.seg",
        np.arange(1, 20_001),
        np.random.default_rng(0).standard_normal((20_000, DIMENSIONS)).astype(np.float16),
    )
    for attempt in range(5):
        child = context.Process(target=_write_forever, args=(str(tmp_path),))
        child.start()
        time.sleep(1.5 + 0.037 * attempt)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        SegmentFile(tmp_path / "live.seg", facts).verify_all()
