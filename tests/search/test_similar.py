"""Answers of a similarity search over vectors that were built, in a real library with a real index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from catalogue_samples import EAR, info, part
from sonoteca.catalogue.heard.embeddings import StoredSpace, find_space
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds, resolve_sound
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.claim import Claim
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import AudioError, RequestError, SoundNotFound
from sonoteca.index.filter import Filter
from sonoteca.index.open_index import open_index
from sonoteca.ingest.listener import Listener
from sonoteca.search.candidates import compare
from sonoteca.search.examples import example_from_library
from sonoteca.search.likeness import Diversity, Example, Likeness, rank_by_likeness
from sonoteca.search.result_row import ResultRow
from sonoteca.search.selection import region_selection
from sonoteca.search.similar import SimilarAnswer, SimilarRequest, aspect_weights, find_similar, read_aspects
from sonoteca.workers.in_process import InProcessExecutor

SPACE = Space("built", 1, 8, 10.0, 5.0, "mean", "none", (SpacePart("timbre", 0, 4), SpacePart("rhythm", 4, 8)))
PLAIN = Space("plain", 1, 8, 10.0, 5.0, "mean", "none")
Span = tuple[float, float, Sequence[float]]


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.zeros(8, np.float32)
    vector[: len(values)] = values
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-9))


class Stock:
    """A library whose sounds have the vectors that a test gives them."""

    def __init__(self, library: Library, space: Space = SPACE) -> None:
        self.library = library
        self.made_of = space
        self.n_sounds = 0

    def put(
        self, name: str, whole: Sequence[float], *windows: Span, artist: str | None = None, regions: Sequence[Span] = ()
    ) -> None:
        """A sound of 60 s and a little, each of another length, so that none is another's copy; its vector, its windows as (start_s, end_s, vector), and its event regions."""
        spans = [(0.0, 60.0, whole, False), *((*span, True) for span in windows)]
        made = [
            [
                Embedding(unit(*vector), self.made_of.id, start, end, is_window)
                for start, end, vector, is_window in spans
            ],
            *([Embedding(unit(*vector), self.made_of.id, start, end, False)] for start, end, vector in regions),
        ]
        self.n_sounds += 1
        seconds = 60.0 + self.n_sounds
        parts = [part(0, 0.0, seconds), *(part(n, start, end) for n, (start, end, _) in enumerate(regions, 1))]
        claims = (Claim("title", name, "tags"), *(() if artist is None else (Claim("artist", artist, "tags"),)))
        with self.library.write() as connection:
            (sound,) = ensure_sounds(connection, [f"x1:{name}"]).values()
            result = SoundResult(
                sound, info(f"x1:{name}", seconds), SoundAnalysis(tuple(parts)), claims, {self.made_of.id: made}
            )
            store_results(connection, [result], identities=[EAR], spaces=[self.made_of])

    def id_of(self, name: str) -> str:
        return public_id(f"x1:{name}")

    @property
    def space(self) -> StoredSpace:
        with self.library.read() as connection:
            space = find_space(connection, self.made_of.id)
        assert space is not None
        return space

    def where(self, query: str) -> Filter:
        with self.library.read() as connection:
            return Filter.of_regions(region_selection(connection, query))

    def ask(self, *examples: NDArray[np.float32] | Example, **options: object) -> Likeness:
        given_ = [each if isinstance(each, Example) else Example(each) for each in examples]
        space = self.space
        with self.library.read() as connection:
            index = open_index(self.library, space, connection)
            return rank_by_likeness(connection, space, index, given_, **options)  # type: ignore[arg-type]

    def example(self, name: str, *, region_number: int = 0) -> Example:
        space = self.space
        with self.library.read() as connection:
            return example_from_library(connection, space, name, region_number=region_number)


def parsed(text: str, space: Space) -> dict[str, float]:
    named = read_aspects(text)
    assert isinstance(named, dict)
    return aspect_weights(named, space)


def titles(answer: Likeness | SimilarAnswer) -> list[str | None]:
    return [row.title for row in answer.rows]


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[Stock]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        yield Stock(library)


