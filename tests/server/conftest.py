"""A small library behind the server, asked within this process.

``client`` asks an application over a library that all tests of a module share and none changes;
``writable`` gives each test a library of its own. Both hear files in this very process. What
needs a real process asks ``server_processes.running``; other settings, ``server_samples.asking``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server_samples import asking, make_library
from sonoteca.catalogue.store.library import open_library


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample library, to be read or copied."""
    path = tmp_path_factory.mktemp("served") / "mine.sonoteca"
    make_library(path)
    return path


@pytest.fixture(scope="module")
def client(sample_file: Path) -> Iterator[TestClient]:
    """Asks the sample library, which nothing changes."""
    with open_library(sample_file) as library, asking(library) as client:
        yield client


@pytest.fixture
def writable(sample_file: Path, tmp_path: Path) -> Iterator[TestClient]:
    """Asks a copy of the sample library, which the test may change; ``client.app.state.library`` is it."""
    path = tmp_path / "mine.sonoteca"
    shutil.copy(sample_file, path)
    with open_library(path) as library, asking(library) as client:
        yield client
