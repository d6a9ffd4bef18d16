"""The table of a library is read by blocks and columns, follows it sound by sound, and comes back from its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue_samples as samples
from match_samples import SONG, statement
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.made.undo import undo
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.vocabulary import Role
from sonoteca.match import beat_rows, load_regions
from sonoteca.match.beat_rows import BeatRows, laid_end_to_end
from sonoteca.match.load_regions import MATCH_TABLE, load_region_table
from sonoteca.match.region_table import RegionTable


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as opened:
        yield opened


def add(library: Library, name: str, **options: Any) -> int:
    """A loop on paper; its row."""
    made = statement(**options)
    values = {**made.values, "kind": "loop", "tempo": {"bpm": made.columns["tempo_bpm"], "alternatives_bpm": []}}
    with library.write() as connection:
        return samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values)


def assert_same(one: RegionTable, other: RegionTable) -> None:
    for each in fields(RegionTable):
        mine, others = getattr(one, each.name), getattr(other, each.name)
        if isinstance(mine, BeatRows):
            np.testing.assert_array_equal(mine.padded(), others.padded(), each.name)
        elif isinstance(mine, np.ndarray):
            assert mine.dtype == others.dtype, each.name
            np.testing.assert_array_equal(mine, others, each.name)
        else:
            assert mine == others, each.name


def made_anew(library: Library) -> RegionTable:
    with library.read() as connection:
        return load_regions._make(connection, None).table


def test_one_block_or_many_are_the_same_table(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        add(
            library,
            f"loop {number}",
            semitones=number,
            chords=SONG[: 2 + number % 3],
            quality=("clipping",) * (number % 2),
        )
    together = made_anew(library)
    assert len(together) == 7
    assert together.clipped.tolist() == [False, True] * 3 + [False]
    monkeypatch.setattr(load_regions, "_REGIONS_AT_ONCE", 2)
    assert_same(made_anew(library), together)
    some = load_region_table(library, where=together.region_ids[[4, 1]])
    assert_same(some, together.take([1, 4]))


def test_what_was_added_edited_undone_and_removed_is_followed(library: Library) -> None:
    read: list[int] = []
    original = load_regions._load

    def counted(connection: Any, region_ids: Any) -> RegionTable:
        read.append(len(region_ids))
        return original(connection, region_ids)

    rows = [add(library, f"loop {number}", semitones=number) for number in range(5)]
    assert_same(load_region_table(library), made_anew(library))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load_regions, "_load", counted)
        add(library, "late", role=Role.BASS, chords=SONG[:2])
        assert_same(load_region_table(library), made_anew(library))
        with library.write() as connection:
            whole = whole_regions(connection, rows[1:2])[rows[1]]
            edit(connection, [whole], parse_statements(role="drums", bpm="97"))
        edited = load_region_table(library)
        assert_same(edited, made_anew(library))
        at = int(np.flatnonzero(edited.region_ids == whole)[0])
        # Several sources speak of it now, and the person wins.
        assert edited.roles[at].max() == 1.0
        assert edited.tempo_bpm[at] == 97.0
        with library.write() as connection:
            undo(connection)
        assert_same(load_region_table(library), made_anew(library))
        with library.write() as connection:
            remove_sounds(connection, rows[:2])
        assert_same(load_region_table(library), made_anew(library))
    # Only what changed was read.
    assert read == [1, 1, 1]
    assert len(load_region_table(library)) == 4


def test_a_kept_table_is_the_one_that_was_made(library: Library) -> None:
    for number in range(4):
        add(library, f"loop {number}", semitones=number, chords=SONG[: 1 + number])
    made = load_region_table(library)
    library.held.clear()
    kept = load_region_table(library)
    assert kept is not made
    assert isinstance(kept.notes.stored.rows, np.memmap)
    assert_same(kept, made)
    with library.write() as connection:
        remove_sounds(connection, made.sound_ids[:1].tolist())
    # Who holds the former table reads on in the file that was replaced.
    assert len(load_region_table(library)) == 3
    assert_same(kept, made)


def test_an_empty_library_has_an_empty_table(library: Library) -> None:
    assert len(load_region_table(library)) == 0
    library.held.clear()
    assert len(load_region_table(library)) == 0
    assert MATCH_TABLE.look(library).current
    assert len(load_region_table(library, where=[1, 2])) == 0


# --- rows of beats ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(0, 5), max_size=12), seed=st.integers(0, 99), limit=st.sampled_from([0, 2**26]))
def test_rows_of_beats_are_those_of_padded_arrays(lengths: list[int], seed: int, limit: int) -> None:
    random = np.random.default_rng(seed)
    counts = np.array(lengths, np.int64)
    padded = random.integers(1, 255, (len(lengths), 5, 3), dtype=np.uint8)
    padded[np.arange(5)[None, :] >= counts[:, None]] = 0
    rows = BeatRows.of_padded(padded, counts)
    np.testing.assert_array_equal(rows.padded(beats=5), padded)
    at = random.integers(0, max(1, len(lengths)), 4 if lengths else 0)
    taken = rows.take(at)
    assert taken.stored is rows.stored
    np.testing.assert_array_equal(taken.padded(beats=5), padded[at])
    np.testing.assert_array_equal(rows.padded(at, beats=2), padded[at, :2])
    with pytest.MonkeyPatch.context() as patch:
        # In memory, or in a temporary file.
        patch.setattr(beat_rows, "_MOST_IN_MEMORY", limit)
        other = BeatRows.of_padded(padded, counts)
        for joined in (rows.joined(taken), other.joined(taken)):
            np.testing.assert_array_equal(joined.padded(beats=5), np.concatenate([padded, padded[at]]))
        np.testing.assert_array_equal(
            laid_end_to_end(taken.pieces(2), 3), BeatRows.of_padded(padded[at], counts[at]).stored.rows
        )


def test_rows_that_are_too_few_or_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="beats"):
        BeatRows.end_to_end(np.zeros((3, 2), np.uint8), np.array([1, 1]))
