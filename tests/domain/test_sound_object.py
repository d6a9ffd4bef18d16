"""The sound object of docs/sound-object.md: every key always there, unknown is null or an empty list."""

from __future__ import annotations

import json
from typing import Any, cast

import synth
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.domain.claim import Claim, claimed_observations
from sonoteca.domain.descriptor import BEATS, BRIGHTNESS, KEY, KIND, LOUDNESS, METER, ROLE, TEMPO, TUNING, Descriptor
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import RegionAnalysis, Run, SoundAnalysis
from sonoteca.domain.sound_object import AudioFacts, RegionStatements, Skipped, sound_object, statements_of
from sonoteca.domain.vocabulary import RunOutcome, Source
from sonoteca.errors import DamagedAudio

# What docs/sound-object.md promises, word for word.
TOP_KEYS = {
    "schema", "id", "path", "status", "error", "warnings", "skipped", "audio", "kind", "loudness", "tempo",
    "tempo_curve", "grid", "beats_s", "downbeats_s", "meter", "bars", "loopability", "key", "key_segments", "chords",
    "role", "sound_class", "content", "pitch", "notes", "sections", "cues", "energy_level", "energy_curve",
    "descriptors", "quality", "provenance", "regions",
}  # fmt: skip
OF_THE_FILE = {"schema", "id", "path", "status", "error", "warnings", "audio", "regions"}
LISTS = {
    "warnings", "skipped", "tempo_curve", "beats_s", "downbeats_s", "key_segments", "chords", "content", "notes",
    "sections", "cues", "energy_curve", "quality", "regions",
}  # fmt: skip
NULLS = {"tempo", "grid", "meter", "bars", "loopability", "key", "role", "sound_class", "pitch", "energy_level"}

HEARD = Provenance(Source.ANALYZER, "test.a.b", 2, "ab12", "2026-11-20T12:00:00Z")
WHOLE = Region(0, 0.0, 8.0)


def told(*observations: Observation, region: Region = WHOLE) -> RegionStatements:
    return RegionStatements(region, winning(observations))


def test_a_file_that_failed_has_every_key() -> None:
    error = DamagedAudio("x.wav ends after its header.")
    failed: Any = sound_object("x.wav", sound_id=None, audio=None, error=error)
    assert failed.keys() >= TOP_KEYS
    assert failed["status"] == "failed"
    assert failed["error"] == {"code": "damaged_audio", "message": error.message, "remedy": error.remedy}
    assert all(failed[name] == [] for name in LISTS)
    assert all(failed[name] is None for name in NULLS)
    assert failed["audio"] == dict.fromkeys(
        ("duration_s", "sample_rate", "channels", "codec", "container", "content_hash")
    )


def test_known_values_take_the_shapes_that_are_promised() -> None:
    made: Any = sound_object(
        "x.wav",
        sound_id="s1",
        audio=AudioFacts(8.0, 44_100, 2, "flac", "flac", "x1:00"),
        statements=[
            told(
                Observation(KIND, "loop", 0.9, HEARD),
                Observation(TEMPO, {"bpm": 120.0, "alternatives_bpm": [60.0]}, 0.8, HEARD),
                Observation(METER, {"beats_per_bar": 4, "beat_unit": 4}, 0.7, HEARD),
                Observation(KEY, {"tonic": 6, "mode": "minor", "alternatives": []}, 0.6, HEARD),
                Observation(TUNING, -12.5, None, HEARD),
                Observation(LOUDNESS, {"integrated_lufs": -9.0, "range_lu": None, "true_peak_dbtp": -1.0}, None, HEARD),
                Observation(BRIGHTNESS, 0.5, None, HEARD),
            )
        ],
    )
    assert made["kind"] == {"value": "loop", "confidence": 0.9, "certainty": "stated"}
    assert made["tempo"] == {"bpm": 120.0, "confidence": 0.8, "certainty": "stated", "alternatives_bpm": [60.0]}
    assert made["meter"] == {"beats_per_bar": 4, "beat_unit": 4, "confidence": 0.7, "certainty": "likely"}
    assert made["key"] == {
        "tonic": "F#", "mode": "minor", "name": "F# minor", "camelot": "11A", "open_key": "4m", "confidence": 0.6,
        "certainty": "likely", "tuning_cents": -12.5, "alternatives": [],
    }  # fmt: skip
    assert made["loudness"] == {"integrated_lufs": -9.0, "range_lu": None, "true_peak_dbtp": -1.0}
    assert made["descriptors"]["brightness"] == 0.5
    assert made["descriptors"]["warmth"] is None
    assert made["provenance"]["tempo"] == {
        "source": "analyzer", "producer": "test.a.b", "version": 2, "settings": "ab12", "at": "2026-11-20T12:00:00Z",
    }  # fmt: skip
    json.dumps(made, allow_nan=False)


def test_what_a_person_typed_becomes_the_same_shape() -> None:
    typed = Provenance(Source.USER, "person", 1)
    made: Any = sound_object(
        "x.wav",
        sound_id="s1",
        audio=None,
        statements=[told(Observation(TEMPO, 93.5, None, typed), Observation(ROLE, "drums", None, typed))],
    )
    assert made["tempo"] == {"bpm": 93.5, "confidence": None, "certainty": "stated", "alternatives_bpm": []}
    assert made["role"] == {"value": "drums", "confidence": None, "certainty": "stated", "scores": {}}