def test_pages_follow_one_another_and_the_last_knows_how_many_there_are(stock: Stock) -> None:
    for number in range(5):
        stock.put(f"sound {number}", (1.0, 0.1 * number, 0.0, 0.0))
    whole = stock.ask(unit(1.0, 0.0, 0.0, 0.0))
    assert titles(whole) == [f"sound {number}" for number in range(5)]
    assert (whole.total, whole.next_offset) == (5, None)
    first = stock.ask(unit(1.0, 0.0, 0.0, 0.0), k=3)
    rest = stock.ask(unit(1.0, 0.0, 0.0, 0.0), k=3, offset=3)
    assert titles(first) + titles(rest) == titles(whole)
    assert (first.next_offset, rest.next_offset, rest.total) == (3, None, 5)


def test_an_aspect_of_weight_zero_has_no_say_and_one_not_named_has_its_own(stock: Stock) -> None:
    stock.put("same timbre", [1, 0, 0, 0, 0, 1])
    stock.put("same rhythm", [0, 1, 0, 0, 1, 0])
    query = unit(1, 0, 0, 0, 1, 0)
    assert parsed("rhythm=0", SPACE) == {"timbre": 1.0, "rhythm": 0.0}
    for text, first in (
        ("rhythm=0", "same timbre"),
        ("timbre=0.1", "same rhythm"),
        ("timbre=2,rhythm=1", "same timbre"),
    ):
        answer = stock.ask(query, aspects=parsed(text, SPACE))
        assert titles(answer)[0] == first
    only_timbre = stock.ask(query, aspects=parsed("rhythm=0", SPACE))
    assert [row.score for row in only_timbre.rows] == pytest.approx([1.0, 0.0], abs=1e-3)
    assert only_timbre.rows[0].parts == pytest.approx({"timbre": 1.0, "rhythm": 0.0}, abs=1e-3)


@pytest.mark.parametrize("text", ["tembre=1", "timbre", "timbre=-1", "timbre=nan", "timbre=inf", "timbre=0,rhythm=0"])
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(RequestError):
        parsed(text, SPACE)


def test_an_aspect_that_one_of_two_lacks_is_unknown(stock: Stock) -> None:
    stock.put("no rhythm", [1])
    (row,) = stock.ask(unit(1, 0, 0, 0, 1)).rows
    assert row.parts["rhythm"] is None
    assert row.parts["timbre"] == pytest.approx(1.0, abs=1e-3)


def test_an_example_without_any_aspect_asked_for_is_refused(stock: Stock) -> None:
    stock.put("no rhythm", [1])
    with pytest.raises(RequestError, match=r"asked for \(rhythm\)"):
        stock.ask(unit(1), aspects=parsed("timbre=0", SPACE))


def test_examples_add_and_subtract(stock: Stock) -> None:
    for name, vector in {"x": [1], "y": [0, 1], "between": [1, 1], "x with z": [1, 0, 1]}.items():
        stock.put(name, vector)
    assert titles(stock.ask(unit(1), unit(0, 1)))[0] == "between"
    assert titles(stock.ask(unit(1, 0.2, 0.4)))[:2] == ["x", "x with z"]
    assert titles(stock.ask(unit(1, 0.2, 0.4), minus=[Example(unit(0, 0, 1))]))[:2] == ["x", "between"]
    assert titles(stock.ask(unit(1, 0.2, 0.4), minus=[Example(unit(0, 0, 1))]))[-1] != "between"


def test_examples_and_what_they_are_away_from_never_answer(stock: Stock) -> None:
    vectors: dict[str, list[float]] = {"a": [1], "b": [1, 0.1], "c": [1, 0.2], "d": [1, 0.3]}
    for name, vector in vectors.items():
        stock.put(name, vector, (0.0, 10.0, vector), (5.0, 15.0, vector))
    named = {name: stock.example(sound_id(stock, name)) for name in "abc"}
    assert titles(stock.ask(named["a"], named["b"], minus=[named["c"]])) == ["d"]


def sound_id(stock: Stock, title: str) -> str:
    return next(row.id for row in stock.ask(unit(1), k=100).rows if row.title == title)


