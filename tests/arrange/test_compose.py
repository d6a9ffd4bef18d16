"""From wishes to an arrangement, on a library of twelve loops that fit and a few that must not be taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arrangement_samples import add_loop
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.choose.compose import compose_arrangement
from sonoteca.arrange.keep.edit import Target, set_locked
from sonoteca.arrange.keep.edits import ArrangementEditRequest, apply_edits
from sonoteca.arrange.keep.swap import swap
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.music import Key
from sonoteca.domain.names import public_id
from sonoteca.errors import ConstraintsConflict, RequestError, SonotecaError

AM = Key.parse("Am")


@pytest.fixture
def named(loop_library: Library, loop_folder: Path) -> Any:
    """The content hash of a loop by its file name."""

    def content_hash(name: str) -> str:
        with loop_library.read() as connection:
            return resolve_sound(connection, str(loop_folder / f"{name}.wav")).content_hash

    return content_hash


@pytest.fixture
def path(loop_folder: Path) -> Any:
    """The path of a loop by its file name, as a request names it."""
    return lambda name: str(loop_folder / f"{name}.wav")


def hashes(song: Arrangement, role: str, section: str) -> set[str]:
    return {
        clip.content_hash
        for clip in song.clips
        if clip.role == role and song.section_at(clip.start_bar).name == section
    }


def test_every_role_plays_its_sections_over_their_whole_length(loop_library: Library) -> None:
    song = compose_arrangement(loop_library, ArrangeRequest(bpm=120.0, key="Am"))
    played = {(song.section_at(clip.start_bar).name, clip.role): (clip.start_bar, clip.bars) for clip in song.clips}
    assert played == {
        ("intro", "drums"): (0, 8), ("intro", "harmony"): (0, 8),
        ("verse", "drums"): (8, 16), ("verse", "bass"): (8, 16),
        ("verse", "harmony"): (8, 16), ("verse", "melody"): (8, 16),
        ("chorus", "drums"): (24, 16), ("chorus", "bass"): (24, 16),
        ("chorus", "harmony"): (24, 16), ("chorus", "melody"): (24, 16),
        ("outro", "drums"): (40, 8), ("outro", "bass"): (40, 8), ("outro", "harmony"): (40, 8),
    }  # fmt: skip
    for clip in song.clips:
        assert abs(clip.tempo_ratio - 1) < 0.05
        assert len(clip.reasons) == 3
        assert clip.score is not None
        assert 0 < clip.score <= 1
        assert song.pass_bars(clip) in (2, 4, 8)
    assert song.details["notes"] == []


def test_verse_and_chorus_differ_and_sections_of_one_name_are_the_same(loop_library: Library) -> None:
    form = "verse:8,chorus:8,verse:8"
    song = compose_arrangement(loop_library, ArrangeRequest(form=form, bpm=120.0, key="Am"))
    for role in ("drums", "bass", "harmony", "melody"):
        assert hashes(song, role, "verse").isdisjoint(hashes(song, role, "chorus"))
        one, _, other = song.clips_of(role)
        assert replace(other, start_bar=one.start_bar) == one


def test_the_same_wishes_give_the_same_arrangement_and_another_seed_another(loop_library: Library) -> None:
    request = ArrangeRequest(bpm=120.0, key="Am")
    assert compose_arrangement(loop_library, request) == compose_arrangement(loop_library, request)
    others = [
        compose_arrangement(loop_library, request.model_copy(update={"random_seed": seed})).clips
        for seed in range(1, 8)
    ]
    assert any(other != others[0] for other in others)


def test_row_numbers_do_not_matter(loop_library: Library, loop_folder: Path, tmp_path: Path) -> None:
    with open_library(tmp_path / "again.sonoteca", mode="create") as opened:
        with opened.write() as connection:
            for number, (bpm, bars) in reversed(list(enumerate(((120.0, 4), (118.0, 2), (124.0, 8))))):
                for role in ("melody", "harmony", "bass", "drums"):
                    key = ("Am", "C", "Bm")[number]
                    add_loop(
                        connection, tmp_path, f"{role} {number}.wav", role, bpm=bpm, bars=bars, key=key, lufs=-10.0
                    )
        request = ArrangeRequest(bpm=120.0, key="Am", random_seed=3)
        assert compose_arrangement(opened, request).clips == compose_arrangement(loop_library, request).clips


def test_defaults_are_taken_from_the_library_and_said(loop_library: Library) -> None:
    song = compose_arrangement(loop_library, ArrangeRequest())
    assert 117 <= song.tempo_bpm <= 124
    assert song.key in (AM, Key.parse("C"))
    notes = song.details["notes"]
    assert isinstance(notes, list)
    assert [str(note).split(":")[0] for note in notes] == [f"{song.tempo_bpm:g} bpm", song.key.name]


def test_the_seed_plays_wherever_its_role_does_and_gives_tempo_and_key(
    loop_library: Library, named: Any, path: Any
) -> None:
    seed = named("bass 2")
    song = compose_arrangement(loop_library, ArrangeRequest(seed=path("bass 2")))
    assert (song.tempo_bpm, song.key) == (124.0, Key.parse("Bm"))
    assert {clip.content_hash for clip in song.clips_of("bass")} == {seed}
    assert {(clip.tempo_ratio, clip.semitone_shift) for clip in song.clips_of("bass")} == {(1.0, 0)}
    notes = song.details["notes"]
    assert isinstance(notes, list)
    assert notes[:2] == ["124 bpm: the seed's tempo.", "B minor: the seed's key."]
    # That the seed plays everywhere is what was asked for, and no remark.
    assert "the same bass" not in str(notes)


def test_what_must_play_plays(loop_library: Library, named: Any, path: Any) -> None:
    must = ("harmony 2", "harmony 0", "melody 1")
    request = ArrangeRequest(bpm=120.0, key="Am", must=tuple(map(path, must)), seed=path("harmony 1"))
    song = compose_arrangement(loop_library, request)
    played = {clip.content_hash for clip in song.clips}
    assert {named(name) for name in must} < played
    assert named("harmony 1") in played


def test_a_filter_holds_for_all_but_what_is_named(loop_library: Library, named: Any, path: Any) -> None:
    request = ArrangeRequest(bpm=120.0, key="Am", filter="bpm:=119..121", must=(path("bass 1"),))
    song = compose_arrangement(loop_library, request)
    allowed = {named(f"{role} 0") for role in ("drums", "bass", "harmony", "melody")} | {named("bass 1")}
    assert {clip.content_hash for clip in song.clips} == allowed
    notes = str(song.details["notes"])
    assert "verse and chorus have the same drums" in notes
    assert "the same bass" not in notes


def test_quiet_loops_are_raised_and_loud_ones_lowered(loop_library: Library) -> None:
    song = compose_arrangement(loop_library, ArrangeRequest(bpm=120.0, key="Am"))
    assert {clip.gain_db for clip in song.clips_of("drums")} == {-7.0}
    assert {clip.gain_db for clip in song.clips_of("harmony")} == {-12.0}


def test_a_section_that_is_no_multiple_says_so(loop_library: Library) -> None:
    form = "verse:7:drums"
    song = compose_arrangement(loop_library, ArrangeRequest(form=form, bpm=120.0))
    assert song.clips[0].bars == 7
    assert "verse has 7 bars: its drums loop" in str(song.details["notes"])


@pytest.mark.parametrize(
    ("wishes", "said", "loosen"),
    [
        ({"roles": "drums,fx"}, "no fx loop", "leave fx out"),
        ({"form": "verse:8:vocal", "bpm": 120.0}, "vocal loop cannot be played at 120 bpm", "bpm"),
        ({"bpm": 96.0, "max_stretch": 2}, "the nearest, at", "or the largest stretch (now 2 %)"),
        ({"form": "verse:8:drums+fx"}, "no fx loop", "leave fx out"),
        ({"beats_per_bar": 3}, "None of the 3 bass loops is in 3 beats to the bar; there is 4.", "leave bass out"),
        ({"beats_per_bar": 5}, "5 beats to the bar; there is", "beats in a bar"),
        ({"key": "D#m", "bpm": 120.0, "max_shift": 1}, "near D# minor within 1 semitone",
         "Loosen the key or the largest shift (now 1 semitone)"),
        ({"filter": "bpm:>500"}, "filter finds no loop", "Loosen the filter"),
    ],
)  # fmt: skip
def test_wishes_that_exclude_each_other_are_told_apart(
    loop_library: Library, wishes: dict[str, Any], said: str, loosen: str
) -> None:
    with pytest.raises(ConstraintsConflict) as caught:
        compose_arrangement(loop_library, ArrangeRequest(**wishes))
    assert said in caught.value.message
    assert loosen in caught.value.remedy
    assert caught.value.field in ArrangeRequest.model_fields


@pytest.mark.parametrize(
    ("name", "wishes", "said"),
    [
        ("a song", {}, "is not a loop with a role and whole bars (it was heard as track)"),
        ("vocal far", {}, "plays vocal, and no section has vocal"),
        ("drums slow", {"bpm": 120.0}, "stretched by 28.6 % to 120 bpm"),
        ("drums waltz", {"beats_per_bar": 4}, "has 3 beats in a bar, the arrangement 4"),
        ("bass 2", {"key": "Am", "max_shift": 1}, "cannot be brought near A minor within 1 semitone"),
    ],
)
def test_a_sound_that_cannot_play_is_named(
    loop_library: Library, path: Any, name: str, wishes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConstraintsConflict) as caught:
        compose_arrangement(loop_library, ArrangeRequest(must=(path(name),), **wishes))
    assert f"{name}.wav" in caught.value.message
    assert said in caught.value.message


def test_more_musts_than_sections_are_refused(loop_library: Library, path: Any) -> None:
    must = tuple(path(f"bass {number}") for number in range(3))
    request = ArrangeRequest(form="verse:8,chorus:8", bpm=120.0, key="Am", must=must)
    with pytest.raises(ConstraintsConflict, match="No section is left"):
        compose_arrangement(loop_library, request)


def test_an_empty_library_says_what_to_do(tmp_path: Path) -> None:
    with (
        open_library(tmp_path / "empty.sonoteca", mode="create") as empty,
        pytest.raises(ConstraintsConflict, match="no loop with whole bars"),
    ):
        compose_arrangement(empty, ArrangeRequest())


@pytest.mark.parametrize(
    "wishes",
    [
        {"bpm": 10.0},
        {"beats_per_bar": 0},
        {"max_stretch": 50},
        {"max_shift": 7},
        {"roles": ""},
        {"random_seed": -1},
    ],
)
def test_impossible_wishes_are_refused_at_once(wishes: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        ArrangeRequest(**wishes)


# --- another loop in one place ----------------------------------------------------------------------


@pytest.fixture
def song(loop_library: Library) -> Arrangement:
    return compose_arrangement(loop_library, ArrangeRequest(bpm=120.0, key="Am"))


def test_a_named_loop_takes_a_place_and_is_fitted(loop_library: Library, song: Arrangement, named: Any) -> None:
    changed = swap(loop_library, song, Target("bass", "verse"), named("melody 2"))
    (clip,) = [clip for clip in changed.clips_of("bass") if song.section_at(clip.start_bar).name == "verse"]
    assert clip.content_hash == named("melody 2")
    assert clip.tempo_ratio == pytest.approx(120 / 124)
    assert Key.parse("Bm").transpose(clip.semitone_shift).name in ("A minor",)
    assert clip.score is not None
    others = [each for each in changed.clips if each != clip]
    assert others == [
        each for each in song.clips if (each.role, song.section_at(each.start_bar).name) != ("bass", "verse")
    ]


def test_the_next_best_is_one_that_did_not_play(loop_library: Library, song: Arrangement) -> None:
    short = compose_arrangement(loop_library, ArrangeRequest(form="verse:8,verse:8", bpm=120.0, key="Am"))
    changed = swap(loop_library, short, Target("drums"))
    assert hashes(changed, "drums", "verse").isdisjoint(hashes(short, "drums", "verse"))
    assert len(hashes(changed, "drums", "verse")) == 1


def test_when_every_loop_plays_there_is_no_other(loop_library: Library, song: Arrangement, named: Any) -> None:
    for number in range(3):
        section = ("intro", "verse", "chorus")[number]
        song = swap(loop_library, song, Target("bass", section), named(f"bass {number}"))
    with pytest.raises(ConstraintsConflict, match="plays already"):
        swap(loop_library, song, Target("bass", "verse"))


def test_a_locked_place_is_kept(loop_library: Library, song: Arrangement, named: Any) -> None:
    locked = set_locked(song, Target("bass", "verse"), True)
    with pytest.raises(RequestError, match="locked"):
        swap(loop_library, locked, Target("bass"), named("bass 0"))


def test_a_loop_out_of_reach_is_named(loop_library: Library, song: Arrangement, named: Any) -> None:
    with pytest.raises(ConstraintsConflict, match=r"drums slow\.wav would have to be stretched"):
        swap(loop_library, song, Target("drums"), named("drums slow"))


# --- edits as they are written ----------------------------------------------------------------------


def test_edits_of_one_call_are_done_in_a_sensible_order(loop_library: Library, song: Arrangement, named: Any) -> None:
    locked = set_locked(song, Target("bass"), True)
    wishes: dict[str, Any] = {
        "lock": ["drums"],
        "replace": [f"bass@chorus={_public(loop_library, named('bass 0'))}"],
        "unlock": ["bass"],
        "gain": ["bass=-2.5", "drums@intro=1"],
        "bars": ["verse=8"],
        "mute": ["melody"],
        "title": " Rain ",
    }
    changed = apply_edits(loop_library, locked, ArrangementEditRequest(arrangement="any", **wishes))
    assert changed.title == "Rain"
    assert changed.muted == {"melody"}
    assert {role for role, _ in changed.locked} == {"drums"}
    assert hashes(changed, "bass", "chorus") == {named("bass 0")}
    assert changed.bars == song.bars - 8


def _public(library: Library, content_hash: str) -> str:
    with library.read() as connection:
        return resolve_sound(connection, public_id(content_hash)).public_id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gain", "bass"), ("gain", "bass=loud"), ("gain", "bass=nan"), ("gain", "bass=inf"), ("shift", "bass=1.5"),
        ("bars", "verse=0"), ("bars", "verse=x"), ("bars", "bridge=4"), ("move", "verse=9"), ("mute", "bass@verse"),
        ("replace", "bass=nothing-of-that-name"), ("rename_section", "verse"), ("lock", "tuba"), ("title", ""),
        ("without", "fx"), ("other", "fx"), ("unlock", "bass@bridge"), ("unmute", "bass"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(loop_library: Library, song: Arrangement, name: str, text: str) -> None:
    wish = {name: text if name == "title" else [text]}
    with pytest.raises(SonotecaError) as caught:
        apply_edits(loop_library, song, ArrangementEditRequest(arrangement="any", **wish))
    assert caught.value.remedy
    with pytest.raises(RequestError, match="Nothing to change"):
        ArrangementEditRequest(arrangement="any", **{name: None if name == "title" else []})
