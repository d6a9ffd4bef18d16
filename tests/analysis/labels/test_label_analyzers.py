"""Kind, role, class, content, events and instrument on sounds whose truth is built."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth
from sonoteca.analysis.analyzer import measured_by
from sonoteca.analysis.labels import ANALYZERS
from sonoteca.analysis.labels.content import ContentTimeline
from sonoteca.analysis.labels.kind import KindOfRegion, possible_kinds
from sonoteca.analysis.labels.role import RoleOfRegion
from sonoteca.analysis.labels.sound_class import ClassOfOneShot
from sonoteca.analysis.labels.strike import describe
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import CONTENT, EVENTS, INSTRUMENT, KIND, ROLE, SOUND_CLASS, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.sound_analysis import RegionAnalysis
from sonoteca.domain.vocabulary import Content, Kind, Role


def heard(sound: AudioSignal) -> RegionAnalysis:
    return synth.analyze(sound, ANALYZERS).whole


def value(part: RegionAnalysis, descriptor: Descriptor) -> Any:
    found = [o.value for o in part.observations if o.descriptor is descriptor]
    return found[0] if found else None


def timeline(sound: AudioSignal) -> list[dict[str, Any]]:
    view = synth.whole(sound, ContentTimeline.features)
    return next(cast(Any, o.value) for o in ContentTimeline().analyze(view, {}) if o.descriptor is CONTENT)


def song(duration_bars: int = 32) -> AudioSignal:
    harmony = synth.pad(["A:min", "F", "C", "G"] * (duration_bars // 4), 2.0, 0.25)
    return synth.mix(harmony, synth.drums(120.0, duration_bars, level=0.5))


# --- kind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        (synth.kick(), Kind.ONE_SHOT),
        (synth.snare(), Kind.ONE_SHOT),
        (synth.drums(120.0, 2), Kind.LOOP),
        (synth.drums(95.0, 4), Kind.LOOP),
        (synth.pad(["A:min", "F", "C", "G"], 2.0), Kind.LOOP),
        (song(), Kind.TRACK),
        (synth.noise(60.0, 0.1, color=1.0), Kind.FIELD_RECORDING),
    ],
    ids=["kick", "snare", "drum loop", "slow drum loop", "chord loop", "song", "a minute of noise"],
)
def test_kind(sound: AudioSignal, kind: Kind) -> None:
    assert value(heard(sound), KIND) == kind


@given(st.floats(0.001, 10_000.0))
def test_every_length_leaves_a_kind_and_no_impossible_one(duration_s: float) -> None:
    kinds = possible_kinds(duration_s)
    assert kinds
    assert (Kind.LOOP in kinds) <= (0.9 <= duration_s <= 48.0)
    assert (Kind.ONE_SHOT in kinds) <= (duration_s <= 20.0)


def test_silence_has_no_kind_role_or_class() -> None:
    part = heard(synth.silence(3.0))
    assert {o.descriptor for o in part.observations} == {CONTENT}


def test_an_event_region_is_judged_as_a_sound_of_its_own() -> None:
    sound = synth.sequence(song(8), synth.silence(2.0), synth.kick(), synth.silence(2.0))
    view = synth.span(sound, 18.0, 18.3, KindOfRegion.features)
    (kind,) = KindOfRegion().analyze(view, {})
    assert kind.value == Kind.ONE_SHOT


# --- class and role -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sound", "name"),
    [
        (synth.kick(), "kick"),
        (synth.snare(), "snare"),
        (synth.hat(), "hat"),
        (synth.tone(33, 0.8), "bass"),
        (synth.chord("C:maj7", 2.5), "chord"),
        (synth.envelope(synth.chord("A:min", 0.3), release_s=0.2), "stab"),
    ],
    ids=["kick", "snare", "hat", "bass", "chord", "stab"],
)
def test_class_of_a_one_shot(sound: AudioSignal, name: str) -> None:
    view = synth.whole(sound, ClassOfOneShot.features)
    (found,) = ClassOfOneShot().analyze(view, {})
    assert found.value == name
    assert found.confidence is not None


@pytest.mark.parametrize("sound", [synth.silence(0.5), synth.constant(0.4, 0.5)], ids=["silence", "direct current"])
def test_what_makes_no_sound_has_no_class(sound: AudioSignal) -> None:
    assert not list(ClassOfOneShot().analyze(synth.whole(sound), {}))


@given(st.floats(-30.0, 0.0), st.booleans(), st.integers(0, 800))
@settings(max_examples=25, deadline=None)
def test_gain_polarity_and_silence_before_it_do_not_change_a_one_shot(gain_db: float, flip: bool, lead: int) -> None:
    samples = synth.resampled(synth.snare(), 22_050).samples[0]
    changed = samples * np.float32(10 ** (gain_db / 20) * (-1 if flip else 1))
    before, after = describe(samples, 22_050), describe(np.pad(changed, (lead, 0)), 22_050)
    assert before is not None
    assert after is not None
    np.testing.assert_allclose(after, before, atol=2e-3)


@pytest.mark.parametrize(
    ("sound", "role"),
    [
        (synth.drums(120.0, 4), Role.DRUMS),
        (synth.pad(["A:min", "F", "C", "G"], 2.0), Role.HARMONY),
        (synth.sequence(*(synth.tone(m, 0.25) for m in (33, 33, 45, 33, 36, 36, 48, 36) * 2)), Role.BASS),
        (song(), Role.MIX),
    ],
    ids=["drums", "harmony", "bass", "mix"],
)
def test_role(sound: AudioSignal, role: Role) -> None:
    found = value(heard(sound), ROLE)
    assert found["value"] == role
    assert sum(found["scores"].values()) == pytest.approx(1.0, abs=1e-3)
    assert set(found["scores"]) == {name.value for name in Role}


def test_a_one_shot_has_the_role_of_its_class() -> None:
    stated = Observation(SOUND_CLASS, "clap", 0.8, measured_by(ClassOfOneShot))
    view = synth.whole(synth.snare(), RoleOfRegion.features)
    (found,) = RoleOfRegion().analyze(view, {SOUND_CLASS: stated})
    assert found.value["value"] == Role.DRUMS  # type: ignore[index,call-overload]
    assert found.confidence == 0.8


# --- content ------------------------------------------------------------------------------------


def test_borders_follow_the_sound_not_a_grid() -> None:
    sound = synth.sequence(song(8), synth.silence(1.3), synth.noise(7.77, 0.1))
    spans = timeline(sound)
    assert [s["label"] for s in spans] == ["music", "silence", "noise"]
    ends = [16.0, 17.3, 25.07]
    np.testing.assert_allclose([s["end_s"] for s in spans], ends, atol=0.15)


@given(st.integers(1, 60_000), st.integers(0, 2))
@settings(max_examples=12, deadline=None)
def test_every_length_has_a_gapless_timeline_from_edge_to_edge(n_samples: int, color: int) -> None:
    noise = synth.noise(n_samples / 22_050, 0.2, color=color, seed=n_samples, rate=22_050)
    spans = timeline(noise)
    assert spans[0]["start_s"] == 0.0
    assert spans[-1]["end_s"] == pytest.approx(noise.duration_s, abs=1e-9)
    assert all(before["end_s"] == after["start_s"] for before, after in pairwise(spans))
    assert {s["label"] for s in spans} <= {label.value for label in Content}


def test_an_event_region_has_times_of_the_sound() -> None:
    sound = synth.sequence(synth.silence(5.0), synth.noise(3.0))
    view = synth.span(sound, 5.0, 8.0, ContentTimeline.features)
    spans = next(o.value for o in ContentTimeline().analyze(view, {}) if o.descriptor is CONTENT)
    assert spans[0]["start_s"] == 5.0  # type: ignore[index,call-overload]
    assert spans[-1]["end_s"] == 8.0  # type: ignore[index,call-overload]


def test_music_names_no_events_and_noise_no_instrument() -> None:
    assert value(heard(song()), EVENTS) is None
    assert value(heard(synth.noise(10.0)), INSTRUMENT) is None


@pytest.mark.slow
def test_a_talking_synthesiser_is_speech(tmp_path: Path) -> None:
    import shutil

    import soundfile

    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    path = tmp_path / "said.wav"
    text = "Good morning. This recording was made in the kitchen, on a rainy Sunday, with the windows open."
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    spans = timeline(synth.signal(samples, rate))
    talking = sum(s["end_s"] - s["start_s"] for s in spans if s["label"] == Content.SPEECH)
    assert talking > 0.8 * sum(s["end_s"] - s["start_s"] for s in spans if s["label"] != Content.SILENCE)


@pytest.mark.slow
def test_an_hour_is_labelled_to_its_end() -> None:
    sound = synth.signal(np.tile(synth.noise(60.0, 0.1, color=1.0, rate=22_050).samples[0], 60), 22_050)
    view = synth.whole(sound, ContentTimeline.features)
    spans = next(o.value for o in ContentTimeline().analyze(view, {}) if o.descriptor is CONTENT)
    view.recording.close()  # an hour is spooled to a file
    assert spans[-1]["end_s"] == pytest.approx(3600.0)  # type: ignore[index,call-overload]
