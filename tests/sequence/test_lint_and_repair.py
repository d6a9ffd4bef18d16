"""A linter is right when it flags what was planted, nothing else, and its repairs really repair."""

from __future__ import annotations

import random as plain_random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sequence_samples import Made, columns, made_tracks, store
from sonoteca.catalogue.store.library import Library
from sonoteca.sequence.flags import count_flags, flags_of, judge, score_of
from sonoteca.sequence.lint import LintAnswer, LintRequest, lint_entries
from sonoteca.sequence.playlist_entries import Entry, EntryState, entries_of_hashes, file_name
from sonoteca.sequence.repair import Edit, EditKind, changed, smallest_edit
from sonoteca.sequence.replacement_pool import ReplacementPool
from sonoteca.sequence.tracks import Tracks
from sonoteca.sequence.transition import TransitionStyle
from sonoteca.sequence.weights import default_weights

WEIGHTS = default_weights()


def faults(*made: Made) -> list[tuple[str, int, int]]:
    tracks = columns(*made)
    judgement = judge(tracks, WEIGHTS, TransitionStyle())
    return [(str(flag.fault), flag.earlier, flag.later) for flag in flags_of(judgement, range(len(made)))]


def pool_of(tracks: Tracks) -> ReplacementPool:
    return ReplacementPool(tracks, WEIGHTS, TransitionStyle())


def apart(index: int) -> Made:
    """Tracks that go together, and are different recordings."""
    axis = [0.0] * 4
    axis[index % 4] = 1.0
    return Made(sound=tuple(axis), artist=f"artist {index}", seconds=200.0 + 40 * index)


def test_each_fault_is_flagged_where_it_was_planted_and_nothing_else() -> None:
    good = [apart(index) for index in range(4)]
    assert faults(*good) == []
    elsewhere: Any = {"sound": (0.0, 1.0, 1.0, 0.0)}
    assert faults(good[0], Made(bpm=150.0), good[1]) == [("tempo_cliff", 0, 1), ("tempo_cliff", 1, 2)]
    assert faults(good[0], Made(bpm=60.0)) == []
    assert faults(good[0], Made(key="2A", **elsewhere)) == [("key_clash", 0, 1)]
    assert faults(Made(energy=9.0, **elsewhere), good[0]) == [("energy_drop", 0, 1)]
    assert faults(good[0], Made(energy=9.0, **elsewhere)) == []
    same = Made(artist="artist 0", sound=(0.0, 1.0, 0.0, 0.0), seconds=500.0)
    assert faults(good[0], good[1], good[2], same) == [("artist_repeat", 0, 3)]
    assert faults(good[0], good[1], good[2], good[3], same) == []
    edit: Any = {"seconds": 150.0, "recording": "0"}
    assert faults(good[0], good[1], Made(bpm=120.5, **edit)) == [("near_duplicate", 0, 2)]
    assert faults(good[0], good[1], Made(bpm=123.0, **edit)) == []


def test_unknown_facts_are_not_judged() -> None:
    judgement = judge(
        columns(Made(), Made(bpm=None, key=None, energy=None, sound=(0, 1, 0, 0))), WEIGHTS, TransitionStyle()
    )
    assert flags_of(judgement, [0, 1]) == []
    assert score_of(judgement, [0]) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(made_tracks(), min_size=1, max_size=8), st.data())
def test_counting_is_listing(made: list[Made], data: st.DataObject) -> None:
    judgement = judge(columns(*made), WEIGHTS, TransitionStyle())
    order = data.draw(st.lists(st.integers(0, len(made) - 1), min_size=1, max_size=12))
    assert count_flags(judgement, order) == len(flags_of(judgement, order))


@settings(max_examples=40, deadline=None)
# Three that sound alike, then an artist twice: whoever is replaced was hiding another flag.
@example([Made(), Made(), Made(artist="b"), Made(artist="b")], [Made(artist="b")])
@given(st.lists(made_tracks(), min_size=2, max_size=7), st.lists(made_tracks(), max_size=4))
def test_a_repair_leaves_fewer_flags_or_is_not_offered(made: list[Made], spare: list[Made]) -> None:
    everything = columns(*made, *spare)
    items, library = everything.take(list(range(len(made)))), everything.take(list(range(len(made), len(everything))))
    pool = pool_of(library)
    order = list(range(len(made)))
    for _ in range(30):
        judgement = judge(items, WEIGHTS, TransitionStyle())
        edit = smallest_edit(judgement, order, items, pool)
        if edit is None:
            return
        before, item = count_flags(judgement, order), None
        if edit.kind is EditKind.REPLACE:
            assert edit.track is not None
            assert not pool.taken[edit.track]
            items, item = items.joined(library.take([edit.track])), len(items)
            pool.taken[edit.track] = True
            judgement = judge(items, WEIGHTS, TransitionStyle())
        order = changed(order, edit, item)
        assert count_flags(judgement, order) < before
    pytest.fail("repairing does not come to an end")


