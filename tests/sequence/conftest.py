"""A library where the database does not matter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import Library, open_library


@pytest.fixture
def sqlite_library(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.sonoteca"
    shutil.copy(blank_file, path)
    with open_library(path) as opened:
        yield opened
