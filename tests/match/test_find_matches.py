"""Matches in a library: rows as programs read them, what is left out, what changes when the library does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import catalogue_samples as samples
from match_samples import SONG, region_table, statement
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.music import midi_to_hz
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError, SoundNotFound
from sonoteca.ingest.listener import Listener
from sonoteca.match.find_matches import MatchAnswer, MatchRequest, find_matches
from sonoteca.match.load_regions import load_region_table, regions_of_sound
from sonoteca.match.rank import rank_matches
from sonoteca.match.region_table import RegionTable
from sonoteca.match.weights import default_weights
from sonoteca.workers.in_process import InProcessExecutor

PAD = "/music/pad.wav"
OTHER_SONG = ("C:maj", "C:maj", "G:maj", "A:min", "F:maj", "G:maj", "F:maj", "C:maj")


def values_of(**options: Any) -> dict[str, Any]:
    """What analyzers would say of a loop on paper."""
    made = statement(**options)
    facts = made.columns
    values: dict[str, Any] = {
        "kind": "loop",
        "tempo": {"bpm": facts["tempo_bpm"], "alternatives_bpm": []},
        "meter": {"beats_per_bar": facts["beats_per_bar"], "beat_unit": 4},
        "bars": facts["bars"],
        "tonality": facts["tonality"],
        "energy_level": facts["energy_level"],
        "onset_density": facts["onset_density"],
        "loudness": {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
        **made.values,
    }
    if facts["key_number"] is not None:
        values["key"] = {"tonic": int(facts["key_number"]) % 12, "mode": "minor", "alternatives": []}
    return values


@pytest.fixture
def stocked(library: Library) -> Library:
    """A pad, its own bass moved by a tone and 5 %, the bass of another song, drums."""
    with library.write() as connection:
        kinds: dict[str, dict[str, Any]] = {
            "pad": {},
            "partner": {"role": Role.BASS, "semitones": 2, "tempo_bpm": 126.0},
            "other": {"chords": OTHER_SONG, "role": Role.BASS},
            "beat": {"role": Role.DRUMS, "accents": (0, 12, 24, 36), "register": "low"},
        }
        for name, options in kinds.items():
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values_of(**options))
    return library


def paths(answer: MatchAnswer) -> list[str | None]:
    return [match.row.path for match in answer.rows]


def test_pages_of_matches_follow_one_another(stocked: Library) -> None:
    whole = find_matches(stocked, MatchRequest(sound=PAD))
    first = find_matches(stocked, MatchRequest(sound=PAD, k=2))
    rest = find_matches(stocked, MatchRequest(sound=PAD, k=2, offset=2))
    assert (first.total, first.next_offset, rest.total, rest.next_offset) == (3, 2, 3, None)
    assert paths(first) + paths(rest) == paths(whole)


def of(library: Library, name: str) -> RegionTable:
    everything = load_region_table(library)
    return everything.take([everything.content_hashes.index(f"x1:{name}")])


def test_the_partner_comes_first_with_the_way_back(stocked: Library) -> None:
    answer = find_matches(stocked, MatchRequest(sound=PAD, role="bass", k=2))
    assert paths(answer) == ["/music/partner.wav", "/music/other.wav"]
    first = answer.rows[0]
    assert first.semitone_shift == -2
    assert first.tempo_ratio == pytest.approx(120.0 / 126.0)
    assert answer.rejected["other_role"] == 1  # the drums


def test_what_is_hardly_of_the_role_asked_for_is_rejected_and_what_is_likelier_another_comes_last(
    library: Library,
) -> None:
    chances = {
        "sure": {"bass": 0.97, "mix": 0.03},
        "perhaps": {"bass": 0.3, "melody": 0.7},
        "hardly": {"bass": 0.1, "melody": 0.9},
    }
    with library.write() as connection:
        samples.add(connection, "pad.wav", "x1:pad", duration_s=16.0, **values_of())
        for name, scores in chances.items():
            # The less it is a bass, the better it would go with the pad.
            made = (
                values_of(role=Role.BASS, scores=scores, chords=OTHER_SONG)
                if name == "sure"
                else values_of(role=Role.BASS, scores=scores)
            )
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **made)
    answer = find_matches(library, MatchRequest(sound=PAD, role="bass"))
    assert paths(answer) == ["/music/sure.wav", "/music/perhaps.wav"]
    assert answer.rejected["other_role"] == 1
    capped = answer.rows[1].as_json()
    assert capped["fit"]["total_score"] <= 0.5 < capped["uncapped_score"]


def test_rows_have_the_names_that_front_ends_read(stocked: Library) -> None:
    printed = find_matches(stocked, MatchRequest(sound=PAD)).as_json()
    assert printed["query"] == {
        "sound": PAD,
        "mode": "loop",
        "role": None,
        "strict": False,
        "filter": None,
        "k": 10,
        "offset": 0,
        "total": 3,
        "next_offset": None,
        "region": 0,
        "weights": None,
        "weights_version": "3",
        "rejected": printed["query"]["rejected"],
    }
    for row in printed["results"]:
        axes = {"tensor", "interval", "chord", "key", "rhythm", "tempo", "energy", "role_confidence"}
        assert set(row["fit"]) == axes | {"total_score"}
        assert row["fit_scores"] == row["fit"]
        assert row["score"] == row["fit"]["total_score"]
        assert row["missing"] == [name for name in row["parts"] if row["fit"][name] is None]
        assert row["gating_status"] in ("pass", "capped")
        assert isinstance(row["semitone_shift"], int)
        assert len(row["reasons"]) == 3
        assert {"external_id", "title", "price", "url", "quality_flags", "risk_reasons", "uncapped_score"} <= set(row)


def test_drums_are_matched_without_pitch(stocked: Library) -> None:
    (match,) = find_matches(stocked, MatchRequest(sound=PAD, role=Role.DRUMS)).rows
    assert match.row.parts["key"] is None
    assert match.semitone_shift == 0


def test_a_filter_narrows_before_ranking(stocked: Library) -> None:
    assert paths(find_matches(stocked, MatchRequest(sound=PAD, filter="bpm:126"))) == ["/music/partner.wav"]
    assert find_matches(stocked, MatchRequest(sound=PAD, filter="kind:track")).rows == ()


def test_the_query_is_not_its_own_answer(stocked: Library) -> None:
    assert PAD not in paths(find_matches(stocked, MatchRequest(sound=PAD)))


def test_weights_of_one_question_are_given_as_text_or_by_name(stocked: Library) -> None:
    plain, strict = (
        find_matches(stocked, MatchRequest(sound=PAD, role="bass", weights=weights))
        for weights in (None, 'version = "mine"\n[gate]\nwidest_shift = 1\n')
    )
    assert (plain.weights_version, strict.weights_version) == ("3", "mine")
    assert (plain.rejected["shift"], strict.rejected["shift"]) == (0, 1)
    by_name = MatchRequest(sound=PAD, role="bass", weights={"version": "mine", "gate": {"widest_shift": 1}})
    assert find_matches(stocked, by_name).as_json() == strict.as_json()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("role", "trumpet", "'trumpet' is no role."),
        ("mode", "tap", "'tap' is no mode."),
        ("k", 0, "k cannot be 0"),
        ("weights", "loudness=1", "Weights have no loudness."),
    ],
)
def test_what_cannot_be_asked_names_its_field(field: str, value: object, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        MatchRequest(**{"sound": PAD, field: value})
    assert caught.value.field == field
    assert caught.value.message.startswith(sentence)


def test_a_file_is_heard_only_where_somebody_listens(stocked: Library, tmp_path: Path) -> None:
    file = tmp_path / "loop.wav"
    file.touch()
    with pytest.raises(SoundNotFound):
        find_matches(stocked, MatchRequest(sound=str(file)))
    with pytest.raises(RequestError, match="nothing was given that hears"):
        find_matches(stocked, MatchRequest(sound=str(file), mode="hum"))


def test_the_region_table_is_loaded_once_and_again_after_a_change(stocked: Library) -> None:
    before = load_region_table(stocked)
    assert load_region_table(stocked) is before
    with stocked.write() as connection:
        samples.add(connection, "late.wav", "x1:late", duration_s=16.0, **values_of(chords=SONG))
    assert len(load_region_table(stocked)) == len(before) + 1


def test_one_sound_is_read_as_among_all(stocked: Library) -> None:
    among = of(stocked, "partner")
    alone = regions_of_sound(stocked, int(among.sound_ids[0]))
    assert alone.ids == among.ids
    assert np.array_equal(alone.notes.padded(), among.notes.padded())
    assert alone.tempo_bpm.tolist() == among.tempo_bpm.tolist()


def test_silence_is_no_question(stocked: Library) -> None:
    silent = region_table(statement(columns={"loudness_lufs": None, "onset_density": None}))
    with pytest.raises(RequestError, match="silence"):
        rank_matches(stocked, silent, default_weights())


def test_a_hum_is_heard_by_the_listener_and_matched_by_its_key(stocked: Library, tmp_path: Path) -> None:
    # Up and down the scale of A minor, resting on its tonic, with three partials.
    rate, tune = 22_050, (57, 59, 60, 62, 64, 65, 64, 62, 60, 59, 57, 57)
    t = np.arange(round(0.4 * rate)) / rate
    fades = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.03)
    voices = [
        np.pad(fades * sum(0.15 / n * np.sin(2 * np.pi * midi_to_hz(midi) * n * t) for n in (1, 2, 3)), (0, rate // 10))
        for midi in tune
    ]
    file = tmp_path / "hum.wav"
    write_wav(file, AudioSignal(np.concatenate(voices)[None].astype(np.float32), rate))
    with Listener(executor=InProcessExecutor()) as listener:
        answer = find_matches(stocked, MatchRequest(sound=str(file), mode="hum", role="bass"), listener=listener)
    assert answer.rows[0].row.parts["tempo"] is None
    # The bass in A minor has to stay, the one that was moved up by a tone has to go back.
    shifts = {match.row.path: match.semitone_shift for match in answer.rows}
    assert shifts["/music/partner.wav"] == -2


def test_what_has_bars_comes_before_a_single_effect_unless_effects_are_asked_for(stocked: Library) -> None:
    with stocked.write() as connection:
        effect: dict[str, Any] = {
            "kind": "one_shot",
            "role": {"value": "fx", "scores": {"fx": 0.95, "bass": 0.05}},
            "energy_level": 5.0,
        }
        loudness = {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0}
        samples.add(connection, "hit.wav", "x1:hit", duration_s=1.0, **effect, loudness=loudness)
    answer = find_matches(stocked, MatchRequest(sound=PAD))
    assert paths(answer)[-1] == "/music/hit.wav"
    assert answer.rows[-1].risk_reasons == ("it has no bars to lay beside yours",)
    [effect_alone] = find_matches(stocked, MatchRequest(sound=PAD, role="fx")).rows
    assert (effect_alone.row.path, effect_alone.gating_status) == ("/music/hit.wav", "pass")


def test_what_is_ranked_and_what_is_not_are_all_there_is(stocked: Library) -> None:
    with stocked.write() as connection:
        # Silent, of no role, and too far to stretch: it counts once.
        samples.add(connection, "silent.wav", "x1:silent", kind="loop", tempo={"bpm": 300.0, "alternatives_bpm": []})
    for role in (None, "bass", "fx"):
        answer = find_matches(stocked, MatchRequest(sound=PAD, role=role, k=2))
        assert answer.total is not None
        assert answer.total + sum(answer.rejected.values()) == 4, role
        assert answer.rejected["silent"] == 1