def test_a_filter_far_from_the_example_still_fills_k(stock: Stock) -> None:
    random = np.random.default_rng(0)
    for number in range(50):
        stock.put(f"near {number}", [1, *(0.1 * random.standard_normal(3))])
    for number in range(2):
        stock.put(f"far {number}", [-1, 0.1 * number])
    answer = stock.ask(unit(1), k=2, where=stock.where("far"))
    assert sorted(titles(answer), key=str) == ["far 0", "far 1"]
    assert stock.ask(unit(1), k=5, where=Filter.of_ids(np.empty(0, np.int64))).rows == ()


def test_the_moment_that_is_nearest_answers(stock: Stock) -> None:
    stock.put("long", [1, 1], (0.0, 10.0, [1]), (5.0, 15.0, [1, 0.6]), (50.0, 60.0, [0, 1]))
    (row,) = stock.ask(unit(0, 1)).rows
    assert (row.start_s, row.end_s) == (50.0, 60.0)
    assert row.score == pytest.approx(1.0, abs=1e-3)
    (row,) = stock.ask(unit(1, 1)).rows
    assert (row.start_s, row.end_s) == (0.0, 60.0)


def test_a_region_of_the_example_asks_for_itself(stock: Stock) -> None:
    stock.put("field", [1, 1], regions=[(0.0, 20.0, [1]), (30.0, 60.0, [0, 1])])
    stock.put("first", [1])
    stock.put("second", [0, 1])
    field = sound_id(stock, "field")
    for number, nearest in ((1, "first"), (2, "second")):
        example = stock.example(field, region_number=number)
        assert titles(stock.ask(example))[0] == nearest
    with pytest.raises(RequestError, match="no region 3"):
        stock.example(field, region_number=3)


def test_regions_of_a_sound_answer_for_themselves(stock: Stock) -> None:
    stock.put("field", [1, 1], regions=[(0.0, 20.0, [1]), (30.0, 60.0, [0, 1])])
    rows = stock.ask(unit(0, 1), k=3).rows
    assert [(row.region, row.start_s, row.end_s) for row in rows] == [(2, 30.0, 60.0), (0, 0.0, 60.0), (1, 0.0, 20.0)]


def test_limits_let_the_next_best_through(stock: Stock) -> None:
    stock.put("one", [1], artist="Ada", regions=[(0.0, 20.0, [1, 0.01]), (20.0, 40.0, [1, 0.2])])
    stock.put("two", [1, 0.3], artist="Ada")
    stock.put("three", [1, 0.5], artist="Bo")
    stock.put("four", [1, 0.6])
    stock.put("five", [1, 0.7])

    def asked(**limits: object) -> list[str | None]:
        return titles(stock.ask(unit(1), diversity=Diversity(**limits)))  # type: ignore[arg-type]

    assert asked() == ["one", "one", "one", "two", "three", "four", "five"]
    assert asked(max_per_file=1) == ["one", "two", "three", "four", "five"]
    assert asked(max_per_artist=1) == ["one", "three", "four", "five"]
    assert asked(collapse_duplicates=True) == ["one", "one", "two", "three", "four", "five"]


def test_a_sound_of_many_windows_does_not_use_up_the_places(stock: Stock) -> None:
    stock.put("long", [1], *((5.0 * n, 5.0 * n + 10.0, [1]) for n in range(300)))
    for number in range(4):
        stock.put(f"short {number}", [1, 1 + number])
    assert titles(stock.ask(unit(1), k=4)) == ["long", "short 0", "short 1", "short 2"]


def test_a_space_without_parts_is_one_aspect(tmp_path: Path) -> None:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        stock = Stock(library, PLAIN)
        stock.put("far", [0, 1])
        stock.put("near", [1, 0.1])
        answer = stock.ask(unit(1))
    assert titles(answer) == ["near", "far"]
    assert answer.rows[0].parts == {"sound": pytest.approx(0.995, abs=1e-3)}
    assert parsed("sound=2", PLAIN) == {"sound": 2.0}


