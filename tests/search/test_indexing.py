"""What ``sonoteca index check`` and ``rebuild`` see, on a library with removals and a tail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index_processes import prepare, space_of
from sonoteca.catalogue.heard.embeddings import forget_removed
from sonoteca.catalogue.store.library import open_library
from sonoteca.index.vector_index import IndexState
from sonoteca.search.indexing import SpaceReport, check_indexes, rebuild_indexes, update_indexes

WHOLE = IndexState(in_source=5, stored=5, missing=0, orphaned=0)


@pytest.mark.parametrize("fault", ["missing", "orphaned", "damaged_segments"])
def test_one_fault_of_any_kind_makes_an_index_not_whole(fault: str) -> None:
    whole = SpaceReport("space", WHOLE, recall=1.0)
    assert whole.is_whole
    assert whole.as_json()["ok"] is True
    faults: dict[str, Any] = {fault: 1}
    faulty = SpaceReport("space", replace(WHOLE, **faults), recall=1.0)
    assert not faulty.is_whole
    assert (faulty.as_json()["ok"], faulty.as_json()[fault]) == (False, 1)


def test_a_rebuild_takes_out_what_no_note_tells_of_any_more(tmp_path: Path) -> None:
    location = tmp_path / "library.sonoteca"
    prepare(location)
    with open_library(location) as library:
        (before,) = check_indexes(library)
        assert (before.is_whole, before.state.in_source, before.recall) == (True, 43, 1.0)
        with library.write() as connection:
            forget_removed(connection, space_of(library), up_to=10**6)
        (faulty,) = check_indexes(library)
        assert (faulty.is_whole, faulty.state.orphaned, faulty.state.missing) == (False, 7, 0)
        # What add does after every run repairs files, not notes.
        update_indexes(library)
        assert not check_indexes(library)[0].is_whole
        rebuild_indexes(library)
        (after,) = check_indexes(library)
        assert (after.is_whole, after.state.stored) == (True, 43)
