"""What ``sonoteca index check`` and ``rebuild`` see, on a library with removals and a tail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index_processes import prepare, space_of
from sonoteca.catalogue.heard.embeddings import forget_removed
from sonoteca.catalogue.store.library import open_library
from sonoteca.search.indexing import SpaceReport, check_indexes, rebuild_indexes, update_indexes

WHOLE = SpaceReport("space", in_catalogue=5, stored=5, missing=0, orphaned=0, damaged_segments=0, recall=1.0)


@pytest.mark.parametrize("fault", ["missing", "orphaned", "damaged_segments"])
def test_one_fault_of_any_kind_makes_an_index_not_whole(fault: str) -> None:
    assert WHOLE.is_whole
    assert WHOLE.as_json()["ok"] is True
    faults: dict[str, Any] = {fault: 1}
    assert not replace(WHOLE, **faults).is_whole


def test_a_rebuild_takes_out_what_no_note_tells_of_any_more(tmp_path: Path) -> None:
    location = tmp_path / "library.sonoteca"
    prepare(location)
    with open_library(location) as library:
        (before,) = check_indexes(library)
        assert (before.is_whole, before.in_catalogue, before.recall) == (True, 43, 1.0)
        with library.write() as connection:
            forget_removed(connection, space_of(library), up_to=10**6)
        (faulty,) = check_indexes(library)
        assert (faulty.is_whole, faulty.orphaned, faulty.missing) == (False, 7, 0)
        # What add does after every run repairs files, not notes.
        update_indexes(library)
        assert not check_indexes(library)[0].is_whole
        rebuild_indexes(library)
        (after,) = check_indexes(library)
        assert (after.is_whole, after.stored) == (True, 43)
