"""Event regions of sounds whose events were placed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synth
from sonoteca.analysis.regions import FEATURE, find_regions
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.vocabulary import Kind

# Half of one 93 ms window would be 46 ms; borders are refined to the sample level, and 20 ms is what a
# person hears as "at the same time" when a region is played from its start.
BORDER_S = 0.020


def split(sound: AudioSignal, kind: Kind | None = None, **settings: float) -> Any:
    source = synth.recording(sound)
    return find_regions(source, synth.features_of(source, [FEATURE])[FEATURE], kind=kind, **settings).regions


def assert_borders(regions: Any, truth: Any, *, late_s: float = 0.001) -> None:
    """``late_s``: an attack that fades in from below the noise may begin unheard."""
    assert len(regions) == len(truth)
    for region, (start_s, end_s) in zip(regions, truth, strict=True):
        assert start_s - BORDER_S <= region.start_s <= start_s + late_s, "the attack is never cut"
        assert region.end_s == pytest.approx(end_s, abs=BORDER_S)


@pytest.mark.parametrize("background", ["digital silence", "hiss", "room"])
def test_fifty_hits_are_fifty_regions(background: str) -> None:
    rng = np.random.default_rng(5)
    starts = np.cumsum(rng.uniform(0.95, 1.6, 50))
    lengths = rng.uniform(0.1, 0.4, 50)
    hits = [(float(s), synth.hit(0.7, float(d), seed=i)) for i, (s, d) in enumerate(zip(starts, lengths, strict=True))]
    sound = synth.placed(hits, float(starts[-1] + 2.0))
    if background != "digital silence":
        level, color = (0.0005, 0.0) if background == "hiss" else (0.002, 1.5)
        sound = synth.mix(sound, synth.noise(sound.duration_s, level, color=color, seed=9))
    truth = [(float(s), float(s + d)) for s, d in zip(starts, lengths, strict=True)]
    assert_borders(split(sound), truth)


def test_a_quiet_recording_is_not_silence() -> None:
    sound = synth.bursts((1.0, 3.0, 5.0), 7.0, burst_s=0.4)
    quiet = synth.gained(sound, -60.0)
    assert_borders(split(quiet), [(1.0, 1.4), (3.0, 3.4), (5.0, 5.4)])


def test_birds_in_wind_are_found_although_the_wind_is_louder() -> None:
    wind = synth.noise(60.0, 0.1, color=2.0, seed=1)
    calls = (5.0, 12.0, 13.5, 40.0, 55.0)
    bird = synth.envelope(synth.sine(4000.0, 0.3, 0.02), attack_s=0.01, release_s=0.01)
    regions = split(synth.mix(wind, synth.at(dict.fromkeys(calls, bird), 60.0)))
    assert_borders(regions, [(start_s, start_s + 0.3) for start_s in calls], late_s=0.005)


@pytest.mark.parametrize("color", [0.0, 1.0, 2.0])
def test_steady_noise_has_no_events(color: float) -> None:
    assert split(synth.noise(120.0, 0.1, color=color, seed=3)) == ()


def test_a_steady_sine_has_no_events() -> None:
    assert split(synth.sine(440.0, 20.0)) == ()


def test_silence_has_no_events() -> None:
    assert split(synth.silence(10.0)) == ()


def test_a_loop_with_a_silent_middle_stays_one() -> None:
    sound = synth.bursts((0.0, 3.5), 4.0)
    assert split(sound, Kind.LOOP) == ()
    assert len(split(sound)) == 2


def test_soft_passages_do_not_split_a_track_but_silence_does() -> None:
    loud, soft = synth.pad(["C", "G"], 2.0, 0.5), synth.pad(["F", "A:min"], 2.0, 0.02)
    assert split(synth.sequence(loud, soft, loud), Kind.TRACK) == ()
    two = split(synth.sequence(loud, synth.silence(2.0), loud), Kind.TRACK)
    assert_borders(two, [(0.0, 4.0), (6.0, 10.0)])


def test_one_sound_that_fills_its_file_needs_no_region() -> None:
    assert split(synth.sequence(synth.silence(0.1), synth.hit(), synth.silence(0.3))) == ()


def test_a_lone_thunder_in_an_hour_like_silence_is_a_region() -> None:
    sound = synth.mix(synth.noise(30.0, 0.001, seed=2), synth.at({12.0: synth.noise(3.0, 0.3, color=1.0)}, 30.0))
    assert_borders(split(sound), [(12.0, 15.0)])


@pytest.mark.parametrize(("gap_s", "expected"), [(0.3, 3), (0.7, 2), (3.0, 0)])
def test_the_gap_decides_what_belongs_together(gap_s: float, expected: int) -> None:
    sound = synth.bursts((1.0, 1.6, 4.0), 5.0)
    assert len(split(sound, gap_s=gap_s)) == expected


@pytest.mark.parametrize("level", [0.5, 0.01])
@pytest.mark.parametrize(("rest_s", "expected"), [(0.46, 0), (0.52, 2)])
def test_the_gap_is_kept_to_a_few_hundredths_of_a_second(rest_s: float, expected: int, level: float) -> None:
    parts = {1.0: synth.noise(0.3, level), 1.3 + rest_s: synth.noise(0.3, level, seed=1)}
    sound = synth.mix(synth.at(parts, 3.0), synth.noise(3.0, 0.0005, seed=2))
    assert len(split(sound)) == expected


def test_short_ticks_are_dropped_below_the_least_length() -> None:
    sound = synth.mix(synth.noise(10.0, 0.001), synth.at({2.0: synth.hit(0.5, 0.3), 6.0: synth.hit(0.5, 0.3)}, 10.0))
    assert len(split(sound)) == 2
    assert split(sound, min_region_s=1.0) == ()


def test_speech_like_bursts_in_a_room_split_at_pauses_only() -> None:
    # Syllables of 150 ms every 250 ms, three sentences with a second between them.
    syllables = [start + 0.25 * i for start in (1.0, 6.0, 11.0) for i in range(12)]
    parts = [(second, synth.tone(50, 0.15, 0.3)) for second in syllables]
    sound = synth.mix(synth.placed(parts, 15.0), synth.noise(15.0, 0.002, color=1.0))
    assert_borders(split(sound), [(start, start + 2.9) for start in (1.0, 6.0, 11.0)], late_s=0.003)  # 5 ms fades


def test_gap_and_least_length_are_checked() -> None:
    with pytest.raises(ValueError, match="gap_s must be positive"):
        split(synth.silence(1.0), gap_s=0.0)


@pytest.mark.parametrize("n_samples", [1, 2, 511, 513, 2048])
def test_the_shortest_sounds_have_no_events(n_samples: int) -> None:
    assert split(synth.signal(np.full(n_samples, 0.5))) == ()


def test_a_held_note_that_swells_is_one_shot_in_one_piece() -> None:
    times = np.arange(4 * synth.RATE) / synth.RATE
    swell = synth.signal(synth.tone(40, 4.0).samples * (0.55 + 0.45 * np.cos(2 * np.pi * times)) ** 2)
    assert split(swell, Kind.ONE_SHOT) == ()


def test_gusts_of_wind_are_not_events_but_calls_in_them_are() -> None:
    rng = np.random.default_rng(7)
    gusts = np.interp(np.arange(90 * synth.RATE) / synth.RATE, np.arange(13) * 8.0, rng.normal(0.0, 2.5, 13))
    wind = synth.signal(synth.noise(90.0, 0.02, color=1.2, seed=8).samples * 10 ** (gusts / 20))
    calls = (11.0, 30.0, 52.0, 75.0)
    call = synth.envelope(synth.tone(84, 0.4, 0.08), attack_s=0.005, release_s=0.02)
    regions = split(synth.mix(wind, synth.at(dict.fromkeys(calls, call), 90.0)))
    assert_borders(regions, [(start_s, start_s + 0.4) for start_s in calls], late_s=0.005)


def test_more_events_than_the_limit_are_joined_over_the_shortest_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoteca.analysis.regions.MAX_REGIONS", 3)
    source = synth.recording(synth.bursts((1.0, 2.0, 5.0, 9.0, 10.1), 12.0))
    found = find_regions(source, synth.features_of(source, [FEATURE])[FEATURE], kind=None)
    assert [round(region.start_s) for region in found.regions] == [1, 5, 9]
    assert found.note == "more than 3 events: those less than 2.8 s apart were joined"
