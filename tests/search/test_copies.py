"""Copies of a sound by request, and what a search for similar sounds does with them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sequence_samples import Made, store
from sonoteca.catalogue.heard.same_recording import all_copies, copies_of
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.errors import SoundNotFound
from sonoteca.search.copies import CopiesRequest, find_copies
from sonoteca.search.similar import SimilarAnswer, SimilarRequest, find_similar


@pytest.fixture
def stocked(library: Library) -> Library:
    with library.write() as connection:
        store(
            connection,
            {
                "song": Made(recording="song"),
                "song mp3": Made(recording="song", seconds=200.05),
                "song edit": Made(recording="song", seconds=120.0),
                "near": Made(recording="near"),
                "near ogg": Made(recording="near", seconds=200.02),
                "far": Made(sound=(0.0, 1.0, 0.0, 0.0)),
            },
        )
    return library


def titles(answer: SimilarAnswer) -> list[str | None]:
    return [row.title for row in answer.rows]


def test_all_copies_of_a_sound_are_named(stocked: Library) -> None:
    answer = find_copies(stocked, CopiesRequest(sound="/music/song edit.wav"))
    assert {row.title for row in answer.rows} == {"song", "song mp3"}
    assert all(row.score == pytest.approx(1.0, abs=1e-3) and row.mode == "copies" for row in answer.rows)
    assert answer.as_json()["query"]["mode"] == "copies"
    assert find_copies(stocked, CopiesRequest(sound="/music/far.wav")).rows == ()
    with pytest.raises(SoundNotFound):
        find_copies(stocked, CopiesRequest(sound="gone"))


def test_every_recording_that_is_there_more_than_once_is_told_with_its_copies(stocked: Library) -> None:
    answer = find_copies(stocked)
    # The longest stands for the others where all are without loss.
    assert [(row.title, {copy.path for copy in row.copies}) for row in answer.rows] == [
        ("song mp3", {"/music/song.wav", "/music/song edit.wav"}),
        ("near ogg", {"/music/near.wav"}),
    ]
    assert answer.rows[0].reasons == ("3 sounds are this recording",)
    assert (answer.total, answer.as_json()["query"]["sound"]) == (2, None)
    page = find_copies(stocked, CopiesRequest(limit=1, offset=1))
    assert ([row.title for row in page.rows], page.total) == (["near ogg"], 2)


def test_all_recordings_are_those_that_each_sound_is_told_to_be(stocked: Library) -> None:
    with stocked.read() as connection:
        ids = list(connection.execute(sa.select(sounds.c.id)).scalars())
        by_sound = {frozenset((each, *copies_of(connection, each))) for each in ids if copies_of(connection, each)}
        assert {frozenset(each) for each in all_copies(connection)} == by_sound


def test_similar_offers_no_copy_of_the_example_and_each_recording_once(stocked: Library) -> None:
    answer = find_similar(stocked, SimilarRequest(sounds=("/music/song.wav",), max_per_file=1))
    [near, far] = answer.rows
    assert {near.title, *(copy.path for copy in near.copies)} in (
        {"near", "/music/near ogg.wav"},
        {"near ogg", "/music/near.wav"},
    )
    assert near.as_json()["copies"] == [{"id": near.copies[0].id, "path": near.copies[0].path}]
    assert near.reasons[-1].startswith("the same recording as near")
    assert (far.title, far.copies) == ("far", ())


def test_who_asks_for_copies_gets_them(stocked: Library) -> None:
    answer = find_similar(stocked, SimilarRequest(sounds=("/music/song.wav",), max_per_file=1, copies=True))
    assert {*titles(answer)} == {"song mp3", "song edit", "near", "near ogg", "far"}
    assert all(row.copies == () for row in answer.rows)
