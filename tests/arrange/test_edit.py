"""Edits: each does what it says, what cannot be done is refused, and the rules of an arrangement hold after any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement_samples import a_clip, a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement, Section
from sonoteca.arrange.keep.edit import (
    Target,
    change_gain,
    change_shift,
    move_section,
    parse_target,
    put_in,
    remove_section,
    rename_section,
    repeat_section,
    sections_named,
    set_bars,
    set_locked,
    set_muted,
    set_title,
    take_out,
)
from sonoteca.errors import RequestError

VERSE_BASS = Target("bass", "verse")


def playing(song: Arrangement) -> list[tuple[str, str, float, float]]:
    return [(song.section_at(clip.start_bar).name, clip.role, clip.start_bar, clip.bars) for clip in song.clips]


def test_targets_are_read() -> None:
    assert parse_target("bass") == Target("bass")
    assert parse_target(" bass@Verse 2#1 ") == Target("bass", "Verse 2#1")
    for text in ("", "tuba", "@verse", "bass@", "bass verse"):
        with pytest.raises(RequestError):
            parse_target(text)


def test_sections_are_named_together_or_by_number() -> None:
    song = a_song()
    assert sections_named(song, "verse") == [1, 3]
    assert sections_named(song, "verse#2") == [3]
    for name in ("bridge", "verse#3", "verse#0", "#1", ""):
        with pytest.raises(RequestError, match="no section"):
            sections_named(song, name)


def test_gain_and_shift_change_the_clips_meant_and_no_others() -> None:
    song = a_song()
    changed = change_shift(change_gain(song, VERSE_BASS, -3.0), Target("bass", "verse#2"), 2)
    now = {(clip.role, clip.start_bar): (clip.gain_db, clip.semitone_shift) for clip in changed.clips}
    assert now["bass", 4] == (-3.0, 0)
    assert now["bass", 20] == (-3.0, 2)
    assert now["bass", 12] == now["drums", 4] == (0.0, 0)


@settings(deadline=None, max_examples=50)
@given(st.floats(-10, 10).map(lambda db: round(db, 1)), st.integers(-6, 6))
def test_gain_and_shift_can_be_taken_back(gain_db: float, semitones: int) -> None:
    song = a_song()
    assert change_gain(change_gain(song, VERSE_BASS, gain_db), VERSE_BASS, -gain_db) == song
    assert change_shift(change_shift(song, VERSE_BASS, semitones), VERSE_BASS, -semitones) == song


def test_gain_and_shift_have_an_end() -> None:
    with pytest.raises(RequestError, match="gain of bass would be"):
        change_gain(a_song(), Target("bass"), 30.0)
    with pytest.raises(RequestError, match="shifted by -13"):
        change_shift(a_song(), Target("bass"), -13)


def test_muting_keeps_the_clips() -> None:
    song = a_song()
    muted = set_muted(song, "bass", True)
    assert muted.muted == {"bass"}
    assert muted.clips == song.clips
    assert set_muted(muted, "bass", False) == song
    with pytest.raises(RequestError, match="no melody"):
        set_muted(song, "melody", True)


def test_a_locked_choice_is_not_replaced_or_taken_out() -> None:
    song = set_locked(a_song(), Target("bass", "verse"), True)
    assert song.locked == {("bass", "verse")}
    refused: list[Callable[[], Arrangement]] = [
        lambda: put_in(song, Target("bass", "verse#1"), a_clip("bass")),
        lambda: put_in(song, Target("bass"), a_clip("bass")),
        lambda: take_out(song, Target("bass")),
        lambda: remove_section(song, "verse"),
    ]
    for edit in refused:
        with pytest.raises(RequestError, match="bass@verse is locked"):
            edit()
    assert put_in(song, Target("bass", "chorus"), a_clip("bass", start_s=1.0)) != song
    assert set_locked(song, Target("bass"), False) == a_song()


def test_another_clip_plays_over_the_whole_section_and_repeats_with_its_name() -> None:
    song = put_in(a_song(), Target("bass", "verse"), a_clip("drums", bars=1.0, start_s=1.0, end_s=9.0))
    assert [(clip.start_bar, clip.bars, clip.start_s) for clip in song.clips_of("bass")] == [
        (4, 8, 1.0),
        (12, 8, 0.0),
        (20, 8, 1.0),
    ]


def test_a_role_can_enter_where_it_did_not_play() -> None:
    song = put_in(a_song(), Target("melody", "intro"), a_clip())
    assert [(clip.start_bar, clip.bars) for clip in song.clips_of("melody")] == [(0, 4)]
    with pytest.raises(RequestError, match="no melody"):
        put_in(a_song(), Target("melody"), a_clip())


def test_without_a_role_the_others_play_on() -> None:
    song = take_out(set_muted(a_song(), "bass", True), Target("bass"))
    assert song.roles == ("drums",)
    assert song.muted == frozenset()
    with pytest.raises(RequestError, match="nothing would play"):
        take_out(song, Target("drums"))


def test_a_longer_section_moves_what_follows() -> None:
    song = set_bars(a_song(), "verse#1", 12)
    assert [(section.name, section.start_bar, section.bars) for section in song.sections] == [
        ("intro", 0, 4),
        ("verse", 4, 12),
        ("chorus", 16, 8),
        ("verse", 24, 8),
    ]
    assert ("verse", "bass", 4.0, 12) in playing(song)
    assert ("chorus", "bass", 16.0, 8) in playing(song)


def test_a_piece_does_not_grow_without_end() -> None:
    song = set_bars(a_song(), "chorus", 4000)
    with pytest.raises(RequestError, match="8020 bars long"):
        repeat_section(song, "chorus")


def test_a_shorter_section_cuts_what_ends_with_it_and_drops_what_begins_after() -> None:
    song = a_song(clips=(a_clip("drums", 4, 4), a_clip("drums", 8, 4), a_clip("bass", 4, 2)))
    shorter = set_bars(song, "verse#1", 3)
    assert playing(shorter) == [("verse", "drums", 4.0, 3), ("verse", "bass", 4.0, 2)]


def test_sections_change_places_with_what_plays_in_them() -> None:
    song = move_section(a_song(), "chorus", 1)
    assert [section.name for section in song.sections] == ["chorus", "intro", "verse", "verse"]
    assert ("chorus", "bass", 0.0, 8.0) in playing(song)
    assert move_section(song, "chorus", 3) == replace(a_song(), clips=move_section(song, "chorus", 3).clips)
    with pytest.raises(RequestError, match="2 sections 'verse'"):
        move_section(a_song(), "verse", 1)
    with pytest.raises(RequestError, match="no place 5"):
        move_section(a_song(), "chorus", 5)


def test_a_section_can_be_played_twice_or_left_out() -> None:
    twice = repeat_section(a_song(), "chorus")
    assert [section.name for section in twice.sections] == ["intro", "verse", "chorus", "chorus", "verse"]
    assert ("chorus", "bass", 20.0, 8.0) in playing(twice)
    once = remove_section(twice, "chorus#2")
    assert sorted(playing(once)) == sorted(playing(a_song()))
    with pytest.raises(RequestError, match="nothing would play"):
        remove_section(a_song(clips=(a_clip("drums", 12, 8),)), "chorus")


def test_locks_follow_a_renamed_section() -> None:
    song = rename_section(set_locked(a_song(), VERSE_BASS, True), "verse#2", "bridge")
    assert [section.name for section in song.sections] == ["intro", "verse", "chorus", "bridge"]
    assert song.locked == {("bass", "verse"), ("bass", "bridge")}
    song = rename_section(song, "verse", "bridge")
    assert song.locked == {("bass", "bridge")}
    with pytest.raises(RequestError):
        rename_section(song, "bridge", "a,b")


def test_a_title_of_nothing_is_none() -> None:
    assert set_title(a_song(), " Rain ").title == "Rain"
    assert set_title(a_song(title="Rain"), "").title is None


def test_a_role_whose_last_clip_a_shorter_section_loses_is_no_longer_muted() -> None:
    drums, bass = a_clip("drums", 8, 4), a_clip("bass", 0, 4, content_hash="x1:" + "1" * 32)
    song = set_muted(a_song(sections=(Section("verse", 0, 12),), clips=(drums, bass)), "drums", True)
    shorter = set_bars(song, "verse", 4)
    assert [clip.role for clip in shorter.clips] == ["bass"]
    assert shorter.muted == frozenset()


def test_a_clip_across_sections_is_not_torn() -> None:
    song = a_song(clips=(a_clip("drums", 0, 12),))
    refused: list[Callable[[], Arrangement]]
    refused = [lambda: set_bars(song, "chorus", 4), lambda: move_section(song, "chorus", 1)]
    for edit in refused:
        with pytest.raises(RequestError, match="beyond intro"):
            edit()


SOME_EDITS = st.one_of(
    st.builds(lambda name, bars: lambda song: set_bars(song, name, bars), st.sampled_from(("verse", "chorus#1")),
              st.integers(1, 40)),
    st.builds(lambda name, at: lambda song: move_section(song, name, at), st.sampled_from(("verse#1", "intro", "outro")),
              st.integers(1, 7)),
    st.builds(lambda name: lambda song: repeat_section(song, name), st.sampled_from(("verse", "chorus"))),
    st.builds(lambda name: lambda song: remove_section(song, name), st.sampled_from(("verse#2", "intro"))),
    st.builds(lambda role: lambda song: take_out(song, Target(role)), st.sampled_from(("bass", "drums"))),
    st.builds(lambda role, name: lambda song: put_in(song, Target(role, name), a_clip()),
              st.sampled_from(("bass", "melody")), st.sampled_from(("verse", "outro"))),
    st.builds(lambda role: lambda song: set_locked(song, Target(role), True), st.sampled_from(("bass", "drums"))),
    st.builds(lambda name: lambda song: rename_section(song, "verse", name), st.sampled_from(("chorus", "b"))),
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.one_of(st.just(a_song()), arrangements()), st.lists(SOME_EDITS, max_size=8))
def test_after_any_edits_it_is_an_arrangement_with_no_lock_on_nothing(
    song: Arrangement, edits: list[Callable[[Arrangement], Arrangement]]
) -> None:
    for edit in edits:
        try:
            song = edit(song)
        except RequestError:
            continue
        # Building it again applies every rule of an arrangement.
        replace(song)
        names = {section.name for section in song.sections}
        assert all(section in names for _, section in song.locked)
        assert song.muted <= set(song.roles)
