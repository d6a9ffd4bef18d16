"""One contract for every analyzer that ships: survive anything, invent nothing, and do not mind gain,
polarity, channels or sample rate where they do not matter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

import synth
from sonoteca.analysis.analyzer import Analyzer, RegionView
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.analysis.engine import analyze_recording, declared_features, ordered
from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.beat_profile import profile_of_json
from sonoteca.domain.descriptor import (
    BEAT_PROFILE,
    BEATS,
    CHORDS,
    CONTENT,
    DOWNBEATS,
    GRID,
    KEY,
    KIND,
    LOUDNESS,
    METER,
    NOTES,
    ONSET_DENSITY,
    PITCH,
    QUALITY,
    TEMPO,
)
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import RegionAnalysis, SoundAnalysis
from sonoteca.domain.vocabulary import Kind, RunOutcome, Source
from sonoteca.features.feature_pass import compute_features

ANALYZERS = builtin_analyzers()
BY_ID = {analyzer.id: analyzer for analyzer in ANALYZERS}
KINDS = list(Kind)

# What is said of digital silence: that it is silent, in what kind of file, and that it has no onsets.
OF_SILENCE = {QUALITY, CONTENT, KIND, ONSET_DENSITY}
# What nobody hears in noise, silence or direct current.
OF_MUSIC = {TEMPO, BEATS, DOWNBEATS, METER, GRID, KEY, PITCH, NOTES}


def song() -> AudioSignal:
    harmony = synth.pad(["A:min", "F", "C", "G"] * 2, 2.0, 0.25)
    return synth.mix(harmony, synth.drums(120.0, 8, level=0.5))


SOUNDS: dict[str, Callable[[], AudioSignal]] = {
    "song": song,
    "silence": lambda: synth.silence(6.0),
    "one sample of silence": lambda: synth.signal(np.zeros(1)),
    "one sample": lambda: synth.signal(np.array([0.5])),
    "two samples": lambda: synth.signal(np.array([0.5, -0.5])),
    "ten milliseconds": lambda: synth.noise(0.01, 0.3),
    "a tenth of a second": lambda: synth.sine(440.0, 0.1),
    "direct current": lambda: synth.constant(0.4, 6.0),
    "denormals": lambda: synth.signal(np.full(100_000, 1e-40)),
    "full scale": lambda: synth.signal(np.sign(np.sin(np.arange(200_000) * 0.05))),
    "white noise": lambda: synth.noise(20.0, 0.2, seed=11),
    "pink noise": lambda: synth.noise(20.0, 0.1, color=1.0, seed=12),
    "brown noise": lambda: synth.noise(20.0, 0.1, color=2.0, seed=13),
    "one click in silence": lambda: synth.at({3.0: synth.click()}, 6.0),
    "sweep": lambda: synth.sweep(30.0, 16_000.0, 8.0),
}  # fmt: skip


def features_of(source: Recording) -> Mapping[Any, Any]:
    return compute_features(
        source.read, n_samples=source.n_samples, sample_rate=22_050, features=declared_features(ANALYZERS)
    )


def analyze(sound: AudioSignal, kind: Kind | None = None) -> SoundAnalysis:
    source = synth.recording(sound)
    stated = {} if kind is None else {KIND: Observation(KIND, kind.value, None, Provenance(Source.USER, "test", 1))}
    return analyze_recording(source, features_of(source), ANALYZERS, known_values=stated)


@cache
def analysis_of(name: str, kind: Kind | None = None) -> SoundAnalysis:
    return analyze(SOUNDS[name](), kind)


def said(part: RegionAnalysis) -> dict[str, Any]:
    """Values by name; arrays that are stored as bytes are numbers again."""
    values = {found.descriptor.name: found.value for found in part.observations}
    if isinstance(stored := values.get(BEAT_PROFILE.name), dict):
        profile = profile_of_json(stored)
        values[BEAT_PROFILE.name] = stored | {"notes": profile.notes.tolist(), "onsets": profile.onsets.tolist()}
    return values


# --- form ---------------------------------------------------------------------------------------


def test_the_shipped_set_can_be_ordered_and_needs_nobody_else() -> None:
    plan = ordered(ANALYZERS)
    assert len(plan) == len(ANALYZERS)
    assert plan[0].produces == (KIND,)
    assert plan[0].requires == ()
    produced = {descriptor for analyzer in ANALYZERS for descriptor in analyzer.produces}
    assert {descriptor for analyzer in ANALYZERS for descriptor in analyzer.requires} <= produced


@pytest.mark.parametrize("analyzer", ANALYZERS, ids=BY_ID.keys())
def test_it_says_what_it_is_and_where_it_comes_from(analyzer: Analyzer) -> None:
    assert re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+){2,}", analyzer.id), "subject.what.method"
    assert analyzer.version >= 1
    assert analyzer.produces
    assert analyzer.kinds
    assert len((type(analyzer).__doc__ or "").split()) > 10, "a docstring with its meaning and source"


# --- survive anything ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOUNDS)
def test_no_analyzer_fails_whatever_the_sound_and_its_kind(name: str, kind: Kind) -> None:
    for part in analysis_of(name, kind).regions:
        unfinished = [(run.producer, run.reason) for run in part.runs if run.outcome is not RunOutcome.DONE]
        assert unfinished == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOUNDS)
def test_times_lie_in_the_region_and_values_are_json(name: str, kind: Kind) -> None:
    for part in analysis_of(name, kind).regions:
        region = part.region
        for found in part.observations:
            json.dumps(found.value, allow_nan=False)
            for second in _times(found.descriptor.name, found.value):
                assert region.start_s - 0.05 <= second <= region.end_s + 0.05, (found.descriptor.name, second)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOUNDS)
def test_lists_of_spans_are_in_order_and_do_not_overlap(name: str, kind: Kind) -> None:
    for part in analysis_of(name, kind).regions:
        for descriptor, value in said(part).items():
            items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
            spans = [(span["start_s"], span["end_s"]) for span in items if "end_s" in span]
            assert all(start_s <= end_s for start_s, end_s in spans), descriptor
            if descriptor != "events":  # a bird may sing in the rain
                assert all(one[1] <= two[0] + 1e-3 for one, two in pairwise(spans)), descriptor


def _times(descriptor: str, value: Any) -> Iterator[float]:
    if descriptor in ("beats_s", "downbeats_s"):
        yield from value
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield from (item[name] for name in ("start_s", "end_s", "at_s") if name in item)


# --- invent nothing -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, *KINDS])
@pytest.mark.parametrize("name", ["silence", "one sample of silence", "denormals"])
def test_silence_says_nothing_but_that_it_is_silent(name: str, kind: Kind | None) -> None:
    (whole,) = analysis_of(name, kind).regions
    stated = {found.descriptor for found in whole.observations}
    assert stated <= OF_SILENCE
    assert said(whole).get("onset_density", 0.0) == 0.0
    content = said(whole).get("content", [])
    assert {segment["label"] for segment in content} <= {"silence"}


@pytest.mark.parametrize("kind", [None, *KINDS])
@pytest.mark.parametrize(
    "name",
    ["white noise", "pink noise", "brown noise", "direct current", "one sample", "two samples", "ten milliseconds"],
)
def test_noise_has_no_tempo_no_key_and_no_pitch(name: str, kind: Kind | None) -> None:
    for part in analysis_of(name, kind).regions:
        invented = {found.descriptor.name: found.value for found in part.observations if found.descriptor in OF_MUSIC}
        assert invented == {}
        chords = {
            chord["label"]
            for found in part.observations
            if found.descriptor == CHORDS
            for chord in cast(Any, found.value)
        }
        assert chords <= {"N"}


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_one_click_keeps_no_tempo(kind: Kind | None) -> None:
    for part in analysis_of("one click in silence", kind).regions:
        assert not {TEMPO, KEY, BEATS} & {found.descriptor for found in part.observations}


# --- do not mind what does not matter -----------------------------------------------------------


def test_the_same_sound_gives_the_same_answers() -> None:
    assert said(analyze(song()).whole) == said(analysis_of("song").whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gain_of_minus_30_db_changes_loudness_only(kind: Kind) -> None:
    # 2 ** -5 is -30.1 dB and exact in floating point: only absolute thresholds can tell the difference.
    quiet = synth.signal(song().samples * np.float32(2.0**-5))
    plain, changed = said(analysis_of("song", kind).whole), said(analyze(quiet, kind).whole)
    for name in (LOUDNESS.name, QUALITY.name):
        plain.pop(name, None)
        changed.pop(name, None)
    assert_alike(changed, plain, tolerance=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_polarity_changes_nothing(kind: Kind) -> None:
    assert_alike(
        said(analyze(synth.inverted(song()), kind).whole), said(analysis_of("song", kind).whole), tolerance=0.02
    )


@pytest.mark.parametrize("n_channels", [2, 6])
def test_equal_channels_are_heard_as_one(n_channels: int) -> None:
    plain, changed = (
        said(analysis_of("song", Kind.TRACK).whole),
        said(analyze(synth.channels(song(), n_channels), Kind.TRACK).whole),
    )
    for values in (plain, changed):
        values.pop(LOUDNESS.name)  # two speakers are louder than one
    assert_alike(changed, plain, tolerance=0.02)


@pytest.mark.parametrize("rate", [32_000, 48_000, 96_000])
def test_the_sample_rate_changes_nothing_that_is_heard(rate: int) -> None:
    plain = said(analysis_of("song", Kind.TRACK).whole)
    changed = said(analyze(synth.resampled(song(), rate), Kind.TRACK).whole)
    assert changed["tempo"]["bpm"] == pytest.approx(plain["tempo"]["bpm"], rel=0.005)
    assert (changed["key"]["tonic"], changed["key"]["mode"]) == (plain["key"]["tonic"], plain["key"]["mode"])
    assert changed["loudness"]["integrated_lufs"] == pytest.approx(plain["loudness"]["integrated_lufs"], abs=0.3)
    for name in ("brightness", "warmth", "noisiness", "roughness", "pulse_clarity", "tonality"):
        assert changed[name] == pytest.approx(plain[name], abs=0.05), name


def assert_alike(changed: Any, plain: Any, *, tolerance: float, where: str = "") -> None:
    """Equal but for numbers that differ by less than ``tolerance``, relative or absolute."""
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        assert type(changed) is type(plain), where
    if isinstance(plain, dict):
        assert changed.keys() == plain.keys(), where
        for key in plain:
            assert_alike(changed[key], plain[key], tolerance=tolerance, where=f"{where}.{key}")
    elif isinstance(plain, list):
        assert len(changed) == len(plain), where
        for number, (one, other) in enumerate(zip(changed, plain, strict=True)):
            assert_alike(one, other, tolerance=tolerance, where=f"{where}[{number}]")
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        assert changed == pytest.approx(plain, rel=tolerance, abs=tolerance), where
    else:
        assert changed == plain, where


# --- regions ------------------------------------------------------------------------------------


def test_an_event_is_described_in_seconds_of_the_sound() -> None:
    late = synth.sequence(
        synth.silence(4.0), synth.drums(120.0, 4), synth.silence(4.0), synth.hit(), synth.silence(2.0)
    )
    analysis = analyze(late, Kind.FIELD_RECORDING)
    assert len(analysis.regions) == 3
    for part in analysis.regions:
        assert all(run.outcome is RunOutcome.DONE for run in part.runs), part.runs
        for found in part.observations:
            for second in _times(found.descriptor.name, found.value):
                assert part.region.start_s - 0.05 <= second <= part.region.end_s + 0.05, found.descriptor.name


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_hour_is_survived(kind: Kind) -> None:
    hour = synth.signal(np.tile(song().samples, (1, 225)))
    with closing(synth.recording(hour)) as source:
        assert source.info.duration_s == pytest.approx(3600.0)
        stated = {KIND: Observation(KIND, kind.value, None, Provenance(Source.USER, "test", 1))}
        whole = analyze_recording(source, features_of(source), ANALYZERS, known_values=stated).whole
    assert [(run.producer, run.reason) for run in whole.runs if run.outcome is not RunOutcome.DONE] == []


@pytest.mark.slow
@pytest.mark.parametrize("analyzer", ANALYZERS, ids=BY_ID.keys())
def test_an_hour_of_silence_says_nothing(analyzer: Analyzer, silent_hour: RegionView) -> None:
    stated = {found.descriptor for found in analyzer.analyze(silent_hour, {})}
    assert stated <= OF_SILENCE


@pytest.fixture(scope="module")
def silent_hour() -> Iterator[RegionView]:
    with closing(synth.recording(synth.silence(3600.0, rate=22_050))) as source:
        yield RegionView(Region(0, 0.0, source.info.duration_s), source, features_of(source))