def test_a_person_who_says_there_is_no_tempo_is_believed() -> None:
    heard = Observation(TEMPO, {"bpm": 120.0, "alternatives_bpm": []}, 0.9, HEARD)
    nothing = Observation(TEMPO, None, None, Provenance(Source.USER, "person", 1))
    made: Any = sound_object("x", sound_id=None, audio=None, statements=[told(heard, nothing)])
    assert made["tempo"] is None
    assert made["provenance"]["tempo"]["source"] == "user"


def test_event_regions_carry_the_keys_of_an_analysis_in_order() -> None:
    events = [
        told(region=Region(2, 5.0, 6.0)),
        told(Observation(BEATS, [1.0], None, HEARD), region=Region(1, 1.0, 2.0)),
    ]
    made: Any = sound_object("x", sound_id=None, audio=None, statements=[*events, told()])
    assert [event["number"] for event in made["regions"]] == [1, 2]
    assert all(event.keys() >= (TOP_KEYS - OF_THE_FILE) | {"number", "start_s", "end_s"} for event in made["regions"])
    assert made["regions"][0]["beats_s"] == [1.0]
    assert made["beats_s"] == []


def test_descriptors_of_plugins_are_listed_by_name() -> None:
    own = Observation(Descriptor("vinyl_crackle", "crackles per second"), 2.5, None, HEARD)
    made: Any = sound_object("x", sound_id=None, audio=None, statements=[told(own)])
    assert made["descriptors"]["vinyl_crackle"] == 2.5


def test_failed_and_skipped_runs_are_told_with_their_reason() -> None:
    runs = (
        Run("a", 1, "", RunOutcome.DONE, "not for a loop", 0.0),
        Run("b", 1, "", RunOutcome.FAILED, "ValueError: x", 0.0),
        Run("c", 1, "", RunOutcome.SKIPPED, "needs tempo: b failed (ValueError: x)", 0.0),
    )
    (whole,) = statements_of(SoundAnalysis((RegionAnalysis(WHOLE, (), runs),)))
    assert whole.skipped == (Skipped("b", "ValueError: x"), Skipped("c", "needs tempo: b failed (ValueError: x)"))


def test_a_real_analysis_becomes_json() -> None:
    sound = synth.sequence(synth.drums(120.0, 2), synth.silence(2.0), synth.hit(), synth.silence(1.0))
    analysis = synth.analyze(sound, builtin_analyzers())
    made: Any = sound_object("x", sound_id="s", audio=AudioFacts(sound.duration_s), statements=statements_of(analysis))
    assert made.keys() >= TOP_KEYS
    assert json.loads(json.dumps(made, allow_nan=False)) == made


# --- claims and precedence ----------------------------------------------------------------------


def test_claims_become_imports_and_nonsense_is_left_out() -> None:
    claims = [
        Claim("tempo_bpm", 128, "tags"), Claim("tempo_bpm", "0", "tags"), Claim("tempo_bpm", "fast", "tags"),
        Claim("key", "8A", "tags"), Claim("key", "all of them", "tags"), Claim("title", "C", "tags"),
    ]  # fmt: skip
    found = claimed_observations(claims)
    assert [(each.descriptor, each.provenance.source) for each in found] == [(TEMPO, "import"), (KEY, "import")]
    tempo, key = (cast(Any, each.value) for each in found)
    assert tempo["bpm"] == 128.0
    assert (key["tonic"], key["mode"]) == (9, "minor")


def test_user_beats_tag_beats_analyzer_beats_name() -> None:
    def tempo(bpm: float, source: Source, producer: str) -> Observation:
        return Observation(TEMPO, {"bpm": bpm}, None, Provenance(source, producer, 1))

    name, heard = tempo(1.0, Source.IMPORT, "name"), tempo(2.0, Source.ANALYZER, "a.b.c")
    tag, user = tempo(3.0, Source.IMPORT, "tags"), tempo(4.0, Source.USER, "person")
    ladder = [name, heard, tag, user]
    for number, expected in enumerate(ladder):
        assert winning(ladder[: number + 1])["tempo"] == expected
        assert winning(reversed(ladder[: number + 1]))["tempo"] == expected
    assert winning([name, heard], trust_names=True)["tempo"] == name
    assert winning([name, tag], trust_names=True)["tempo"] == tag


def test_the_preferred_of_two_analyzers_wins_however_new_the_other_is() -> None:
    later = "2026-01-02T00:00:00Z"
    first = Observation(TEMPO, {"bpm": 1.0}, None, Provenance(Source.ANALYZER, "z", 1, "", "2026-01-01T00:00:00Z"))
    other = Observation(TEMPO, {"bpm": 2.0}, None, Provenance(Source.ANALYZER, "a", 9, "", later, preference=1))
    tag = Observation(TEMPO, {"bpm": 3.0}, None, Provenance(Source.IMPORT, "tags", 1))
    assert winning([other, first])["tempo"] == winning([first, other])["tempo"] == first
    assert winning([other, first, tag])["tempo"] == tag


def test_the_later_of_two_equal_sources_wins() -> None:
    first = Observation(TEMPO, {"bpm": 1.0}, None, Provenance(Source.USER, "p", 1, "", "2026-01-01T00:00:00Z"))
    later = Observation(TEMPO, {"bpm": 2.0}, None, Provenance(Source.USER, "p", 1, "", "2026-01-02T00:00:00Z"))
    assert winning([later, first])["tempo"] == later
    assert winning([first, later])["tempo"] == later