def test_the_repair_with_least_effort_per_flag_is_taken() -> None:
    ladder = [
        Made(bpm=120.0 * 1.06**step, sound=tuple(np.eye(4)[step % 4]), seconds=200.0 + 50 * step) for step in range(6)
    ]
    tracks = columns(*ladder)
    judgement = judge(tracks, WEIGHTS, TransitionStyle())
    assert flags_of(judgement, range(6)) == []

    def repair(order: list[int]) -> Edit | None:
        return smallest_edit(judgement, order, tracks, pool_of(tracks.take([])))

    assert repair([0, 1, 3, 2, 4, 5]) == Edit(EditKind.SWAP, 2)
    moved = repair([1, 2, 3, 4, 0, 5])
    assert moved is not None
    assert moved.kind is EditKind.MOVE
    assert changed([1, 2, 3, 4, 0, 5], moved) == [0, 1, 2, 3, 4, 5]
    twice = tracks.take([0, 1, 2, 1, 3])
    judgement = judge(twice, WEIGHTS, TransitionStyle())
    assert smallest_edit(judgement, range(5), twice, pool_of(twice.take([]))) == Edit(EditKind.DROP, 3)
    everything = columns(Made(), Made(bpm=150.0), apart(1), apart(2), Made(bpm=190.0))
    lonely, spare = everything.take([0, 1]), everything.take([2, 3, 4])
    judgement = judge(lonely, WEIGHTS, TransitionStyle())
    edit = smallest_edit(judgement, [0, 1], lonely, pool_of(spare))
    assert edit is not None
    assert edit.kind is EditKind.REPLACE


def test_edits_change_orders_as_they_say() -> None:
    order = plain_random.Random(1).sample(range(20), 8)
    assert changed(order, Edit(EditKind.DROP, 2)) == order[:2] + order[3:]
    after = changed(order, Edit(EditKind.MOVE, 6, to=1))
    assert (after[1], sorted(after)) == (order[6], sorted(order))
    assert changed(order, Edit(EditKind.REPLACE, 0), item=99) == [99, *order[1:]]


# --- on a library --------------------------------------------------------------------------------


@pytest.fixture
def pool(sqlite_library: Library) -> Library:
    with sqlite_library.write() as connection:
        store(
            connection,
            {
                "one": apart(0),
                "two": apart(1),
                "three": apart(2),
                "fast": Made(bpm=150.0, artist="Fast"),
                "spare": Made(artist="Spare", sound=(0.5, 0.5, 0.0, 0.5), seconds=400.0),
                "spare by one": Made(artist="artist 0", sound=(0.5, 0.0, 0.5, 0.5), seconds=450.0),
            },
        )
    return sqlite_library


def linted(library: Library, *names: str, **options: object) -> LintAnswer:
    with library.read() as connection:
        entries = entries_of_hashes(connection, [f"x1:{name}" for name in names])
    # The files of these libraries are nowhere: what is judged here is the order.
    present = [Entry(each.name, EntryState.FOUND if each.sound_id else each.state, each.sound_id) for each in entries]
    return lint_entries(library, present, LintRequest(playlist="as it is", **options))


def test_findings_have_positions_from_one_and_sentences(pool: Library) -> None:
    answer = linted(pool, "one", "fast", "two", "two", repair=False)
    assert [(found.code, found.earlier, found.position) for found in answer.findings] == [
        ("tempo_cliff", 1, 2), ("tempo_cliff", 2, 3), ("duplicate", 3, 4),
    ]  # fmt: skip
    assert answer.findings[0].message == "Fast - fast would have to stretch by -20.0 % to fit artist 0 - one"
    assert answer.repairs == ()


def test_a_replacement_comes_from_the_library_and_is_by_nobody_near(pool: Library) -> None:
    answer = linted(pool, "one", "fast", "two")
    [repair] = answer.repairs
    assert repair.kind is EditKind.REPLACE
    assert repair.message == "replace Fast - fast at 2 by Spare - spare"
    assert (repair.flags_before, repair.flags_after) == (2, 0)
    assert repair.score_before is not None
    assert repair.score_after is not None
    assert repair.score_after > repair.score_before
    document = answer.as_json()
    assert document["repairs"][0]["replacement"]["title"] == "spare"
    assert [entry.state for entry in answer.repaired] == [EntryState.FOUND, EntryState.MISSING, EntryState.FOUND]
    assert "spare by one" not in str(document)
    filtered = linted(pool, "one", "fast", "two", filter="title:three")
    assert filtered.repairs[0].message == "replace Fast - fast at 2 by artist 2 - three"


def test_entries_that_are_not_known_are_skipped_named_and_stay_behind_the_one_before(pool: Library) -> None:
    answer = linted(pool, "lost", "one", "gone", "fast", "gone too", "two", "two")
    assert [(found.code, found.earlier, found.position) for found in answer.findings] == [
        ("not_found", None, 1), ("not_found", None, 3), ("tempo_cliff", 2, 4), ("not_found", None, 5),
        ("tempo_cliff", 4, 6), ("duplicate", 6, 7),
    ]  # fmt: skip
    assert [repair.message for repair in answer.repairs] == [
        "replace Fast - fast at 4 by Spare - spare", "drop artist 1 - two at 7, which is there already",
    ]  # fmt: skip
    assert [file_name(entry.name).removeprefix("x1:") for entry in answer.repaired][:3] == ["lost", "one.wav", "gone"]
    assert [file_name(entry.name).removeprefix("x1:") for entry in answer.repaired][4:] == ["gone too", "two.wav"]


def test_what_was_removed_is_named_by_no_hash(pool: Library) -> None:
    with pool.read() as connection:
        entries = entries_of_hashes(connection, ["x1:one", "x1:removed"])
    answer = lint_entries(pool, entries, LintRequest(playlist="as it is", repair=False))
    assert [found.message for found in answer.findings] == [
        "artist 0 - one is known to the library, but its disk is not there",
        "a removed sound is not in the library any more",
    ]


def test_nothing_known_is_nothing_judged(pool: Library) -> None:
    answer = linted(pool, "gone", "gone too")
    assert {found.code for found in answer.findings} == {"not_found"}
    assert answer.score is None
    assert linted(pool).findings == ()
