"""Parts of a transition against what they were built to be, and the laws between them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sequence_samples import Made, columns, made_tracks
from sonoteca.sequence.axes import (
    LOG2_PER_PCT,
    energy_axis,
    heard_shift,
    key_axis,
    rhythm_axis,
    stretch,
    tempo_axis,
    timbre_axis,
)
from sonoteca.sequence.freshness import freshness_axis
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import AXES, default_weights, parse_weights

WEIGHTS = default_weights()


def tempo_score(one_bpm: float, other_bpm: float, *, double_time: bool = True) -> float:
    played = stretch(columns(Made(bpm=one_bpm)), columns(Made(bpm=other_bpm)), double_time=double_time)
    return float(tempo_axis(played, WEIGHTS.tempo).score[0, 0])


def key_score(one: Made, other: Made, *, key_lock: bool = True) -> float:
    ends, starts = columns(one), columns(other)
    played = stretch(ends, starts, double_time=False)
    return float(key_axis(ends, starts, played, WEIGHTS.key, key_lock=key_lock).score[0, 0])


# --- tempo ---------------------------------------------------------------------------------------


def test_the_same_tempo_scores_one_and_the_half_stretch_a_half() -> None:
    assert tempo_score(128.0, 128.0) == pytest.approx(1.0)
    # 5 % on the log scale, as documented in weights.toml.
    assert tempo_score(128.0, 128.0 * math.exp(0.05)) == pytest.approx(0.5, abs=1e-4)
    assert tempo_score(128.0, 128.0 * math.exp(-0.05)) == pytest.approx(0.5, abs=1e-4)


def test_half_and_double_time_cost_little_where_they_are_allowed() -> None:
    assert tempo_score(87.0, 174.0) == pytest.approx(WEIGHTS.tempo.double_time)
    assert tempo_score(174.0, 87.0) == pytest.approx(WEIGHTS.tempo.double_time)
    assert tempo_score(87.0, 174.0, double_time=False) < 1e-3


@given(st.floats(40, 220), st.floats(40, 220), st.booleans())
def test_tempo_is_symmetrical_and_falls_with_the_stretch(one: float, other: float, double_time: bool) -> None:
    there = tempo_score(one, other, double_time=double_time)
    assert there == pytest.approx(tempo_score(other, one, double_time=double_time), abs=1e-4)
    nearer = one * (other / one) ** 0.5
    if not double_time:
        assert tempo_score(one, nearer, double_time=False) >= there - 1e-5


@given(st.floats(40, 220), st.floats(40, 220))
def test_the_ratio_reported_brings_the_tempi_together(one: float, other: float) -> None:
    played = stretch(columns(Made(bpm=one)), columns(Made(bpm=other)), double_time=True)
    ratio, octave = float(played.ratio[0, 0]), float(played.octave[0, 0])
    assert other * ratio == pytest.approx(one * 2.0**octave, rel=1e-4)


# --- key -----------------------------------------------------------------------------------------


def test_the_table_of_relations_is_symmetrical_and_the_same_for_keys_moved_together() -> None:
    table = WEIGHTS.key.table
    assert np.array_equal(table, table.T)
    moved = np.concatenate([np.roll(np.arange(12), 5), 12 + np.roll(np.arange(12), 5)])
    assert np.array_equal(table[np.ix_(moved, moved)], table)
    assert (np.diagonal(table) == 1.0).all()
    assert (table[~np.eye(24, dtype=bool)] < 1.0).all()


@pytest.mark.parametrize(
    ("other", "expected"),
    [("8A", "same"), ("8B", "relative"), ("9A", "fifth"), ("7A", "fifth"), ("10A", "two_steps"), ("9B", "diagonal"),
     ("11B", "parallel"), ("3A", "semitone"), ("1A", "semitone"), ("2A", "other"), ("5A", "other")],
)  # fmt: skip
def test_relations_score_what_the_weights_say(other: str, expected: str) -> None:
    assert key_score(Made(key="8A"), Made(key=other)) == pytest.approx(getattr(WEIGHTS.key, expected))


def test_it_is_the_end_of_the_one_and_the_start_of_the_other() -> None:
    modulates = Made(key="8A", end_key="3B")
    assert key_score(modulates, Made(key="3B")) == pytest.approx(1.0)
    assert key_score(Made(key="8A"), modulates) == pytest.approx(1.0)
    assert key_score(modulates, Made(key="8A")) == pytest.approx(WEIGHTS.key.other)


def test_without_key_lock_six_percent_is_a_semitone() -> None:
    faster = 120.0 / 2 ** (1 / 12)
    one, other = Made(bpm=120.0, key="8A"), Made(bpm=faster, key="8A")
    assert key_score(one, other) == pytest.approx(1.0)
    assert key_score(one, other, key_lock=False) == pytest.approx(WEIGHTS.key.semitone, abs=1e-3)
    # G sharp minor (1A), a semitone lower, sounds as A minor then.
    assert key_score(one, Made(bpm=faster, key="1A"), key_lock=False) == pytest.approx(1.0, abs=1e-3)


def test_detuning_costs_after_the_stretch() -> None:
    in_tune, flat = Made(), Made(tuning=-35.0)
    assert key_score(in_tune, flat) == pytest.approx(0.5)
    # Played 2 % faster it sounds 34 cents higher, and is in tune again.
    slower = Made(bpm=120.0 / 1.0204, tuning=-35.0)
    assert key_score(in_tune, slower, key_lock=False) == pytest.approx(1.0, abs=0.01)
    # 45 cents up and 45 down are almost a semitone apart, and in tune there.
    high, low = Made(tuning=45.0), Made(tuning=-45.0)
    played = stretch(columns(high), columns(low), double_time=False)
    semitones, detuned = heard_shift(columns(high), columns(low), played, key_lock=True)
    assert int(semitones[0, 0]) == -1
    assert float(detuned[0, 0]) == pytest.approx(10.0)


def test_an_unsure_key_is_worth_what_keys_at_random_are() -> None:
    by_chance = float(WEIGHTS.key.table.mean())
    assert key_score(Made(confidence=0.0), Made()) == pytest.approx(by_chance)
    assert by_chance < key_score(Made(confidence=0.6), Made()) < 1.0
    assert WEIGHTS.key.other < key_score(Made(confidence=0.6), Made(key="2A")) < by_chance


@example(Made(key=None, tuning=-28.0), Made(tuning=23.0))
@given(made_tracks(), made_tracks())
def test_key_scores_are_symmetrical_with_key_lock(one: Made, other: Made) -> None:
    assert key_score(one, other) == pytest.approx(key_score(other, one), abs=1e-4)


# --- energy, timbre, rhythm ----------------------------------------------------------------------


def test_energy_scores_a_half_at_the_half_lift_and_the_half_drop() -> None:
    here = columns(Made(energy=5.5))
    lift, drop = 5.5 + 9 * WEIGHTS.energy.half_lift, 5.5 - 9 * WEIGHTS.energy.half_drop
    scores = energy_axis(here, columns(Made(energy=5.5), Made(energy=lift), Made(energy=drop)), WEIGHTS.energy).score[0]
    assert scores.tolist() == pytest.approx([1.0, 0.5, 0.5], abs=1e-5)


def test_energy_up_prefers_a_step_up_and_down_one_down() -> None:
    here, levels = columns(Made(energy=5.5)), (3.0, 4.0, 5.5, 7.0, 8.0)
    others = columns(*(Made(energy=level) for level in levels))
    up = energy_axis(here, others, WEIGHTS.energy, direction=1).score[0]
    down = energy_axis(here, others, WEIGHTS.energy, direction=-1).score[0]
    assert up[3] > up[2] > up[1]
    assert down[1] > down[2] > down[3]


def test_timbre_compares_the_end_with_the_start() -> None:
    changes = Made(sound=(1, 0, 0, 0), end_sound=(0, 1, 0, 0))
    scores = timbre_axis(columns(changes), columns(Made(sound=(0, 1, 0, 0)), Made(sound=(1, 0, 0, 0)))).score[0]
    assert scores.tolist() == pytest.approx([1.0, 0.0])


def test_rhythm_knows_meters_and_onsets_as_played() -> None:
    here = columns(Made(bpm=120.0, density=4.0))
    others = columns(
        Made(bpm=120.0, density=4.0), Made(bpm=120.0, density=4.0, beats_per_bar=3), Made(bpm=60.0, density=2.0)
    )
    scores = rhythm_axis(here, others, stretch(here, others, double_time=False), WEIGHTS.rhythm).score[0]
    # The third is stretched to twice its tempo, and with it has four onsets a second.
    assert scores.tolist() == pytest.approx([1.0, WEIGHTS.rhythm.other_meter, 1.0])


# --- freshness -----------------------------------------------------------------------------------


def test_artists_become_fresh_again() -> None:
    tracks = columns(*(Made(artist=name) for name in "abc"), Made())
    axis = freshness_axis(tracks, [0, 1, 1], artist_gap=4)
    assert axis.score[0, :3].tolist() == pytest.approx([0.75, 0.0, 1.0])
    assert axis.known[0].tolist() == [True, True, True, False]


# --- together ------------------------------------------------------------------------------------


def test_missing_evidence_is_left_out_and_named_nan() -> None:
    whole, partial = columns(Made()), columns(Made(key=None, energy=None))
    scored = transitions(whole, partial, WEIGHTS)
    assert np.isnan(scored.parts["key"][0, 0])
    assert np.isnan(scored.parts["energy"][0, 0])
    assert np.isnan(scored.parts["freshness"][0, 0])
    assert float(scored.total[0, 0]) == pytest.approx(1.0)


@given(made_tracks(), made_tracks(), st.booleans(), st.booleans(), st.sampled_from([-1, 0, 1]))
def test_totals_are_the_weighted_mean_of_the_known_parts(
    one: Made, other: Made, double_time: bool, key_lock: bool, direction: int
) -> None:
    scored = transitions(columns(one), columns(other), WEIGHTS, TransitionStyle(double_time, key_lock, direction))
    parts = {axis: float(scored.parts[axis][0, 0]) for axis in AXES}
    known = {axis: value for axis, value in parts.items() if not math.isnan(value)}
    assert all(-1e-6 <= value <= 1.0 + 1e-6 for value in known.values())
    weight = sum(getattr(WEIGHTS.axes, axis) for axis in known)
    expected = sum(getattr(WEIGHTS.axes, axis) * value for axis, value in known.items()) / weight if weight else 0.0
    assert float(scored.total[0, 0]) == pytest.approx(expected, abs=1e-5)


@given(made_tracks(), made_tracks())
def test_what_does_not_change_within_a_track_scores_alike_in_both_directions(one: Made, other: Made) -> None:
    there, back = transitions(columns(one), columns(other), WEIGHTS), transitions(columns(other), columns(one), WEIGHTS)
    for axis in ("tempo", "key", "timbre", "rhythm"):
        assert there.parts[axis][0, 0] == pytest.approx(back.parts[axis][0, 0], abs=1e-3, nan_ok=True)


@given(st.lists(made_tracks(), min_size=1, max_size=4), st.lists(made_tracks(), min_size=1, max_size=4))
def test_many_at_once_are_the_same_as_one_by_one(ends: list[Made], starts: list[Made]) -> None:
    style = TransitionStyle(key_lock=False)
    together = transitions(columns(*ends), columns(*starts), WEIGHTS, style)
    for row, end in enumerate(ends):
        for column, start in enumerate(starts):
            alone = transitions(columns(end), columns(start), WEIGHTS, style)
            assert float(together.total[row, column]) == pytest.approx(float(alone.total[0, 0]), abs=1e-5)


def test_a_weight_of_zero_takes_a_part_out_of_the_total_only() -> None:
    scored = transitions(columns(Made(key="8A")), columns(Made(key="2A")), parse_weights("key=0"))
    assert float(scored.total[0, 0]) == pytest.approx(1.0)
    assert float(scored.parts["key"][0, 0]) == pytest.approx(WEIGHTS.key.other)


def test_a_percent_is_a_percent() -> None:
    assert pytest.approx(math.exp(0.05)) == 2.0 ** (5 * LOG2_PER_PCT)
