"""What an edit changed is told in short sentences: what it was, and what it is now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.keep import edit
from sonoteca.arrange.keep.edit import parse_target
from sonoteca.arrange.keep.told_changes import told_changes

NAMES = {"x1:d": "drums.wav", "x1:b": "bass.wav", "x1:n": "Nobody - New Bass", "x1:c": "bass.wav"}


def clip(role: str, content_hash: str, start_bar: int, bars: int) -> Clip:
    return Clip(role, content_hash, 0.0, 8.0, float(start_bar), float(bars))


SONG = Arrangement(
    tempo_bpm=120.0,
    beats_per_bar=4,
    key=None,
    sections=(Section("verse", 0, 4), Section("chorus", 4, 4), Section("verse", 8, 4)),
    clips=(
        clip("drums", "x1:d", 0, 4), clip("bass", "x1:b", 0, 4), clip("drums", "x1:d", 4, 4),
        clip("bass", "x1:b", 4, 4), clip("drums", "x1:d", 8, 4), clip("bass", "x1:b", 8, 4),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda song: edit.change_gain(song, parse_target("bass"), -3.0),
         ["bass in verse#1, chorus, verse#2: gain 0 dB -> -3 dB"]),
        (lambda song: edit.change_shift(song, parse_target("bass@verse#2"), 2), ["bass in verse#2: shift 0 -> +2"]),
        (lambda song: edit.put_in(song, parse_target("bass@chorus"), clip("bass", "x1:n", 0, 4)),
         ["bass in chorus: bass.wav -> Nobody - New Bass"]),
        (lambda song: edit.put_in(song, parse_target("bass@chorus"), clip("bass", "x1:c", 0, 4)),
         ["bass in chorus: bass.wav -> another sound or part of that name"]),
        (lambda song: edit.take_out(song, parse_target("bass@chorus")), ["bass in chorus: bass.wav -> nothing"]),
        (lambda song: edit.set_muted(song, "drums", True), ["muted: drums"]),
        (lambda song: edit.set_locked(song, parse_target("drums@chorus"), True), ["locked: drums@chorus"]),
        (lambda song: edit.set_title(song, "Night"), ["title: none -> Night"]),
        (lambda song: edit.set_bars(song, "chorus", 8),
         ["sections: verse 4, chorus 4, verse 4 -> verse 4, chorus 8, verse 4", "length: 12 -> 16 bars"]),
        (lambda song: edit.remove_section(song, "chorus"),
         ["sections: verse 4, chorus 4, verse 4 -> verse 4, verse 4", "length: 12 -> 8 bars"]),
        (lambda song: song, []),
    ],
)  # fmt: skip
def test_each_edit_is_told(change: Callable[[Arrangement], Arrangement], told: list[str]) -> None:
    assert list(told_changes(SONG, change(SONG), NAMES)) == told


def test_what_is_taken_back_is_told_the_other_way_round() -> None:
    louder = edit.set_muted(edit.change_gain(SONG, parse_target("drums@chorus"), 1.5), "bass", True)
    assert list(told_changes(louder, SONG, NAMES)) == [
        "drums in chorus: gain +1.5 dB -> 0 dB", "heard again: bass",
    ]  # fmt: skip
