"""Answers of a similarity search over vectors that were built, in a real library with a real index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from catalogue_samples import EAR, info, part
from sonoteca.catalogue.heard.embeddings import StoredSpace, find_space, ids_of_regions
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.claim import Claim
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import RequestError
from sonoteca.index.catalogue_source import open_index
from sonoteca.search.examples import example_from_library
from sonoteca.search.result_row import ResultRow
from sonoteca.search.selection import region_selection
from sonoteca.search.similar import Diversity, Example, SimilarAnswer, compare, find_similar, parse_aspects

SPACE = Space("built", 1, 8, 10.0, 5.0, "mean", "none", (SpacePart("timbre", 0, 4), SpacePart("rhythm", 4, 8)))
PLAIN = Space("plain", 1, 8, 10.0, 5.0, "mean", "none")
Span = tuple[float, float, Sequence[float]]


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.zeros(8, np.float32)
    vector[: len(values)] = values
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-9))


class ReplacementPool:
    """A library whose sounds have the vectors that a test gives them."""

    def __init__(self, library: Library, space: Space = SPACE) -> None:
        self.library = library
        self.made_of = space

    def put(
        self, name: str, whole: Sequence[float], *windows: Span, artist: str | None = None, regions: Sequence[Span] = ()
    ) -> None:
        """A sound of 60 s; its vector, its windows as (start_s, end_s, vector), and its event regions."""
        spans = [(0.0, 60.0, whole, False), *((*span, True) for span in windows)]
        made = [
            [
                Embedding(unit(*vector), self.made_of.id, start, end, is_window)
                for start, end, vector, is_window in spans
            ],
            *([Embedding(unit(*vector), self.made_of.id, start, end, False)] for start, end, vector in regions),
        ]
        parts = [part(0, 0.0, 60.0), *(part(n, start, end) for n, (start, end, _) in enumerate(regions, 1))]
        claims = (Claim("title", name, "tags"), *(() if artist is None else (Claim("artist", artist, "tags"),)))
        with self.library.write() as connection:
            (sound,) = ensure_sounds(connection, [f"x1:{name}"]).values()
            result = SoundResult(
                sound, info(f"x1:{name}", 60.0), SoundAnalysis(tuple(parts)), claims, {self.made_of.id: made}
            )
            store_results(connection, [result], identities=[EAR], spaces=[self.made_of])

    @property
    def space(self) -> StoredSpace:
        with self.library.read() as connection:
            space = find_space(connection, self.made_of.id)
        assert space is not None
        return space

    def where(self, query: str) -> NDArray[np.int64]:
        with self.library.read() as connection:
            return ids_of_regions(connection, self.space, region_selection(connection, query))

    def ask(self, *examples: NDArray[np.float32] | Example, **options: object) -> SimilarAnswer:
        given_ = [each if isinstance(each, Example) else Example(each) for each in examples]
        index = open_index(self.library, self.space)
        return find_similar(self.library, self.space, index, given_, **options)  # type: ignore[arg-type]


def titles(answer: SimilarAnswer) -> list[str | None]:
    return [row.title for row in answer.rows]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[ReplacementPool]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        yield ReplacementPool(library)


def test_an_aspect_of_weight_zero_has_no_say_and_one_not_named_has_its_own(shelf: ReplacementPool) -> None:
    shelf.put("same timbre", [1, 0, 0, 0, 0, 1])
    shelf.put("same rhythm", [0, 1, 0, 0, 1, 0])
    query = unit(1, 0, 0, 0, 1, 0)
    assert parse_aspects("rhythm=0", SPACE) == {"timbre": 1.0, "rhythm": 0.0}
    for text, first in (
        ("rhythm=0", "same timbre"),
        ("timbre=0.1", "same rhythm"),
        ("timbre=2,rhythm=1", "same timbre"),
    ):
        answer = shelf.ask(query, aspects=parse_aspects(text, SPACE))
        assert titles(answer)[0] == first
    only_timbre = shelf.ask(query, aspects=parse_aspects("rhythm=0", SPACE))
    assert [row.score for row in only_timbre.rows] == pytest.approx([1.0, 0.0], abs=1e-3)
    assert only_timbre.rows[0].parts == pytest.approx({"timbre": 1.0, "rhythm": 0.0}, abs=1e-3)


@pytest.mark.parametrize("text", ["tembre=1", "timbre", "timbre=-1", "timbre=nan", "timbre=inf", "timbre=0,rhythm=0"])
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(RequestError):
        parse_aspects(text, SPACE)


def test_an_aspect_that_one_of_two_lacks_is_unknown(shelf: ReplacementPool) -> None:
    shelf.put("no rhythm", [1])
    (row,) = shelf.ask(unit(1, 0, 0, 0, 1)).rows
    assert row.parts["rhythm"] is None
    assert row.parts["timbre"] == pytest.approx(1.0, abs=1e-3)


def test_an_example_without_any_aspect_asked_for_is_refused(shelf: ReplacementPool) -> None:
    shelf.put("no rhythm", [1])
    with pytest.raises(RequestError, match=r"asked for \(rhythm\)"):
        shelf.ask(unit(1), aspects=parse_aspects("timbre=0", SPACE))


def test_examples_add_and_subtract(shelf: ReplacementPool) -> None:
    for name, vector in {"x": [1], "y": [0, 1], "between": [1, 1], "x with z": [1, 0, 1]}.items():
        shelf.put(name, vector)
    assert titles(shelf.ask(unit(1), unit(0, 1)))[0] == "between"
    assert titles(shelf.ask(unit(1, 0.2, 0.4)))[:2] == ["x", "x with z"]
    assert titles(shelf.ask(unit(1, 0.2, 0.4), minus=[Example(unit(0, 0, 1))]))[:2] == ["x", "between"]
    assert titles(shelf.ask(unit(1, 0.2, 0.4), minus=[Example(unit(0, 0, 1))]))[-1] != "between"


def test_examples_and_what_they_are_away_from_never_answer(shelf: ReplacementPool) -> None:
    for name, vector in {"a": [1], "b": [1, 0.1], "c": [1, 0.2], "d": [1, 0.3]}.items():
        shelf.put(name, vector, (0.0, 10.0, vector), (5.0, 15.0, vector))
    named = {name: example_from_library(shelf.library, shelf.space, sound_id(shelf, name)) for name in "abc"}
    assert titles(shelf.ask(named["a"], named["b"], minus=[named["c"]])) == ["d"]


def sound_id(shelf: ReplacementPool, title: str) -> str:
    return next(row.id for row in shelf.ask(unit(1), k=100).rows if row.title == title)


def test_a_filter_far_from_the_example_still_fills_k(shelf: ReplacementPool) -> None:
    random = np.random.default_rng(0)
    for number in range(50):
        shelf.put(f"near {number}", [1, *(0.1 * random.standard_normal(3))])
    for number in range(2):
        shelf.put(f"far {number}", [-1, 0.1 * number])
    answer = shelf.ask(unit(1), k=2, where=shelf.where("far"))
    assert sorted(titles(answer), key=str) == ["far 0", "far 1"]
    assert shelf.ask(unit(1), k=5, where=np.empty(0, np.int64)).rows == ()


def test_the_moment_that_is_nearest_answers(shelf: ReplacementPool) -> None:
    shelf.put("long", [1, 1], (0.0, 10.0, [1]), (5.0, 15.0, [1, 0.6]), (50.0, 60.0, [0, 1]))
    (row,) = shelf.ask(unit(0, 1)).rows
    assert (row.start_s, row.end_s, row.score) == (50.0, 60.0, pytest.approx(1.0, abs=1e-3))
    (row,) = shelf.ask(unit(1, 1)).rows
    assert (row.start_s, row.end_s) == (0.0, 60.0)


def test_a_region_of_the_example_asks_for_itself(shelf: ReplacementPool) -> None:
    shelf.put("field", [1, 1], regions=[(0.0, 20.0, [1]), (30.0, 60.0, [0, 1])])
    shelf.put("first", [1])
    shelf.put("second", [0, 1])
    field = sound_id(shelf, "field")
    for number, nearest in ((1, "first"), (2, "second")):
        example = example_from_library(shelf.library, shelf.space, field, region_number=number)
        assert titles(shelf.ask(example))[0] == nearest
    with pytest.raises(RequestError, match="no region 3"):
        example_from_library(shelf.library, shelf.space, field, region_number=3)


def test_regions_of_a_sound_answer_for_themselves(shelf: ReplacementPool) -> None:
    shelf.put("field", [1, 1], regions=[(0.0, 20.0, [1]), (30.0, 60.0, [0, 1])])
    rows = shelf.ask(unit(0, 1), k=3).rows
    assert [(row.region, row.start_s, row.end_s) for row in rows] == [(2, 30.0, 60.0), (0, 0.0, 60.0), (1, 0.0, 20.0)]


def test_limits_let_the_next_best_through(shelf: ReplacementPool) -> None:
    shelf.put("one", [1], artist="Ada", regions=[(0.0, 20.0, [1, 0.01]), (20.0, 40.0, [1, 0.2])])
    shelf.put("two", [1, 0.3], artist="Ada")
    shelf.put("three", [1, 0.5], artist="Bo")
    shelf.put("four", [1, 0.6])
    shelf.put("five", [1, 0.7])

    def asked(**limits: object) -> list[str | None]:
        return titles(shelf.ask(unit(1), diversity=Diversity(**limits)))  # type: ignore[arg-type]

    assert asked() == ["one", "one", "one", "two", "three", "four", "five"]
    assert asked(max_per_file=1) == ["one", "two", "three", "four", "five"]
    assert asked(max_per_artist=1) == ["one", "three", "four", "five"]
    assert asked(collapse_duplicates=True) == ["one", "one", "two", "three", "four", "five"]


def test_a_sound_of_many_windows_does_not_use_up_the_places(shelf: ReplacementPool) -> None:
    shelf.put("long", [1], *((5.0 * n, 5.0 * n + 10.0, [1]) for n in range(300)))
    for number in range(4):
        shelf.put(f"short {number}", [1, 1 + number])
    assert titles(shelf.ask(unit(1), k=4)) == ["long", "short 0", "short 1", "short 2"]


def test_a_space_without_parts_is_one_aspect(tmp_path: Path) -> None:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        shelf = ReplacementPool(library, PLAIN)
        shelf.put("far", [0, 1])
        shelf.put("near", [1, 0.1])
        answer = shelf.ask(unit(1))
    assert titles(answer) == ["near", "far"]
    assert answer.rows[0].parts == {"sound": pytest.approx(0.995, abs=1e-3)}
    assert parse_aspects("sound=2", PLAIN) == {"sound": 2.0}


def test_no_example_is_refused(shelf: ReplacementPool) -> None:
    shelf.put("a", [1])
    with pytest.raises(RequestError, match="no example"):
        shelf.ask()


vectors = st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8).filter(lambda v: np.linalg.norm(v) > 0.1)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored=st.lists(vectors, min_size=1, max_size=8), query=vectors, rhythm=st.floats(0, 3))
def test_with_room_for_all_every_region_answers_once_in_order_of_score(
    stored: list[list[float]],
    query: list[float],
    rhythm: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("law") / "library.sonoteca"
    with open_library(path, mode="create") as library:
        shelf = ReplacementPool(library)
        for number, vector in enumerate(stored):
            shelf.put(str(number), vector)
        weights = {"timbre": 1.0, "rhythm": rhythm}
        rows = shelf.ask(unit(*query), k=20, aspects=weights).rows
    assert sorted(row.title or "" for row in rows) == [str(number) for number in range(len(stored))]
    scores = [row.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    for row in rows:
        expected, _ = compare(unit(*query), half(unit(*stored[int(row.title or "")])), weights, SPACE)
        assert row.score == pytest.approx(expected, abs=1e-5)


def half(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """As the catalogue keeps it."""
    return vector.astype(np.float16).astype(np.float32)


def test_a_row_prints_its_moment_and_aspects() -> None:
    row = ResultRow("id", None, "t", None, 0, 1.00004, 2.0, 0.123456, "similar", {"timbre": None})
    assert row.as_json()["score"] == 0.1235
    assert row.as_json()["parts"] == {"timbre": None}
