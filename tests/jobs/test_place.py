"""A worker refuses where it does not see the library's data folder or its sounds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from job_samples import sound
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.errors import WorksElsewhere
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest
from sonoteca.jobs.place import mark_data_folder, require_same_place
from sonoteca.search.add import add


def test_the_first_marks_the_folder_and_others_compare(library: Library, library_location: str, tmp_path: Path) -> None:
    require_same_place(library)
    require_same_place(library)
    with open_library(library_location, data_dir=tmp_path / "data") as other:
        require_same_place(other)
    with open_library(library_location, data_dir=tmp_path / "empty") as other:
        with pytest.raises(WorksElsewhere, match="is not marked as its own") as refused:
            require_same_place(other)
        assert (refused.value.field, refused.value.exit_code) == ("data_dir", 3)
        # Who says that it is the right one is believed.
        mark_data_folder(other)
        require_same_place(other)


def test_a_folder_of_another_library_is_refused(opened: Library, tmp_path: Path) -> None:
    require_same_place(opened)
    with open_library(tmp_path / "other.sonoteca", mode="create") as other:
        require_same_place(other)
        shutil.copy(tmp_path / "other.sonoteca.d" / "library.id", tmp_path / "library.sonoteca.d" / "library.id")
    with pytest.raises(WorksElsewhere, match="is another library's"):
        require_same_place(opened)


def test_sounds_that_are_not_here_are_named(opened: Library, listener: Listener, music: Path) -> None:
    require_same_place(opened)
    sound(music / "a.wav")
    add(opened, AddRequest(paths=(music,)), listener=listener)
    require_same_place(opened)
    (music / "a.wav").unlink()
    with pytest.raises(WorksElsewhere, match=f"not on this machine: {music} is empty or not there"):
        require_same_place(opened)
    # Nobody misses what is known to be gone.
    add(opened, AddRequest(paths=(music,), accept_missing=True), listener=listener)
    require_same_place(opened)
