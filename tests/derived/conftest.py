"""A library for what is derived from one, on SQLite: its files stand beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import Library, open_library


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with open_library(tmp_path / "library.sonoteca", mode="create"):
        pass
    return tmp_path / "library.sonoteca"


@pytest.fixture
def stock(place: Path) -> Iterator[Library]:
    with open_library(place) as library:
        yield library
