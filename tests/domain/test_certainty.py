"""What is stated, what gets a question mark, and what is not said: right values for known evidence."""

from __future__ import annotations

from typing import Any

import pytest

from sonoteca.domain.certainty import THRESHOLDS, Certainty, Decision, certainty_of, decide, said_role
from sonoteca.domain.descriptor import DESCRIPTORS, KIND, ROLE, SOUND_CLASS, TEMPO
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.vocabulary import Role, Source

HEARD = Provenance(Source.ANALYZER, "test.ear", 1)
TYPED = Provenance(Source.USER, "person", 1)
# What is counted in beats, and goes with the tempo.
COUNTED = {"tempo", "beats_s", "downbeats_s", "grid", "meter", "bars"}


def decided(duration_s: float | None = 8.0, *, typed: tuple[str, ...] = (), **values: Any) -> Decision:
    """The decision over values given as ``name=(value, confidence)``, or as a bare measurement."""
    believed = {}
    for name, given in values.items():
        value, confidence = given if isinstance(given, tuple) else (given, None)
        origin = TYPED if name in typed else HEARD
        believed[name] = Observation(DESCRIPTORS[name], value, None if origin is TYPED else confidence, origin)
    return decide(believed, duration_s)


def rhythm(
    onsets: list[float], *, confidence: float, kind: tuple[str, float] = ("loop", 0.95), **more: Any
) -> Decision:
    """Eight seconds of 16 beats at 120 bpm, with onsets at these times."""
    beats = [0.5 * each for each in range(16)]
    return decided(
        kind=kind,
        tempo=({"bpm": 120.0, "alternatives_bpm": []}, confidence),
        beats_s=(beats, confidence),
        downbeats_s=(beats[::4], confidence),
        grid={"segments": [{"start_s": 0.0, "bpm": 120.0}], "drift_bpm": 0.0},
        meter=({"beats_per_bar": 4, "beat_unit": 4}, 0.9),
        onsets_s=onsets,
        onset_density=len(onsets) / 8.0,
        **more,
    )


@pytest.mark.parametrize(
    ("name", "confidence", "mark"),
    [
        ("sound_class", 0.97, ""),
        ("sound_class", 0.8, ""),
        ("sound_class", 0.79, "?"),
        ("sound_class", 0.5, "?"),
        ("tempo", 0.45, "?"),
        ("key", None, ""),
        ("loudness", 0.1, ""),
    ],
)
def test_a_likely_value_has_a_question_mark_and_a_stated_one_none(
    name: str, confidence: float | None, mark: str
) -> None:
    assert certainty_of(name, confidence).mark == mark


def test_below_its_threshold_a_label_is_unknown_and_unknown_has_no_mark_of_its_own() -> None:
    for name, thresholds in THRESHOLDS.items():
        assert certainty_of(name, thresholds.likely - 0.01) is Certainty.UNKNOWN
        assert certainty_of(name, thresholds.likely) is Certainty.LIKELY
        assert certainty_of(name, thresholds.stated) is Certainty.STATED
    assert Certainty.UNKNOWN.mark == ""


def test_what_is_hardly_a_guess_is_kept_and_not_said() -> None:
    decision = decided(
        kind=("one_shot", 1.0),
        sound_class=("kick", 0.4),
        instrument=("drums", 0.6),
        role=({"value": "drums", "scores": {}}, 0.4),
    )
    assert set(decision.stated) == {"kind"}
    assert decision.withheld["sound_class"].value == "kick"
    assert decision.certainty(SOUND_CLASS) is Certainty.UNKNOWN
    assert decision.certainty(KIND) is Certainty.STATED


def test_what_a_person_says_is_said_however_improbable_it_was_heard() -> None:
    decision = decided(0.01, kind=("one_shot", 1.0), sound_class=("kick", 0.1), typed=("sound_class",))
    assert decision.stated["sound_class"].value == "kick"
    assert decision.certainty(SOUND_CLASS) is Certainty.STATED
    typed = decided(kind=("track", 0.9), role="drums", typed=("role",))
    assert typed.stated["role"].value == "drums"


def test_a_drum_that_does_not_fall_is_a_wave_shape_without_class_and_role() -> None:
    said: dict[str, Any] = {
        "kind": ("one_shot", 1.0),
        "sound_class": ("kick", 0.92),
        "role": ({"value": "drums", "scores": {}}, 0.92),
    }
    struck = decided(0.3, **said, attack_s=0.002, decay_s=0.09)
    cycle = decided(0.3, **said, attack_s=0.02)
    assert struck.stated["sound_class"].value == "kick"
    assert {"sound_class", "role"} & set(cycle.stated) == set()
    # A drum that was cut before it fell begins with its strike; a cycle of 100 ms may begin as sharply.
    assert decided(0.4, **said, attack_s=0.0005).stated["sound_class"].value == "kick"
    assert "sound_class" not in decided(0.1, **said, attack_s=0.0).stated
    # A held bass note does not fall either, and is one all the same; a cycle of 10 ms is nothing.
    held: dict[str, Any] = {**said, "sound_class": ("bass", 0.9)}
    assert decided(0.3, **held, attack_s=0.02).stated["sound_class"].value == "bass"
    assert "sound_class" not in decided(0.01, **held).stated
    # Where no envelope was measured nothing speaks against a drum.
    assert decided(0.3, **said).stated["sound_class"].value == "kick"


