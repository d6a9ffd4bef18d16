"""What comes next on libraries whose tracks were planted: the right one first, limits before ranking, reasons that hold."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequence_samples import Made, columns, store
from sonoteca.catalogue.identity.locations import locations_of, mark_missing
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.music import Key
from sonoteca.errors import RequestError, SoundNotFound
from sonoteca.search.result_row import RegionFacts
from sonoteca.sequence.next_track import (
    DIRECTIONS,
    Energy,
    Limits,
    NextAnswer,
    NextRequest,
    find_next,
    parse_keys,
    within,
)
from sonoteca.sequence.reasons import TransitionFacts, transition_facts
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import weights_of

PLANTED = {
    "now": Made(bpm=124.0, key="8A", energy=6.0, artist="Anna"),
    "fits": Made(bpm=125.0, key="8A", energy=6.0, artist="Berta"),
    "fifth": Made(bpm=124.0, key="9A", energy=6.0, artist="Carla"),
    "clashes": Made(bpm=124.0, key="2A", energy=6.0, artist="Dora"),
    "same artist": Made(bpm=124.0, key="8A", energy=6.0, artist="Anna"),
    "half": Made(bpm=62.0, key="8A", energy=6.0, artist="Emma"),
    "far": Made(bpm=150.0, key="8A", energy=6.0, artist="Frida"),
    "lively": Made(bpm=124.0, key="8A", energy=8.0, artist="Gerda"),
    "calm": Made(bpm=124.0, key="8A", energy=3.0, artist="Hanna"),
    "no tempo": Made(bpm=None, key="8A", energy=6.0, artist="Ida"),
    "no key": Made(bpm=124.0, key=None, energy=None, artist=None),
}
NOW = "/music/now.wav"


def asked(library: Library, sound: str = NOW, **wishes: Any) -> NextAnswer:
    # The disk of these libraries is nowhere: what is judged here is the order.
    return find_next(library, NextRequest(sound=sound, **{"include_missing": True, **wishes}))


@pytest.fixture
def planted(library: Library) -> Library:
    with library.write() as connection:
        store(connection, PLANTED)
        store(connection, {"a loop": Made()}, folder="/loops", kind="loop")
    return library


def facts(**known: Any) -> RegionFacts:
    """What tables show of a track."""
    named: dict[str, Any] = {each.name: None for each in fields(RegionFacts)} | {"certainty": {}}
    return RegionFacts(**{**named, **known})


def titles(answer: NextAnswer) -> list[str | None]:
    return [each.row.title for each in answer.rows]


def test_the_best_comes_first_and_says_why(planted: Library) -> None:
    answer = asked(planted, filter="key:any")
    assert titles(answer)[0] == "fits"
    assert [each.row.score for each in answer.rows] == sorted((each.row.score for each in answer.rows), reverse=True)
    assert titles(answer).index("fifth") < titles(answer).index("clashes")
    first = answer.as_json()["results"][0]
    assert first["mode"] == "next"
    assert set(first["parts"]) == {"tempo", "key", "energy", "timbre", "rhythm", "freshness"}
    assert first["tempo_ratio"] == pytest.approx(124 / 125, abs=1e-5)
    assert first["missing"] == []
    assert "-0.8 % from 125 bpm to fit 124" in first["reasons"]
    assert "same key (8A)" in first["reasons"]
    clash = next(each.row for each in answer.rows if each.row.title == "clashes")
    assert any(reason.startswith("keys clash") for reason in clash.reasons)


def test_another_encoding_of_what_plays_or_played_is_not_offered(library: Library) -> None:
    with library.write() as connection:
        store(
            connection,
            {
                "now": Made(recording="now"),
                "now mp3": Made(recording="now", seconds=200.05),
                "played": Made(recording="played"),
                "played ogg": Made(recording="played"),
                "fits": Made(recording="fits"),
                "fits mp3": Made(recording="fits", seconds=200.03),
                "other": Made(bpm=122.0),
            },
        )
    answer = asked(library, played=("/music/played.wav",))
    [first, second] = answer.rows
    assert {first.row.title, *(copy.path for copy in first.row.copies)} in (
        {"fits", "/music/fits mp3.wav"},
        {"fits mp3", "/music/fits.wav"},
    )
    assert first.row.reasons[-1].startswith("the same recording as fits")
    assert (second.row.title, second.row.copies) == ("other", ())
    assert titles(asked(library, k=1)) == [titles(asked(library))[0]]
    # A copy is offered by nobody, and counted by nobody.
    assert [(each.total, each.candidates) for each in (answer, asked(library, k=1))] == [(2, 2), (3, 3)]


def test_limits_narrow_before_ranking(planted: Library) -> None:
    within = titles(asked(planted))
    assert "far" not in within
    assert "no tempo" not in within
    assert "half" in within
    assert "half" not in titles(asked(planted, doubletime=False))
    assert "far" in titles(asked(planted, tempo_pct=None, k=50))
    one = asked(planted, keys="2A", k=1)
    assert titles(one) == ["clashes"]
    assert one.candidates == 1
    compatible = titles(asked(planted, keys="compatible", k=50))
    assert "clashes" not in compatible
    assert "no key" not in compatible
    assert {"fits", "fifth"} <= set(compatible)


@settings(max_examples=60, deadline=None)
@given(st.floats(60, 180), st.floats(0, 30), st.booleans())
def test_no_answer_stretches_beyond_the_limit(bpm: float, limit: float, double_time: bool) -> None:
    now, others = columns(Made(bpm=bpm)), columns(*(Made(bpm=60.0 * 1.01**step) for step in range(120)))
    allowed, _ = within(Limits(tempo_pct=limit), now, others, TransitionStyle(double_time))
    levels = (0.5, 1.0, 2.0) if double_time else (1.0,)
    for index, is_allowed in enumerate(allowed):
        own = 2.0 ** float(others.tempo_start[index])
        nearest = min((level * bpm / own for level in levels), key=lambda ratio: abs(np.log2(ratio)))
        if abs(abs(nearest - 1.0) - limit / 100.0) > 1e-4:
            assert is_allowed == (abs(nearest - 1.0) <= limit / 100.0)


def test_energy_goes_where_it_is_wished(planted: Library) -> None:
    assert titles(asked(planted, energy="up")) == ["lively"]
    assert titles(asked(planted, energy="down")) == ["calm"]
    hold = titles(asked(planted, energy="hold", k=50))
    assert "fits" in hold
    assert not {"lively", "calm", "no key"} & set(hold)


def test_what_the_wishes_leave_out_is_counted_where_few_are_left(planted: Library) -> None:
    answer = asked(planted, energy="up", k=3)
    assert titles(answer) == ["lively"]
    assert answer.notes == (
        "9 more were left out: 2 by tempo, 9 by energy.",
        "Not considered: 1 sound is no track.",
    )
    assert asked(planted, energy="up", filter="kind:track,loop", k=3).notes == (
        "10 more were left out: 2 by tempo, 10 by energy.",
    )
    assert asked(planted, energy="up", k=1).notes == ()


def test_reasons_speak_of_energy_as_it_was_asked_for() -> None:
    """The next track opens calmly and is livelier as a whole: reasons tell what the column of energy shows."""
    plain, opens_calmly = columns(Made(energy=5.0)), columns(Made(energy=7.0))
    opens_calmly = replace(opens_calmly, energy_start=np.array([0.0], np.float32))
    weights = weights_of(None)

    def told(wished: Energy | None) -> str | None:
        style = TransitionStyle(direction=DIRECTIONS[wished])
        scored = transitions(plain, opens_calmly, weights, style)
        return transition_facts(scored, plain, opens_calmly, (0, 0), style, clash_below=0.25).energy

    assert told(None) == "energy rises from 5 to 7"
    assert told("up") == "energy rises from 5 to 7"
    assert told("hold") == "energy rises from 5 to 7"
    nearly = columns(Made(energy=5.3))
    upwards = TransitionStyle(direction=DIRECTIONS["up"])
    scored = transitions(plain, nearly, weights, upwards)
    assert (
        transition_facts(scored, plain, nearly, (0, 0), upwards, clash_below=0.25).energy
        == "energy rises a little, within 5"
    )


def test_reasons_say_where_a_drifting_track_ends_and_starts_at_another_tempo() -> None:
    end, start = columns(Made(bpm=85.0, end_bpm=85.76)), columns(Made(bpm=86.2))
    scored = transitions(end, start, weights_of(None))

    def told(before: float | None, after: float | None) -> str | None:
        wholes = facts(tempo_bpm=before), facts(tempo_bpm=after)
        return transition_facts(scored, end, start, (0, 0), TransitionStyle(), clash_below=0.25, wholes=wholes).tempo

    assert told(85.76, 86.2) == "-0.5 % from 86.2 bpm to fit 85.8"
    assert told(85.0, 86.2) == "-0.5 % from 86.2 bpm to fit the one before, which ends at 85.8"
    assert told(85.8, 85.7) == "starts at 86.2 bpm, -0.5 % to fit 85.8"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (128.0, 128.0, "same tempo, 128 bpm"),
        (128.04, 128.0, "same tempo, 128 bpm"),
        (87.0, 174.0, "at double tempo, 174 bpm"),
        (174.0, 87.0, "at half tempo, 87 bpm"),
        (87.0, 172.0, "at double tempo, +1.2 % from 172 bpm to fit 87"),
        (120.0, 123.5, "-2.8 % from 123.5 bpm to fit 120"),
    ],
)
def test_tempi_are_told_as_musicians_say_them(before: float, after: float, said: str) -> None:
    end, start = columns(Made(bpm=before)), columns(Made(bpm=after))
    scored = transitions(end, start, weights_of(None))
    assert transition_facts(scored, end, start, (0, 0), TransitionStyle(), clash_below=0.25).tempo == said


def test_reasons_say_whose_key_is_meant_and_how_sure_it_is() -> None:
    def told(end: Made, start: Made, *wholes: str) -> TransitionFacts:
        ends, starts = columns(end), columns(start)
        known = (facts(key=Key.parse(wholes[0])), facts(key=Key.parse(wholes[1]))) if wholes else None
        scored = transitions(ends, starts, weights_of(None))
        return transition_facts(scored, ends, starts, (0, 0), TransitionStyle(), clash_below=0.25, wholes=known)

    sure = told(Made(key="8A"), Made(key="2A"), "8A", "2A")
    assert (sure.key, sure.key_clash, sure.may_clash) == ("keys clash (8A to 2A)", True, False)
    likely = told(Made(key="8A", confidence=0.6), Made(key="2A"), "8A", "2A")
    assert (likely.key, likely.key_clash) == ("keys clash? (8A? to 2A)", True)
    guessed = told(Made(key="8A", confidence=0.35), Made(key="2A"), "8A", "2A")
    assert (guessed.key, guessed.key_clash, guessed.may_clash) == ("keys may clash (8A? to 2A)", False, True)
    inside = told(Made(key="7B", end_key="6A"), Made(key="2B"), "7B", "2B")
    assert inside.key == "keys clash (the one before ends in 6A, this one starts in 2B)"
    assert told(Made(key=None), Made()).missing_words == ("key of the one before", "artist")
    assert told(Made(bpm=None), Made(bpm=None)).missing_words == ("tempo of both", "artist")


def test_filters_narrow_and_kinds_are_kept_together_unless_the_filter_speaks_of_them(planted: Library) -> None:
    assert titles(asked(planted, filter="artist:berta")) == ["fits"]
    assert "a loop" not in titles(asked(planted, tempo_pct=None, k=50))
    assert titles(asked(planted, filter="kind:loop", tempo_pct=None)) == ["a loop"]


def test_played_tracks_do_not_come_again_and_their_artists_are_not_fresh(planted: Library) -> None:
    answer = asked(planted, played=("/music/fits.wav", "/music/fifth.wav"), k=50)
    assert not {"fits", "fifth", "now"} & set(titles(answer))
    again = next(each.row for each in answer.rows if each.row.title == "same artist")
    assert again.parts["freshness"] == 0.0
    assert "the same artist again" in again.reasons
    fresh = next(each.row for each in answer.rows if each.row.title == "lively")
    assert fresh.parts["freshness"] == 1.0


def test_what_is_not_known_is_null_named_and_left_out_of_the_total(planted: Library) -> None:
    row = next(row for row in asked(planted, k=50).rows if row.row.title == "no key")
    document = row.as_json()
    assert document["parts"]["key"] is None
    assert document["missing"] == ["key", "energy", "freshness"]
    assert "not known: key, energy, artist" in document["reasons"]
    assert document["score"] == pytest.approx(1.0, abs=1e-3)


def test_a_sound_without_tempo_or_key_says_that_limits_do_not_apply(planted: Library) -> None:
    answer = asked(planted, "/music/no tempo.wav", k=50)
    assert "far" in titles(answer)
    no_loop = "Not considered: 1 sound is no track."
    assert answer.notes == ("This sound has no known tempo, so any tempo may follow.", no_loop)
    answer = asked(planted, "/music/no key.wav", keys="compatible", energy="up", k=50)
    assert len(answer.notes) == 4
    assert answer.notes[2] == "2 more were left out: 2 by tempo."


def test_weights_change_the_order(planted: Library) -> None:
    only_key = "tempo=0,energy=0,timbre=0,rhythm=0,freshness=0"
    answer = asked(planted, weights=only_key, k=50)
    assert answer.request.weights == {"axes": dict.fromkeys(("tempo", "energy", "timbre", "rhythm", "freshness"), 0.0)}
    scores = {each.row.title: each.row.score for each in answer.rows}
    assert scores["fits"] == scores["lively"] > scores["fifth"] > scores["clashes"]


def test_a_persons_tempo_is_believed(planted: Library) -> None:
    with planted.write() as connection:
        sound = resolve_sound(connection, "/music/far.wav").id
        region_id = whole_regions(connection, [sound])[sound]
        edit(connection, [region_id], parse_statements(bpm="124"))
    assert "far" in titles(asked(planted, k=50))


def test_keys_are_read_or_refused() -> None:
    assert parse_keys("8A, C minor") == (Key.parse("8A"), Key.parse("Cm"))
    assert parse_keys(" Compatible ") == "compatible"
    assert parse_keys("any") is None
    with pytest.raises(RequestError, match="'13A' is not a key") as caught:
        NextRequest(sound=NOW, keys="8A,13A")
    assert caught.value.field == "keys"


def test_pages_follow_one_another_to_the_end(planted: Library) -> None:
    whole = asked(planted)
    first, rest = asked(planted, k=2), asked(planted, k=1000, offset=2)
    assert (first.total, first.next_offset) == (whole.total, 2) == (len(whole.rows), 2)
    assert (rest.total, rest.next_offset) == (whole.total, None)
    assert titles(first) + titles(rest) == titles(whole)


def test_unknown_sounds_are_refused(planted: Library) -> None:
    with pytest.raises(SoundNotFound):
        asked(planted, "/music/nothing.wav")


def test_the_request_is_the_echo(planted: Library) -> None:
    asked_for = asked(planted, keys="compatible", k=3).as_json()["query"]
    assert asked_for["sound"] != NOW
    weights = {"tempo": 0.32, "key": 0.22, "energy": 0.14, "timbre": 0.13, "rhythm": 0.11, "freshness": 0.08}
    assert asked_for == {
        "mode": "next",
        "sound": asked_for["sound"],
        "tempo_pct": 6.0,
        "doubletime": True,
        "keys": "compatible",
        "energy": None,
        "played": None,
        "key_lock": True,
        "filter": None,
        "include_missing": True,
        "weights": weights,
        "k": 3,
        "offset": 0,
        "candidates": asked_for["candidates"],
        "notes": [],
        "total": asked_for["candidates"],
        "next_offset": 3,
    }


def test_what_is_missing_or_away_does_not_come_next_unless_it_is_asked_for(library: Library, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "any.txt").touch()
    with library.write() as connection:
        store(connection, {name: PLANTED[name] for name in ("now", "fits", "fifth")}, folder=str(tmp_path / "here"))
        store(connection, {"clashes": PLANTED["clashes"], "lively": PLANTED["lively"]}, folder=str(tmp_path / "lost"))
    now = str(tmp_path / "here" / "now.wav")
    there = asked(library, now, include_missing=False)
    assert set(titles(there)) == {"fits", "fifth"}
    assert there.away_note == "2 tracks are on a disk that is not there, and were left out."
    assert there.as_json()["query"]["notes"] == [there.away_note]
    every = asked(library, now)
    assert (set(titles(every)), every.notes) == ({"fits", "fifth", "clashes", "lively"}, ())
    with library.write() as connection:
        sound_id = resolve_sound(connection, str(tmp_path / "here" / "fits.wav")).id
        mark_missing(connection, [place.id for place in locations_of(connection, [sound_id])[sound_id]])
    assert titles(asked(library, now, include_missing=False)) == ["fifth"]
    # A filter that speaks of it decides by itself.
    assert titles(asked(library, now, filter="is:missing", include_missing=False)) == ["fits"]
    (tmp_path / "here").rename(tmp_path / "renamed")
    lost = asked(library, now, include_missing=False)
    missing = "Not considered: the file of 1 track is missing."
    assert (lost.rows, lost.notes) == ((), (missing, "All 4 tracks are on a disk that is not there."))