def test_no_example_is_refused(stock: Stock) -> None:
    stock.put("a", [1])
    with pytest.raises(RequestError, match="no example"):
        stock.ask()


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
        stock = Stock(library)
        for number, vector in enumerate(stored):
            stock.put(str(number), vector)
        weights = {"timbre": 1.0, "rhythm": rhythm}
        rows = stock.ask(unit(*query), k=20, aspects=weights).rows
    assert sorted(row.title or "" for row in rows) == [str(number) for number in range(len(stored))]
    scores = [row.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    for row in rows:
        expected = compare(unit(*query), half(unit(*stored[int(row.title or "")]))[None], weights, SPACE)
        assert row.score == pytest.approx(float(expected.score[0]), abs=1e-5)


def half(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """As the catalogue keeps it."""
    return vector.astype(np.float16).astype(np.float32)


def test_a_row_prints_its_moment_and_aspects() -> None:
    row = ResultRow("id", None, "t", None, 0, 1.00004, 2.0, 0.123456, "similar", {"timbre": None})
    assert row.as_json()["score"] == 0.1235
    assert row.as_json()["parts"] == {"timbre": None}


def test_a_request_is_echoed_with_every_aspect_it_was_answered_by(stock: Stock) -> None:
    stock.put("query", [1, 0, 0, 0, 1])
    stock.put("answer", [1, 0, 0, 0, 0, 1])
    answer = find_similar(stock.library, SimilarRequest(sounds=[stock.id_of("query")], aspects="rhythm=0.5", k=3))
    assert titles(answer) == ["answer"]
    query = answer.as_json()["query"]
    assert query["aspects"] == {"timbre": 1.0, "rhythm": 0.5}
    assert (query["mode"], query["k"], query["filter"], query["minus"]) == ("similar", 3, None, [])
    assert query["sounds"] == [stock.id_of("query")]


def test_a_name_is_a_file_only_where_something_can_listen(stock: Stock, tmp_path: Path) -> None:
    stock.put("answer", [1])
    file = tmp_path / "heard.wav"
    file.write_bytes(b"")
    with pytest.raises(SoundNotFound):
        find_similar(stock.library, SimilarRequest(sounds=[str(file)]))
    with Listener(executor=InProcessExecutor()) as listener, pytest.raises(AudioError):
        find_similar(stock.library, SimilarRequest(sounds=[str(file)]), listener=listener)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"sounds": []}, "sounds"),
        ({"sounds": ["a"], "k": 0}, "k"),
        ({"sounds": ["a"], "aspects": "timbre=x"}, "aspects"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_field_it_is_about(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        SimilarRequest(**asked)
    assert refused.value.field == field
    assert "Value error" not in refused.value.message


def test_a_question_is_answered_through_one_connection(stock: Stock) -> None:
    for number in range(8):
        stock.put(f"sound {number}", [1, 0.1 * number])
    request = SimilarRequest(sounds=(stock.id_of("sound 0"),), filter="sound")
    find_similar(stock.library, request)
    taken: list[object] = []
    sa.event.listen(stock.library.engine, "checkout", lambda *told: taken.append(told))
    assert len(find_similar(stock.library, request).rows) == 7
    assert len(taken) == 1


def test_answers_are_the_same_from_both_databases_and_follow_what_changes(library: Library) -> None:
    stock = Stock(library)
    for number in range(6):
        stock.put(f"sound {number}", [1, 0.2 * number], (0.0, 10.0, [1, 0.2 * number]), artist=f"artist {number % 2}")
    request = SimilarRequest(sounds=(stock.id_of("sound 0"),))

    def told() -> list[str | None]:
        return titles(find_similar(library, request))

    assert told() == told() == [f"sound {number}" for number in range(1, 6)]
    answer = find_similar(library, request.model_copy(update={"max_per_artist": 1}))
    assert titles(answer) == ["sound 1", "sound 2"]
    assert [row.score for row in answer.rows] == pytest.approx([(1 + (0.2 * n) ** 2) ** -0.5 for n in (1, 2)], abs=1e-3)
    stock.put("nearest", [1, 0.05])
    assert told()[0] == "nearest"
    with library.write() as connection:
        remove_sounds(connection, [resolve_sound(connection, stock.id_of("nearest")).id])
    assert told()[0] == "sound 1"
