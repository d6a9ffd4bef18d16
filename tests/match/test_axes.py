"""Single axes against built truth: tempo, key, interval, chord, rhythm, and the grid they meet on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.beat_profile import BeatProfile, profile_of_json
from sonoteca.domain.music import Key
from sonoteca.match.alignment import cells_in_units, fit_tempo
from sonoteca.match.axes import chord_axis, interval_axis, key_axis, length_penalty, rhythm_axis, tempo_axis
from sonoteca.match.profiles import ORDER, pitch_profile, rhythm_profile
from sonoteca.match.weights import default_weights

tempi = st.floats(40.0, 240.0)


def key_scores(query_key: float, candidate_keys: np.ndarray) -> np.ndarray:
    return key_axis(query_key, candidate_keys, default_weights().key)


@given(tempi, tempi)
def test_a_tempo_reaches_another_or_its_double_by_at_most_root_two(one: float, other: float) -> None:
    found = fit_tempo(one, np.array([other]))
    assert math.sqrt(0.5) * 0.9999 <= found.ratio[0] <= math.sqrt(2.0) * 1.0001
    assert other * found.ratio[0] == pytest.approx(one * found.level[0])
    assert math.log2(found.level[0]).is_integer()


def test_an_unknown_tempo_stays_unknown() -> None:
    found = fit_tempo(120.0, np.array([np.nan, 0.0]))
    assert np.isnan(found.ratio).all()
    assert np.isnan(tempo_axis(found.ratio)).all()


@given(st.floats(0.76, 1.3))
def test_stretching_costs_the_same_both_ways_and_more_the_further(ratio: float) -> None:
    there, back, half = tempo_axis(np.array([ratio, 1.0 / ratio, math.sqrt(ratio)]))
    assert there == pytest.approx(back, abs=1e-6)
    assert half >= there
    assert 0.0 <= there <= 1.0


def test_the_same_key_after_the_shift_scores_best() -> None:
    a_minor, c_minor = 9 + 12, 0 + 12
    scores = key_scores(float(a_minor), np.array([float(a_minor), float(c_minor), np.nan]))
    assert scores[0].argmax() == 0
    assert scores[1].argmax() == 9  # C minor up nine semitones is A minor
    assert np.isnan(scores[2]).all()


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 11))
def test_key_scores_do_not_depend_on_the_transposition_of_both(one: int, other: int, up: int) -> None:
    def moved(key: int) -> float:
        return float((key % 12 + up) % 12 + 12 * (key >= 12))

    plain = key_scores(float(one), np.array([float(other)]))
    np.testing.assert_array_equal(key_scores(moved(one), np.array([moved(other)])), plain)
    # The relation is symmetrical: moving the other up is moving this one down.
    back = key_scores(float(other), np.array([float(one)]))
    np.testing.assert_array_equal(np.roll(back[0][::-1], 1), plain[0])
    assert Key(0, "major") in Key(9, "minor").compatible()


@given(st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12).filter(lambda x: np.std(x) > 0.1), st.integers(0, 11))
def test_pitch_classes_are_found_again_after_a_shift(energy: list[float], up: int) -> None:
    row = np.array(energy, np.float32)
    scores = interval_axis(row, np.roll(row, up)[None])[0]
    assert scores[-up % 12] == pytest.approx(float(scores.max()), abs=1e-6)


def test_chords_at_the_same_time_beat_the_same_chords_at_another() -> None:
    rng = np.random.default_rng(1)
    rows = np.repeat(rng.random((8, 12)).astype(np.float32), 4, axis=0)
    later = np.roll(rows, 8, axis=0)
    same, moved = chord_axis(rows, np.stack([rows, later]), pitch_profile("harmony", "harmony").changes)[:, 0]
    assert same > 0.7 > moved + 0.1


def test_a_drone_tells_no_progression() -> None:
    drone = np.tile(np.eye(12, dtype=np.float32)[0], (32, 1))
    moving = np.repeat(np.eye(12, dtype=np.float32)[[0, 5, 7, 0, 9, 2, 7, 0]], 4, axis=0)
    scores = chord_axis(moving, drone[None], pitch_profile("harmony", "harmony").changes)
    np.testing.assert_allclose(scores, 0.5, atol=0.02)


@pytest.mark.parametrize("one", ORDER)
@pytest.mark.parametrize("other", ORDER)
def test_profiles_read_the_same_from_both_sides(one: str, other: str) -> None:
    there, back = rhythm_profile(one, other), rhythm_profile(other, one)
    np.testing.assert_array_equal(there.places, back.places[:, ::-1].transpose(0, 1, 3, 2))
    if "drums" not in (one, other):
        up, down = pitch_profile(one, other), pitch_profile(other, one)
        for interval in range(12):
            assert up.changes[interval] == down.changes[-interval % 12]


def grid(*steps: tuple[int, int, int], bars: int = 2) -> np.ndarray:
    """Onsets (bars * 4, 3, 12) at (beat, register, step) of every bar."""
    rows = np.zeros((bars * 4, 3, 12), np.float32)
    for beat, register, step in steps:
        rows[beat::4, register, step] = 2.0
    return rows


def test_a_bass_on_the_kick_beats_one_beside_it() -> None:
    drums = grid((0, 0, 0), (1, 0, 6), (2, 0, 0), (1, 2, 0), (3, 2, 0))
    on, beside = grid((0, 0, 0), (1, 0, 6), (2, 0, 0)), grid((0, 0, 9), (1, 0, 2), (2, 0, 4))
    scores = rhythm_axis(drums, np.stack([on, beside]), rhythm_profile("drums", "bass"), beats_per_bar=4)
    assert scores[0] > scores[1] + 0.03


def test_lengths_that_never_meet_cost_something() -> None:
    assert length_penalty(32, 16) == length_penalty(8, 32) == 0.0
    assert length_penalty(32, 24) > 0.0


@given(st.integers(1, 16), st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_every_beat_of_a_cycle_sounds_equally_often_in_whole_cycles(beats: int, level: float) -> None:
    units = max(1, round(beats / level)) * (2 if level < 1 else 1) * beats
    counts = np.bincount(cells_in_units(beats, level, units).ravel(), minlength=beats)
    assert len(counts) == beats
    if units * level % beats == 0:
        assert counts.min() == counts.max()


def test_a_profile_survives_its_bytes() -> None:
    rng = np.random.default_rng(2)
    notes = rng.random((5, 36)).astype(np.float32)
    onsets = (2.0 * rng.random((5, 36))).astype(np.float32)
    found = profile_of_json(BeatProfile(0.25, 0.5, 4, False, notes, onsets).as_json())
    np.testing.assert_allclose(found.notes, notes, atol=0.5 / 127.5 + 1e-6)
    np.testing.assert_allclose(found.onsets, onsets, atol=0.5 / 102 + 1e-6)
    assert (found.start_s, found.beat_s, found.beats_per_bar, found.fills) == (0.25, 0.5, 4, False)


def test_a_profile_without_beats_is_refused() -> None:
    with pytest.raises(ValueError, match="not a profile"):
        BeatProfile(0.0, 0.5, 4, True, np.zeros((0, 36), np.float32), np.zeros((0, 36), np.float32))
