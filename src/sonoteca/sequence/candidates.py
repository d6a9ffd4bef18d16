"""Which sounds may come next: those a query finds, of the kind that is ordered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.schema import summaries
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.tree import And, Is, Known, Node, Not, Or
from sonoteca.search.selection import names_a_sound, region_selection


def candidate_regions(connection: Connection, text: str | None, *, kind: str | None) -> sa.Select[Any]:
    """Region 0 of the sounds that the query ``text`` finds; of ``kind``, unless the query itself speaks of kinds."""
    wanted = region_selection(connection, text or "", with_events=False)
    if kind is None or (text and (names_a_sound(connection, text) or speaks_of_kind(as_query(text).tree))):
        return wanted
    return sa.select(summaries.c.region_id).where(summaries.c.region_id.in_(wanted), summaries.c.kind == kind)


def speaks_of_kind(node: Node) -> bool:
    """Whether a query says anything about kinds.

    >>> speaks_of_kind(as_query("bpm:120 (kind:loop OR kind:track)").tree), speaks_of_kind(as_query("bpm:120").tree)
    (True, False)
    """
    match node:
        case And(parts) | Or(parts):
            return any(speaks_of_kind(part) for part in parts)
        case Not(part):
            return speaks_of_kind(part)
        case Is(column) | Known(column):
            return column == "kind"
        case _:
            return False
