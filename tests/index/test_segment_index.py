"""The segment store against brute force, through adding, removing, publishing and damage."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.memory_source import MemorySource
from sonoteca.index import segment, segment_file, segment_index
from sonoteca.index.exact import ExactIndex
from sonoteca.index.filter import Filter
from sonoteca.index.segment_index import SegmentIndex
from sonoteca.index.vector_source import Rows

DIMENSIONS = 16


def clustered(n_rows: int, seed: int, *, n_clusters: int = 20, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """Unit vectors around a few directions, as sounds are."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((n_clusters, dimensions))
    rows = centres[random.integers(0, n_clusters, n_rows)] + 0.4 * random.standard_normal((n_rows, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def oracle_of(source: MemorySource) -> ExactIndex:
    return ExactIndex(source)


def assert_agree(
    index: SegmentIndex,
    source: MemorySource,
    query: NDArray[np.float32],
    k: int,
    where: Filter | None = None,
) -> None:
    found = index.nearest(query[None], k, where=where)
    truth = oracle_of(source).nearest(query[None], k, where=where)
    n_true = int((truth.ids[0] >= 0).sum())
    assert int((found.ids[0] >= 0).sum()) == n_true
    np.testing.assert_allclose(found.distances[0][:n_true], truth.distances[0][:n_true], atol=2e-3)
    named = found.ids[0][:n_true].tolist()
    assert len(set(named)) == n_true
    assert set(named) <= set(source.rows)
    # At equal distances another id may be named, but each stands at its own distance.
    if named:
        own = 1.0 - np.stack([source.rows[each] for each in named]) @ query
        np.testing.assert_allclose(found.distances[0][:n_true], own, atol=2e-3)
    if where is not None:
        assert set(found.ids[0][:n_true].tolist()) <= set(source.selected(where).tolist())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 60)),
        st.tuples(st.just("drop"), st.integers(0, 1000)),
        st.tuples(st.just("publish"), st.booleans()),
        st.tuples(st.just("damage"), st.integers(0, 10**6)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("ask"), st.integers(1, 30)),
        st.tuples(st.just("filter"), st.integers(1, 30)),
    ),
    max_size=25,
)


