"""Colour, roughness and envelope of sounds whose colour, roughness and envelope were chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth
from sonoteca.analysis.timbre import ANALYZERS
from sonoteca.audio.signal import AudioSignal
from sonoteca.features.spectral_shape import BAND_EDGES_HZ, N_BANDS, SpectralShape

FEATURES = [feature for analyzer in ANALYZERS for feature in analyzer.features]


def heard(sound: AudioSignal) -> dict[str, Any]:
    view = synth.whole(sound, FEATURES)
    return {found.descriptor.name: found.value for analyzer in ANALYZERS for found in analyzer.analyze(view, {})}


@pytest.mark.parametrize(("hz", "brightness"), [(100.0, 0.0), (1000.0, 0.5), (10_000.0, 1.0)])
def test_brightness_is_the_place_of_a_sine_between_100_hz_and_10_khz(hz: float, brightness: float) -> None:
    # One bin of 10.8 Hz at 100 Hz is 0.022 on this scale.
    assert heard(synth.sine(hz, 1.0))["brightness"] == pytest.approx(brightness, abs=0.022)


def test_warmth_is_the_share_of_power_in_100_to_800_hz() -> None:
    # 0.3 and 0.1 in amplitude are 0.9 and 0.1 of the power.
    warm = heard(synth.mix(synth.sine(300.0, 2.0, 0.3), synth.sine(3000.0, 2.0, 0.1)))["warmth"]
    assert warm == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize("color", [0.0, 1.0])
def test_noise_of_any_colour_is_noisy_and_tones_are_not(color: float) -> None:
    assert heard(synth.noise(2.0, 0.1, color=color))["noisiness"] > 0.95
    assert heard(synth.chord("C", 2.0))["noisiness"] < 0.1
    assert heard(synth.sine(100.0, 2.0))["noisiness"] < 0.05


def test_dissonance_orders_intervals_as_ears_do() -> None:
    def interval(semitones: int) -> float:
        return heard(synth.mix(synth.tone(60, 1.5), synth.tone(60 + semitones, 1.5)))["roughness"]

    octave, fifth, third, tritone, second = (interval(step) for step in (12, 7, 4, 6, 1))
    assert octave < fifth < third < second
    assert fifth < tritone < second


def test_a_pure_tone_is_not_rough() -> None:
    assert heard(synth.sine(440.0, 1.0))["roughness"] == 0.0


@pytest.mark.parametrize("attack_s", [0.005, 0.03, 0.1, 0.6])
def test_a_linear_rise_goes_from_a_tenth_to_nine_tenths_in_four_fifths_of_its_time(attack_s: float) -> None:
    sound = synth.sequence(synth.silence(0.1), synth.envelope(synth.sine(500.0, 1.5), attack_s=attack_s))
    assert heard(sound)["attack_s"] == pytest.approx(0.8 * attack_s, rel=0.15, abs=0.001)


def test_noise_that_starts_at_once_has_no_attack() -> None:
    assert heard(synth.sequence(synth.silence(0.2), synth.noise(1.0, 0.2)))["attack_s"] < 0.003


@pytest.mark.parametrize("db_per_s", [20.0, 60.0, 200.0])
def test_decay_is_the_time_to_fall_by_20_db(db_per_s: float) -> None:
    sound = synth.decaying(synth.sine(300.0, 2.0), db_per_s)
    assert heard(sound)["decay_s"] == pytest.approx(20.0 / db_per_s, rel=0.1, abs=0.015)


def test_a_sound_that_does_not_fall_has_no_decay() -> None:
    assert "decay_s" not in heard(synth.sine(300.0, 1.0))


def test_the_first_of_two_hits_is_the_one_measured() -> None:
    slow = synth.envelope(synth.sine(400.0, 0.5), attack_s=0.2, release_s=0.2)
    assert heard(synth.placed([(0.1, slow), (1.0, synth.kick(0.6))], 1.5))["attack_s"] == pytest.approx(0.16, abs=0.02)


def test_silence_has_no_colour() -> None:
    assert heard(synth.silence(1.0)) == {}


@settings(max_examples=15, deadline=None)
@given(st.floats(-50.0, 0.0), st.booleans())
def test_gain_and_polarity_change_nothing(gain_db: float, is_inverted: bool) -> None:
    sound = synth.mix(synth.snare(), synth.tone(48, 0.4))
    other = synth.gained(synth.inverted(sound) if is_inverted else sound, gain_db)
    plain, changed = heard(sound), heard(other)
    assert changed.keys() == plain.keys()
    for name, value in plain.items():
        assert changed[name] == pytest.approx(value, abs=0.003)


# --- the feature --------------------------------------------------------------------------------


def test_band_powers_sum_to_the_power_of_the_sound() -> None:
    feature = SpectralShape()
    bands = synth.whole(synth.sine(1000.0, 2.0, 1.0), [feature]).frames(feature).values[:N_BANDS]
    assert bands.sum(axis=0)[10:-10] == pytest.approx(0.5, rel=0.01)
    assert np.argmax(bands[:, 20]) == np.searchsorted(BAND_EDGES_HZ, 1000.0) - 1


def test_silent_frames_have_no_shape() -> None:
    feature = SpectralShape()
    values = synth.whole(synth.silence(1.0), [feature]).frames(feature).values
    assert values.shape == (N_BANDS + 3, 44)
    assert not values.any()
