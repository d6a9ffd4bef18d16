"""A library with a folder of sounds, and a listener that hears in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from job_processes import SETTINGS
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.ingest.listener import Listener
from sonoteca.workers.in_process import InProcessExecutor


@pytest.fixture
def opened(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.sonoteca"
    path.write_bytes(blank_file.read_bytes())
    with open_library(path) as library:
        with library.write() as connection:
            (tmp_path / "music").mkdir()
            ensure_root(connection, tmp_path / "music")
        yield library


@pytest.fixture
def music(opened: Library, tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(SETTINGS, executor=InProcessExecutor()) as made:
        yield made