def damage_a_file(folder: Path, number: int) -> None:
    """One file flipped at a byte, cut there, or removed, as ``number`` says."""
    if files := sorted(folder.glob("*.seg")):
        file = files[number % len(files)]
        content = bytearray(file.read_bytes())
        at = number // 7 % len(content)
        content[at] ^= 0x20
        # Anew, not in place: what a reader has mapped stays what it was.
        file.unlink()
        if number % 3:
            file.write_bytes(content if number % 3 == 1 else content[:at])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=steps,
    seed=st.integers(0, 1000),
    # So small, every list of a partition is probed, and the answer has to be exact.
    partition_rows=st.sampled_from([50, 10**9]),
    exact_rows=st.sampled_from([5, 100_000]),
    piece_rows=st.sampled_from([7, 8192]),
    ids_per_row=st.sampled_from([0, 8]),
)
def test_any_history_answers_like_brute_force(
    steps: list[tuple[str, int]],
    seed: int,
    partition_rows: int,
    exact_rows: int,
    piece_rows: int,
    ids_per_row: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_index, "TAIL_ROWS", 40)
        patch.setattr(segment_index, "PARTITION_ROWS", partition_rows)
        patch.setattr(segment, "EXACT_ROWS", exact_rows)
        patch.setattr(segment, "_PIECE_ROWS", piece_rows)
        patch.setattr(segment_file, "_TABLE_IDS_PER_ROW", ids_per_row)
        source = MemorySource(DIMENSIONS)
        folder = tmp_path_factory.mktemp("index")
        index = SegmentIndex(source, folder)
        random = np.random.default_rng(seed)
        for step, number in steps:
            if step == "add":
                source.add(clustered(number, seed + len(source.rows)))
            elif step == "drop" and source.rows:
                source.drop(random.choice(list(source.rows), size=max(1, number * len(source.rows) // 4000)))
            elif step == "publish":
                index.publish(everything=bool(number))
            elif step == "damage":
                damage_a_file(folder, number)
            elif step == "reopen":
                index = SegmentIndex(source, folder)
            index.refresh()
            query = clustered(1, number)[0]
            if step == "ask":
                assert_agree(index, source, query, number)
            elif step == "filter" and source.rows:
                # Of all ids there ever were: those that are gone do not come back through a filter.
                ever = np.arange(1, source.next_id)
                where = random.choice(ever, size=max(1, len(ever) // 3), replace=False)
                assert_agree(index, source, query, number, where=Filter.of_ids(where))


def test_another_reader_sees_rows_at_once_and_goes_on_while_a_writer_publishes(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    source.add(clustered(300, 1))
    writer, reader = SegmentIndex(source, tmp_path), SegmentIndex(source, tmp_path)
    writer.publish(everything=True)
    query = clustered(1, 5)
    before = reader.nearest(query, 10)
    added = source.add(query)
    reader.refresh()
    assert reader.nearest(query, 1).ids[0, 0] == added[0]
    writer.publish(everything=True)
    # The reader still holds the old manifest, whose file the writer replaced.
    assert reader.nearest(query, 1).ids[0, 0] == added[0]
    source.drop(added)
    reader.refresh()
    np.testing.assert_array_equal(reader.nearest(query, 10).ids, before.ids)


def test_a_large_segment_finds_the_true_neighbours_with_and_without_a_correlated_filter(tmp_path: Path) -> None:
    source = MemorySource(32)
    rows = clustered(6000, 3, n_clusters=60, dimensions=32)
    ids = source.add(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_index, "PARTITION_ROWS", 1000)
        patch.setattr(segment, "EXACT_ROWS", 300)
        patch.setattr(segment, "N_PROBE", 12)
        index = SegmentIndex(source, tmp_path)
        index.publish(everything=True)
        truth = oracle_of(source)
        queries = clustered(40, 4, n_clusters=60, dimensions=32)
        # Correlated: the rows that pass lie all on one side, away from half of the queries.
        side = ids[rows @ rows[0] > np.quantile(rows @ rows[0], 0.9)]
        for where in (None, Filter.of_ids(side)):
            found, right = index.nearest(queries, 10, where=where), truth.nearest(queries, 10, where=where)
            assert (found.ids >= 0).all(), "a filter must not leave the answer short"
            recall = (found.distances <= right.distances.max(axis=1, keepdims=True) + 1e-3).mean()
            assert recall >= 0.97


def test_a_filter_that_leaves_few_rows_in_each_list_fills_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_index, "PARTITION_ROWS", 300)
    monkeypatch.setattr(segment, "EXACT_ROWS", 30)
    monkeypatch.setattr(segment, "N_PROBE", 1)
    source = MemorySource(DIMENSIONS)
    ids = source.add(clustered(1000, 1))
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    found = index.nearest(clustered(5, 2), 50, where=Filter.of_ids(ids[::10]))
    assert (found.ids > 0).all()


@pytest.mark.parametrize("harm", ["cut", "flip", "delete", "empty"])
def test_a_damaged_file_is_found_answered_around_and_written_anew(tmp_path: Path, harm: str) -> None:
    source = MemorySource(DIMENSIONS)
    source.add(clustered(500, 1))
    SegmentIndex(source, tmp_path).publish(everything=True)
    (file,) = tmp_path.glob("*.seg")
    content = bytearray(file.read_bytes())
    if harm == "delete":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "empty":
        file.write_bytes(b"")
    else:
        content[-100] ^= 0x10
        file.write_bytes(content)
    index = SegmentIndex(source, tmp_path)
    query = clustered(1, 9)[0]
    assert_agree(index, source, query, 10)
    notes = index.nearest(query[None], 10).notes
    assert len(notes) == 1
    assert file.name in notes[0]
    assert "catalogue" in notes[0]
    assert index.verify().damaged_segments == 1
    index.publish()
    healed = SegmentIndex(source, tmp_path)
    assert healed.verify().damaged_segments == 0
    assert healed.nearest(query[None], 10).notes == ()
    assert_agree(healed, source, query, 10)


def test_a_search_that_meets_a_flipped_vector_says_so_whichever_way_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scanned whole, by its lists, row by row and through a bitmap: each way checks what it reads."""
    for number, (partition_rows, exact_rows) in enumerate([(10**9, 5), (10**9, 10**6), (50, 5), (50, 10**6)]):
        monkeypatch.setattr(segment_index, "PARTITION_ROWS", partition_rows)
        monkeypatch.setattr(segment, "EXACT_ROWS", exact_rows)
        for where in (None, slice(0, 300, 2)):
            source = MemorySource(DIMENSIONS)
            ids = source.add(clustered(300, 1))
            folder = tmp_path / f"{number}-{where is None}"
            SegmentIndex(source, folder).publish(everything=True)
            (file,) = folder.iterdir()
            content = bytearray(file.read_bytes())
            # In the last rows of the vectors, and in the first: the filter leaves every second row.
            for at in (len(content) - 3, len(content) - 2 * DIMENSIONS * 300 + 1):
                content[at] ^= 0x01
            file.write_bytes(content)
            index = SegmentIndex(source, folder)
            wanted = None if where is None else Filter.of_ids(ids[where])
            assert_agree(index, source, clustered(1, 3)[0], 200, wanted)
            assert index.nearest(clustered(1, 3), 5, where=wanted).notes


def test_verify_counts_what_is_missing_and_what_is_too_much(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    ids = source.add(clustered(100, 1))
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    # Ten rows go without a note of it, and a file is too old to know of one.
    for gone in ids[:10].tolist():
        del source.rows[gone]
    source.rows[0] = clustered(1, 7)[0]
    state = index.verify()
    assert (state.in_source, state.stored, state.missing, state.orphaned) == (91, 100, 1, 10)
    assert state.damaged_segments == 0


def test_publishing_often_leaves_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_index, "TAIL_ROWS", 10)
    source = MemorySource(DIMENSIONS)
    index = SegmentIndex(source, tmp_path)
    for seed in range(60):
        source.add(clustered(10, seed))
        index.publish()
    # Sizes grow by a factor of three or more: log3(600 / 10) is 3.7.
    assert len(index.source.snapshot().segments) <= 5
    assert len(list(tmp_path.glob("*.seg"))) == len(index.source.snapshot().segments)
    assert index.verify().missing == 0


def test_what_killed_processes_left_goes_after_an_hour_and_not_before(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    source.add(clustered(20, 1))
    old = [tmp_path / name for name in ("mine.0a.seg", "mine.0b.seg.4711.part", ".sonoteca-0c.part")]
    kept = [tmp_path / name for name in ("mine.1a.seg", ".sonoteca-1b.part", "other.0a.seg")]
    for path in (*old, *kept):
        path.write_bytes(b"half a segment")
    for path in (*old, kept[-1]):
        os.utime(path, times=(0, time.time() - 3700))
    SegmentIndex(source, tmp_path, prefix="mine.").publish(everything=True)
    live = {segment.facts.file for segment in source.snapshot().segments}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in kept} | live


def test_what_is_removed_leaves_the_stand_in_of_a_damaged_file_too(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    ids = source.add(clustered(60, 1))
    SegmentIndex(source, tmp_path).publish(everything=True)
    damage_a_file(tmp_path, 3)
    index = SegmentIndex(source, tmp_path)
    query = source.rows[7]
    assert index.nearest(query[None], 1).ids[0, 0] == 7
    source.drop(ids[6:7])
    index.refresh()
    assert_agree(index, source, query, 60)


def test_what_is_removed_leaves_the_tail_though_its_note_is_forgotten(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    source.add(clustered(60, 1))
    SegmentIndex(source, tmp_path).publish(everything=True)
    tail = source.add(clustered(5, 2))
    reader = SegmentIndex(source, tmp_path)
    source.drop(tail[:1])
    # Another process writes the file of the first 60 anew, and the note of the removal has done its work.
    damage_a_file(tmp_path, 3)
    SegmentIndex(source, tmp_path).publish()
    assert len(source.snapshot().removed) == 0
    reader.refresh()
    assert_agree(reader, source, clustered(1, 2)[0], 60)


def test_places_of_removed_rows_are_filled_by_the_next(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    source.add(clustered(100, 1))
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    query = clustered(1, 2)
    source.drop(index.nearest(query, 8).ids[0])
    index.refresh()
    assert_agree(index, source, query[0], 10)
    assert_agree(index, source, query[0], 10, where=Filter.of_ids(np.arange(1, 101)))


class TwoAtOnce(MemorySource):
    """Another process removes rows, or publishes, while this one reads the rows of its new segment."""

    meanwhile: Callable[[], None] | None = None

    def vectors(self, *, after: int, up_to: int | None = None) -> Iterator[Rows]:
        yield from super().vectors(after=after, up_to=up_to)
        if up_to is not None and self.meanwhile is not None:
            do, self.meanwhile = self.meanwhile, None
            do()


def test_rows_removed_while_they_are_written_do_not_answer(tmp_path: Path) -> None:
    source = TwoAtOnce(DIMENSIONS)
    ids = source.add(clustered(60, 1))
    source.meanwhile = lambda: source.drop(ids[:5])
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    assert index.verify().orphaned == 0
    index.publish(everything=True)
    assert index.verify().orphaned == 0


def test_who_publishes_second_gives_way_and_leaves_no_file(tmp_path: Path) -> None:
    source = TwoAtOnce(DIMENSIONS)
    source.add(clustered(60, 1))
    first, second = SegmentIndex(source, tmp_path), SegmentIndex(source, tmp_path)
    source.meanwhile = lambda: first.publish(everything=True)
    second.publish(everything=True)
    (live,) = source.snapshot().segments
    assert [path.name for path in tmp_path.iterdir()] == [live.facts.file]
    assert second.verify().missing == 0


def test_an_answer_says_whether_it_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_index, "PARTITION_ROWS", 300)
    monkeypatch.setattr(segment, "EXACT_ROWS", 50)
    monkeypatch.setattr(segment, "N_PROBE", 2)
    source = MemorySource(DIMENSIONS)
    ids = source.add(clustered(400, 1))
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    query = clustered(1, 2)
    assert not index.nearest(query, 3).exact
    assert not index.nearest(query, 3, where=Filter.of_ids(ids[::2])).exact
    assert index.nearest(query, 3, where=Filter.of_ids(ids[::10])).exact


def test_recall_is_measured_against_all_vectors(tmp_path: Path) -> None:
    source = MemorySource(DIMENSIONS)
    index = SegmentIndex(source, tmp_path)
    assert index.recall() is None
    source.add(clustered(400, 2))
    index.publish(everything=True)
    assert index.recall(20) == 1.0


def test_recall_tells_what_an_approximation_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_index, "PARTITION_ROWS", 300)
    monkeypatch.setattr(segment, "N_PROBE", 1)
    source = MemorySource(DIMENSIONS)
    source.add(clustered(600, 2, n_clusters=600))
    index = SegmentIndex(source, tmp_path)
    index.publish(everything=True)
    recall = index.recall(50)
    assert recall is not None
    assert 0.1 < recall < 0.9


def test_queries_of_another_type_are_refused(tmp_path: Path) -> None:
    index = SegmentIndex(MemorySource(DIMENSIONS), tmp_path)
    with pytest.raises(TypeError, match="float32"):
        index.nearest(np.zeros((1, DIMENSIONS)), 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="16"):
        index.nearest(np.zeros((1, 3), np.float32), 3)


def test_an_empty_index_answers_nothing(tmp_path: Path) -> None:
    found = SegmentIndex(MemorySource(DIMENSIONS), tmp_path).nearest(np.ones((1, DIMENSIONS), np.float32), 3)
    assert found.ids.tolist() == [[-1, -1, -1]]
    assert np.isinf(found.distances).all()
