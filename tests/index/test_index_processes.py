"""Index files of a real library under kills, and under readers while another process publishes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index_processes import prepare, problems, segment_index_of, space_of, strays, vector_of
from sonoteca.catalogue.store.library import open_library
from sonoteca.index import segment_index
from sonoteca.index.catalogue_source import CatalogueSource
from sonoteca.index.segment_index import SegmentIndex
from sonoteca.index.vector_source import Rows

_SCRIPT = Path(__file__).resolve().parents[1] / "index_processes.py"
_ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="fork and SIGKILL are POSIX")


class Meanwhile(CatalogueSource):
    """Another process publishes while this one reads the rows of its new segment."""

    do: Callable[[], None] | None = None

    def vectors(self, *, after: int, up_to: int | None = None) -> Iterator[Rows]:
        yield from super().vectors(after=after, up_to=up_to)
        if up_to is not None and self.do is not None:
            do, self.do = self.do, None
            do()


@pytest.mark.parametrize("what", ["rebuild", "publish"])
def test_of_two_that_save_at_once_the_first_counts(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Merging would tidy up what they did to each other.
    monkeypatch.setattr(segment_index, "_MERGE_FACTOR", 0)
    location = tmp_path / "library.sonoteca"
    prepare(location)
    with open_library(location) as library:
        space = space_of(library)
        first = segment_index_of(library)
        source = Meanwhile(library, space)
        second = SegmentIndex(source, first.folder, prefix=f"{space.space.id}.")
        ways: dict[str, Callable[[SegmentIndex], object]] = {
            "rebuild": SegmentIndex.rebuild,
            "publish": partial(SegmentIndex.publish, everything=True),
        }
        source.do = lambda: (ways[what](first), None)[1]
        ways[what](second)
    assert problems(location) == []
    assert strays(location) == set()


def killed(tmp_path: Path, step: int) -> tuple[list[str], int]:
    """Problems met, and how many lines saving takes."""
    template = tmp_path / "template" / "library.sonoteca"
    template.parent.mkdir()
    prepare(template)
    assert problems(template) == []
    command = [sys.executable, str(_SCRIPT), "kill", str(template), str(tmp_path), str(step)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_ONE_THREAD)
    *found, lines = done.stdout.splitlines()
    return found, int(lines)


def test_a_kill_while_publishing_loses_nothing(tmp_path: Path) -> None:
    found, lines = killed(tmp_path, 67)
    assert found == []
    assert lines > 200


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_kill_at_any_line_of_publishing_loses_nothing(tmp_path: Path) -> None:
    found, _ = killed(tmp_path, 1)
    assert found == []


def test_readers_go_on_while_another_process_publishes(tmp_path: Path) -> None:
    location = tmp_path / "library.sonoteca"
    prepare(location)
    writer = subprocess.Popen(
        [sys.executable, str(_SCRIPT), "publish", str(location)], stdout=subprocess.PIPE, text=True, env=_ONE_THREAD
    )
    assert writer.stdout is not None
    try:
        with open_library(location, mode="read") as library:
            writer.stdout.readline()
            # Two that know the files and look at them only when asked, and one that looks again each time.
            known = segment_index_of(library)
            until, rounds, files = time.monotonic() + 3.0, 0, set()
            while time.monotonic() < until or rounds < 5:
                fresh = segment_index_of(library)
                files |= {path.name for path in fresh.folder.glob("*.seg")}
                time.sleep(0.02)
                for index in (known, fresh):
                    for number in (12, 40):
                        answer = index.nearest(vector_of(number)[None], 3)
                        assert answer.distances[0, 0] == pytest.approx(0.0, abs=2e-3)
                        assert answer.notes == ()
                        assert (np.diff(answer.distances[0]) >= 0).all()
                rounds += 1
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert len(files) > 3, "the writer published nothing meanwhile"
