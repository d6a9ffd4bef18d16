"""The fixtures of ``catalogue_fixtures`` for the tests in this folder, and a library where the database does not matter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue_fixtures import (
    blank_file,
    library,
    library_location,
    location,
    postgres_admin,
    postgres_library_url,
    postgres_server,
    postgres_url,
)
from sonoteca.catalogue.library import Library, open_library

__all__ = [
    "blank_file",
    "library",
    "library_location",
    "location",
    "postgres_admin",
    "postgres_library_url",
    "postgres_server",
    "postgres_url",
    "sqlite_library",
]


@pytest.fixture
def sqlite_library(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.sonoteca"
    shutil.copy(blank_file, path)
    with open_library(path) as opened:
        yield opened
