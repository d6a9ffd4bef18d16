"""What a programmer gets wrong first: modes, closed libraries, texts for lists, names that nothing answers to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sonoteca
from sonoteca.errors import LibraryUnwritable, RequestError, SonotecaError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    sonoteca.open_library(tmp_path / "library.sonoteca", mode="create").close()
    return tmp_path / "library.sonoteca"


def test_a_mode_that_is_none_opens_nothing(place: Path) -> None:
    with pytest.raises(RequestError, match=r"'r' is no mode") as refused:
        sonoteca.open_library(place, mode="r")  # type: ignore[arg-type]
    assert refused.value.field == "mode"


def test_a_closed_library_says_so_and_answers_nothing(place: Path) -> None:
    library = sonoteca.open_library(place)
    library.close()
    library.close()
    assert repr(library).endswith(", closed>")
    with pytest.raises(RequestError, match="was closed"):
        sonoteca.list_sounds(library)
    with pytest.raises(RequestError, match="was closed"):
        sonoteca.undo(library)


def test_who_opened_it_to_read_is_told_to_open_it_for_writing(place: Path) -> None:
    with sonoteca.open_library(place, mode="read") as library, pytest.raises(LibraryUnwritable) as refused:
        sonoteca.undo(library)
    assert refused.value.remedy == "Open it for writing."


@pytest.mark.parametrize(
    ("sounds", "sentence"),
    [
        ("a.wav", r"sounds is a list, not 'a\.wav'\."),
        ([], r"sounds holds too little\."),
        ([3], r"sounds\.0 cannot be 3: it should be a valid string\."),
    ],
)
def test_a_list_is_a_list(sounds: Any, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        sonoteca.SimilarRequest(sounds=sounds)


def test_a_path_is_a_name_like_its_text() -> None:
    assert sonoteca.SimilarRequest(sounds=[Path("a.wav")]).sounds == ("a.wav",)
    assert sonoteca.DescribeRequest(sound=Path("a.wav")).sound == "a.wav"


@pytest.mark.parametrize("aspects", [{"timbre": -1}, {"timbre": float("nan")}, "timbre=-1", "timbre=inf"])
def test_weights_that_make_no_sense_are_refused_when_they_are_said(aspects: Any) -> None:
    with pytest.raises(RequestError, match="a weight is a number from 0 up") as refused:
        sonoteca.SimilarRequest(sounds=["a"], aspects=aspects)
    assert refused.value.field == "aspects"


def test_an_error_names_the_field_whose_name_nothing_answers_to(place: Path) -> None:
    with sonoteca.open_library(place, mode="read") as library:
        for ask, field in (
            (lambda: sonoteca.describe_sound(library, sonoteca.DescribeRequest(sound="zz")), "sound"),
            (lambda: sonoteca.find_matches(library, sonoteca.MatchRequest(sound="zz")), "sound"),
            (lambda: sonoteca.find_next(library, sonoteca.NextRequest(sound="zz")), "sound"),
        ):
            with pytest.raises(SonotecaError) as refused:
                ask()
            assert refused.value.field == field


def test_more_rows_than_a_database_can_count_are_refused() -> None:
    with pytest.raises(RequestError) as refused:
        sonoteca.ListRequest(limit=10**30)
    assert refused.value.field == "limit"


def test_a_listener_without_a_worker_is_refused_at_once() -> None:
    with pytest.raises(RequestError, match="at least one worker"):
        sonoteca.Listener(workers=0)
