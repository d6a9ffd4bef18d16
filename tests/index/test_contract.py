"""Every vector index keeps the same promises, over a catalogue and over memory; the exact index is the oracle."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from catalogue_samples import EAR, info, part
from index.memory_source import MemorySource
from sonoteca.catalogue.heard.embeddings import StoredSpace, find_space
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import embeddings_table, regions, sounds
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import RequestError
from sonoteca.index import open_index as door
from sonoteca.index import segment, segment_index
from sonoteca.index.catalogue_source import CatalogueSource
from sonoteca.index.exact import ExactIndex
from sonoteca.index.filter import Filter
from sonoteca.index.open_index import open_index
from sonoteca.index.segment_index import SegmentIndex
from sonoteca.index.vector_index import VectorIndex
from sonoteca.index.vector_source import VectorSource

DIMENSIONS = 16
SPACE = Space("contract", 1, DIMENSIONS, 10.0, 5.0, "mean", "none")
# float16 keeps three digits.
_ROUNDING = 2e-3

Vectors: TypeAlias = NDArray[np.float32]


class Stock(Protocol):
    """Where the vectors are, and the index that is looked at."""

    @property
    def source(self) -> VectorSource: ...

    def add(self, vectors: Vectors) -> None: ...

    def drop(self, ids: NDArray[np.int64]) -> None: ...

    def open(self) -> VectorIndex: ...


class MemoryStock:
    def __init__(self, folder: Path, *, segments: bool) -> None:
        self.source = MemorySource(DIMENSIONS)
        self._folder, self._segments = folder, segments

    def add(self, vectors: Vectors) -> None:
        self.source.add(vectors)

    def drop(self, ids: NDArray[np.int64]) -> None:
        self.source.drop(ids)

    def open(self) -> VectorIndex:
        return SegmentIndex(self.source, self._folder) if self._segments else ExactIndex(self.source)


class CatalogueStock:
    """A sound per vector."""

    def __init__(self, location: Path, *, segments: bool) -> None:
        self.library = open_library(location, mode="create")
        self._segments = segments
        self._count = 0
        self.add(np.eye(1, DIMENSIONS, dtype=np.float32))
        self.drop(self.source.ids())

    @property
    def space(self) -> StoredSpace:
        with self.library.read() as connection:
            space = find_space(connection, SPACE.id)
        assert space is not None
        return space

    @property
    def source(self) -> CatalogueSource:
        return CatalogueSource(self.library, self.space)

    def add(self, vectors: Vectors) -> None:
        names = [f"x1:{self._count + number}" for number in range(len(vectors))]
        self._count += len(vectors)
        with self.library.write() as connection:
            rows = ensure_sounds(connection, names)
            results = [
                SoundResult(
                    rows[name],
                    info(name),
                    SoundAnalysis((part(0, 0.0, 2.0),)),
                    (),
                    {SPACE.id: [[Embedding(vector, SPACE.id, 0.0, 2.0, is_window=False)]]},
                )
                for name, vector in zip(names, vectors, strict=True)
            ]
            store_results(connection, results, identities=[EAR], spaces=[SPACE])

    def drop(self, ids: NDArray[np.int64]) -> None:
        table = embeddings_table(self.space.number)
        with self.library.write() as connection:
            owners = (
                sa.select(regions.c.sound_id)
                .join(table, table.c.region_id == regions.c.id)
                .where(table.c.id.in_(ids.tolist()))
            )
            remove_sounds(connection, list(connection.execute(owners).scalars()))

    def open(self) -> VectorIndex:
        if self._segments:
            return open_index(self.library, self.space)
        return ExactIndex(self.source)


@pytest.fixture(params=["exact over memory", "segments over memory", "exact over catalogue", "segments over catalogue"])
def stock(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stock]:
    # So small that a hundred vectors are several segments, some of them partitioned; every list is probed.
    monkeypatch.setattr(segment_index, "TAIL_ROWS", 10)
    monkeypatch.setattr(segment_index, "PARTITION_ROWS", 60)
    monkeypatch.setattr(segment, "EXACT_ROWS", 20)
    kind, _, over = request.param.partition(" over ")
    if over == "memory":
        yield MemoryStock(tmp_path, segments=kind == "segments")
        return
    made = CatalogueStock(tmp_path / "library.sonoteca", segments=kind == "segments")
    yield made
    made.library.close()


def unit_vectors(count: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSIONS))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def agrees(index: VectorIndex, stock: Stock, queries: Vectors, k: int, where: Filter | None = None) -> None:
    found, truth = index.nearest(queries, k, where=where), ExactIndex(stock.source).nearest(queries, k, where=where)
    assert found.ids.shape == truth.ids.shape == (len(queries), k)
    assert found.ids.dtype == np.int64
    assert found.distances.dtype == np.float32
    np.testing.assert_array_equal(found.ids >= 0, truth.ids >= 0)
    filled = truth.ids >= 0
    np.testing.assert_allclose(found.distances[filled], truth.distances[filled], atol=_ROUNDING)
    assert np.isinf(found.distances[~filled]).all()
    allowed = set(stock.source.ids().tolist())
    if where is not None:
        allowed &= set(stock.source.selected(where).tolist())
    for row in found.ids:
        named = row[row >= 0].tolist()
        assert len(set(named)) == len(named)
        assert set(named) <= allowed


def test_answers_are_those_of_brute_force_through_adding_publishing_and_removing(stock: Stock) -> None:
    random = np.random.default_rng(1)
    index = stock.open()
    for round_ in range(5):
        stock.add(unit_vectors(25, round_))
        index.refresh()
        agrees(index, stock, unit_vectors(2, 100 + round_), 7)
        index.publish()
        agrees(index, stock, unit_vectors(2, 200 + round_), 7)
        stock.drop(random.choice(stock.source.ids(), 6, replace=False))
        index.refresh()
        agrees(index, stock, unit_vectors(2, 300 + round_), 7)
        agrees(stock.open(), stock, unit_vectors(1, 400 + round_), 200)
    index.rebuild()
    agrees(index, stock, unit_vectors(3, 500), 7)
    assert index.verify().is_whole


def test_a_filter_narrows_before_ranking_however_it_correlates(stock: Stock) -> None:
    rows = unit_vectors(120, 3)
    stock.add(rows)
    index = stock.open()
    index.publish()
    ids = stock.source.ids()
    side = ids[np.argsort(rows @ rows[0])[:30]]
    # The far side of what is asked for, one row, rows that are gone or never were, and none at all.
    for chosen in (side, ids[:1], np.array([10**9, ids[3], 5_000]), ids[::-2], np.empty(0, np.int64)):
        agrees(index, stock, rows[:2], 10, Filter.of_ids(chosen))
    stock.drop(side[:20])
    index.refresh()
    agrees(index, stock, rows[:2], 10, Filter.of_ids(side))


def test_one_filter_follows_what_comes_and_goes(stock: Stock) -> None:
    stock.add(unit_vectors(40, 5))
    index = stock.open()
    chosen = Filter.of_ids(np.arange(1, 1000))
    agrees(index, stock, unit_vectors(1, 6), 60, chosen)
    stock.add(unit_vectors(10, 7))
    stock.drop(stock.source.ids()[:5])
    index.refresh()
    agrees(index, stock, unit_vectors(1, 6), 60, chosen)


def test_of_equal_vectors_the_lower_ids_answer_in_order(stock: Stock) -> None:
    stock.add(np.repeat(unit_vectors(1, 1), 30, axis=0))
    index = stock.open()
    index.publish()
    found = index.nearest(unit_vectors(1, 1), 30)
    assert found.ids[0].tolist() == stock.source.ids().tolist()
    # Where not all of them fit, any of them are right.
    assert len(set(index.nearest(unit_vectors(1, 1), 7).ids[0].tolist())) == 7


def test_nothing_and_too_little_leave_places_unfilled(stock: Stock) -> None:
    index = stock.open()
    agrees(index, stock, unit_vectors(2, 1), 4)
    assert index.recall() is None
    assert index.verify().is_whole
    index.publish()
    index.rebuild()
    stock.add(unit_vectors(3, 2))
    index.refresh()
    agrees(index, stock, unit_vectors(2, 1), 4)
    agrees(index, stock, unit_vectors(2, 1), 4, Filter.of_ids(stock.source.ids()[:1]))


def test_a_query_of_any_length_ranks_by_its_inner_product(stock: Stock) -> None:
    stock.add(unit_vectors(50, 2))
    index = stock.open()
    index.publish()
    scaled = unit_vectors(1, 9)
    scaled[:, :8] *= np.float32(0.1)
    agrees(index, stock, scaled, 10)


def test_verify_and_recall_count_against_the_source(stock: Stock) -> None:
    stock.add(unit_vectors(80, 2))
    index = stock.open()
    index.publish()
    state = index.verify()
    assert (state.in_source, state.stored, state.missing, state.orphaned, state.damaged_segments) == (80, 80, 0, 0, 0)
    assert index.recall(20) == 1.0


def test_what_would_be_slow_or_wrong_is_refused(stock: Stock) -> None:
    index = stock.open()
    with pytest.raises(TypeError, match="float32"):
        index.nearest(np.zeros((1, DIMENSIONS)), 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="16"):
        index.nearest(np.zeros((1, 3), np.float32), 3)
    with pytest.raises(ValueError, match="k must be positive"):
        index.nearest(np.zeros((1, DIMENSIONS), np.float32), 0)


# --- a catalogue -----------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["segments", "exact"])
def crate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CatalogueStock]:
    made = CatalogueStock(tmp_path / "library.sonoteca", segments=request.param)
    yield made
    made.library.close()


def test_a_selection_of_regions_is_a_filter(crate: CatalogueStock) -> None:
    crate.add(unit_vectors(40, 1))
    index = crate.open()
    some = sa.select(regions.c.id).join(sounds, sounds.c.id == regions.c.sound_id).where(sounds.c.id % 3 == 0)
    selected = Filter.of_regions(some)
    assert 10 < len(crate.source.selected(selected)) < 20
    agrees(index, crate, unit_vectors(2, 2), 40, selected)
    crate.add(unit_vectors(20, 3))
    index.refresh()
    agrees(index, crate, unit_vectors(2, 2), 40, selected)
    agrees(index, crate, unit_vectors(2, 2), 5, Filter.of_regions(sa.select(regions.c.id).where(sa.false())))


def _store_elsewhere(location: Path) -> None:
    elsewhere = CatalogueStock.__new__(CatalogueStock)
    elsewhere.library = open_library(location)
    elsewhere._segments, elsewhere._count = True, 1000
    elsewhere.add(unit_vectors(15, 8))
    elsewhere.drop(elsewhere.source.ids()[:4])
    elsewhere.open().publish()
    elsewhere.library.close()


def test_refresh_sees_what_another_process_did(crate: CatalogueStock) -> None:
    crate.add(unit_vectors(30, 1))
    index = crate.open()
    index.publish()
    assert crate.library.path is not None
    other = multiprocessing.get_context("spawn").Process(target=_store_elsewhere, args=(crate.library.path,))
    other.start()
    other.join()
    assert other.exitcode == 0
    index.refresh()
    assert index.verify().stored == 41
    agrees(index, crate, unit_vectors(2, 2), 50)


def test_the_door_answers_from_memory_where_there_is_no_folder_and_only_what_fits(
    crate: CatalogueStock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crate.add(unit_vectors(10, 1))
    assert isinstance(open_index(crate.library, crate.space), SegmentIndex)
    # As a PostgreSQL library that was opened without one.
    bare = Library(crate.library.engine, location="bare", path=None, data_dir=None, mode="read")
    index = open_index(bare, crate.space)
    assert isinstance(index, ExactIndex)
    agrees(index, crate, unit_vectors(2, 2), 5)
    monkeypatch.setattr(door, "MOST_IN_MEMORY", 10)
    assert isinstance(open_index(bare, crate.space), ExactIndex)
    # What is kept grew.
    crate.add(unit_vectors(1, 3))
    with pytest.raises(RequestError, match="data folder"):
        open_index(bare, crate.space)


def doors(crate: CatalogueStock) -> list[Library]:
    """The library as it is, answered from files, and as one without a folder, answered from memory."""
    return [
        crate.library,
        Library(crate.library.engine, location="bare", path=None, data_dir=None, mode="read"),
    ]


def test_the_door_shows_the_library_as_it_is_and_reads_nothing_twice(crate: CatalogueStock) -> None:
    crate.add(unit_vectors(10, 1))
    asked: list[str] = []
    sa.event.listen(crate.library.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    def answers(library: Library) -> list[int]:
        ids = open_index(library, crate.space).nearest(unit_vectors(1, 2), 50).ids[0]
        return sorted(ids[ids >= 0].tolist())

    for library in doors(crate):
        space = crate.space
        assert answers(library) == crate.source.ids().tolist()
        asked.clear()
        open_index(library, space).nearest(unit_vectors(1, 2), 5)
        assert sum(statement.startswith("SELECT") for statement in asked) == 1
        open_index(crate.library, space).publish()
        assert answers(library) == crate.source.ids().tolist()
        crate.add(unit_vectors(3, 4))
        assert answers(library) == crate.source.ids().tolist()
        crate.drop(crate.source.ids()[[0, -1]])
        assert answers(library) == crate.source.ids().tolist()


def test_a_reader_shows_the_state_of_its_connection(crate: CatalogueStock) -> None:
    crate.add(unit_vectors(10, 1))
    query = unit_vectors(1, 2)
    for library in doors(crate):
        n_before = len(crate.source.ids())
        with library.read() as connection:
            before = open_index(library, crate.space, connection)
            crate.add(unit_vectors(3, 4))
            now = open_index(library, crate.space)
            assert [(each.nearest(query, 50).ids[0] >= 0).sum() for each in (before, now)] == [n_before, n_before + 3]


def test_many_threads_ask_one_index_at_once(crate: CatalogueStock) -> None:
    crate.add(unit_vectors(300, 1))
    open_index(crate.library, crate.space).publish()
    crate.add(unit_vectors(20, 2))
    space, queries = crate.space, unit_vectors(16, 3)
    expected = crate.open().nearest(queries, 5).ids.tolist()
    # A library that nothing was opened of yet: all of them begin at once.
    with open_library(crate.library.location, mode="read") as fresh, ThreadPoolExecutor(8) as threads:
        asked = threads.map(lambda query: open_index(fresh, space).nearest(query[None], 5).ids[0].tolist(), queries)
        assert list(asked) == expected


def test_a_filter_is_one_of_the_two() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        Filter()
    with pytest.raises(ValueError, match="one of the two"):
        Filter(np.array([1]), sa.select(regions.c.id))
