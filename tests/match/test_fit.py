"""How parts of known notes fit: shifts and stretches are found and undone, partners beat others, gaps are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from match_samples import SONG, region_table, statement
from sonoteca.domain.descriptor import BEAT_PROFILE
from sonoteca.domain.music import wrapped_shift
from sonoteca.domain.vocabulary import Role
from sonoteca.match.fit import fit
from sonoteca.match.gate import CAPPED, PASS, REJECTED
from sonoteca.match.reasons import reasons_of, risks_of
from sonoteca.match.weights import AXES, default_weights, parse_weights

WEIGHTS = default_weights()
OTHER_SONG = ("C:maj", "C:maj", "G:maj", "A:min", "F:maj", "G:maj", "F:maj", "C:maj")


@given(st.integers(-5, 6), st.floats(0.86, 1.16), st.sampled_from([Role.BASS, Role.HARMONY, Role.MELODY]))
@settings(max_examples=40, deadline=None)
def test_what_was_shifted_and_stretched_is_moved_back(semitones: int, ratio: float, role: Role) -> None:
    one = region_table(statement(role=Role.HARMONY, tempo_bpm=110.0))
    moved = region_table(statement(role=role, semitones=semitones, tempo_bpm=110.0 * ratio))
    fits = fit(one, moved, WEIGHTS, role=role)
    assert fits.semitone_shift[0] == wrapped_shift(-semitones)
    assert fits.tempo_ratio[0] == pytest.approx(1.0 / ratio)


@given(st.integers(0, 11))
@settings(max_examples=12, deadline=None)
def test_transposing_both_changes_no_axis(semitones: int) -> None:
    plain = fit(region_table(statement()), region_table(statement(OTHER_SONG, role=Role.BASS)), WEIGHTS)
    both = fit(
        region_table(statement(semitones=semitones)),
        region_table(statement(OTHER_SONG, role=Role.BASS, semitones=semitones)),
        WEIGHTS,
    )
    assert both.semitone_shift[0] == plain.semitone_shift[0]
    for name in AXES:
        np.testing.assert_allclose(both.axes[name], plain.axes[name], atol=1e-5, err_msg=name)


def test_the_bass_of_the_song_beats_that_of_another_in_the_same_key() -> None:
    one = region_table(statement(role=Role.HARMONY))
    basses = region_table(
        statement(OTHER_SONG, role=Role.BASS, name="other"), statement(role=Role.BASS, name="partner")
    )
    fits = fit(one, basses, WEIGHTS, role=Role.BASS)
    assert fits.axes["chord"][1] > fits.axes["chord"][0] + 0.2
    assert fits.best(2).tolist() == [1, 0]


def test_no_shift_is_preferred_to_one_that_is_hardly_better() -> None:
    # A drone fits its fifth nearly as well, and itself best.
    drone = ("A:min",) * 4
    fits = fit(region_table(statement(drone)), region_table(statement(drone, role=Role.BASS)), WEIGHTS)
    assert fits.semitone_shift[0] == 0


def test_a_tempo_heard_twice_as_fast_is_double_time_not_a_stretch() -> None:
    one = region_table(statement(role=Role.HARMONY))
    fits = fit(one, region_table(statement(role=Role.BASS, heard_at_level=2.0)), WEIGHTS)
    same = fit(one, region_table(statement(role=Role.BASS)), WEIGHTS)
    assert (fits.tempo_ratio[0], fits.tempo_level[0]) == (1.0, 2.0)
    for name in ("interval", "chord", "tempo"):
        assert fits.axes[name][0] == pytest.approx(float(same.axes[name][0]), abs=1e-5), name


def test_a_short_loop_repeats_under_a_long_one() -> None:
    twice = SONG[:4] * 2
    one = region_table(statement(twice))
    short, long = (statement(chords, role=Role.BASS) for chords in (SONG[:4], twice))
    fits = fit(one, region_table(short, long), WEIGHTS)
    assert fits.axes["chord"][0] == pytest.approx(float(fits.axes["chord"][1]), abs=1e-5)


def test_where_bars_do_not_add_up_the_lengths_are_believed() -> None:
    # The same eight bars, heard once at four thirds of their tempo: 32 beats of the one last as long as 43 of the other.
    one = region_table(statement(tempo_bpm=120.0))
    wrong = statement(role=Role.BASS, tempo_bpm=120.0, columns={"tempo_bpm": 158.0})
    odd = region_table(wrong).take([0])
    odd.n_beats[0] = 27
    fits = fit(one, odd, WEIGHTS)
    assert fits.tempo_ratio[0] == pytest.approx(1.0)


def test_drums_have_no_harmonic_axes_and_are_not_scored_for_it() -> None:
    fits = fit(region_table(statement()), region_table(statement(role=Role.DRUMS)), WEIGHTS, role=Role.DRUMS)
    for name in ("interval", "chord", "key"):
        assert np.isnan(fits.axes[name][0])
    assert 0.0 < fits.total[0] <= 1.0
    assert fits.semitone_shift[0] == 0


def test_a_missing_axis_neither_helps_nor_harms() -> None:
    one = region_table(statement())
    energies = (None, 5.0, 10.0, 1.0)
    others = [statement(role=Role.BASS, columns={"energy_level": each}) for each in energies]
    missing, same, high, low = fit(one, region_table(*others), WEIGHTS).total.tolist()
    assert max(high, low) < missing < same


def test_every_axis_and_total_is_a_share() -> None:
    one = region_table(statement(vector=[1.0, 0.0]))
    others = region_table(
        statement(OTHER_SONG, role=Role.BASS, semitones=3, vector=[0.0, 1.0]),
        statement(role=Role.DRUMS, accents=(0, 12, 24, 36), register="low"),
        statement(("C:maj",), role=Role.MELODY, tempo_bpm=64.0),
        statement(role=Role.MIX, columns={"tempo_bpm": None, "energy_level": None}),
    )
    fits = fit(one, others, WEIGHTS)
    for values in (*fits.axes.values(), fits.total, fits.uncapped):
        known = values[np.isfinite(values)]
        assert ((known >= 0.0) & (known <= 1.0)).all()
    assert fits.axes["tensor"][0] == pytest.approx(0.5)


# --- gate ---------------------------------------------------------------------------------------


def test_what_cannot_be_used_is_rejected_with_its_reason() -> None:
    one = region_table(statement(tempo_bpm=100.0))
    others = region_table(
        statement(role=Role.BASS, tempo_bpm=139.0),
        statement(role=Role.BASS, columns={"failed": True}),
        statement(role=Role.BASS, columns={"loudness_lufs": None, "onset_density": 0.0}),
        statement(role=Role.MELODY, scores={"melody": 0.999, "bass": 0.001}),
        statement(role=Role.BASS, tempo_bpm=104.0),
    )
    fits = fit(one, others, WEIGHTS, role=Role.BASS)
    found = {name: np.flatnonzero(which).tolist() for name, which in fits.rejections.items()}
    assert found == {"stretch": [0], "failed": [1], "silent": [2], "other_role": [3], "shift": []}
    assert fits.gating.tolist() == [REJECTED] * 4 + [PASS]
    assert fits.best(10).tolist() == [4]


def test_a_less_probable_role_is_capped_not_lost() -> None:
    scores = {"harmony": 0.65, "melody": 0.35}
    fits = fit(
        region_table(statement()), region_table(statement(role=Role.HARMONY, scores=scores)), WEIGHTS, role=Role.MELODY
    )
    assert fits.gating[0] == CAPPED
    assert fits.flags["unsure_role"][0]
    assert fits.axes["role_confidence"][0] == pytest.approx(0.35)


def test_a_cap_limits_the_total_and_keeps_what_it_was() -> None:
    clipped = region_table(statement(role=Role.BASS, quality=["clipping"]))
    low = parse_weights("[caps]\nclipped = 0.1\n")
    fits = fit(region_table(statement()), clipped, low)
    assert fits.gating[0] == CAPPED
    assert fits.total[0] == pytest.approx(0.1)
    assert fits.uncapped[0] == pytest.approx(float(fit(region_table(statement()), clipped, WEIGHTS).uncapped[0]))


def test_what_was_moved_before_is_judged_where_it_stands() -> None:
    moved = region_table(statement(role=Role.BASS, semitones=2))
    fits = fit(region_table(statement()), moved, WEIGHTS, still=True)
    assert (fits.semitone_shift[0], fits.cost[0]) == (0, 0.0)
    assert fits.axes["chord"][0] < fit(region_table(statement()), moved, WEIGHTS).axes["chord"][0]


def test_a_single_note_stands_behind_loops_but_not_where_bars_do_not_matter() -> None:
    note = {"bars": None, "tempo_bpm": None, "tempo_confidence": None, "kind": "one_shot"}
    notes = [
        replace(each, columns={**each.columns, **note}, values={**each.values, BEAT_PROFILE.name: None})
        for each in (statement(OTHER_SONG, role=Role.BASS, semitones=1), statement(role=Role.BASS))
    ]
    others = region_table(*notes, statement(OTHER_SONG, role=Role.BASS, tempo_bpm=140.0))
    fits = fit(region_table(statement()), others, parse_weights("[caps]\nno_bars = 0.01\n"), role=Role.BASS)
    assert fits.flags["no_bars"].tolist() == [True, True, False]
    assert fits.best(3)[0] == 2
    assert not fit(region_table(statement()), others, WEIGHTS, role=Role.FX).flags["no_bars"].any()


def test_a_loop_in_three_stands_behind_and_is_not_told_to_share_the_bar_of_one_in_four() -> None:
    one = region_table(statement(tempo_bpm=120.0))
    others = region_table(
        statement(role=Role.BASS, beats_per_bar=3),
        statement(role=Role.BASS),
        statement(role=Role.BASS, columns={"beats_per_bar": None}),
        # Felt at half the tempo: its bars are as long.
        statement(role=Role.BASS, tempo_bpm=60.0, beats_per_bar=2),
        statement(role=Role.FX, beats_per_bar=3),
        # As long as the other, which corrects its tempo but not its bars.
        statement(role=Role.BASS, tempo_bpm=90.0, beats_per_bar=3),
    )
    fits = fit(one, others, WEIGHTS)
    assert fits.flags["other_meter"].tolist() == [True, False, False, False, False, True]
    assert fits.gating[0] == CAPPED
    assert fits.total[0] <= WEIGHTS.caps.other_meter < fits.total[1]
    assert reasons_of(one, others, fits, 0)[-1] == "It counts 3 beats in a bar, yours 4."
    assert risks_of(fits, 0) == ["its bars do not have as many beats as yours"]
    assert not fit(one, others, WEIGHTS, hum=True).flags["other_meter"].any()


def test_a_file_that_failed_is_rejected_without_a_word_from_the_arithmetic() -> None:
    unheard = {"failed": True, "end_s": 0.0, "bars": None, "tempo_bpm": None, "kind": None}
    failed = statement(role=Role.BASS, columns=unheard)
    del failed.values[BEAT_PROFILE.name]  # type: ignore[attr-defined]
    # NumPy's warnings are errors in tests; a user reads them above the answer.
    fits = fit(region_table(statement()), region_table(failed, statement(role=Role.BASS)), WEIGHTS, role=Role.BASS)
    assert fits.rejections["failed"].tolist() == [True, False]
    assert fits.best(2).tolist() == [1]


def test_strict_rejects_what_would_be_capped() -> None:
    clipped = region_table(statement(role=Role.BASS, quality=["clipping"]))
    assert fit(region_table(statement()), clipped, WEIGHTS, strict=True).gating[0] == REJECTED


def test_an_unknown_role_plays_any_role_only_with_bars() -> None:
    unknown = statement(role=Role.BASS)
    del unknown.values["role"]  # type: ignore[attr-defined]
    rain = statement(role=Role.BASS)
    for name in ("role", "beat_profile"):
        del rain.values[name]  # type: ignore[attr-defined]
    fits = fit(region_table(statement()), region_table(unknown, rain), WEIGHTS, role=Role.BASS)
    assert fits.rejections["other_role"].tolist() == [False, True]


# --- hum ----------------------------------------------------------------------------------------


def test_a_hum_is_matched_by_its_notes_alone() -> None:
    hum = region_table(statement(role=Role.MELODY, tempo_bpm=73.0))
    loops = region_table(statement(role=Role.HARMONY, tempo_bpm=140.0), statement(("Eb:maj", "Bb:maj"), tempo_bpm=73.0))
    fits = fit(hum, loops, WEIGHTS, hum=True)
    for name in ("tempo", "rhythm", "tensor", "energy"):
        assert np.isnan(fits.axes[name]).all()
    assert fits.best(2)[0] == 0
    assert not fits.rejections["stretch"].any()
