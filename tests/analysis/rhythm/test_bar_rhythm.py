from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from rhythm_sounds import RATE, ROCK, WALTZ, pattern_at, steady, view_of

from sonoteca.analysis.rhythm import ANALYZERS
from sonoteca.analysis.rhythm.analyzers import BarRhythm, OnsetDensity, PulseClarity
from sonoteca.analysis.rhythm.drift import TimeMap
from sonoteca.analysis.rhythm.long_rhythm import WINDOW_S
from sonoteca.analysis.rhythm.rhythm import straight_segments
from sonoteca.domain.descriptor import KIND
from sonoteca.domain.observation import Observation


def heard(samples: NDArray[np.float32], **span: float) -> dict[str, Any]:
    return {o.descriptor.name: o for o in BarRhythm().analyze(view_of(samples, **span), {})}


def worst_distance(found: list[float], truth: NDArray[Any]) -> float:
    """The largest distance (s) of a true beat from the nearest found one."""
    return float(max(np.abs(np.asarray(found) - t).min() for t in truth))


@pytest.mark.parametrize("bpm", [83.0, 97.5, 120.0, 141.0])
def test_a_rock_loop_has_the_tempo_it_was_made_with(bpm: float) -> None:
    answers = heard(steady(bpm, bars=4))
    # 0.5 % is what a DJ hears as drifting apart within a minute.
    assert answers["tempo"].value["bpm"] == pytest.approx(bpm, rel=0.005)
    assert answers["meter"].value == {"beats_per_bar": 4, "beat_unit": 4}
    assert answers["bars"].value == 4
    beats = np.arange(16) * 60.0 / bpm
    assert len(answers["beats_s"].value) == 16
    assert worst_distance(answers["beats_s"].value, beats) < 0.02
    assert worst_distance(answers["downbeats_s"].value, beats[::4]) < 0.02


def test_a_waltz_has_three_beats() -> None:
    answers = heard(steady(132.0, bars=8, beats_per_bar=3, pattern=WALTZ))
    assert answers["tempo"].value["bpm"] == pytest.approx(132.0, rel=0.005)
    assert answers["meter"].value["beats_per_bar"] == 3


def test_downbeats_are_beats_and_alternatives_are_other_tempi() -> None:
    answers = heard(steady(110.0, bars=4))
    assert set(answers["downbeats_s"].value) <= set(answers["beats_s"].value)
    bpm = answers["tempo"].value["bpm"]
    ratios = [other / bpm for other in answers["tempo"].value["alternatives_bpm"]]
    assert all(abs(r - 1) > 0.04 for r in ratios)
    assert any(abs(r - 0.5) < 0.01 for r in ratios)
    assert any(abs(r - 2.0) < 0.01 for r in ratios)


def test_a_long_steady_track_is_exact_and_has_one_grid_segment() -> None:
    answers = heard(steady(126.3, bars=24))
    assert answers["tempo"].value["bpm"] == pytest.approx(126.3, rel=0.001)
    assert len(answers["grid"].value["segments"]) == 1
    assert answers["grid"].value["drift_bpm"] == 0.0
    assert "tempo_curve" not in answers


def test_a_track_that_speeds_up_is_followed() -> None:
    # 100 to 112 bpm over 96 beats.
    periods = 60.0 / np.linspace(100.0, 112.0, 96)
    beats = np.concatenate([[0.0], np.cumsum(periods)[:-1]])
    samples = pattern_at(beats, beats_per_bar=4, pattern=ROCK, duration_s=float(beats[-1] + 0.5))
    answers = heard(samples)
    # 70 ms is what beat evaluation calls the same beat.
    assert worst_distance(answers["beats_s"].value, beats[2:-2]) < 0.07
    curve = [point["bpm"] for point in answers["tempo_curve"].value]
    assert curve[0] == pytest.approx(101, abs=2)
    assert curve[-1] == pytest.approx(111, abs=2)
    assert answers["grid"].value["drift_bpm"] == pytest.approx(11, abs=3)
    assert len(answers["grid"].value["segments"]) > 1


@pytest.mark.slow
def test_a_long_set_has_the_tempo_of_each_of_its_halves() -> None:
    # Over eight minutes a sound is heard in windows; the one with the seam has to choose.
    slow = steady(100.0, bars=110)
    quick = steady(124.0, bars=136)
    answers = heard(np.concatenate([slow, quick]))
    seam_s = len(slow) / RATE
    for point in answers["tempo_curve"].value:
        if abs(point["at_s"] - seam_s) > WINDOW_S:
            assert point["bpm"] == pytest.approx(100.0 if point["at_s"] < seam_s else 124.0, rel=0.01)
    truth = np.concatenate([np.arange(440) * 0.6, seam_s + np.arange(544) * 60 / 124.0])
    near = [np.abs(np.asarray(answers["beats_s"].value) - t).min() < 0.07 for t in truth]
    away = np.abs(truth - seam_s) > WINDOW_S
    assert np.mean(np.asarray(near)[away]) > 0.97


