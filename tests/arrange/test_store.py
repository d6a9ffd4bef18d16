"""Kept arrangements: the same when opened again, on both databases; changes have a way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from arrangement_samples import a_clip, a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.edit import Target, change_gain, set_bars
from sonoteca.arrange.keep.store import KEPT_STATES, load_arrangement, save_changed, save_new, undo_change
from sonoteca.catalogue.made.arrangements import delete_arrangement, list_arrangement_entries, resolve_arrangement
from sonoteca.catalogue.store.events import list_events
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import AmbiguousArrangement, ArrangementNotFound, RequestError


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(arrangements())
def test_opening_gives_what_was_saved(library: Library, arrangement: Arrangement) -> None:
    with library.write() as connection:
        saved = save_new(connection, arrangement)
    assert saved.public_id is not None
    assert replace(saved, public_id=None) == arrangement
    with library.read() as connection:
        assert load_arrangement(connection, saved.public_id) == saved


def test_every_change_can_be_taken_back_and_the_id_stays(library: Library) -> None:
    with library.write() as connection:
        first = save_new(connection, a_song(title="Rain"))
    assert first.public_id is not None
    second = change_gain(first, Target("bass"), -3.0)
    third = set_bars(second, "verse", 4)
    with library.write() as connection:
        save_changed(connection, second, instead_of=first)
        save_changed(connection, third, instead_of=second)
    with library.write() as connection:
        assert load_arrangement(connection, first.public_id) == third
        assert undo_change(connection, first.public_id) == second
        assert undo_change(connection, first.public_id[:6]) == first
        with pytest.raises(RequestError, match="no change to take back"):
            undo_change(connection, first.public_id)
        assert load_arrangement(connection, first.public_id) == first
    with library.read() as connection:
        told = [event.type for event in list_events(connection) if event.type.startswith("arrangement")]
    assert told == ["arrangement_made", *["arrangement_changed"] * 4]


def test_only_so_many_states_are_kept(library: Library) -> None:
    with library.write() as connection:
        held = save_new(connection, a_song())
        for number in range(KEPT_STATES + 3):
            changed = replace(held, title=f"take {number}")
            save_changed(connection, changed, instead_of=held)
            held = changed
        assert held.public_id is not None
        for _ in range(KEPT_STATES):
            undo_change(connection, held.public_id)
        assert load_arrangement(connection, held.public_id).title == "take 2"
        with pytest.raises(RequestError):
            undo_change(connection, held.public_id)


def test_nobody_overwrites_what_he_has_not_seen(library: Library) -> None:
    with library.write() as connection:
        held = save_new(connection, a_song())
        save_changed(connection, replace(held, title="mine"), instead_of=held)
        with pytest.raises(RequestError, match="in the meantime"):
            save_changed(connection, replace(held, title="yours"), instead_of=held)
        assert held.public_id is not None
        assert load_arrangement(connection, held.public_id).title == "mine"


def test_the_list_has_the_newest_first_and_counts(library: Library) -> None:
    with library.write() as connection:
        one = save_new(connection, a_song(title="one"))
        two = save_new(connection, a_song(title=None, key=None, clips=(a_clip("fx", 0, 2),)))
    with library.read() as connection:
        entries = list_arrangement_entries(connection)
    assert [entry.public_id for entry in entries] == [two.public_id, one.public_id]
    assert [(entry.sections, entry.bars, entry.clips, entry.tonic) for entry in entries] == [
        (4, 28, 1, None),
        (4, 28, 7, 9),
    ]


def test_a_removed_one_is_gone_and_ids_are_asked_for_by_prefix(library: Library) -> None:
    with library.write() as connection:
        made = [save_new(connection, a_song()) for _ in range(40)]
        ids = [each.public_id for each in made if each.public_id]
        assert len(set(ids)) == 40
        # 40 ids share 32 first letters: two begin alike.
        shared = next(each[0] for each in ids if sum(other[0] == each[0] for other in ids) > 1)
        with pytest.raises(AmbiguousArrangement, match=shared):
            resolve_arrangement(connection, shared)
        assert resolve_arrangement(connection, ids[0].upper()) == ids[0]
        delete_arrangement(connection, ids[0])
        for name in (ids[0], "", "no id!", "%"):
            with pytest.raises(ArrangementNotFound):
                load_arrangement(connection, name)
        with pytest.raises(ArrangementNotFound):
            delete_arrangement(connection, ids[0])
        assert len(list_arrangement_entries(connection)) == 39


def test_one_that_was_never_saved_cannot_be_changed(library: Library) -> None:
    with library.write() as connection, pytest.raises(ValueError):
        save_changed(connection, a_song(), instead_of=a_song())
