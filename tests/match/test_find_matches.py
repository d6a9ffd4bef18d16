"""Matches in a library: rows as programs read them, what is left out, what changes when the library does."""

from __future__ import annotations

from typing import Any

import pytest

import catalogue_samples as samples
from match_samples import SONG, region_table, statement
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.find_matches import find_matches
from sonoteca.match.load_regions import load_region_table, regions_of_sound
from sonoteca.match.region_table import RegionTable

OTHER_SONG = ("C:maj", "C:maj", "G:maj", "A:min", "F:maj", "G:maj", "F:maj", "C:maj")


def values_of(**options: Any) -> dict[str, Any]:
    """What analyzers would say of a loop on paper."""
    made = statement(**options)
    facts = made.columns
    values: dict[str, Any] = {
        "kind": "loop",
        "tempo": {"bpm": facts["tempo_bpm"], "alternatives_bpm": []},
        "meter": {"beats_per_bar": facts["beats_per_bar"], "beat_unit": 4},
        "bars": facts["bars"],
        "tonality": facts["tonality"],
        "energy_level": facts["energy_level"],
        "onset_density": facts["onset_density"],
        "loudness": {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
        **made.values,
    }
    if facts["key_number"] is not None:
        values["key"] = {"tonic": int(facts["key_number"]) % 12, "mode": "minor", "alternatives": []}
    return values


@pytest.fixture
def stocked(library: Library) -> Library:
    """A pad, its own bass moved by a tone and 5 %, the bass of another song, drums."""
    with library.write() as connection:
        for name, options in {
            "pad": {},
            "partner": {"role": Role.BASS, "semitones": 2, "tempo_bpm": 126.0},
            "other": {"chords": OTHER_SONG, "role": Role.BASS},
            "beat": {"role": Role.DRUMS, "accents": (0, 12, 24, 36), "register": "low"},
        }.items():
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values_of(**options))
    return library


def of(library: Library, name: str) -> RegionTable:
    everything = load_region_table(library)
    return everything.take([everything.content_hashes.index(f"x1:{name}")])


def test_the_partner_comes_first_with_the_way_back(stocked: Library) -> None:
    answer = find_matches(stocked, of(stocked, "pad"), role=Role.BASS, k=2)
    assert [row.path for row in answer.rows] == ["/music/partner.wav", "/music/other.wav"]
    first = answer.matches[0]
    assert first.semitone_shift == -2
    assert first.tempo_ratio == pytest.approx(120.0 / 126.0)
    assert answer.rejected["other_role"] == 1  # the drums


def test_rows_have_the_names_that_front_ends_read(stocked: Library) -> None:
    printed = find_matches(stocked, of(stocked, "pad"), question={"sound": "pad"}).as_json()
    assert printed["query"]["sound"] == "pad"
    assert printed["query"]["weights_version"]
    for row in printed["results"]:
        axes = {"tensor", "interval", "chord", "key", "rhythm", "tempo", "energy", "role_confidence"}
        assert set(row["fit"]) == axes | {"total_score"}
        assert row["fit_scores"] == row["fit"]
        assert row["score"] == row["fit"]["total_score"]
        assert row["missing"] == [name for name in row["parts"] if row["fit"][name] is None]
        assert row["gating_status"] in ("pass", "capped")
        assert isinstance(row["semitone_shift"], int)
        assert len(row["reasons"]) == 3
        assert {"external_id", "title", "price", "url", "quality_flags", "risk_reasons", "uncapped_score"} <= set(row)


def test_drums_are_matched_without_pitch(stocked: Library) -> None:
    (match,) = find_matches(stocked, of(stocked, "pad"), role=Role.DRUMS).matches
    assert match.row.parts["key"] is None
    assert match.semitone_shift == 0


def test_a_filter_narrows_before_ranking(stocked: Library) -> None:
    other = of(stocked, "other")
    answer = find_matches(stocked, of(stocked, "pad"), where=other.region_ids, k=10)
    assert [row.path for row in answer.rows] == ["/music/other.wav"]
    assert find_matches(stocked, of(stocked, "pad"), where=[], k=10).rows == ()


def test_the_query_is_not_its_own_answer(stocked: Library) -> None:
    assert "/music/pad.wav" not in [row.path for row in find_matches(stocked, of(stocked, "pad"), k=10).rows]


def test_evidence_is_loaded_once_and_again_after_a_change(stocked: Library) -> None:
    before = load_region_table(stocked)
    assert load_region_table(stocked) is before
    with stocked.write() as connection:
        samples.add(connection, "late.wav", "x1:late", duration_s=16.0, **values_of(chords=SONG))
    assert len(load_region_table(stocked)) == len(before) + 1


def test_one_sound_is_read_as_among_all(stocked: Library) -> None:
    among = of(stocked, "partner")
    alone = regions_of_sound(stocked, int(among.sound_ids[0]))
    assert alone.ids == among.ids
    assert (alone.notes == among.notes[:, : alone.notes.shape[1]]).all()
    assert alone.tempo_bpm.tolist() == among.tempo_bpm.tolist()


def test_silence_is_no_question(stocked: Library) -> None:
    silent = region_table(statement(columns={"loudness_lufs": None, "onset_density": None}))
    with pytest.raises(RequestError, match="silence"):
        find_matches(stocked, silent)
