"""Key, chords and tuning of sound whose truth was built: chords of sines and saws at known pitches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.analysis.analyzer import Known, RegionView
from sonoteca.analysis.harmony import ANALYZERS
from sonoteca.analysis.harmony.analyzers import ChordsOfRegion, KeyOfRegion, PitchContent
from sonoteca.analysis.harmony.hearing import FEATURE
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.descriptor import BEATS, CHORDS, CHROMA, KEY, KEY_SEGMENTS, KIND, TONALITY, TUNING, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.region import Region
from sonoteca.features.feature_pass import compute_features

MAJOR, MINOR = (0, 4, 7), (0, 3, 7)
# I V vi IV in C, one bar of two seconds each.
AXIS = [((0, *MAJOR), "C:maj"), ((7, *MAJOR), "G:maj"), ((9, *MINOR), "A:min"), ((5, *MAJOR), "F:maj")]


def note(midi: float, duration_s: float) -> np.ndarray:
    """A decaying tone with eight partials."""
    t = np.arange(int(duration_s * ANALYSIS_RATE)) / ANALYSIS_RATE
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 9) if k * hz < 10_000)
    return np.asarray(tone * np.exp(-t / 1.5) * np.minimum(1, t / 0.005) * np.minimum(1, (t[-1] - t) / 0.02))


def progression(chords: Sequence[tuple[int, ...]], *, bar_s: float = 2.0, shift: float = 0.0) -> np.ndarray:
    """Each chord as (root, intervals ...) around C4 with its root two octaves below."""
    bars = []
    for root, *intervals in chords:
        pitches = [36 + root + shift, *(60 + (root + i) % 12 + shift for i in intervals)]
        bars.append(sum(note(pitch, bar_s) for pitch in pitches))
    sound = np.concatenate(bars)
    return np.asarray(0.4 * sound / np.abs(sound).max(), dtype=np.float32)


def analyzed(
    samples: np.ndarray, known: Known | None = None, region: Region | None = None
) -> dict[Descriptor, Observation]:
    recording = MemoryRecording.from_samples(AudioSignal(samples.astype(np.float32)[None, :], ANALYSIS_RATE))
    features = compute_features(
        recording.read, n_samples=recording.n_samples, sample_rate=ANALYSIS_RATE, features=(FEATURE,)
    )
    view = RegionView(region or Region(0, 0.0, recording.info.duration_s), recording, features)
    found = [observation for analyzer in ANALYZERS for observation in analyzer.analyze(view, known or {})]
    recording.close()
    return {observation.descriptor: observation for observation in found}


def labels(observation: Observation) -> list[str]:
    assert isinstance(observation.value, list)
    return [str(chord["label"]) for chord in observation.value]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("shift", [0, 1, 4, 6, 9])
def test_four_chords_are_named_in_every_key(shift: int) -> None:
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    found = analyzed(progression([chord for chord, _ in AXIS] * 2, shift=shift))
    beats = Observation(BEATS, [float(b) for b in np.arange(16)])
    with_beats = analyzed(progression([chord for chord, _ in AXIS] * 2, shift=shift), known={BEATS: beats})
    expected = [f"{names[(root + shift) % 12]}:{'min' if 3 in kind else 'maj'}" for (root, *kind), _ in AXIS] * 2
    assert labels(found[CHORDS]) == expected
    assert labels(with_beats[CHORDS]) == expected
    # The borders of chords are beats, to the millisecond.
    assert [c["start_s"] for c in with_beats[CHORDS].value] == [2.0 * i for i in range(8)]  # type: ignore[union-attr,index,call-overload]
    key = found[KEY].value
    assert isinstance(key, dict)
    assert (key["tonic"], key["mode"]) == (shift, "major")
    assert {"name": key["alternatives"][0]["name"]}  # type: ignore[index,call-overload]


def test_minor_progression_is_minor() -> None:
    chords = [(9, *MINOR), (5, *MAJOR), (2, *MINOR), (4, *MINOR), (9, *MINOR), (2, *MINOR), (4, *MINOR), (9, *MINOR)]
    key = analyzed(progression(chords))[KEY].value
    assert isinstance(key, dict)
    assert (key["tonic"], key["mode"]) == (9, "minor")


def test_relative_and_fifth_are_among_the_alternatives() -> None:
    key: Any = analyzed(progression([chord for chord, _ in AXIS]))[KEY].value
    names = [other["name"] for other in key["alternatives"]]
    assert {"A minor", "G major", "F major"} <= set(names)
    scores = [other["score"] for other in key["alternatives"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("cents", [-35.0, -12.0, 0.0, 20.0, 40.0])
def test_tuning_is_found_within_three_cents(cents: float) -> None:
    found = analyzed(progression([chord for chord, _ in AXIS], shift=cents / 100))
    assert found[TUNING].value == pytest.approx(cents, abs=3.0)
    assert labels(found[CHORDS]) == [label for _, label in AXIS]


def test_chroma_of_one_triad_stands_in_its_notes() -> None:
    chroma = np.array(analyzed(progression([(2, *MAJOR)] * 3))[CHROMA].value)
    assert chroma.sum() == pytest.approx(1.0, abs=1e-3)
    assert chroma[[2, 6, 9]].sum() > 0.85


def test_modulation_is_a_change_of_key_segments() -> None:
    in_c = [(0, *MAJOR), (5, *MAJOR), (7, *MAJOR), (0, *MAJOR)] * 4
    in_e = [(4, *MAJOR), (9, *MAJOR), (11, *MAJOR), (4, *MAJOR)] * 4
    spans = analyzed(progression([*in_c, *in_e]))[KEY_SEGMENTS].value
    assert isinstance(spans, list)
    assert [span["name"] for span in spans] == ["C major", "E major"]  # type: ignore[index,call-overload]
    assert spans[0]["end_s"] == pytest.approx(32.0, abs=6.0)  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "pitches, has_key",
    [((60,), False), ((36,), False), ((48, 60), False), ((60, 63, 67), True), ((50, 62, 66, 69), True)],
)
def test_a_chord_one_shot_has_a_key_and_a_note_has_none(pitches: tuple[int, ...], has_key: bool) -> None:
    sound = sum(note(pitch, 1.5) for pitch in pitches)
    found = analyzed(0.2 * np.asarray(sound), known={KIND: Observation(KIND, "one_shot")})
    assert (KEY in found) == has_key


def _drums(rng: np.random.Generator) -> np.ndarray:
    sound = np.zeros(8 * ANALYSIS_RATE)
    for i in range(32):
        n = 3000
        burst = rng.standard_normal(n) * np.exp(-np.arange(n) / 500)
        kick = np.sin(2 * np.pi * 55 * np.cumsum(1 + 3 * np.exp(-np.arange(n) / 300)) / ANALYSIS_RATE)
        sound[i * 5512 : i * 5512 + n] += burst if i % 2 else kick * np.exp(-np.arange(n) / 1500)
    return 0.5 * sound


ATONAL = {
    "silence": np.zeros(5 * ANALYSIS_RATE),
    "one sample": np.ones(1) * 0.5,
    "constant": np.full(3 * ANALYSIS_RATE, 0.3),
    "white noise": np.random.default_rng(1).standard_normal(6 * ANALYSIS_RATE) * 0.1,
    "brown noise": np.cumsum(np.random.default_rng(2).standard_normal(6 * ANALYSIS_RATE)) / 2000,
    "drums": _drums(np.random.default_rng(3)),
    "click": np.eye(1, ANALYSIS_RATE, 5000)[0],
}


@pytest.mark.parametrize("name", ATONAL)
def test_sound_without_harmony_gets_no_key_and_no_chords(name: str) -> None:
    found = analyzed(ATONAL[name])
    assert not {KEY, KEY_SEGMENTS, CHORDS, TUNING} & set(found)
    if TONALITY in found:
        assert float(found[TONALITY].value) < 0.5  # type: ignore[arg-type]


@settings(max_examples=8, deadline=None)
@given(gain_db=st.floats(-40, 0), polarity=st.sampled_from([1, -1]))
def test_gain_and_polarity_change_nothing(gain_db: float, polarity: int) -> None:
    sound = progression([chord for chord, _ in AXIS])
    plain, changed = analyzed(sound), analyzed(polarity * 10 ** (gain_db / 20) * sound)
    assert labels(plain[CHORDS]) == labels(changed[CHORDS])
    assert plain[KEY].value["tonic"] == changed[KEY].value["tonic"]  # type: ignore[index,call-overload]
    assert changed[TUNING].value == pytest.approx(plain[TUNING].value, abs=0.5)


def test_chords_are_gapless_and_tell_times_of_the_sound_on_an_event_region() -> None:
    sound = np.concatenate([np.zeros(3 * ANALYSIS_RATE), progression([chord for chord, _ in AXIS])])
    chords = analyzed(sound, region=Region(1, 3.0, 11.0))[CHORDS].value
    assert isinstance(chords, list)
    assert chords[0]["start_s"] == 3.0  # type: ignore[index,call-overload]
    assert chords[-1]["end_s"] == pytest.approx(11.0, abs=1e-3)  # type: ignore[index,call-overload]
    assert all(a["end_s"] == b["start_s"] for a, b in pairwise(chords))  # type: ignore[index,call-overload]
    assert [c["label"] for c in chords] == [label for _, label in AXIS]  # type: ignore[index,call-overload]


def test_each_descriptor_has_one_producer() -> None:
    produced = [descriptor for analyzer in ANALYZERS for descriptor in analyzer.produces]
    assert sorted(d.name for d in produced) == sorted(
        d.name for d in (TUNING, CHROMA, TONALITY, KEY, KEY_SEGMENTS, CHORDS)
    )
    assert {type(a) for a in ANALYZERS} == {PitchContent, KeyOfRegion, ChordsOfRegion}
