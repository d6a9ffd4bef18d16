"""What the demo puts where, and which of its sounds it shows the neighbours of."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import open_library
from sonoteca.errors import FileUnreadable
from sonoteca.upkeep.demo import find_showcase, make_demo


def test_each_folder_of_music_has_a_library_of_its_own(tmp_path: Path) -> None:
    for name in ("mine", "yours"):
        (tmp_path / name).mkdir()
    mine, yours = (make_demo(tmp_path / "demo", tmp_path / name) for name in ("mine", "yours"))
    assert (mine.music, yours.music) == (tmp_path / "mine", tmp_path / "yours")
    assert mine.library != yours.library
    assert mine.library.parent == tmp_path / "demo"
    assert make_demo(tmp_path / "demo", tmp_path / "mine") == mine


def test_music_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="is not a folder"):
        make_demo(tmp_path / "demo", tmp_path / "none")
    assert not (tmp_path / "demo").exists()


def test_an_empty_library_has_no_showcase(tmp_path: Path) -> None:
    with open_library(tmp_path / "empty.sonoteca", mode="create") as library:
        assert find_showcase(library) is None
