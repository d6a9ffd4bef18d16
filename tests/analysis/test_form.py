"""Energy, sections, cues and loopability of pieces that were arranged for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

import synth
from sonoteca.analysis.analyzer import Analyzer, Known
from sonoteca.analysis.form.cues import SectionCues
from sonoteca.analysis.form.energy import EnergyCurve, EnergyLevel, curve_step_s
from sonoteca.analysis.form.loopability import Loopability
from sonoteca.analysis.form.sections import Sections, partition, unit_edges
from sonoteca.analysis.rhythm.analyzers import OnsetDensity
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import BARS, BEATS, DOWNBEATS, ONSET_DENSITY, SECTIONS, TEMPO
from sonoteca.domain.music import parse_pitch_class
from sonoteca.domain.observation import Observation

BAR_S = 2.0
VERSE, CHORUS = ("A:min", "F", "C", "G"), ("F", "G", "E:min", "A:min")


@cache
def pad(name: str, level: float, octave: int) -> AudioSignal:
    return synth.chord(name, BAR_S, level, octave=octave)


def chords(names: Sequence[str], n_bars: int, level: float, octave: int = 4) -> AudioSignal:
    return synth.sequence(*(pad(names[bar % 4], level, octave) for bar in range(n_bars)))


def bass(names: Sequence[str], n_bars: int) -> AudioSignal:
    roots = [36 + parse_pitch_class(name.split(":")[0]) for name in names]
    return synth.sequence(*(synth.tone(roots[bar % 4], BAR_S, 0.35) for bar in range(n_bars)))


def band(names: Sequence[str], n_bars: int = 8, octave: int = 4, level: float = 0.3) -> AudioSignal:
    drums = synth.drums(120.0, n_bars, level=0.6)
    return synth.mix(chords(names, n_bars, level, octave), drums, bass(names, n_bars))


def hats(n_bars: int) -> AudioSignal:
    return synth.placed([(0.25 * i, synth.hat(0.15, seed=i % 7)) for i in range(n_bars * 8)], n_bars * BAR_S)


INTRO = synth.mix(hats(8), chords(VERSE, 8, 0.1))
BREAK = chords(CHORUS, 8, 0.12)
TRACK = synth.sequence(
    INTRO, band(VERSE), band(CHORUS, octave=5, level=0.4), band(VERSE), BREAK, band(CHORUS, octave=5, level=0.4), INTRO
)  # fmt: skip


def said(analyzer: Analyzer, sound: AudioSignal, known: Known | None = None) -> Any:
    found = list(analyzer.analyze(synth.whole(sound, analyzer.features), known or {}))
    return found[0].value if found else None


def bars_of(sound: AudioSignal) -> Known:
    n_bars = round(sound.duration_s / BAR_S)
    downbeats: Any = [BAR_S * bar for bar in range(n_bars)]
    beats: Any = [BAR_S / 4 * beat for beat in range(4 * n_bars)]
    return {DOWNBEATS: Observation(DOWNBEATS, downbeats), BEATS: Observation(BEATS, beats)}


# --- sections and cues --------------------------------------------------------------------------


@pytest.mark.parametrize("with_bars", [True, False])
def test_sections_are_found_where_they_change_and_repeated_ones_share_a_letter(with_bars: bool) -> None:
    sections = said(Sections(), TRACK, bars_of(TRACK) if with_bars else {})
    assert [section["label"] for section in sections] == ["A", "B", "C", "B", "D", "C", "A"]
    assert [section["start_s"] for section in sections] == [16.0 * number for number in range(7)]
    assert sections[-1]["end_s"] == TRACK.duration_s


def test_sections_are_gapless_and_begin_on_bars_with_an_upbeat_before() -> None:
    late = synth.sequence(synth.silence(0.3), TRACK)
    known = {
        name: Observation(name, [second + 0.3 for second in cast(Any, held.value)])
        for name, held in bars_of(TRACK).items()
    }
    sections = said(Sections(), late, known)
    assert sections[0]["start_s"] == 0.0
    assert [section["start_s"] for section in sections[1:]] == pytest.approx([0.3 + 16.0 * i for i in range(1, 7)])
    assert all(one["end_s"] == other["start_s"] for one, other in pairwise(sections))


def test_a_piece_that_does_not_change_is_one_section() -> None:
    same = band(VERSE, 16)
    assert said(Sections(), same, bars_of(same)) == [{"start_s": 0.0, "end_s": 32.0, "label": "A"}]


def test_gain_does_not_move_sections() -> None:
    quiet = synth.gained(TRACK, -30.0)
    assert said(Sections(), quiet, bars_of(TRACK)) == said(Sections(), TRACK, bars_of(TRACK))


def test_cues_name_intro_drop_and_outro() -> None:
    known = bars_of(TRACK)
    sections = said(Sections(), TRACK, known)
    cues = said(SectionCues(), TRACK, {**known, SECTIONS: Observation(SECTIONS, sections)})
    found = {(cue["type"], cue["at_s"]) for cue in cues}
    assert found == {("start", 0.0), ("intro_end", 16.0), ("drop", 16.0), ("drop", 80.0), ("outro", 96.0)}


def test_a_track_without_sections_still_has_a_start() -> None:
    late = synth.sequence(synth.silence(1.5), band(VERSE, 4))
    cues = said(SectionCues(), late)
    assert [cue["type"] for cue in cues] == ["start"]
    assert cues[0]["at_s"] == pytest.approx(1.5, abs=0.05)


def test_partition_of_two_levels_is_exact() -> None:
    vectors = np.concatenate([np.zeros((12, 3)), np.ones((9, 3))])
    assert partition(vectors) == [0, 12, 21]


@pytest.mark.parametrize("duration_s", [0.5, 3.0, 7.0])
def test_short_pieces_have_units_but_no_sections(duration_s: float) -> None:
    edges_s = unit_edges(np.zeros(0), np.zeros(0), 0.0, duration_s)
    assert edges_s[0] == 0.0
    assert edges_s[-1] == duration_s
    assert np.all(np.diff(edges_s) > 0)
    assert said(Sections(), synth.pad(["C"], duration_s)) is None


def test_ten_hours_become_at_most_six_hundred_units() -> None:
    downbeats_s = np.arange(0.0, 36_000.0, 2.0)
    assert 300 < len(unit_edges(downbeats_s, np.zeros(0), 0.0, 36_000.0)) <= 602


# --- energy -------------------------------------------------------------------------------------


def energy(sound: AudioSignal) -> int:
    """With the onset density heard, as in the engine."""
    view = synth.whole(sound, (*EnergyLevel.features, *OnsetDensity.features))
    heard = {each.descriptor: each for each in OnsetDensity().analyze(view, {})}
    (level,) = EnergyLevel().analyze(view, {ONSET_DENSITY: heard[ONSET_DENSITY]})
    return cast(int, level.value)


def test_energy_rises_from_a_pad_to_a_full_fast_band() -> None:
    pad = energy(chords(VERSE, 8, 0.3))
    soft = energy(synth.mix(chords(VERSE, 7, 0.3), synth.drums(70.0, 4, level=0.1)))
    full = energy(synth.mix(band(CHORUS, octave=5, level=0.4), synth.drums(174.0, 11, level=0.6)))
    assert 1 <= pad < soft < full <= 10


def test_energy_does_not_depend_on_gain() -> None:
    verse = band(VERSE)
    assert energy(synth.gained(verse, -30.0)) == energy(verse)


def test_the_curve_follows_the_loudness() -> None:
    curve = said(EnergyCurve(), TRACK)
    assert len(curve) == 112
    assert min(curve[18:62]) > max(curve[2:14])
    assert max(curve) == 1.0


def test_a_long_curve_has_at_most_a_thousand_values() -> None:
    assert curve_step_s(999.0) == 1.0
    assert 36_000.0 / curve_step_s(36_000.0) <= 1000


def test_silence_has_no_energy() -> None:
    assert said(EnergyLevel(), synth.silence(10.0), {ONSET_DENSITY: Observation(ONSET_DENSITY, 0.0)}) is None
    assert said(EnergyCurve(), synth.silence(10.0)) is None


# --- loopability --------------------------------------------------------------------------------


def loopability(sound: AudioSignal, bpm: float | None = None, n_bars: int | None = None) -> float:
    known: dict[Any, Any] = {}
    if bpm is not None:
        known[TEMPO] = Observation(TEMPO, {"bpm": bpm, "alternatives_bpm": []})
    if n_bars is not None:
        known[BARS] = Observation(BARS, n_bars)
    return said(Loopability(), sound, known)


def test_a_loop_cut_to_its_bars_is_one() -> None:
    assert loopability(synth.drums(120.0, 4), 120.0, 4) > 0.9


def test_a_loop_cut_short_is_none() -> None:
    whole = synth.drums(120.0, 4)
    short = synth.signal(whole.samples[:, : int(whole.n_samples * 0.91)])
    assert loopability(short, 120.0) < 0.2


def test_a_tail_of_silence_spoils_it() -> None:
    assert loopability(synth.sequence(synth.drums(120.0, 4), synth.silence(1.0))) < 0.3


def test_a_sine_loops_when_its_periods_are_whole_and_clicks_when_not() -> None:
    whole = loopability(synth.sine(441.0, 2.0))
    half = loopability(synth.sine(100.25, 2.0, phase=0.7))
    assert whole > 0.9
    assert half < whole - 0.3


def test_steady_rain_flows_and_a_swelling_wave_does_not() -> None:
    rain = synth.noise(10.0, 0.1, color=1.0)
    swell = synth.envelope(rain, attack_s=9.9)
    assert loopability(rain) > 0.9
    assert loopability(swell) < 0.5
