"""Sets as they are asked for by name: locks, lengths, curves, alternatives, and conflicts said in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sequence_samples import Made, store
from sonoteca.catalogue.identity.locations import locations_of, mark_missing
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.made.playlists import find_playlist
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.certainty import Certainty
from sonoteca.errors import ConstraintsConflict, RequestError
from sonoteca.sequence.build_set import SetAnswer, build_set
from sonoteca.sequence.energy_plan import energy_plan
from sonoteca.sequence.keep_set import KeepSetRequest, keep_set
from sonoteca.sequence.lint import LintRequest, lint
from sonoteca.sequence.set_request import Must, SetLength, SetRequest, parse_length, parse_must


def crate(count: int = 40) -> dict[str, Made]:
    random = np.random.default_rng(2)
    return {
        f"t{number:02d}": Made(
            bpm=float(random.uniform(110, 135)),
            key=f"{random.integers(1, 13)}{random.choice(['A', 'B'])}",
            energy=float(random.integers(2, 10)),
            artist=f"artist {number % 12}",
            sound=tuple(random.standard_normal(4)),
            groove=tuple(random.standard_normal(2)),
            seconds=float(random.uniform(180, 300)),
        )
        for number in range(count)
    }


@pytest.fixture
def filled(sqlite_library: Library) -> Library:
    with sqlite_library.write() as connection:
        store(connection, crate())
        store(connection, {"unknown": Made(bpm=None), "slow": Made(bpm=80.0)})
        store(connection, {"a loop": Made()}, kind="loop", folder="/loops")
    return sqlite_library


def path(name: str) -> str:
    return f"/music/{name}.wav"


def titles(answer: SetAnswer, which: int = 0) -> list[str | None]:
    return [track.row.title for track in answer.candidates[which].tracks]


def asked(length: str, **wishes: object) -> SetRequest:
    # The disk of these libraries is nowhere: what is judged here is the order.
    return SetRequest(length=length, **{"include_missing": True, **wishes})


# --- what is asked for is there ------------------------------------------------------------------


def test_locked_tracks_are_in_place_in_every_alternative(filled: Library) -> None:
    request = asked("10", start=path("t03"), end=path("t07"), must=(f"{path('t11')}@4", path("t20"), path("slow")))
    answer = build_set(filled, request)
    assert len(answer.candidates) == 3
    for candidate in answer.candidates:
        names = [track.row.title for track in candidate.tracks]
        assert len(names) == len(set(names)) == 10
        assert (names[0], names[3], names[9]) == ("t03", "t11", "t07")
        assert {"t20", "slow"} <= set(names)
        assert {track.row.title for track in candidate.tracks if track.is_locked} == {
            "t03",
            "t11",
            "t07",
            "t20",
            "slow",
        }
        assert "a loop" not in names
        assert "unknown" not in names
    assert "1 tracks were not considered: their tempo is not known." in answer.notes


def test_a_set_holds_a_recording_once_however_often_it_was_encoded(sqlite_library: Library) -> None:
    tracks = {name: Made(recording=name, energy=float(3 + number)) for number, name in enumerate("abcd")}
    copies = {f"{name} mp3": Made(recording=name, seconds=200.04) for name in "abcd"}
    with sqlite_library.write() as connection:
        store(connection, tracks | copies)
    answer = build_set(sqlite_library, asked("4", start=path("a mp3"), alternatives=2))
    for which in range(len(answer.candidates)):
        names = titles(answer, which)
        assert names[0] == "a mp3"
        assert sorted(str(name)[0] for name in names) == ["a", "b", "c", "d"]
    with pytest.raises(ConstraintsConflict):
        build_set(sqlite_library, asked("5"))
    # Who names both gets both.
    named = build_set(sqlite_library, asked("3", start=path("a"), must=(path("a mp3"),)))
    assert {"a", "a mp3"} < {*titles(named)}
    by_time = build_set(sqlite_library, asked("60m"))
    assert sorted(str(name)[0] for name in titles(by_time)) == ["a", "b", "c", "d"]


def test_alternatives_differ_say_how_much_and_stand_in_order(filled: Library) -> None:
    answer = build_set(filled, asked("8", curve="peak", alternatives=4))
    totals = [candidate.worth.total for candidate in answer.candidates]
    assert totals == sorted(totals, reverse=True)
    for number, candidate in enumerate(answer.candidates):
        for other, count in candidate.shared.items():
            assert count == len(set(titles(answer, number)) & set(titles(answer, other - 1)))
            assert count <= 6
    assert list(answer.candidates[0].shared) == []
    assert list(answer.candidates[3].shared) == [1, 2, 3]


def test_the_same_question_has_the_same_answer_and_a_seed_is_a_taste(filled: Library) -> None:
    again = [build_set(filled, asked("8", seed=seed)).as_json() for seed in (5, 5, 6)]
    assert again[0] == again[1]
    assert again[0]["results"] != again[2]["results"]


def test_every_row_has_the_names_of_a_result_and_its_transition(filled: Library) -> None:
    document = build_set(filled, asked("5", curve="warmup", alternatives=1)).as_json()
    [candidate] = document["results"]
    assert set(candidate["parts"]) == {"transitions", "mixable", "curve", "length"}
    first, *rest = candidate["tracks"]
    assert (first["position"], first["score"], first["parts"], first["at_s"]) == (1, None, {}, 0.0)
    for earlier, row in zip(candidate["tracks"], rest, strict=False):
        assert row["at_s"] == pytest.approx(earlier["at_s"] + earlier["end_s"], abs=0.01)
        assert set(row["parts"]) == {"tempo", "key", "energy", "timbre", "rhythm", "freshness"}
        assert row["tempo_ratio"] == pytest.approx(earlier["bpm"] / row["bpm"], rel=0.01)
        assert row["mode"] == "set"
    scores = [row["score"] for row in rest]
    assert candidate["parts"]["transitions"] == pytest.approx(np.mean(scores), abs=1e-3)


def test_time_is_filled(filled: Library) -> None:
    answer = build_set(filled, asked("40m", start=path("t01"), end=path("t02"), curve="closing"))
    for candidate in answer.candidates:
        assert abs(candidate.worth.duration_s - 2400.0) <= 240.0
        assert candidate.tracks[0].row.title == "t01"
        assert candidate.tracks[-1].row.title == "t02"


def test_filters_and_avoided_tracks(filled: Library) -> None:
    answer = build_set(filled, asked("6", filter="energy:5..10", avoid=("artist:3", path("t08"))))
    for which in range(len(answer.candidates)):
        for name in titles(answer, which):
            made = crate()[str(name)]
            assert (made.energy or 0) >= 5
            assert made.artist != "artist 3"
            assert name != "t08"


def test_named_curves_go_where_they_say(filled: Library) -> None:
    def levels(curve: str) -> list[float]:
        [candidate] = build_set(filled, asked("8", curve=curve, alternatives=1)).candidates
        return [track.energy_level or 0.0 for track in candidate.tracks]

    warmup, closing, peak = levels("warmup"), levels("closing"), levels("peak")
    assert np.polyfit(range(8), warmup, 1)[0] > 0.3
    assert np.polyfit(range(8), closing, 1)[0] < -0.3
    assert int(np.argmax(peak)) in (4, 5, 6)


def test_a_file_of_levels_is_a_curve(tmp_path: Path) -> None:
    levels = np.linspace(0, 1, 10, dtype=np.float32)
    file = tmp_path / "curve.txt"
    file.write_text("# up, then down\n1, 10\n5.5\n")
    assert energy_plan(str(file), levels).at(np.array([0.0, 0.25, 0.5, 1.0])).tolist() == pytest.approx(
        [0, 0.5, 1, 0.5]
    )
    file.write_text("7")
    assert energy_plan(str(file), levels).at(0.3) == pytest.approx(6 / 9)
    for text in ("", "11", "0", "loud", "nan"):
        file.write_text(text)
        with pytest.raises(RequestError, match="level"):
            energy_plan(str(file), levels)
    with pytest.raises(RequestError, match="neither warmup, peak, closing nor a file"):
        energy_plan(str(tmp_path / "none"), levels)
    with pytest.raises(RequestError, match="no curve can be followed"):
        energy_plan("peak", np.full(3, np.nan, np.float32))


# --- conflicts -----------------------------------------------------------------------------------


def conflict(library: Library, request: SetRequest) -> tuple[str, str]:
    with pytest.raises(ConstraintsConflict) as caught:
        build_set(library, request)
    return caught.value.message, caught.value.remedy


def test_conflicts_name_the_wish_to_loosen(filled: Library) -> None:
    message, remedy = conflict(filled, asked("5", must=(f"{path('t01')}@2", f"{path('t02')}@2")))
    assert "Position 2 is asked for by both" in message
    message, remedy = conflict(filled, asked("5", must=(f"{path('t01')}@9",)))
    assert "position 9, but the set has 5 tracks" in message
    assert "at least 9 tracks long" in remedy
    message, _ = conflict(filled, asked("5", start=path("t01"), end=path("t01")))
    assert "positions 1 and 5" in message
    message, remedy = conflict(filled, asked("2", must=tuple(path(f"t0{n}") for n in range(3))))
    assert "3 tracks are asked for by name, but the set has 2" in message
    message, remedy = conflict(filled, asked("5", must=(path("t03"),), avoid=("artist:3",)))
    assert "is among the avoided ('artist:3')" in message
    assert "Loosen 'artist:3'" in remedy


def test_too_few_tracks_name_the_filter_that_takes_most_away(filled: Library) -> None:
    message, remedy = conflict(filled, asked("20", filter="bpm:=110..112", avoid=("artist:3",)))
    assert "The set wants 20 tracks" in message
    assert "the filter 'bpm:=110..112' takes" in message
    assert remedy == "Loosen the filter 'bpm:=110..112'."
    message, remedy = conflict(filled, asked("60"))
    assert "there are only 41 to choose from" in message


def test_locked_tracks_longer_than_the_set(filled: Library) -> None:
    message, remedy = conflict(filled, asked("6m", must=tuple(path(f"t0{n}") for n in range(4))))
    assert "longer than the set of 6" in message
    assert "Make the set longer" in remedy
    message, remedy = conflict(filled, asked("20m", must=(f"{path('t01')}@30",)))
    assert "Position 30 comes after about" in message
    assert "earlier position" in remedy


def test_a_limit_of_tempo_that_locks_out_what_is_locked(filled: Library) -> None:
    request = asked("4", start=path("slow"), end=path("t01"), tempo_pct=2.0, doubletime=False)
    message, remedy = conflict(filled, request)
    assert "slow.wav (80 bpm)" in message
    assert "more than the 2 % allowed" in message
    assert "Allow wider stretches" in remedy


@pytest.mark.parametrize("length", ["8", "40m"])
def test_a_limit_of_tempo_is_kept(filled: Library, length: str) -> None:
    answer = build_set(filled, asked(length, tempo_pct=3.0, start=path("t05"), end=path("t06")))
    for candidate in answer.candidates:
        stretches = [abs(t.transition.stretch_pct or 0.0) for t in candidate.tracks if t.transition is not None]
        assert max(stretches) <= 3.001


# --- reading wishes ------------------------------------------------------------------------------


def test_a_request_keeps_the_words_and_knows_what_they_mean() -> None:
    request = SetRequest(length=20, must=("abc@5", "def"), weights="set.beam=4")
    assert (request.length, request.wished_length) == ("20", SetLength(n_tracks=20))
    assert request.musts == (Must("abc", 5), Must("def"))
    assert request.as_json()["must"] == ["abc@5", "def"]
    assert SetRequest.model_json_schema()["properties"]["alternatives"]["maximum"] == 20
    for field, value in (("length", "ten"), ("must", ("abc@0",)), ("alternatives", 0), ("weights", "pitch=1")):
        with pytest.raises(RequestError) as caught:
            SetRequest(**{"length": "5", field: value})
        assert caught.value.field == field


def test_a_set_is_kept_by_its_number(filled: Library, tmp_path: Path) -> None:
    answer = build_set(filled, asked("4", alternatives=2))
    rows = answer.as_rows()
    assert [row["set"] for row in rows] == [1] * 4 + [2] * 4
    file = tmp_path / "night.m3u8"
    kept = keep_set(filled, answer, KeepSetRequest(pick=2, save="night", output=str(file)))
    # Files of these libraries are nowhere.
    assert len(kept.missing) == 4
    assert kept.missing == tuple(row["path"] for row in rows[4:])
    assert [line for line in file.read_text().splitlines() if not line.startswith("#")] == list(kept.missing)
    with filled.read() as connection:
        stored = find_playlist(connection, "night")
        assert stored is not None
        ids = [resolve_sound(connection, row["id"]).content_hash for row in rows[4:]]
    assert [entry.content_hash for entry in stored.entries] == ids
    with pytest.raises(RequestError, match="none is number 3") as caught:
        keep_set(filled, answer, KeepSetRequest(pick=3))
    assert caught.value.field == "pick"
    with pytest.raises(RequestError, match=r"set\.txt") as caught:
        KeepSetRequest(output="set.txt")
    assert caught.value.field == "output"


def test_lengths_are_tracks_or_time() -> None:
    assert parse_length("20") == SetLength(n_tracks=20)
    assert parse_length("1h30m") == SetLength(duration_s=5400.0)
    assert parse_length("90s") == SetLength(duration_s=90.0)
    assert parse_length(" 45 min ") == SetLength(duration_s=2700.0)
    for text in ("", "0", "-3", "m", "0m", "ten", "20.5", "1:30"):
        with pytest.raises(RequestError, match="is not a length"):
            parse_length(text)


def test_musts_may_have_a_position() -> None:
    assert parse_must("abc") == Must("abc")
    assert parse_must("/a@b/c.wav@12") == Must("/a@b/c.wav", 12)
    assert parse_must("me@home.wav") == Must("me@home.wav")
    with pytest.raises(RequestError, match="count from 1"):
        parse_must("abc@0")


def test_tracks_that_are_missing_or_away_are_left_out_of_sets_unless_they_are_asked_for(
    sqlite_library: Library, tmp_path: Path
) -> None:
    tracks = list(crate(12).items())
    for folder, some in (("here", tracks[:8]), ("lost", tracks[8:])):
        (tmp_path / folder).mkdir()
        with sqlite_library.write() as connection:
            store(connection, dict(some), folder=str(tmp_path / folder))
    (tmp_path / "here" / "any.txt").touch()
    there: dict[str, Any] = {"length": "4", "alternatives": 1, "include_missing": False}
    answer = build_set(sqlite_library, asked(**there))
    assert set(titles(answer)) <= {name for name, _ in tracks[:8]}
    assert answer.notes == ("4 tracks are on a disk that is not there, and were left out.",)
    assert answer.choosable == 8
    assert build_set(sqlite_library, asked("12", alternatives=1)).choosable == 12
    # Who is asked for by name comes, wherever it is.
    away = str(tmp_path / "lost" / "t09.wav")
    first = build_set(sqlite_library, asked(**there, start=away)).as_rows()[0]
    assert (first["path"], first["there"], first["disk_away"]) == (away, False, True)
    gone = answer.as_rows()[0]["id"]
    with sqlite_library.write() as connection:
        sound_id = resolve_sound(connection, gone).id
        mark_missing(connection, [place.id for place in locations_of(connection, [sound_id])[sound_id]])
    assert gone not in [row["id"] for row in build_set(sqlite_library, asked(**there)).as_rows()]
    assert build_set(sqlite_library, asked(**there, start=gone)).as_rows()[0]["id"] == gone
    (tmp_path / "here").rename(tmp_path / "renamed")
    message, remedy = conflict(sqlite_library, asked(**there))
    assert message == "All 11 tracks are on a disk that is not there."
    assert "what is missing" in remedy


@pytest.mark.parametrize("length", ["10", "60m"])
def test_a_filter_that_finds_nothing_is_named(filled: Library, length: str) -> None:
    message, _ = conflict(filled, asked(length, filter="bpm:500"))
    assert message == "No track matches the filter 'bpm:500'."


def test_a_set_says_that_it_holds_a_tempo_cliff(sqlite_library: Library) -> None:
    with sqlite_library.write() as connection:
        store(connection, {"slow": Made(bpm=100.0), "fast": Made(bpm=132.0, sound=(0.0, 1.0, 0.0, 0.0))})
    answer = build_set(sqlite_library, asked("2", start=path("slow"), alternatives=1))
    [candidate] = answer.candidates
    assert candidate.cliffs == "1 transition stretches by 24 %: a tempo cliff"
    assert candidate.reasons[0].startswith(
        "0 of 1 transitions stretch by less than 5 %, 0 by no more than 8 % (mixable)"
    )
    kept = keep_set(sqlite_library, answer, KeepSetRequest(save="night"))
    assert kept.cliffs == candidate.cliffs


def test_headline_rows_and_linter_count_the_same_clashes(sqlite_library: Library, tmp_path: Path) -> None:
    keys = {"one": "8A", "two": "9A", "far": "2A", "none": None}
    made = {name: Made(key=key, artist=name, recording=name) for name, key in keys.items()}
    with sqlite_library.write() as connection:
        store(connection, made)
    musts = [path(name) for name in keys]
    [candidate] = build_set(sqlite_library, asked("4", must=musts, start=path("far"), alternatives=1)).candidates
    reasons = [reason for track in candidate.tracks for reason in track.row.reasons]
    clashes = sum(reason.startswith("keys clash") for reason in reasons)
    known = sum(track.transition is not None and track.transition.key is not None for track in candidate.tracks)
    headline = next(each for each in candidate.reasons if "clash" in each)
    names = [path(str(track.row.title)) for track in candidate.tracks]
    (tmp_path / "set.m3u8").write_text("\n".join(names))
    found = lint(sqlite_library, LintRequest(playlist=str(tmp_path / "set.m3u8"), repair=False)).findings
    assert clashes == sum(each.code == "key_clash" for each in found)
    words = f"keys clash in {clashes} of {known} transition{'' if known == 1 else 's'} whose keys are known"
    assert headline == (words if clashes else "no keys clash")
    assert [track.key_certainty for track in candidate.tracks if track.row.title == "one"] == [Certainty.STATED]