@pytest.mark.parametrize("factor", [10 ** (-30 / 20), -1.0])
def test_gain_and_polarity_change_nothing(factor: float) -> None:
    samples = steady(104.0, bars=4)
    one, other = heard(samples), heard((samples * np.float32(factor)).astype(np.float32))
    assert other["tempo"].value["bpm"] == pytest.approx(one["tempo"].value["bpm"], rel=1e-4)
    assert np.allclose(other["beats_s"].value, one["beats_s"].value, atol=1e-3)


def test_times_of_an_event_region_are_seconds_of_the_sound() -> None:
    loop = steady(120.0, bars=4)
    samples = np.concatenate([np.zeros(4 * RATE, np.float32), loop, np.zeros(RATE, np.float32)])
    answers = heard(samples, start_s=4.0, end_s=12.0)
    assert answers["beats_s"].value[0] == pytest.approx(4.0, abs=0.03)
    assert answers["beats_s"].value[-1] == pytest.approx(11.5, abs=0.03)
    assert answers["grid"].value["segments"][0]["start_s"] == pytest.approx(4.0, abs=0.03)


SILENT_OF_BEAT = {
    "one sample": np.zeros(1, np.float32),
    "silence": np.zeros(5 * RATE, np.float32),
    "dc": np.full(5 * RATE, 0.4, np.float32),
    "sine": (0.5 * np.sin(2 * np.pi * 220 * np.arange(6 * RATE) / RATE)).astype(np.float32),
    "noise": (0.1 * np.random.default_rng(3).standard_normal(8 * RATE)).astype(np.float32),
    "one hit": np.concatenate([np.exp(-np.arange(RATE) / 2000) * np.sin(np.arange(RATE) / 20), np.zeros(RATE)]).astype(np.float32),
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT_OF_BEAT)
def test_what_has_no_beat_gets_no_tempo(name: str) -> None:
    assert heard(SILENT_OF_BEAT[name]) == {}


def test_a_one_shot_is_never_asked_for_a_tempo() -> None:
    known = {KIND: Observation(KIND, "one_shot")}
    assert list(BarRhythm().analyze(view_of(steady(120.0, bars=2)), known)) == []


def test_every_analyzer_survives_one_sample() -> None:
    for analyzer in ANALYZERS:
        assert list(analyzer.analyze(view_of(np.zeros(1, np.float32)), {})) == []


def test_four_bursts_in_two_seconds_are_two_onsets_a_second() -> None:
    samples = np.zeros(2 * RATE, np.float32)
    for at_s in (0.25, 0.75, 1.25, 1.75):
        first = int(at_s * RATE)
        samples[first : first + 2000] = 0.5 * np.exp(-np.arange(2000) / 400) * np.sin(np.arange(2000) / 5)
    density, onsets, accents = OnsetDensity().analyze(view_of(samples), {})
    assert onsets.value == pytest.approx([0.25, 0.75, 1.25, 1.75], abs=0.03)
    assert density.value == 2.0
    assert accents.value == pytest.approx([1.0] * 4, abs=0.1)  # equal bursts are equally strong


def test_pulse_clarity_orders_drums_above_noise() -> None:
    (drums,) = PulseClarity().analyze(view_of(steady(120.0, bars=4)), {})
    (noise,) = PulseClarity().analyze(view_of(SILENT_OF_BEAT["noise"]), {})
    unclear, clear = cast(Any, noise.value), cast(Any, drums.value)
    assert 0.0 <= unclear < 0.3 < 0.6 < clear <= 1.0


def test_a_time_map_and_its_inverse_undo_each_other_beyond_its_ends() -> None:
    bent = TimeMap(np.array([0.0, 1.0, 2.5, 4.0]), np.array([0.0, 1.1, 2.4, 4.2]))
    times = np.linspace(-1.0, 6.0, 50)
    assert np.allclose(bent.to_sound(bent.to_straight(times)), times, atol=1e-12)


def test_segments_split_where_the_tempo_changes() -> None:
    slow, fast = np.arange(0, 33) * 0.6, 32 * 0.6 + np.arange(1, 40) * 0.5
    segments = straight_segments(np.concatenate([slow, fast]))
    assert [round(bpm) for _, bpm in segments] == [100, 120]
    assert segments[1][0] == pytest.approx(19.2)
