"""Tunes and rhythms of a library follow it sound by sound, and are what making them anew would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import catalogue_samples as samples
from sonoteca.catalogue.heard.summaries import derive
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made import melodies as stored_melodies
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.made.melodies import import_melodies
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.search.hum import library_rhythms, library_tunes
from sonoteca.search.hum.library_rhythms import RHYTHMS, Rhythms
from sonoteca.search.hum.library_tunes import TUNES, open_melody_index
from sonoteca.search.hum.query_notes import QueryNotes


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as opened:
        yield opened


def melody(number: int, n_notes: int = 20) -> NamedMelody:
    random = np.random.default_rng(number)
    starts = np.cumsum(random.choice([0.25, 0.5, 0.75], n_notes))
    pitches = 60 + random.integers(0, 12, n_notes)
    notes = tuple(Note(float(s), float(s) + 0.2, float(p)) for s, p in zip(starts, pitches, strict=True))
    return NamedMelody(f"m{number}", f"melody {number}", notes)


def hummed(number: int) -> QueryNotes:
    notes = melody(number).notes
    return QueryNotes(
        np.array([note.start_s for note in notes], np.float32),
        np.array([note.end_s for note in notes], np.float32),
        np.array([note.midi for note in notes], np.float32),
    )


def drums(library: Library, number: int, kind: str = "loop", role: str = "drums") -> int:
    """A sound with a rhythm of its own; its row."""
    onsets = np.cumsum(np.random.default_rng(number).choice([0.125, 0.25], 8)) / 1.1
    with library.write() as connection:
        sound = samples.add(
            connection,
            f"{number}.wav",
            f"x1:{number}",
            kind=kind,
            role={"value": role, "scores": {role: 1.0}},
            onsets_s=onsets.tolist(),
            onset_accents=np.linspace(1.0, 0.1, 8).tolist() if number % 2 else None,
        )
        derive(connection, [sound])
    return sound


def test_melodies_that_come_change_and_go_are_followed_one_by_one(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int | None] = []
    original = stored_melodies.melodies_of_regions

    def counted(connection, region_ids=None, **options):  # type: ignore[no-untyped-def]
        read.append(None if region_ids is None else len(region_ids))
        return original(connection, region_ids, **options)

    monkeypatch.setattr(library_tunes, "melodies_of_regions", counted)
    with library.write() as connection:
        import_melodies(connection, [melody(number) for number in range(8)], "test")
        # Too short to be searched, and yet it is not looked at again and again.
        import_melodies(connection, [melody(100, 3)], "test")
    first = open_melody_index(library)
    assert len(first) == 8
    with library.write() as connection:
        import_melodies(connection, [melody(8), melody(9)], "test")
    second = open_melody_index(library)
    assert open_melody_index(library) is second
    with library.write() as connection:
        remove_sounds(connection, [2])
    third = open_melody_index(library)
    assert read == [None, 2, 0]
    # Who held the former still has it.
    assert (len(first), len(second), len(third)) == (8, 10, 9)
    TUNES.rebuild(library)
    anew = open_melody_index(library)
    assert list(anew.keys()) == list(third.keys())
    for number in (0, 1, 5, 9):
        assert third.search(hummed(number)).ranking[0] == anew.search(hummed(number)).ranking[0]


def test_rhythms_that_come_change_and_go_are_those_of_making_them_anew(library: Library) -> None:
    def same(one: Rhythms, other: Rhythms) -> None:
        assert [each.key for each in one.rhythms] == [each.key for each in other.rhythms]
        for mine, others in zip(one.rhythms, other.rhythms, strict=True):
            np.testing.assert_array_equal(mine.onsets_s, others.onsets_s)
            assert mine.loop_s == others.loop_s
            assert (mine.accents is None) == (others.accents is None)
            if mine.accents is not None:
                np.testing.assert_array_equal(mine.accents, others.accents)

    def as_made_anew() -> Rhythms:
        with library.read() as connection:
            return library_rhythms._make(connection, None)

    same(RHYTHMS.current(library), as_made_anew())
    rows = [drums(library, number) for number in range(6)]
    drums(library, 6, kind="track", role="mix")
    drums(library, 7, role="bass")
    assert len(RHYTHMS.current(library).rhythms) == 7
    same(RHYTHMS.current(library), as_made_anew())
    with library.write() as connection:
        remove_sounds(connection, rows[:2])
        wholes = whole_regions(connection, rows[2:4])
        edit(connection, [wholes[rows[2]]], parse_statements(role="vocal"))
    assert len(RHYTHMS.current(library).rhythms) == 4
    same(RHYTHMS.current(library), as_made_anew())
    kept = RHYTHMS.current(library)
    library.held.clear()
    same(RHYTHMS.current(library), kept)
