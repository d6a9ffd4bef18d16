"""Loudness and defects of sounds that were built with them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import scipy.signal

import synth
from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.level import ANALYZERS
from sonoteca.analysis.level.loudness import Loudness
from sonoteca.analysis.level.quality import Quality
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import KIND
from sonoteca.domain.observation import Observation
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import Kind

MUSIC = synth.mix(synth.pad(["C", "A:min", "F", "G"], 1.5, 0.3), synth.drums(100.0, 2, level=0.5))


def loudness(view: RegionView) -> Any:
    (observation,) = Loudness().analyze(view, {})
    return observation.value


def defects(sound: AudioSignal, kind: Kind | None = None) -> dict[str, float]:
    known = {} if kind is None else {KIND: Observation(KIND, kind.value)}
    (observation,) = Quality().analyze(synth.whole(sound, Quality.features), known)
    return {found["code"]: found["value"] for found in cast(Any, observation.value)}


# --- loudness -----------------------------------------------------------------------------------


def test_a_sine_of_minus_23_dbfs_in_both_channels_is_minus_23_lufs() -> None:
    # EBU Tech 3341, case 1.
    sound = synth.channels(synth.sine(1000.0, 20.0, 10 ** (-23.0 / 20), rate=48_000), 2)
    measured = loudness(synth.whole(sound))
    assert measured["integrated_lufs"] == pytest.approx(-23.0, abs=0.1)
    assert measured["range_lu"] == pytest.approx(0.0, abs=0.1)
    assert measured["true_peak_dbtp"] == pytest.approx(-23.0, abs=0.2)


def test_an_event_is_as_loud_as_its_own_part() -> None:
    sound = synth.sequence(synth.sine(1000.0, 5.0, 0.01), synth.sine(1000.0, 5.0, 0.1))
    source = synth.recording(sound)
    quiet = loudness(RegionView(Region(1, 0.0, 5.0), source, {}))
    loud = loudness(RegionView(Region(2, 5.0, 10.0), source, {}))
    assert loud["integrated_lufs"] - quiet["integrated_lufs"] == pytest.approx(20.0, abs=0.1)
    assert loud["true_peak_dbtp"] == pytest.approx(-20.0, abs=0.2)
    assert quiet["true_peak_dbtp"] is None


def test_gain_shifts_loudness_by_just_that() -> None:
    plain, soft = loudness(synth.whole(MUSIC)), loudness(synth.whole(synth.gained(MUSIC, -20.0)))
    for field in ("integrated_lufs", "true_peak_dbtp"):
        assert plain[field] - soft[field] == pytest.approx(20.0, abs=0.05)


def test_digital_silence_has_no_loudness() -> None:
    assert list(Loudness().analyze(synth.whole(synth.silence(3.0)), {})) == []


def test_a_tenth_of_a_second_has_a_loudness_and_no_range() -> None:
    measured = loudness(synth.whole(synth.sine(1000.0, 0.1, 0.1)))
    assert measured["integrated_lufs"] is not None
    assert measured["range_lu"] is None


# --- quality ------------------------------------------------------------------------------------


def test_clean_music_has_no_defects() -> None:
    assert defects(MUSIC, Kind.LOOP) == {}


def test_overdriven_music_is_clipped_and_scaled_music_is_not() -> None:
    clipped = synth.signal(np.clip(MUSIC.samples * 3.0, -1.0, 1.0))
    assert defects(clipped)["clipping"] > 100
    assert "clipping" not in defects(synth.normalized(MUSIC, 0.99))


def test_floats_beyond_full_scale_are_told_by_their_true_peak() -> None:
    hot = synth.sine(997.0, 1.0, 10 ** (3.0 / 20))
    assert defects(hot)["over_full_scale"] == pytest.approx(3.0, abs=0.1)
    assert "over_full_scale" not in defects(synth.normalized(MUSIC, 1.0))


def test_direct_current_is_reported_with_its_size() -> None:
    assert defects(synth.mix(MUSIC, synth.constant(0.05, MUSIC.duration_s)))["dc_offset"] == pytest.approx(
        0.05, abs=0.003
    )


def test_an_asymmetric_hit_is_no_direct_current() -> None:
    lopsided = synth.signal(np.abs(synth.kick().samples))
    assert "dc_offset" not in defects(synth.sequence(lopsided, synth.silence(0.5)), Kind.ONE_SHOT)


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_is_named_by_its_mains(mains_hz: int) -> None:
    lines = [synth.sine(mains_hz * k, 8.0, 0.004 / k, phase=k) for k in range(1, 7)]
    speech = synth.at({1.0: synth.noise(1.0, 0.1, color=1), 4.0: synth.noise(1.5, 0.1, color=1, seed=1)}, 8.0)
    found = defects(synth.mix(speech, synth.noise(8.0, 1e-4, seed=4), *lines))
    assert f"hum_{mains_hz}_hz" in found
    assert f"hum_{110 - mains_hz}_hz" not in found


def test_bass_notes_next_to_the_mains_are_no_hum() -> None:
    # G1 is 49.0 Hz, B1 61.7 Hz: both with all their harmonics, sounding all the time.
    for midi in (31, 35):
        assert not any(code.startswith("hum") for code in defects(synth.tone(midi, 8.0, n_partials=6)))


def test_hiss_is_told_from_a_hissing_subject_and_from_cymbals() -> None:
    # Notes with rests between them: the hiss is heard in the rests.
    notes = synth.placed([(float(i), synth.tone(60 + i, 0.5, 0.3)) for i in range(8)], 8.0)
    hissy = defects(synth.mix(notes, synth.noise(8.0, 0.002, seed=7)))
    assert 25.0 < hissy["hiss"] < 50.0
    assert "hiss" not in defects(synth.noise(8.0, 0.1))
    assert "hiss" not in defects(synth.drums(120.0, 4))
    assert "hiss" not in defects(notes)


def test_reversed_polarity_in_one_channel_is_out_of_phase() -> None:
    stereo = synth.signal(np.concatenate([MUSIC.samples, -MUSIC.samples]))
    assert defects(stereo)["out_of_phase"] == pytest.approx(-1.0, abs=0.01)
    assert "out_of_phase" not in defects(synth.channels(MUSIC, 2))


def test_a_dead_channel_is_named() -> None:
    assert defects(synth.signal(np.concatenate([MUSIC.samples, 0 * MUSIC.samples])))["silent_channel"] == 2


def test_a_sound_that_stops_in_its_middle_is_truncated() -> None:
    cut = synth.tone(60, 1.0)
    cut = synth.signal(cut.samples[:, : synth.RATE // 2])
    assert defects(cut, Kind.ONE_SHOT)["truncated_end"] > -12.0
    assert "truncated_end" not in defects(synth.decaying(synth.tone(60, 1.0), 60.0), Kind.ONE_SHOT)
    # A loop has to be cut where it is cut.
    assert "truncated_end" not in defects(cut, Kind.LOOP)


@pytest.mark.parametrize("cutoff_hz", [11_000, 16_000, 19_000])
def test_an_encoders_low_pass_is_found_where_it_cuts(cutoff_hz: int) -> None:
    noisy = synth.mix(MUSIC, synth.noise(MUSIC.duration_s, 0.05, color=1.0))
    taps = scipy.signal.firwin(1023, cutoff_hz, fs=synth.RATE, window=("kaiser", 9.0))
    filtered = synth.signal(scipy.signal.oaconvolve(noisy.samples[0], taps, mode="same"))
    assert defects(filtered)["low_pass"] == pytest.approx(cutoff_hz, abs=400)
    assert "low_pass" not in defects(noisy)


def test_a_gentle_slope_is_no_encoder() -> None:
    b, a = scipy.signal.butter(4, 9000, fs=synth.RATE)
    sound = synth.signal(scipy.signal.lfilter(b, a, synth.noise(5.0, 0.1).samples))
    assert "low_pass" not in defects(sound)


def test_silence_says_how_long_it_lasts() -> None:
    assert defects(synth.silence(4.0)) == {"silence": 4.0}


def test_both_run_on_every_kind() -> None:
    assert all(set(analyzer.kinds) == set(Kind) for analyzer in ANALYZERS)
