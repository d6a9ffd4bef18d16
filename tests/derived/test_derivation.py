"""A derived thing is made once, kept, held, made again where the catalogue changed, and never trusted blindly."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.made.undo import undo
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import regions, sounds
from sonoteca.derived.array_file import read_arrays, write_arrays
from sonoteca.derived.catalogue_state import region_marks, regions_stamp
from sonoteca.derived.derivation import Arrays, Derivation
from sonoteca.derived.row_changes import RowMarks, find_changes


def names_of(connection: Connection) -> list[str]:
    return sorted(connection.execute(sa.select(sounds.c.content_hash)).scalars())


class Names:
    """The content hashes of all sounds, and how often they were made and from what."""

    def __init__(self, version: int = 1) -> None:
        self.made: list[tuple[str, ...] | None] = []
        self.thing = Derivation(
            name="names",
            version=version,
            stamp=lambda connection: ",".join(names_of(connection)),
            make=self._make,
            to_arrays=lambda names: {"names": np.array(names, "S20")},
            from_arrays=self._read,
            formerly=("old/names.txt",),
        )

    def _make(self, connection: Connection, former: tuple[str, ...] | None) -> tuple[str, ...]:
        self.made.append(former)
        return tuple(names_of(connection))

    @staticmethod
    def _read(arrays: Arrays) -> tuple[str, ...]:
        return tuple(name.decode() for name in arrays["names"].tolist())


def add(library: Library, *names: str) -> None:
    with library.write() as connection:
        ensure_sounds(connection, names)


def test_it_is_made_once_and_again_only_after_a_change(stock: Library) -> None:
    names = Names()
    assert names.thing.current(stock) == ()
    add(stock, "x1:a")
    assert names.thing.current(stock) == ("x1:a",)
    assert names.thing.current(stock) == ("x1:a",)
    # The second time it was told what there was before.
    assert names.made == [None, ()]


def test_another_program_takes_it_from_the_file(stock: Library, place: Path) -> None:
    add(stock, "x1:a", "x1:b")
    Names().thing.current(stock)
    other = Names()
    with open_library(place, mode="read") as again:
        assert other.thing.current(again) == ("x1:a", "x1:b")
    assert other.made == []
    # One that is out of date is told of, so that what did not change can be taken over.
    add(stock, "x1:c")
    with open_library(place, mode="read") as again:
        assert other.thing.current(again) == ("x1:a", "x1:b", "x1:c")
    assert other.made == [("x1:a", "x1:b")]


def test_a_file_of_another_version_library_or_content_is_made_anew(stock: Library, place: Path, tmp_path: Path) -> None:
    add(stock, "x1:a")
    names = Names()
    names.thing.current(stock)
    newer = Names(version=2)
    stock.held.clear()
    assert newer.thing.look(stock).present is False
    assert newer.thing.current(stock) == ("x1:a",)
    assert newer.made == [None]
    file = newer.thing.file.path(stock)
    assert file is not None
    with open_library(tmp_path / "elsewhere" / "library.sonoteca", mode="create") as another:
        (another.data_folder("derived") / file.name).write_bytes(file.read_bytes())
        assert newer.thing.current(another) == ()
        assert newer.made == [None, None]
    # Whole as a file, and yet no such thing.
    write_arrays(file, {"other": np.zeros(3)}, read_arrays(file).note)
    stock.held.clear()
    state = newer.thing.look(stock)
    assert (state.present, state.whole) == (True, False)
    assert newer.thing.current(stock) == ("x1:a",)
    assert newer.thing.look(stock).whole


@pytest.mark.parametrize("harm", ["empty", "cut", "flip", "folder"])
def test_a_damaged_file_is_told_of_and_replaced(stock: Library, harm: str) -> None:
    add(stock, "x1:a")
    names = Names()
    names.thing.current(stock)
    file = names.thing.file.path(stock)
    assert file is not None
    state = names.thing.look(stock)
    assert (state.name, state.present, state.current, state.whole) == ("names", True, True, True)
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.unlink()
    if harm == "folder":
        file.mkdir()
    else:
        file.write_bytes({"empty": b"", "cut": bytes(content[:-5]), "flip": bytes(content)}[harm])
    stock.held.clear()
    state = names.thing.look(stock)
    assert (state.present, state.current, state.whole) == (True, False, False)
    assert str(file) in state.message
    assert names.thing.current(stock) == ("x1:a",)
    assert names.made == [None, None]
    # A folder in its place is left alone.
    assert names.thing.look(stock).whole == (harm != "folder")


def test_look_says_what_is_not_there_and_what_is_of_yesterday(stock: Library) -> None:
    names = Names()
    state = names.thing.look(stock)
    assert (state.present, state.current, state.whole) == (False, False, True)
    names.thing.current(stock)
    add(stock, "x1:a")
    state = names.thing.look(stock)
    assert (state.present, state.current, state.whole) == (True, False, True)
    assert names.made == [None]


def test_a_rebuild_believes_nothing_that_is_held_or_kept(stock: Library) -> None:
    names = Names()
    names.thing.current(stock)
    file = names.thing.file.path(stock)
    assert file is not None
    write_arrays(file, {"names": np.array([b"wrong"])}, read_arrays(file).note)
    stock.held["names"] = None
    assert names.thing.current(stock) == ("wrong",)
    names.thing.rebuild(stock)
    assert names.made == [None, None]
    assert names.thing.current(stock) == ()
    stock.held.clear()
    assert names.thing.current(stock) == ()


def test_what_an_older_version_kept_goes(stock: Library) -> None:
    former = stock.data_folder("old") / "names.txt"
    former.write_text("x1:a")
    Names().thing.current(stock)
    assert not former.exists()


def test_a_library_that_cannot_be_written_answers_from_memory(stock: Library, place: Path) -> None:
    add(stock, "x1:a")
    (place.parent / f"{place.name}.d").write_text("a file where the folder should be")
    names = Names()
    with open_library(place, mode="read") as library:
        assert names.thing.current(library) == ("x1:a",)
        assert names.thing.current(library) == ("x1:a",)
        assert names.made == [None]
        assert names.thing.look(library).whole is False
    # As a PostgreSQL library that was opened without a folder.
    bare = Library(stock.engine, location="bare", path=None, data_dir=None, mode="read")
    assert names.thing.current(bare) == ("x1:a",)
    names.thing.rebuild(bare)
    assert names.thing.look(bare).present is False


def test_of_many_threads_one_makes_it(stock: Library) -> None:
    add(stock, "x1:a")
    names = Names()
    found: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: found.append(names.thing.current(stock))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [("x1:a",)] * 8
    assert names.made == [None]


def _make_for_ever(location: str) -> None:
    with open_library(location, mode="read") as library:
        while True:
            Names().thing.rebuild(library)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_readers_meet_whole_files_while_another_process_rebuilds_and_is_killed(stock: Library, place: Path) -> None:
    add(stock, *(f"x1:{number}" for number in range(300)))
    expected = Names().thing.current(stock)
    other = multiprocessing.get_context("spawn").Process(target=_make_for_ever, args=(str(place),))
    other.start()
    try:
        for _ in range(60):
            with open_library(place, mode="read") as library:
                assert Names().thing.look(library).whole
                assert Names().thing.current(library) == expected
    finally:
        other.kill()
        other.join()
    assert Names().thing.look(stock).current


# --- the state of the catalogue --------------------------------------------------------------------


def test_stamp_and_marks_change_with_all_that_may_change_a_region(stock: Library) -> None:
    def state() -> tuple[str, RowMarks]:
        with stock.read() as connection:
            return regions_stamp(connection), region_marks(connection)

    seen = [state()[0]]
    with stock.write() as connection:
        first = samples.add(connection, "a.wav", "x1:a", kind="loop")
        second = samples.add(connection, "b.wav", "x1:b", kind="loop")
    stamp, before = state()
    seen.append(stamp)
    assert len(before.ids) == 2
    with stock.read() as connection:
        of_first = connection.execute(sa.select(regions.c.id).where(regions.c.sound_id == first)).scalar_one()
    with stock.write() as connection:
        edit(connection, [of_first], parse_statements(bpm="97"))
    stamp, edited = state()
    seen.append(stamp)
    assert find_changes(before, edited).fresh.tolist() == [of_first]
    with stock.write() as connection:
        undo(connection)
    stamp, undone = state()
    seen.append(stamp)
    assert find_changes(edited, undone).fresh.tolist() == [of_first]
    with stock.write() as connection:
        connection.execute(
            sa.update(sounds).where(sounds.c.id == second).values(analysed_at="2030-01-01T00:00:00.000Z")
        )
    stamp, again = state()
    seen.append(stamp)
    changes = find_changes(undone, again)
    assert len(changes.fresh) == 1
    assert int(changes.kept.sum()) == 1
    with stock.write() as connection:
        remove_sounds(connection, [second])
    stamp, left = state()
    seen.append(stamp)
    assert left.ids.tolist() == [of_first]
    assert len(set(seen)) == len(seen)


def test_changes_are_found_whatever_the_order() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        former_ids, now_ids = (random.choice(30, random.integers(0, 25), replace=False) for _ in range(2))
        former = RowMarks(former_ids.astype(np.int64), random.integers(0, 2, len(former_ids)))
        now = RowMarks(now_ids.astype(np.int64), random.integers(0, 2, len(now_ids)))
        known = dict(zip(now.ids.tolist(), now.marks.tolist(), strict=True))
        kept = [known.get(id_) == mark for id_, mark in zip(former.ids.tolist(), former.marks.tolist(), strict=True)]
        changes = find_changes(former, now)
        assert changes.kept.tolist() == kept
        assert changes.fresh.tolist() == sorted(set(known) - set(former.ids[np.array(kept, bool)].tolist()))
