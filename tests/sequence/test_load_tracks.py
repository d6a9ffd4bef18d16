"""Tracks from a catalogue: edges, what a person says, and the kept columns that follow the catalogue."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from sequence_samples import Made, store
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds, summaries
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.sequence import edge_columns
from sonoteca.sequence.edges import edge_loudness
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.tracks import NO_KEY, Tracks


def loaded(library: Library, name: str | None = None) -> Tracks:
    with library.read() as connection:
        where = None if name is None else sa.select(summaries.c.region_id).where(summaries.c.title == name)
        return load_tracks(library, connection, where)


def one(library: Library, name: str) -> Tracks:
    tracks = loaded(library, name)
    assert len(tracks) == 1
    return tracks


def test_what_was_stored_comes_back_as_columns(library: Library) -> None:
    made = Made(bpm=128.0, key="9A", energy=7.0, artist="One", tuning=12.0, density=4.0, seconds=180.0)
    with library.write() as connection:
        store(
            connection,
            {"plain": made, "bare": Made(None, None, None, None, tuning=None, density=None, beats_per_bar=None)},
        )
    plain, bare = one(library, "plain"), one(library, "bare")
    assert 2.0 ** float(plain.tempo_start[0]) == pytest.approx(128.0, rel=1e-6)
    assert (plain.key_start[0], plain.key_end[0]) == (Key.parse("9A").number,) * 2
    assert float(plain.level[0]) == pytest.approx(6 / 9)
    assert float(plain.energy_end[0]) == pytest.approx(6 / 9, abs=1e-5)
    assert float(plain.duration_s[0]) == 180.0
    assert float(plain.key_confidence[0]) == pytest.approx(0.9)
    assert np.linalg.norm(plain.timbre_start[0]) == pytest.approx(1.0, abs=1e-3)
    assert plain.timbre_start.shape == (1, 4)
    assert plain.rhythm_start.shape == (1, 2)
    assert np.isnan([bare.tempo_start[0], bare.level[0], bare.energy_start[0], bare.onset_density[0]]).all()
    assert (bare.key_start[0], bare.artist[0]) == (NO_KEY, -1)


def test_edges_are_those_of_the_start_and_of_the_end(library: Library) -> None:
    curve: list[JsonValue] = [*[0.5] * 30, *[1.0] * 140, *[0.75] * 30]
    made = Made(
        bpm=100.0, end_bpm=108.0, key="8A", end_key="3B", end_sound=(0.0, 1.0, 0.0, 0.0), energy=10.0,
        values={"energy_curve": curve, "tempo": {"bpm": 104.0, "alternatives_bpm": []}},
    )  # fmt: skip
    with library.write() as connection:
        store(connection, {"drifts": made})
    tracks = one(library, "drifts")
    assert 2.0 ** float(tracks.tempo_start[0]) == pytest.approx(100.0, rel=1e-5)
    assert 2.0 ** float(tracks.tempo_end[0]) == pytest.approx(108.0, rel=1e-5)
    assert tracks.key_start[0] == Key.parse("8A").number
    assert tracks.key_end[0] == Key.parse("3B").number
    assert tracks.timbre_start[0].tolist() == pytest.approx([1, 0, 0, 0], abs=1e-3)
    assert tracks.timbre_end[0].tolist() == pytest.approx([0, 1, 0, 0], abs=1e-3)
    # 15 dB below the middle is felt 2 ** -1.5 as loud, 7.5 dB 2 ** -0.75.
    assert float(tracks.energy_start[0]) == pytest.approx((10 * 2**-1.5 - 1) / 9, abs=1e-3)
    assert float(tracks.energy_end[0]) == pytest.approx((10 * 2**-0.75 - 1) / 9, abs=1e-3)


def test_silence_at_the_ends_is_no_edge() -> None:
    curve = [0.0] * 25 + [1.0] * 100 + [0.0] * 25
    assert edge_loudness(curve, 150.0) == (1.0, 1.0)
    assert edge_loudness([0.0] * 50, 50.0) is None
    assert edge_loudness([], 0.0) is None


def test_what_a_person_says_holds_for_both_edges(library: Library) -> None:
    made = Made(
        bpm=100.0, end_bpm=108.0, key="8A", end_key="9A", values={"tempo": {"bpm": 104.0, "alternatives_bpm": []}}
    )
    with library.write() as connection:
        store(connection, {"mine": made})
    one(library, "mine")
    with library.write() as connection:
        region_id = connection.execute(sa.select(summaries.c.region_id)).scalar_one()
        edit(connection, [region_id], parse_statements(bpm="77", key="C# major"))
    tracks = one(library, "mine")
    assert 2.0 ** float(tracks.tempo_start[0]) == pytest.approx(77.0, rel=1e-5)
    assert 2.0 ** float(tracks.tempo_end[0]) == pytest.approx(77.0, rel=1e-5)
    assert (tracks.key_start[0], tracks.key_end[0]) == (1, 1)
    assert float(tracks.key_confidence[0]) == 1.0
    # Half as fast it drifts as it was heard to.
    with library.write() as connection:
        edit(connection, [region_id], parse_statements(bpm="52"))
    tracks = one(library, "mine")
    assert 2.0 ** float(tracks.tempo_start[0]) == pytest.approx(50.0, rel=1e-5)
    assert 2.0 ** float(tracks.tempo_end[0]) == pytest.approx(54.0, rel=1e-5)
    with library.write() as connection:
        edit(connection, [region_id], parse_statements(bpm="none", key="none"))
    tracks = one(library, "mine")
    assert np.isnan(tracks.tempo_start[0])
    assert tracks.key_end[0] == NO_KEY


def test_kept_columns_are_read_again_only_for_what_was_analysed_anew(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library.write() as connection:
        store(connection, {"a": Made(sound=(1.0, 0, 0, 0)), "b": Made(sound=(0, 1.0, 0, 0))})
    read: list[int] = []
    original = edge_columns._read_edges

    def counted(connection, space, region_ids, analysed_at):  # type: ignore[no-untyped-def]
        read.append(len(region_ids))
        return original(connection, space, region_ids, analysed_at)

    monkeypatch.setattr(edge_columns, "_read_edges", counted)
    first = loaded(library)
    again = loaded(library)
    assert read == [2]
    assert np.array_equal(first.timbre_start, again.timbre_start)
    with library.write() as connection:
        connection.execute(
            sa.update(sounds).where(sounds.c.title == "a").values(analysed_at="2030-01-01T00:00:00.000Z")
        )
        store(connection, {"c": Made(sound=(0, 0, 1.0, 0))})
    third = loaded(library)
    assert read == [2, 2]
    assert len(third) == 3
    for name, axis in (("a", 0), ("b", 1), ("c", 2)):
        row = one(library, name)
        assert int(row.timbre_start[0].argmax()) == axis
    assert read == [2, 2]


def test_a_kept_file_that_is_damaged_or_of_another_library_is_made_again(library: Library, tmp_path: Path) -> None:
    with library.write() as connection:
        store(connection, {"a": Made()})
    first = loaded(library)
    kept = tmp_path / "data" / "derived" / "edges.arrays"
    whole = kept.read_bytes()
    for damaged in (b"", b"not an archive", whole[: len(whole) // 2], whole[:-300] + b"\x00" * 300):
        kept.write_bytes(damaged)
        # As another program that opens the library.
        library.held.clear()
        assert np.array_equal(loaded(library).timbre_start, first.timbre_start)
    assert kept.stat().st_size == len(whole)


def test_a_library_whose_folder_cannot_be_made_answers_all_the_same(library: Library, tmp_path: Path) -> None:
    with library.write() as connection:
        store(connection, {"a": Made()})
    (tmp_path / "data").write_text("a file where the folder should be")
    assert len(loaded(library)) == 1


def test_nothing_stored_is_nothing_loaded(library: Library) -> None:
    assert len(loaded(library)) == 0
    with library.write() as connection:
        store(connection, {"a": Made(bpm=math.pi * 40)})
    assert len(loaded(library, "another")) == 0
