"""A library's own match weights: numbered versions, of which one or none is in use.

A version is text and never changes; going back means using an older one again. What the text
means is said in ``match/weights.toml``. With none in use, the numbers that the program brings hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.events import record
from sonoteca.catalogue.store.read_back import rows_compared
from sonoteca.catalogue.store.schema_made import match_weights
from sonoteca.errors import RequestError

CHANGED = "match_weights"


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """``toml`` names what differs from the shipped numbers; ``note`` says why the version was made."""

    version: int
    toml: str
    note: str | None
    is_active: bool
    at: str

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "active": self.is_active,
            "at": self.at,
            "note": self.note,
            "toml": self.toml,
        }


def add_weights(connection: Connection, toml: str, *, note: str | None = None, use: bool = True) -> int:
    """Keep a new version, and use it from now on unless told otherwise; returns its number.

    The caller has read ``toml`` as weights before: a text that means nothing is not refused here.
    """
    query = sa.insert(match_weights).values(toml=toml, note=note, active=False, at=clock.now())
    version = int(connection.execute(query.returning(match_weights.c.version)).scalar_one())
    held = connection.execute(sa.select(match_weights.c.toml).where(match_weights.c.version == version)).scalar()
    rows_compared("match_weights", {version: toml}, {version: held}).require()
    if use:
        use_weights(connection, version)
    return version


def use_weights(connection: Connection, version: int | None) -> None:
    """Match with this version from now on; None: with the shipped numbers.

    Raises
    ------
    RequestError
        If there is no such version.
    """
    if version is not None:
        get_weights(connection, version)
    connection.execute(sa.update(match_weights).where(match_weights.c.active).values(active=False))
    if version is not None:
        connection.execute(sa.update(match_weights).where(match_weights.c.version == version).values(active=True))
    record(connection, CHANGED, details={"version": version})


def get_weights(connection: Connection, version: int) -> StoredWeights:
    """One version; RequestError if there is no such version."""
    row = connection.execute(sa.select(match_weights).where(match_weights.c.version == version)).one_or_none()
    if row is None:
        raise RequestError(
            f"There are no match weights {version}.", "The list of versions has their numbers.", field="version"
        )
    return _stored(row)


def find_active_weights(connection: Connection) -> StoredWeights | None:
    """The version in use; None: the shipped numbers are."""
    row = connection.execute(sa.select(match_weights).where(match_weights.c.active)).one_or_none()
    return None if row is None else _stored(row)


def list_weights(connection: Connection) -> list[StoredWeights]:
    """All versions, oldest first."""
    return [_stored(row) for row in connection.execute(sa.select(match_weights).order_by(match_weights.c.version))]


def _stored(row: Row[tuple[object, ...]]) -> StoredWeights:
    return StoredWeights(row.version, row.toml, row.note, row.active, row.at)
