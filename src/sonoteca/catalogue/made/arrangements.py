"""An arrangement is kept as rows: a header, its sections and its clips, written and replaced as one.

What the rows mean is said in ``arrange/arrangement.py``; here they only come and go.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.read_back import rows_counted
from sonoteca.catalogue.store.schema_made import arrangement_clips, arrangement_sections, arrangements
from sonoteca.domain.key_words import Mode
from sonoteca.domain.music import Key
from sonoteca.errors import AmbiguousArrangement, ArrangementNotFound

_ID = re.compile(r"[a-z2-7]{1,16}")
_CANDIDATES_NAMED = 8

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ArrangementRows:
    """The columns of one arrangement; ``sections`` and ``clips`` in their order, without the keys that link them."""

    header: Values
    sections: Sequence[Values]
    clips: Sequence[Values]


@dataclass(frozen=True, slots=True)
class ArrangementEntry:
    """What the list of arrangements says of one."""

    public_id: str
    title: str | None
    tempo_bpm: float
    tonic: int | None
    mode: str | None
    sections: int
    bars: float
    clips: int
    created_at: str
    changed_at: str

    @property
    def key(self) -> Key | None:
        return None if self.tonic is None else Key(self.tonic, cast(Mode, self.mode))

    def as_json(self) -> dict[str, Any]:
        """The line as commands and routes print it."""
        return asdict(self)


def insert_arrangement(connection: Connection, rows: ArrangementRows) -> str:
    """Keep a new arrangement; returns its public id.

    The id is drawn, not derived: an arrangement that is edited keeps it, and making the same one
    again makes another.
    """
    public_id = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    now = clock.now()
    values = {**rows.header, "public_id": public_id, "created_at": now, "changed_at": now}
    row_number = connection.execute(sa.insert(arrangements).values(values).returning(arrangements.c.id)).scalar_one()
    _insert_parts(connection, row_number, rows)
    return public_id


def replace_arrangement(connection: Connection, public_id: str, rows: ArrangementRows) -> None:
    """Put other contents under an id that is there; ArrangementNotFound if it is not."""
    row_number = _row_number(connection, public_id)
    values = {**rows.header, "changed_at": clock.now()}
    connection.execute(sa.update(arrangements).where(arrangements.c.id == row_number).values(values))
    for table in (arrangement_sections, arrangement_clips):
        connection.execute(sa.delete(table).where(table.c.arrangement_id == row_number))
    _insert_parts(connection, row_number, rows)


def _insert_parts(connection: Connection, row_number: int, rows: ArrangementRows) -> None:
    """Sections and clips, read back and counted."""
    for table, number, parts in (
        (arrangement_sections, "position", rows.sections),
        (arrangement_clips, "number", rows.clips),
    ):
        if parts:
            values = [{**part, "arrangement_id": row_number, number: at} for at, part in enumerate(parts)]
            connection.execute(sa.insert(table), values)
        rows_counted(connection, table.name, len(parts), table.c.arrangement_id, [row_number]).require()


def load_arrangement_rows(connection: Connection, public_id: str) -> ArrangementRows:
    """Load the rows of an arrangement; ArrangementNotFound if there is none of that id."""
    header = connection.execute(sa.select(arrangements).where(arrangements.c.public_id == public_id)).mappings().first()
    if header is None:
        raise ArrangementNotFound(f"There is no arrangement {public_id}.")
    parts: list[list[dict[str, Any]]] = []
    for table, number in ((arrangement_sections, "position"), (arrangement_clips, "number")):
        found = connection.execute(
            sa.select(table).where(table.c.arrangement_id == header["id"]).order_by(table.c[number])
        )
        parts.append([{k: v for k, v in row.items() if k != "arrangement_id"} for row in found.mappings()])
    return ArrangementRows({k: v for k, v in header.items() if k != "id"}, *parts)


def resolve_arrangement(connection: Connection, name: str) -> str:
    """Find the public id that ``name``, an id or a unique prefix of one, means.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
    """
    prefix = name.lower()
    found: Sequence[str] = ()
    if _ID.fullmatch(prefix):
        # Every character of an id sorts below "{".
        in_range = (arrangements.c.public_id >= prefix) & (arrangements.c.public_id < prefix + "{")
        query = sa.select(arrangements.c.public_id).where(in_range).order_by(arrangements.c.public_id)
        found = connection.execute(query.limit(_CANDIDATES_NAMED + 1)).scalars().all()
    if not found:
        raise ArrangementNotFound(f"No arrangement answers to {name!r}.")
    if len(found) > 1:
        more = "" if len(found) <= _CANDIDATES_NAMED else ", ..."
        raise AmbiguousArrangement(f"{name!r} may mean {', '.join(found[:_CANDIDATES_NAMED])}{more}.")
    return found[0]


def list_arrangement_entries(connection: Connection) -> list[ArrangementEntry]:
    """List all arrangements, the last made first."""
    in_it = arrangement_sections.c.arrangement_id == arrangements.c.id
    sections = sa.select(sa.func.count()).select_from(arrangement_sections).where(in_it).scalar_subquery()
    bars = sa.select(sa.func.sum(arrangement_sections.c.bars)).where(in_it).scalar_subquery()
    clips = (
        sa.select(sa.func.count())
        .select_from(arrangement_clips)
        .where(arrangement_clips.c.arrangement_id == arrangements.c.id)
        .scalar_subquery()
    )
    named = ("public_id", "title", "tempo_bpm", "tonic", "mode", "created_at", "changed_at")
    query = sa.select(
        # Not the details, which hold earlier states.
        *(arrangements.c[name] for name in named),
        sections.label("sections"),
        sa.func.coalesce(bars, 0.0).label("bars"),
        clips.label("clips"),
    ).order_by(arrangements.c.created_at.desc(), arrangements.c.id.desc())
    return [ArrangementEntry(**row) for row in connection.execute(query).mappings()]


def delete_arrangement(connection: Connection, public_id: str) -> None:
    """Forget an arrangement; its sounds stay."""
    connection.execute(sa.delete(arrangements).where(arrangements.c.id == _row_number(connection, public_id)))


def _row_number(connection: Connection, public_id: str) -> int:
    found = connection.execute(sa.select(arrangements.c.id).where(arrangements.c.public_id == public_id)).scalar()
    if found is None:
        raise ArrangementNotFound(f"There is no arrangement {public_id}.")
    return int(found)
