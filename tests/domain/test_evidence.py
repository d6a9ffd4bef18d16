"""A claim beside what was heard: which of the two is believed, and when a doubt is raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.contradiction import TempoRelation, is_refuted, tempo_relation
from sonoteca.domain.descriptor import BARS, KEY, METER, TEMPO, Descriptor
from sonoteca.domain.evidence import evidence_of
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.vocabulary import Source

TEMPI = st.floats(60, 190)


def heard(descriptor: Descriptor, value: JsonValue, confidence: float | None = 0.98) -> Observation:
    return Observation(descriptor, value, confidence, Provenance(Source.ANALYZER, "test.ear", 1))


def claimed(descriptor: Descriptor, value: JsonValue, by: str = "tags") -> Observation:
    return Observation(descriptor, value, None, Provenance(Source.IMPORT, by, 1))


def said(descriptor: Descriptor, value: JsonValue) -> Observation:
    return Observation(descriptor, value, None, Provenance(Source.USER, "user", 1))


def key(name: str) -> JsonValue:
    found = Key.parse(name)
    return {"tonic": found.tonic, "mode": found.mode, "alternatives": []}


def loop(bpm: float, bars: int, confidence: float = 0.9) -> list[Observation]:
    """What is heard of a loop whose length is exactly so many bars of four beats."""
    meter: JsonValue = {"beats_per_bar": 4, "beat_unit": 4}
    return [heard(TEMPO, {"bpm": bpm}, confidence), heard(BARS, bars, None), heard(METER, meter, 0.9)]


def outcome(*statements: Observation) -> tuple[float | None, list[str]]:
    """The tempo that is believed, and the codes of the doubts."""
    value = winning(statements)[TEMPO.name].value
    bpm = value.get("bpm") if isinstance(value, dict) else None
    doubts = evidence_of(statements).doubts
    for doubt in doubts:
        assert doubt.is_believed == (bpm == doubt.claimed)
    return float(bpm) if isinstance(bpm, int | float) else None, [doubt.code for doubt in doubts]


@pytest.mark.parametrize(
    ("claim", "confidence", "believed", "doubts"),
    [
        (128.0, 0.98, 128.0, []),
        (127.0, 0.98, 127.0, []),  # rounded, or another moment of the track
        (64.0, 0.98, 64.0, ["half"]),
        (256.0, 0.98, 256.0, ["double"]),
        (192.0, 0.98, 192.0, ["other_count"]),
        (64.0, 0.6, 64.0, []),  # what is only likely contradicts nobody
        (100.0, 0.98, 128.0, ["different"]),
        (100.0, 0.9, 100.0, ["different"]),
        (100.0, 0.6, 100.0, []),
    ],
)
def test_a_track_is_counted_as_its_tag_says_and_timed_as_it_sounds(
    claim: float, confidence: float, believed: float, doubts: list[str]
) -> None:
    track = heard(TEMPO, {"bpm": 128.0}, confidence)
    assert outcome(track, claimed(TEMPO, {"bpm": claim})) == (believed, doubts)


@pytest.mark.parametrize(
    ("claim", "believed", "doubts"),
    [
        (124.0, 124.0, []),
        (124.4, 124.4, []),  # the rounding of a tag
        (126.0, 124.0, ["against_length"]),
        (125.0, 124.0, ["against_length"]),
        (62.0, 62.0, ["half"]),
        (248.0, 248.0, ["double"]),
        (93.0, 93.0, ["different"]),  # 12 beats fill it, too
    ],
)
def test_a_loop_of_exact_length_refutes_what_does_not_fill_it(claim: float, believed: float, doubts: list[str]) -> None:
    assert outcome(*loop(124.0, 4), claimed(TEMPO, {"bpm": claim}, "riff")) == (believed, doubts)


def test_an_unsure_loop_refutes_nothing() -> None:
    assert outcome(*loop(124.0, 4, confidence=0.7), claimed(TEMPO, {"bpm": 126.0}, "riff")) == (126.0, [])


def test_what_a_person_says_ends_the_doubt() -> None:
    statements = (heard(TEMPO, {"bpm": 128.0}), claimed(TEMPO, {"bpm": 64.0}), said(TEMPO, {"bpm": 64.0}))
    assert outcome(*statements) == (64.0, [])
    told = evidence_of(statements).as_json()["tempo"]
    assert told == {"heard": {"bpm": 128.0, "confidence": 0.98}, "claimed": [{"bpm": 64.0, "by": "tags"}]}
    assert outcome(heard(TEMPO, {"bpm": 128.0}), claimed(TEMPO, {"bpm": 90.0}), said(TEMPO, None)) == (None, [])


def test_a_name_is_doubted_though_it_is_not_believed() -> None:
    assert outcome(heard(TEMPO, {"bpm": 128.0}), claimed(TEMPO, {"bpm": 64.0}, "name")) == (128.0, ["half"])


def test_a_claimed_key_stands_beside_the_heard_one() -> None:
    statements = (heard(KEY, key("C"), 0.85), claimed(KEY, key("Am")))
    [doubt] = evidence_of(statements).doubts
    assert (doubt.about, doubt.code, doubt.claimed, doubt.heard, doubt.is_believed) == (
        "key", "relative", "A minor", "C major", True,
    )  # fmt: skip
    assert doubt.message == "The tags say A minor; heard is C major (85% sure). The claim is taken."
    assert evidence_of((heard(KEY, key("C"), 0.7), claimed(KEY, key("Am")))).doubts == ()
    assert evidence_of((heard(KEY, key("Am"), 0.9), claimed(KEY, key("Am")))).doubts == ()


def test_both_sides_are_told_or_absent() -> None:
    nothing: JsonValue = {"heard": None, "claimed": []}
    assert evidence_of(()).as_json() == {"tempo": nothing, "key": nothing}
    # What is hardly probable is not known.
    assert evidence_of((heard(TEMPO, {"bpm": 90.0}, 0.2),)).as_json()["tempo"] == nothing
    told = evidence_of((claimed(KEY, key("F#m")),)).as_json()["key"]
    assert told == {
        "heard": None,
        "claimed": [{"name": "F# minor", "camelot": "11A", "open_key": "4m", "by": "tags"}],
    }


@given(TEMPI, st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0]), st.integers(1, 32))
def test_a_level_of_the_beat_is_never_refuted(bpm: float, level: float, beats: int) -> None:
    for loop_beats in (None, float(beats)):
        relation = tempo_relation(level * bpm, bpm, loop_beats=loop_beats)
        assert not is_refuted(relation, 1.0)
        assert (relation is TempoRelation.SAME) == (level == 1.0)


@given(TEMPI, st.integers(4, 64), st.integers(1, 128))
def test_what_fills_a_loop_with_whole_beats_is_not_against_its_length(bpm: float, beats: int, others: int) -> None:
    relation = tempo_relation(bpm * others / beats, bpm, loop_beats=beats)
    assert relation is not TempoRelation.AGAINST_LENGTH
