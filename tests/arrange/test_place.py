"""Loops on a grid: a pass fills whole bars exactly, and what is shifted sounds in the key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement_samples import loop_facts, loops_of
from sonoteca.arrange.arrangement import Arrangement, Section
from sonoteca.arrange.choose.grid import Grid, best_covered_key, best_covered_tempo, find_grid
from sonoteca.arrange.choose.loops import Loops, find_loops
from sonoteca.arrange.choose.place import Limits, Placements, clip_of, draw, key_notes, place
from sonoteca.arrange.gain import MOST_BOOST_DB, ROLE_LUFS, clip_gain_db
from sonoteca.domain.music import Key, KeyRelation, key_relation
from sonoteca.domain.vocabulary import Role
from sonoteca.match.region_table import RegionStatement, region_table_of

KEYS = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]


def placed(loops: Loops, grid: Grid, limits: Limits | None = None) -> Placements:
    return place(loops, grid, limits or Limits())[0]


@settings(deadline=None, max_examples=50)
@given(
    bpm=st.floats(60, 200),
    bars=st.sampled_from((1, 2, 4, 8, 16)),
    wanted=st.floats(60, 200),
    meter=st.sampled_from((3, 4)),
)
def test_a_pass_fills_whole_bars_exactly_at_any_tempo(bpm: float, bars: int, wanted: float, meter: int) -> None:
    grid = Grid(wanted, meter, None)
    placements = placed(loops_of(("drums", {"bpm": bpm, "bars": bars, "beats_per_bar": meter})), grid)
    folded = np.log2(wanted / bpm) - np.round(np.log2(wanted / bpm))
    if len(placements) == 0:
        assert 2.0 ** abs(folded) > 1.25 or 2.0 ** -abs(folded) < 0.75
        return
    clip = clip_of(placements, 0, start_bar=0, bars=64, true_peak_dbtp=None, score=None, reasons=())
    assert abs(clip.tempo_ratio - 1) <= 0.25 + 1e-9
    song = Arrangement(wanted, meter, None, (Section("a", 0, 64),), (clip,))
    # Half and double time: a pass of the loop is half or twice as many bars of the grid.
    assert song.pass_bars(clip) in {bars * 2.0**level for level in range(-2, 3)}
    # No drift: 64 bars of passes are 64 bars.
    passes = song.bars / song.pass_bars(clip)
    assert passes * clip.span_s / clip.tempo_ratio == pytest.approx(song.duration_s, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_a_tonal_loop_comes_into_the_key_or_its_relative(own: Key, wanted: Key) -> None:
    placements = placed(loops_of(("harmony", {"key": own.name})), Grid(120.0, 4, wanted))
    assert len(placements) in (1, 2)
    for shift in placements.semitone_shift.tolist():
        assert -6 <= shift <= 6
        assert key_relation(wanted, own.transpose(shift)) in (KeyRelation.SAME, KeyRelation.RELATIVE)
    sounding = placements.as_they_sound()
    now = [Key(int(n) % 12, "minor" if n >= 12 else "major") for n in sounding.key_number]
    assert all(key_relation(wanted, each) in (KeyRelation.SAME, KeyRelation.RELATIVE) for each in now)


@settings(deadline=None, max_examples=50)
@given(st.integers(-6, 6))
def test_what_is_shifted_sounds_shifted_in_every_column(shift: int) -> None:
    placements = placed(loops_of(("harmony", {"key": "C"})), Grid(126.0, 4, None))
    moved = Placements(
        placements.loops,
        placements.tempo_ratio,
        placements.pass_bars,
        placements.level,
        np.array([shift]),
        placements.worth,
    ).as_they_sound()
    still = placements.loops.regions
    assert np.array_equal(moved.chroma[0], np.roll(still.chroma[0], shift))
    for group in range(3):
        rows = slice(12 * group, 12 * group + 12)
        assert np.array_equal(
            moved.notes.padded()[0, :, rows], np.roll(still.notes.padded()[0, :, rows], shift, axis=1)
        )
    assert moved.key_number[0] == shift % 12
    assert moved.tempo_bpm[0] == pytest.approx(126.0)
    assert np.array_equal(moved.onsets.padded(), still.onsets.padded())


def test_drums_are_never_shifted_and_need_no_key() -> None:
    placements = placed(loops_of(("drums", {}), ("fx", {})), Grid(120.0, 4, Key.parse("F#")))
    assert placements.semitone_shift.tolist() == [0, 0]


def test_limits_keep_loops_out_and_say_what_they_would_need() -> None:
    loops = loops_of(("bass", {"bpm": 100.0}), ("bass", {"bpm": 120.0, "key": "Em"}), ("bass", {"beats_per_bar": 3}))
    placements, reach = place(loops, Grid(120.0, 4, Key.parse("Am")), Limits(stretch=0.1, shift=2))
    assert len(placements) == 0
    assert reach.in_meter.tolist() == [True, True, False]
    assert reach.in_tempo.tolist() == [False, True, False]
    assert reach.stretch[0] == pytest.approx(0.2)  # 100 to 120 bpm
    assert reach.shift[1] == 5
    assert np.isnan(reach.stretch[2])


def test_a_loop_with_lead_in_is_cut_at_its_bar_lines() -> None:
    loops = loops_of(("drums", {"bpm": 120.0, "bars": 5}))
    assert (loops.bars[0], loops.is_cut[0]) == (5.0, False)
    facts = loop_facts("drums", bpm=120.0, bars=5)
    facts["beat_profile"] |= {"fills": False, "start_s": 0.3}
    row = RegionStatement(
        {"kind": "loop", "start_s": 0.0, "end_s": 11.0, "content_hash": "x1:0", "tempo_bpm": 120.0}, facts
    )
    loops = find_loops(region_table_of([row]))
    assert (loops.start_s[0], loops.end_s[0], loops.bars[0], loops.is_cut[0]) == (0.3, pytest.approx(8.3), 4.0, True)


def test_tracks_failures_and_roleless_sounds_are_no_loops() -> None:
    assert len(loops_of(("drums", {"kind": "track"}))) == 0
    assert len(loops_of(("drums", {}), failed=True)) == 0
    facts = loop_facts("drums")
    del facts["role"]
    row = {"kind": "loop", "start_s": 0.0, "end_s": 8.0, "tempo_bpm": 120.0}
    assert len(find_loops(region_table_of([RegionStatement(row, facts)]))) == 0
    assert len(find_loops(region_table_of([]))) == 0


def test_the_grid_is_the_one_that_most_roles_are_near() -> None:
    loops = loops_of(
        *(("drums", {"bpm": 100.0}) for _ in range(9)),
        *((role, {"bpm": 126.0, "key": "Dm"}) for role in ("bass", "harmony", "melody")),
        ("harmony", {"bpm": 126.0, "key": "F"}),
    )
    roles = (Role.DRUMS, Role.BASS, Role.HARMONY, Role.MELODY)
    # Nine drum loops do not outvote three other roles.
    assert 122 <= best_covered_tempo(loops, roles, 4) <= 127
    assert best_covered_tempo(loops, roles[:1], 4) == 100
    assert best_covered_key(loops, roles) == Key.parse("Dm")
    assert best_covered_key(loops, roles[:1]) is None
    found = find_grid(loops, roles)
    assert found.grid.beats_per_bar == 4
    assert [sentence.split(":")[0] for sentence in found.notes] == [f"{found.grid.tempo_bpm:g} bpm", "D minor"]


def test_what_is_asked_for_holds_then_what_the_seed_says() -> None:
    loops = loops_of(("drums", {"bpm": 100.0}), ("bass", {"bpm": 126.0, "key": "Dm"}), ("bass", {"beats_per_bar": 3}))
    asked = find_grid(loops, (Role.BASS,), tempo_bpm=90.0, key=Key.parse("E"), beats_per_bar=4, seed=1)
    assert (asked.grid, asked.notes) == (Grid(90.0, 4, Key.parse("E")), ())
    seeded = find_grid(loops, (Role.DRUMS, Role.BASS), seed=1)
    assert seeded.grid == Grid(126.0, 4, Key.parse("Dm"))
    assert all("the seed's" in sentence for sentence in seeded.notes)
    assert find_grid(loops, (Role.BASS,), seed=2).grid.beats_per_bar == 3
    assert find_grid(loops, (Role.DRUMS,)).grid.key is None


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(KEYS))
def test_the_notes_of_a_key_are_its_scale(key: Key) -> None:
    notes = key_notes(key)
    assert notes.sum() == pytest.approx(1.0)
    assert int(notes.argmax()) == key.tonic
    third = 4 if key.mode == "major" else 3
    assert notes[(key.tonic + third) % 12] > 1.5 * notes[(key.tonic + 7 - third) % 12]


def test_chance_is_the_same_for_the_same_seed_and_content() -> None:
    loops = loops_of(*(("drums", {}) for _ in range(200)))
    one = draw(1, loops)
    assert np.array_equal(one, draw(1, loops))
    assert np.array_equal(one[[5, 3]], draw(1, loops.take([5, 3])))
    assert abs(np.corrcoef(one, draw(2, loops))[0, 1]) < 0.25
    assert 0 <= one.min() < 0.1 < 0.9 < one.max() < 1


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(Role), st.floats(-70, 0), st.none() | st.floats(-60, 3))
def test_gain_brings_a_loop_to_the_loudness_of_its_role(role: Role, lufs: float, peak: float | None) -> None:
    gain = clip_gain_db(role, lufs, peak)
    assert gain <= MOST_BOOST_DB
    if gain < 0:
        assert lufs + gain == pytest.approx(ROLE_LUFS[role], abs=0.051)
    elif peak is not None and gain > 0:
        assert peak + gain <= -1.0 + 0.051
