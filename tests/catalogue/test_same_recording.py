"""Which sounds of a library are one recording, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sequence_samples import Made, store
from sonoteca.catalogue.heard.same_recording import best_copy, copies_of, first_copies, recordings_of_regions
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.domain.observation import JsonValue
from sonoteca.errors import AmbiguousSound

BEATS = (0.0, 0.5, 0.9, 1.5, 2.0, 2.4, 3.0, 3.5)
ONSETS: dict[str, JsonValue] = {"onsets_s": [*BEATS]}
DELAYED: dict[str, JsonValue] = {"onsets_s": [at + 0.03 for at in BEATS]}
SHUFFLED: dict[str, JsonValue] = {"onsets_s": [0.0, 0.53, 0.86, 1.55, 1.95, 2.44, 3.03, 3.46]}


@pytest.fixture
def numbers(library: Library) -> dict[str, int]:
    made = {
        "song": Made(recording="song"),
        "song mp3": Made(recording="song", seconds=200.04),
        "song edit": Made(recording="song", seconds=150.0),
        "song faster": Made(recording="song", bpm=126.0, seconds=190.5),
        "other song": Made(),
        "loop": Made(recording="loop", seconds=4.0, values=ONSETS),
        "loop ogg": Made(recording="loop", seconds=4.0, values=DELAYED),
        "loop take": Made(recording="loop", seconds=4.0, values=SHUFFLED),
        "loop cut": Made(recording="loop", seconds=3.0, values=ONSETS),
        "hit": Made(recording="hit", seconds=0.5, bpm=None),
        "hit wav": Made(recording="hit", seconds=0.5, bpm=None),
    }
    with library.write() as connection:
        store(connection, made)
        return {name: resolve_sound(connection, f"/music/{name}.wav").id for name in made}


def test_copies_of_one_sound_are_found_in_the_whole_library(library: Library, numbers: dict[str, int]) -> None:
    names = {number: name for name, number in numbers.items()}
    with library.read() as connection:
        found = {name: {names[each] for each in copies_of(connection, number)} for name, number in numbers.items()}
    assert found == {
        "song": {"song mp3", "song edit"},
        "song mp3": {"song", "song edit"},
        "song edit": {"song", "song mp3"},
        "song faster": set(),
        "other song": set(),
        "loop": {"loop ogg"},
        "loop ogg": {"loop"},
        "loop take": set(),
        "loop cut": set(),
        "hit": {"hit wav"},
        "hit wav": {"hit"},
    }


def test_of_a_ranking_the_first_copy_stands_for_the_others(library: Library, numbers: dict[str, int]) -> None:
    ranked = ["loop take", "song edit", "loop ogg", "song", "other song", "loop", "song mp3"]
    with library.read() as connection:
        first = first_copies(connection, [numbers[name] for name in ranked])
        wholes = whole_regions(connection, list(numbers.values()))
        known = recordings_of_regions(connection, [wholes[numbers[name]] for name in ranked], before=[numbers["hit"]])
    assert first == {
        numbers["song"]: numbers["song edit"],
        numbers["song mp3"]: numbers["song edit"],
        numbers["loop"]: numbers["loop ogg"],
    }
    assert [known.is_copy(wholes[numbers[name]]) for name in ranked] == [False, False, False, True, False, True, True]
    assert known.copies(wholes[numbers["song edit"]]) == [numbers["song"], numbers["song mp3"]]
    assert known.recording(wholes[numbers["loop"]]) == known.recording(wholes[numbers["loop ogg"]])


def test_sounds_without_a_vector_are_copies_of_nothing(library: Library) -> None:
    with library.write() as connection:
        assert first_copies(connection, []) == first_copies(connection, [1, 2]) == {}
        assert copies_of(connection, 1) == {}


def test_a_name_that_copies_share_means_the_best_of_them(library: Library) -> None:
    made = {
        "mp3/High": Made(recording="high", seconds=200.03),
        "flac/High": Made(recording="high"),
        "take/High 2": Made(),
    }
    with library.write() as connection:
        numbers = {name: resolve_sound(connection, each).id for name, each in store(connection, made).items()}
        for name, number in numbers.items():
            codec = name.partition("/")[0]
            connection.execute(sa.update(sounds).where(sounds.c.id == number).values(codec=codec))
    with library.read() as connection:
        assert resolve_sound(connection, "High").id == numbers["flac/High"]
        assert best_copy(connection, [*numbers.values()]) is None
    with library.write() as connection:
        store(connection, {"other/High": Made()})
        with pytest.raises(AmbiguousSound):
            resolve_sound(connection, "High")
