"""What an arrangement is: a grid, gapless sections, clips that never overlap in their role."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from arrangement_samples import a_clip, a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement, Section
from sonoteca.arrange.keep.document import as_document, from_document
from sonoteca.errors import RequestError


def test_two_bars_of_four_at_120_are_four_seconds() -> None:
    song = a_song()
    assert (song.bar_s, song.bars, song.duration_s) == (2.0, 28, 56.0)
    assert song.roles == ("drums", "bass")
    assert [song.section_at(bar).name for bar in (0, 3.99, 4, 12, 27.5)] == [
        "intro",
        "intro",
        "verse",
        "chorus",
        "verse",
    ]


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_sections_are_gapless_and_clips_of_a_role_never_overlap(arrangement: Arrangement) -> None:
    assert arrangement.sections[0].start_bar == 0
    assert all(one.end_bar == other.start_bar for one, other in pairwise(arrangement.sections))
    for role in arrangement.roles:
        clips = arrangement.clips_of(role)
        assert all(one.end_bar <= other.start_bar for one, other in pairwise(clips))
        assert clips[-1].end_bar <= arrangement.bars


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_a_pass_of_whole_bars_is_found_whole_again(arrangement: Arrangement) -> None:
    # The samples make spans of 0.5 to 8 bars, through seconds and a ratio that are rounded numbers.
    for clip in arrangement.clips:
        assert arrangement.pass_bars(clip) in (0.5, 1.0, 2.0, 4.0, 8.0)


def test_a_span_off_the_grid_stays_off_the_grid() -> None:
    # 15.8 beats: to the nearest triplet sixteenth, a 24th of a beat, and not to 16.
    song = a_song(clips=(a_clip(end_s=7.9),))
    assert song.pass_bars(song.clips[0]) == pytest.approx(15.8 / 4, abs=0.5 / 24 / 4)


@pytest.mark.parametrize(
    "broken",
    [
        {"sections": ()},
        {"sections": (Section("a", 0, 4), Section("b", 5, 4))},
        {"sections": (Section("a", 1, 40),)},
        {"sections": (Section("a", 0, 5000),)},
        {"tempo_bpm": 0.0},
        {"tempo_bpm": float("nan")},
        {"beats_per_bar": 0},
        {"clips": (a_clip("bass", 0, 4), a_clip("bass", 3, 4))},
        {"clips": (a_clip("bass", 24, 8),)},
    ],
)
def test_what_is_no_arrangement_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        a_song(**broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"role": "tambourine"},
        {"start_s": -1.0},
        {"end_s": 0.0},
        {"start_bar": -1.0},
        {"bars": 0.0},
        {"tempo_ratio": 0.0},
        {"semitone_shift": 13},
    ],
)
def test_what_is_no_clip_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        a_clip(**broken)


@settings(deadline=None, max_examples=50)
@given(arrangements())
def test_a_document_holds_everything(arrangement: Arrangement) -> None:
    assert from_document(as_document(arrangement)) == arrangement


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "schema 2"),
        ({"tempo_bpm": "fast"}, "tempo_bpm is 'fast'"),
        ({"tempo_bpm": float("inf")}, "tempo_bpm"),
        ({"seed": 10**400}, "seed"),
        ({"seed": -1}, "seed is a number"),
        ({"tempo_bpm": float("nan")}, "tempo_bpm"),
        ({"beats_per_bar": 4.5}, "not a whole number"),
        ({"sections": {}}, "sections is {}"),
        ({"clips": [7]}, "Clip 1 is no JSON object"),
        ({"clips": [{"role": "drums"}]}, "clip 1, content_hash is None"),
        ({"key": "H minor"}, "H minor"),
        ({"muted": "drums"}, "list of texts"),
        ({"locked": ["drums"]}, r"locked\[0\] is 'drums', not a list of texts"),
        ({"title": "\ud800"}, "title"),
        ({"details": 3}, "details is 3, not a JSON object"),
    ],
)
def test_a_broken_document_is_refused_by_name(change: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        from_document({**as_document(a_song()), **change})


def test_a_document_that_is_a_list_is_refused() -> None:
    with pytest.raises(RequestError, match="no JSON object"):
        from_document([])


def test_unknown_names_and_missing_ones_do_not_matter() -> None:
    song = a_song(clips=())
    kept = ("schema", "tempo_bpm", "beats_per_bar", "sections", "clips", "key")
    document = {name: value for name, value in as_document(song).items() if name in kept}
    assert from_document({**document, "colour": "blue"}) == replace(song, seed=0)
