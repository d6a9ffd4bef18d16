"""What is believed of the bar grid once a person has corrected it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS, BeatProfile, profile_of_json
from sonoteca.domain.believed import believe
from sonoteca.domain.descriptor import DESCRIPTORS, GRID_SHIFT, OWN_CUES, TEMPO
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.vocabulary import Source

EAR = Provenance(Source.ANALYZER, "ear", 1)
PERSON = Provenance(Source.USER, "user", 1)


def heard(bpm: float, beats: list[float], first_bar: int, per_bar: int = 4, **more: Any) -> list[Observation]:
    values: dict[str, Any] = {
        "tempo": {"bpm": bpm, "alternatives_bpm": []},
        "beats_s": beats,
        "downbeats_s": beats[first_bar::per_bar],
        "meter": {"beats_per_bar": per_bar, "beat_unit": 4},
        "grid": {"segments": [{"start_s": beats[0], "bpm": bpm}], "drift_bpm": 0.0},
    } | more
    return [Observation(DESCRIPTORS[name], value, 0.9, EAR) for name, value in values.items()]


def said(bpm: float | None) -> Observation:
    value: JsonValue = None if bpm is None else {"bpm": bpm, "alternatives_bpm": []}
    return Observation(TEMPO, value, None, PERSON)


def values(statements: list[Observation], end_s: float) -> dict[str, Any]:
    return {name: each.value for name, each in believe(statements, end_s=end_s).items()}


def steady(bpm: float, count: int, first_s: float = 0.0) -> list[float]:
    return [round(first_s + each * 60.0 / bpm, 4) for each in range(count)]


def test_without_a_correction_it_is_what_wins() -> None:
    statements = heard(120.0, steady(120, 16), 0)
    assert believe(statements, end_s=8.0) == winning(statements)


def test_half_the_tempo_leaves_out_every_second_beat_and_bar_line() -> None:
    # Two beats before the first bar line.
    beats = steady(174, 34, 0.2)
    found = values([*heard(174.0, beats, 2, bars=8), said(87.0)], 60.0)
    assert found["beats_s"] == beats[0::2]
    assert found["downbeats_s"] == beats[2::8]
    assert found["grid"] == {"segments": [{"start_s": beats[0], "bpm": 87.0}], "drift_bpm": 0.0}
    assert found["meter"] == {"beats_per_bar": 4, "beat_unit": 4}
    assert found["bars"] == 4


def test_an_odd_number_of_beats_before_the_bar_line_keeps_the_bar_line() -> None:
    beats = steady(170, 35)
    found = values([*heard(170.0, beats, 3), said(85.0)], 60.0)
    assert found["beats_s"] == beats[1::2]
    assert found["downbeats_s"] == beats[3::8]


def test_three_beats_make_a_bar_at_half_the_tempo_too() -> None:
    beats = steady(180, 24)
    found = values([*heard(180.0, beats, 0, per_bar=3), said(90.0)], 8.0)
    assert found["beats_s"] == beats[0::2]
    assert found["downbeats_s"] == beats[0::6]


def test_twice_the_tempo_puts_a_beat_in_the_middle_of_every_two() -> None:
    beats = steady(70, 8, 0.1)
    found = values([*heard(70.0, beats, 0, bars=2), said(140.0)], 0.1 + 8 * 60 / 70)
    assert found["beats_s"] == pytest.approx(steady(140, 16, 0.1), abs=1e-4)
    assert found["beats_s"][::2] == beats
    assert found["downbeats_s"] == pytest.approx([0.1 + each * 240 / 140 for each in range(4)], abs=1e-4)
    assert found["bars"] == 4
    # What a loop lacks after its last beat it does not get.
    assert len(values([*heard(70.0, beats, 0), said(140.0)], beats[-1] + 0.3)["beats_s"]) == 15


def test_half_and_double_undo_each_other_and_a_quarter_is_half_of_half() -> None:
    beats = steady(160, 33)
    once = values([*heard(160.0, beats, 0), said(40.0)], 60.0)
    assert once["beats_s"] == beats[::4]
    assert once["downbeats_s"] == beats[::16]
    statements = [*heard(160.0, beats, 0), said(160.0)]
    assert values(statements, 60.0)["beats_s"] == beats


def test_another_tempo_lays_a_steady_grid_through_the_first_bar_line() -> None:
    beats = steady(128.4, 64, 0.351)
    found = values([*heard(128.4, beats, 1), said(120.0)], 31.0)
    first = beats[1]
    assert first in found["downbeats_s"]
    assert found["downbeats_s"][0] == first
    assert np.diff(found["beats_s"]) == pytest.approx(0.5, abs=2e-4)
    assert found["downbeats_s"] == pytest.approx([first + 2.0 * each for each in range(len(found["downbeats_s"]))])
    assert found["grid"]["segments"] == [{"start_s": found["beats_s"][0], "bpm": 120.0}]
    assert beats[0] <= found["beats_s"][0] < beats[0] + 0.5
    assert beats[-1] <= found["beats_s"][-1] + 0.5
    assert found["beats_s"][-1] < 31.0


def test_a_tempo_as_it_is_shown_means_the_level() -> None:
    beats = steady(174.03, 400)
    found = values([*heard(174.03, beats, 0), said(87.0)], 200.0)
    assert found["beats_s"] == beats[::2]


def test_music_that_drifts_keeps_its_drift() -> None:
    beats = [round(float(each), 4) for each in np.cumsum(60.0 / np.linspace(170.0, 178.0, 120))]
    curve = [{"at_s": 1.0, "bpm": 170.5}, {"at_s": 30.0, "bpm": 177.0}]
    found = values([*heard(174.0, beats, 0, tempo_curve=curve), said(86.0)], 60.0)
    assert found["beats_s"] == beats[::2]
    assert [each["bpm"] for each in found["tempo_curve"]] == [85.25, 88.5]


def test_bars_that_begin_anew_do_so_at_half_the_tempo() -> None:
    beats = steady(160, 40)
    statements = heard(160.0, beats, 0, downbeats_s=[*beats[0:16:4], *beats[17:40:4]])
    found = values([*statements, said(80.0)], 20.0)
    assert set(found["beats_s"]) <= set(beats)
    assert beats[0] in found["downbeats_s"]
    assert beats[17] in found["downbeats_s"]
    assert np.diff(found["beats_s"]).min() > 0.74


def test_no_tempo_is_no_beat_either() -> None:
    found = values([*heard(120.0, steady(120, 16), 0, bars=4, swing=None), said(None)], 8.0)
    assert found == {"tempo": None}


def test_a_half_bar_is_no_number_of_bars() -> None:
    assert "bars" not in values([*heard(174.0, steady(174, 4), 0, bars=1), said(87.0)], 1.4)


def test_a_shift_moves_all_and_what_leaves_the_sound_is_gone() -> None:
    beats = steady(120, 16)
    shift = Observation(GRID_SHIFT, 0.012, None, PERSON)
    found = values([*heard(120.0, beats, 0), shift], 8.0)
    assert found["beats_s"] == pytest.approx([each + 0.012 for each in beats])
    assert found["downbeats_s"] == [0.012, 2.012, 4.012, 6.012]
    assert found["grid"]["segments"][0] == {"start_s": 0.012, "bpm": 120.0}
    earlier = values([*heard(120.0, beats, 0), Observation(GRID_SHIFT, -0.012, None, PERSON)], 8.0)
    assert earlier["beats_s"] == pytest.approx([each + 0.488 for each in beats])
    assert earlier["downbeats_s"] == [1.988, 3.988, 5.988, 7.988]
    assert earlier["grid"]["segments"][0] == {"start_s": 0.488, "bpm": 120.0}


def test_a_shift_goes_with_a_corrected_tempo() -> None:
    shift = Observation(GRID_SHIFT, 0.01, None, PERSON)
    found = values([*heard(120.0, steady(120, 16), 0), said(60.0), shift], 8.0)
    assert found["beats_s"] == [0.01, 1.01, 2.01, 3.01, 4.01, 5.01, 6.01, 7.01]


def test_what_is_told_per_beat_follows_the_level() -> None:
    rng = np.random.default_rng(5)
    notes, onsets = rng.random((8, N_NOTES), np.float32), rng.random((8, N_ONSETS), np.float32)
    profile = BeatProfile(0.0, 0.5, 4, True, notes, onsets).as_json()
    half = profile_of_json(
        values([*heard(120.0, steady(120, 8), 0, beat_profile=profile), said(60.0)], 4.0)["beat_profile"]
    )
    assert (half.beat_s, half.n_beats, half.fills) == (1.0, 4, True)
    assert half.notes == pytest.approx(notes.reshape(4, 2, N_NOTES).mean(axis=1), abs=0.02)
    # The first register of the first beat: six pairs of steps of the first of the two beats come first.
    assert half.onsets[0, :6] == pytest.approx(onsets[0, :12].reshape(6, 2).mean(axis=1), abs=0.02)
    assert half.onsets[0, 6:12] == pytest.approx(onsets[1, :12].reshape(6, 2).mean(axis=1), abs=0.02)
    twice = profile_of_json(
        values([*heard(120.0, steady(120, 8), 0, beat_profile=profile), said(240.0)], 4.0)["beat_profile"]
    )
    assert (twice.beat_s, twice.n_beats) == (0.25, 16)
    assert twice.notes[0:2] == pytest.approx(notes[[0, 0]], abs=0.01)
    assert twice.onsets[1, :12] == pytest.approx(onsets[0, 6:12].repeat(2), abs=0.01)
    assert twice.onsets[1, 12:24] == pytest.approx(onsets[0, 18:24].repeat(2), abs=0.01)
    other = values([*heard(120.0, steady(120, 8), 0, beat_profile=profile), said(100.0)], 4.0)
    assert "beat_profile" not in other


def test_pairs_of_eighths_are_sixteenths_of_the_level_below() -> None:
    swing = {"eighths": {"share": 0.66, "onsets": 9}, "sixteenths": None}
    statements = heard(120.0, steady(120, 16), 0, swing=swing)
    assert values([*statements, said(60.0)], 8.0)["swing"] == {"eighths": None, "sixteenths": swing["eighths"]}
    assert "swing" not in values([*statements, said(240.0)], 8.0)


def test_a_person_s_cues_stand_beside_those_that_were_heard() -> None:
    cues = [{"at_s": 0.0, "type": "start", "name": "Start"}, {"at_s": 60.0, "type": "drop", "name": "Drop"}]
    own: JsonValue = [
        {"at_s": 12.5, "type": "drop", "name": "Drop"},
        {"at_s": 60.0, "type": None, "name": None, "present": False},
    ]
    statements = [*heard(120.0, steady(120, 16), 0, cues=cues), Observation(OWN_CUES, own, None, PERSON)]
    assert values(statements, 90.0)["cues"] == [
        {"at_s": 0.0, "type": "start", "name": "Start", "source": "analyzer"},
        {"at_s": 12.5, "type": "drop", "name": "Drop", "source": "user"},
    ]
