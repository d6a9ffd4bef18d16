"""A filled library that tests of this folder only read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Connection

from catalogue_fixtures import a_database
from query_samples import fill
from sonoteca.catalogue.store.library import open_library


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def filled_location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A library with the sounds of ``query_samples.fill``."""
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            server, admin = (request.getfixturevalue(name) for name in ("postgres_server", "postgres_admin"))
            place = stack.enter_context(a_database(admin, server, "blank"))
        else:
            place = str(tmp_path_factory.mktemp("filled") / "library.sonoteca")
        with open_library(place, mode="create") as library, library.write() as connection:
            fill(connection)
        yield place


@pytest.fixture
def connection(filled_location: str) -> Iterator[Connection]:
    """A reading connection to the filled library."""
    with open_library(filled_location, mode="read") as library, library.read() as opened:
        yield opened
