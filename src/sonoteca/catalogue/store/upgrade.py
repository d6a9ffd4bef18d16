"""From any older library to today's schema."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

import sonoteca
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import lock_for_writing
from sonoteca.catalogue.store.schema import REVISION, meta
from sonoteca.errors import LibraryDamaged

MIGRATIONS = "sonoteca.catalogue.store:migrations"


def stored_revision(connection: Connection) -> str | None:
    """The migration this library stands at, or None for a database without a library."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def is_newer(revision: str) -> bool:
    """Whether a newer program wrote ``revision``: revisions are numbers of fixed width."""
    return revision > REVISION


def migrate(engine: Engine) -> None:
    """Bring the database to ``REVISION`` in one transaction: all of it or nothing.

    Two processes may call this at once; the second finds nothing to do.
    """
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.driver_connection
        if is_sqlite:
            # A table that batch mode copies is dropped: that must not cascade. The pragma
            # does nothing inside a transaction, so it comes first, on the raw connection.
            raw.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.execution_options(sonoteca_writes=True).begin():
                lock_for_writing(connection)
                if stored_revision(connection) != REVISION:
                    _run_migrations(connection)
                    _note_program(connection)
                    if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                        raise LibraryDamaged(f"The upgrade would leave a row of {broken[0]} without its parent.")
        finally:
            if is_sqlite:
                raw.execute("PRAGMA foreign_keys = ON")


def _run_migrations(connection: Connection) -> None:
    """Alembic's upgrade on a connection and transaction of ours; it needs no ``env.py``."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        # SQLite cannot alter most things in place: batch mode copies the table instead.
        environment.configure(connection=connection, render_as_batch=True, transaction_per_migration=False)
        environment.run_migrations()


def _note_program(connection: Connection) -> None:
    now = clock.now()
    known = set(connection.execute(sa.select(meta.c.key)).scalars())
    for key, value in (("library_uuid", str(uuid.uuid4())), ("created_at", now)):
        if key not in known:
            connection.execute(sa.insert(meta).values(key=key, value=value))
    connection.execute(sa.delete(meta).where(meta.c.key == "program_version"))
    connection.execute(sa.insert(meta).values(key="program_version", value=sonoteca.__version__))
