"""The engine orders analyzers, contains their failures, and refuses statements that break the contract."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any, ClassVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import synth
from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.engine import (
    AnalyzerSetInvalid,
    declared_features,
    identities,
    ordered,
    settings_digest,
)
from sonoteca.analysis.regions import FEATURE
from sonoteca.domain.descriptor import (
    BRIGHTNESS,
    DESCRIPTORS,
    DOWNBEATS,
    KEY,
    KIND,
    NOISINESS,
    ONSET_DENSITY,
    TEMPO,
    WARMTH,
    Descriptor,
)
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.vocabulary import Kind, RunOutcome, Source

TWO_HITS = synth.at({0.5: synth.hit(), 2.5: synth.hit()}, 4.0)


def says(
    descriptor: Descriptor,
    value: Any,
    *,
    requires: tuple[Descriptor, ...] = (),
    name: str | None = None,
    kinds: frozenset[Kind] = ALL_KINDS,
    also: tuple[Descriptor, ...] = (),
    replaces: tuple[str, ...] = (),
    confidence: float | None = None,
) -> Any:
    """An analyzer that always states ``value``, or raises it if it is an exception."""
    seen: list[Known] = []
    stands_in_for = replaces

    class Says:
        id: ClassVar[str] = name or f"test.{descriptor.name}.constant"
        version: ClassVar[int] = 3
        produces: ClassVar[tuple[Descriptor, ...]] = (descriptor, *also)
        features = ()
        replaces = stands_in_for
        heard = seen

        def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
            seen.append(known)
            if isinstance(value, Exception):
                raise value
            if value is not None:
                yield Observation(descriptor, value, confidence, measured_by(cast(Any, self)))

    made: Any = Says
    made.requires = requires
    made.kinds = kinds
    return made()


def run_of(part: Any, analyzer_id: str) -> Any:
    (run,) = [run for run in part.runs if run.producer == analyzer_id]
    return run


# --- order --------------------------------------------------------------------------------------


def test_producers_come_before_those_who_need_them_and_kind_first() -> None:
    key = says(KEY, {"tonic": 0, "mode": "major"}, requires=(TEMPO,))
    tempo = says(TEMPO, {"bpm": 120.0}, requires=(ONSET_DENSITY,))
    density = says(ONSET_DENSITY, 2.0)
    kind = says(KIND, "loop")
    assert [analyzer.id for analyzer in ordered([key, tempo, density, kind])] == [
        kind.id, density.id, tempo.id, key.id,
    ]  # fmt: skip


@given(st.data())
def test_any_acyclic_set_is_ordered_by_its_requirements(data: st.DataObject) -> None:
    descriptors = list(DESCRIPTORS.values())[:12]
    analyzers = []
    for number, descriptor in enumerate(descriptors):
        needs = data.draw(st.lists(st.sampled_from(descriptors[:number]), unique=True)) if number else []
        analyzers.append(says(descriptor, None, requires=tuple(needs)))
    plan = ordered(data.draw(st.permutations(analyzers)))
    place = {analyzer.produces[0]: index for index, analyzer in enumerate(plan)}
    assert len(plan) == len(analyzers)
    assert all(place[need] < place[analyzer.produces[0]] for analyzer in plan for need in analyzer.requires)


def test_a_circle_is_named() -> None:
    tempo = says(TEMPO, None, requires=(KEY,))
    key = says(KEY, None, requires=(TEMPO,))
    with pytest.raises(AnalyzerSetInvalid, match=r"test\.tempo\.constant -> test\.key\.constant -> test\.tempo"):
        ordered([tempo, key])


def test_one_that_stands_in_for_another_runs_alone() -> None:
    ours, better = says(TEMPO, None, name="ours"), says(TEMPO, None, name="theirs", replaces=("ours",))
    assert [analyzer.id for analyzer in ordered([ours, better])] == ["theirs"]


def test_two_producers_of_one_descriptor_both_state_it_and_the_one_given_first_is_believed() -> None:
    first, second = says(TEMPO, {"bpm": 1.0}, name="second by name"), says(TEMPO, {"bpm": 2.0}, name="first by name")
    needs_tempo = says(WARMTH, 0.5, requires=(TEMPO,))
    part = synth.analyze(synth.silence(0.2), [needs_tempo, first, second]).whole
    said = [each for each in part.observations if each.descriptor == TEMPO]
    assert [(each.provenance.producer, each.provenance.preference) for each in said] == [(first.id, 0), (second.id, 1)]
    assert winning(reversed(said))["tempo"].value == {"bpm": 1.0}
    ((known,),) = [needs_tempo.heard]
    assert known[TEMPO].value == {"bpm": 1.0}
    assert {run.producer for run in part.runs} >= {first.id, second.id}


@pytest.mark.parametrize("silent", [None, RuntimeError("no idea")])
def test_where_the_preferred_producer_says_nothing_the_next_is_believed(silent: JsonValue) -> None:
    first, second = says(TEMPO, silent, name="first"), says(TEMPO, {"bpm": 2.0}, name="second")
    needs_tempo = says(WARMTH, 0.5, requires=(TEMPO,))
    part = synth.analyze(synth.silence(0.2), [first, second, needs_tempo]).whole
    assert winning(part.observations)["tempo"].value == {"bpm": 2.0}
    ((known,),) = [needs_tempo.heard]
    assert known[TEMPO].value == {"bpm": 2.0}


def test_an_id_used_twice_is_refused() -> None:
    with pytest.raises(AnalyzerSetInvalid, match="two analyzers are called 'same'"):
        ordered([says(TEMPO, None, name="same"), says(KEY, None, name="same")])


def test_features_are_declared_once_and_include_the_region_finders() -> None:
    assert declared_features([says(TEMPO, None), says(KEY, None)]) == (FEATURE,)


# --- handoff and failure ------------------------------------------------------------------------


def test_an_analyzer_gets_what_it_requires_and_nothing_else() -> None:
    key = says(KEY, {"tonic": 0, "mode": "major"}, requires=(TEMPO,))
    synth.analyze(TWO_HITS, [key, says(TEMPO, {"bpm": 90.0}), says(ONSET_DENSITY, 2.0)])
    assert [known[TEMPO].value for known in key.heard] == [{"bpm": 90.0}] * 3
    assert all(set(known) == {TEMPO} for known in key.heard)


def test_one_failure_skips_those_who_need_it_and_no_other() -> None:
    broken = says(TEMPO, ZeroDivisionError("no beats"))
    beats = says(DOWNBEATS, [0.0], requires=(TEMPO,))
    bars = says(ONSET_DENSITY, 1.0, requires=(DOWNBEATS,))
    bystander = says(BRIGHTNESS, 0.5)
    part = synth.analyze(TWO_HITS, [broken, beats, bars, bystander]).whole
    assert run_of(part, broken.id).outcome is RunOutcome.FAILED
    assert run_of(part, broken.id).reason == "ZeroDivisionError: no beats"
    assert run_of(part, beats.id).outcome is RunOutcome.SKIPPED
    assert "needs tempo: test.tempo.constant failed (ZeroDivisionError: no beats)" in run_of(part, beats.id).reason
    assert run_of(part, bars.id).outcome is RunOutcome.SKIPPED
    assert run_of(part, bystander.id).outcome is RunOutcome.DONE
    assert [observation.value for observation in part.observations] == [0.5]


def test_nothing_to_say_is_done_and_those_who_need_it_still_run() -> None:
    silent, needs = says(TEMPO, None), says(KEY, {"tonic": 0, "mode": "minor"}, requires=(TEMPO,))
    part = synth.analyze(TWO_HITS, [silent, needs]).whole
    assert run_of(part, silent.id).outcome is RunOutcome.DONE
    assert run_of(part, needs.id).outcome is RunOutcome.DONE
    assert needs.heard[0] == {}


def test_a_requirement_nobody_produces_is_a_skip_with_its_reason() -> None:
    lonely = says(KEY, None, requires=(TEMPO,))
    run = run_of(synth.analyze(TWO_HITS, [lonely]).whole, lonely.id)
    assert (run.outcome, run.reason) == (RunOutcome.SKIPPED, "needs tempo: no analyzer produces it")


def test_running_out_of_memory_is_the_files_failure_not_the_analyzers() -> None:
    with pytest.raises(MemoryError):
        synth.analyze(TWO_HITS, [says(TEMPO, MemoryError())])


# --- kind ---------------------------------------------------------------------------------------


def test_kind_decides_what_runs() -> None:
    for_tracks = says(TEMPO, {"bpm": 100.0}, kinds=frozenset({Kind.TRACK}))
    for_hits = says(ONSET_DENSITY, 1.0, kinds=frozenset({Kind.ONE_SHOT}))
    part = synth.analyze(TWO_HITS, [for_tracks, for_hits, says(KIND, "one_shot")]).whole
    run = run_of(part, for_tracks.id)
    assert (run.outcome, run.reason) == (RunOutcome.DONE, "not for a one_shot")
    assert {observation.descriptor for observation in part.observations} == {KIND, ONSET_DENSITY}


def test_a_kind_a_person_stated_beats_the_one_heard() -> None:
    user = Observation(KIND, "track", None, Provenance(Source.USER, "person", 1))
    for_tracks = says(TEMPO, {"bpm": 100.0}, kinds=frozenset({Kind.TRACK}))
    analysis = synth.analyze(TWO_HITS, [for_tracks, says(KIND, "one_shot")], known_values={KIND: user})
    assert run_of(analysis.whole, for_tracks.id).reason == ""
    # It was stated about the whole: the hits inside it stay what they are.
    assert run_of(analysis.regions[1], for_tracks.id).reason == "not for a one_shot"


def test_a_tempo_a_person_stated_is_handed_on_and_one_stated_absent_is_not() -> None:
    needs = says(KEY, None, requires=(TEMPO,))
    for value, expected in (({"bpm": 93.0}, [{"bpm": 93.0}]), (None, [])):
        needs.heard.clear()
        user = Observation(TEMPO, cast(Any, value), None, Provenance(Source.USER, "person", 1))
        synth.analyze(TWO_HITS, [needs, says(TEMPO, {"bpm": 186.0})], known_values={TEMPO: user})
        assert [observation.value for observation in needs.heard[0].values()] == expected


def test_a_tempo_in_a_file_name_does_not_beat_what_was_heard() -> None:
    needs = says(KEY, None, requires=(TEMPO,))
    name = Observation(TEMPO, {"bpm": 93.0}, None, Provenance(Source.IMPORT, "name", 1))
    synth.analyze(TWO_HITS, [needs, says(TEMPO, {"bpm": 186.0})], known_values={TEMPO: name})
    assert needs.heard[0][TEMPO].value == {"bpm": 186.0}


# --- statements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (float("nan"), "not finite"),
        (2.0, "outside 0..1"),
        ({"a": object()}, "not JSON"),
        ([0.1, float("inf")], "not finite"),
        ({1: 2}, "no string"),
    ],
)
def test_a_statement_that_is_no_json_or_out_of_range_fails_its_run(value: JsonValue, complaint: str) -> None:
    bad = says(BRIGHTNESS, value)
    part = synth.analyze(TWO_HITS, [bad]).whole
    assert run_of(part, bad.id).outcome is RunOutcome.FAILED
    assert complaint in run_of(part, bad.id).reason
    assert part.observations == ()


def test_undeclared_and_repeated_statements_fail_the_run() -> None:
    class Undeclared:
        id, version, produces, requires, features, kinds = "test.liar", 1, (WARMTH,), (), (), ALL_KINDS

        def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
            yield Observation(NOISINESS, 0.5)

    class Repeated(Undeclared):
        id = "test.parrot"
        produces = (NOISINESS,)

        def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
            yield Observation(NOISINESS, 0.5)
            yield Observation(NOISINESS, 0.6)

    part = synth.analyze(TWO_HITS, cast(Any, [Undeclared(), Repeated()])).whole
    assert "does not declare" in run_of(part, "test.liar").reason
    assert "twice" in run_of(part, "test.parrot").reason


def test_provenance_is_the_analyzers_whatever_it_wrote() -> None:
    class Settled:
        id, version, produces, requires, features, kinds = "test.settled", 7, (WARMTH,), (), (), ALL_KINDS
        settings: ClassVar = {"edge_hz": 200}

        def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
            yield Observation(WARMTH, 0.25)

    analyzer: Any = Settled()
    (observation,) = synth.analyze(TWO_HITS, [analyzer]).whole.observations
    digest = settings_digest(analyzer)
    assert observation.provenance == Provenance(Source.ANALYZER, "test.settled", 7, digest)
    assert len(digest) == 16
    Settled.settings = {"edge_hz": 300}
    assert settings_digest(analyzer) != digest


# --- the result ---------------------------------------------------------------------------------


def test_each_event_region_is_analysed_like_a_sound_of_its_own() -> None:
    analysis = synth.analyze(TWO_HITS, [says(KIND, "one_shot"), says(BRIGHTNESS, 0.5)])
    assert [part.region.number for part in analysis.regions] == [0, 1, 2]
    assert all(len(part.observations) == 2 for part in analysis.regions)
    assert analysis.regions[2].region.start_s == pytest.approx(2.5, abs=0.02)


def test_the_result_survives_the_way_to_the_parent_process() -> None:
    analysis = synth.analyze(TWO_HITS, [says(KIND, "one_shot"), says(TEMPO, ValueError("x"))])
    assert pickle.loads(pickle.dumps(analysis)) == analysis


def test_identities_are_those_of_the_runs() -> None:
    analyzers = [says(KIND, "one_shot"), says(BRIGHTNESS, 0.5, requires=(KIND,))]
    part = synth.analyze(TWO_HITS, analyzers, gap_s=0.4).whole
    assert tuple(run.identity for run in part.runs) == identities(analyzers, gap_s=0.4)
    assert identities(analyzers, gap_s=0.4) != identities(analyzers)