def test_a_track_is_a_mix_whatever_stands_out_in_it() -> None:
    heard: dict[str, Any] = {"value": "drums", "scores": {"drums": 0.9, "mix": 0.1}}
    decision = decided(kind=("track", 0.97), role=(heard, 0.9))
    role: Any = decision.stated["role"]
    assert role.value["value"] == "mix"
    assert role.value["scores"] == {each.value: float(each is Role.MIX) for each in Role}
    assert role.confidence == 0.97
    assert decision.withheld["role"].value == heard
    assert decided(kind=("loop", 0.97), role=(heard, 0.9)).stated["role"].value == heard


@pytest.mark.parametrize(
    ("onsets", "confidence", "more", "is_said"),
    [
        pytest.param([0.0], 0.65, {"bars": (4, 0.8)}, False, id="a pad whose length alone is whole bars"),
        pytest.param([0.0], 0.95, {"bars": (4, 0.9)}, True, id="a length that speaks clearly"),
        pytest.param([0.0, 2.0, 4.0, 6.0], 0.6, {}, True, id="a chord on each bar"),
        pytest.param([0.1, 2.2, 4.3, 6.2], 0.6, {}, False, id="a few starts beside the beats"),
        pytest.param(
            [0.1, 2.2, 4.3, 6.2], 0.6, {"bars": (4, 0.8)}, True, id="the same in a certain loop of whole bars"
        ),
        pytest.param([0.25 * each for each in range(32)], 0.7, {}, True, id="eighths"),
        pytest.param([0.25 * each for each in range(32)], 0.3, {}, False, id="eighths of no probable tempo"),
    ],
)
def test_a_tempo_is_said_of_a_beat_that_repeats(
    onsets: list[float], confidence: float, more: dict[str, Any], is_said: bool
) -> None:
    decision = rhythm(onsets, confidence=confidence, **more)
    counted = COUNTED & set(decision.stated)
    assert counted == (COUNTED - (set() if "bars" in more else {"bars"}) if is_said else set())


def test_a_bird_and_a_crowd_have_no_tempo_and_a_field_recording_with_a_pulse_has() -> None:
    field = ("field_recording", 0.98)
    calls = [0.13, 0.61, 0.9, 2.2, 2.31, 3.4, 4.83, 5.18, 6.7, 6.9, 7.15, 7.8]
    assert rhythm(calls, confidence=0.97, kind=field, pulse_clarity=0.2).certainty(TEMPO) is Certainty.UNKNOWN
    assert rhythm(calls, confidence=0.97, kind=field, pulse_clarity=0.5).certainty(TEMPO) is Certainty.STATED
    steps = [0.5 * each for each in range(16)]
    assert rhythm(steps, confidence=0.97, kind=field, pulse_clarity=0.05).certainty(TEMPO) is Certainty.STATED


def test_the_tempo_of_music_that_is_steady_for_the_most_part_is_that_of_this_part() -> None:
    def tempo(*segments: tuple[float, float]) -> Any:
        decision = decided(
            42.0,
            kind=("track", 0.99),
            tempo=({"bpm": 127.5, "alternatives_bpm": [63.9]}, 0.98),
            beats_s=([0.2 + 0.47 * each for each in range(88)], 0.98),
            grid={"segments": [{"start_s": start, "bpm": bpm} for start, bpm in segments], "drift_bpm": 12.7},
        )
        return decision.stated["tempo"].value

    # Tones for 12 s, then a beat: the pulse that was sought among the tones bent the middle of all.
    assert tempo((0.2, 122.0), (6.3, 119.9), (11.5, 128.0)) == {"bpm": 128.0, "alternatives_bpm": [63.9]}
    # Music that speeds up all the way has its middle, and one stretch is the tempo that it was read from.
    assert tempo((0.2, 118.0), (14.0, 127.0), (28.0, 136.0))["bpm"] == 127.5
    assert tempo((0.2, 127.5))["bpm"] == 127.5


def test_onsets_too_many_to_be_kept_are_counted_by_their_density() -> None:
    beats = [0.5 * each for each in range(9_000)]
    said: dict[str, Any] = {"kind": ("track", 0.9), "tempo": ({"bpm": 120.0}, 0.6), "beats_s": (beats, 0.6)}
    assert "tempo" in decided(4_500.0, **said, onset_density=4.0).stated
    assert "tempo" not in decided(4_500.0, **said, onset_density=0.0).stated
    # An older analysis that counted none decides nothing.
    assert "tempo" in decided(4_500.0, **said).stated


def test_an_improbable_key_takes_its_segments_with_it() -> None:
    key = {"tonic": 9, "mode": "minor", "alternatives": []}
    segments = [{"start_s": 0.0, "end_s": 8.0, "name": "A minor"}]
    assert set(decided(key=(key, 0.2), key_segments=segments).stated) == set()
    assert set(decided(key=(key, 0.5), key_segments=segments).stated) == {"key", "key_segments"}


def test_a_stored_role_is_worth_what_is_said_of_its_region() -> None:
    likely: Any = {"value": "drums", "scores": {"drums": 0.9, "mix": 0.1}}
    even: Any = {"value": "drums", "scores": {"drums": 0.3, "bass": 0.25, "fx": 0.2, "mix": 0.25}}
    assert said_role(likely, "loop", "drums") == likely
    assert said_role(likely, "one_shot", None) is None
    assert said_role(even, "one_shot", None) == even
    assert said_role("bass", "loop", "bass") == "bass"
    of_track: Any = said_role(likely, "track", "mix")
    assert (of_track["value"], of_track["scores"]["drums"]) == ("mix", 0.0)
    assert ROLE.name == "role"
