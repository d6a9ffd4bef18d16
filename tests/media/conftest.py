"""A library to play from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_samples import NotedTasks, Played
from sonoteca.catalogue.store.library import open_library
from sonoteca.ingest.listener import Listener


@pytest.fixture
def played(tmp_path: Path, blank_file: Path) -> Iterator[Played]:
    (tmp_path / "sounds").mkdir()
    executor = NotedTasks()
    shutil.copy(blank_file, path := tmp_path / "mine.sonoteca")
    with open_library(path) as library, Listener(executor=executor) as listener:
        yield Played(library, tmp_path / "sounds", executor, listener)
