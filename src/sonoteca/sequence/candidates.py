"""Which sounds may come next: those a query finds, of the kind that is ordered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.schema import summaries
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.tree import EVERYTHING, And, Is, Known, Node, Not, Or
from sonoteca.search.selection import names_a_sound, region_selection


def candidate_regions(
    connection: Connection, text: str | None, *, kind: str | None, missing: bool = False
) -> sa.Select[Any]:
    """Region 0 of the sounds that the query ``text`` finds and that may be chosen.

    Parameters
    ----------
    kind : str or None
        Only these, unless the query itself speaks of kinds.
    missing : bool
        Whether sounds may be chosen of which no file is there. A query that speaks of that decides by itself.
    """
    wanted = region_selection(connection, text or "", with_events=False)
    is_name = bool(text) and names_a_sound(connection, text or "")
    tree = EVERYTHING if is_name else as_query(text or "").tree
    only = []
    if kind is not None and not is_name and not speaks_of(tree, "kind"):
        only.append(summaries.c.kind == kind)
    if not missing and not is_name and not speaks_of(tree, "is_missing"):
        only.append(~summaries.c.is_missing)
    return sa.select(summaries.c.region_id).where(summaries.c.region_id.in_(wanted), *only) if only else wanted


def speaks_of(node: Node, column: str) -> bool:
    """Whether a query says anything about a column.

    >>> tree = as_query("bpm:120 (kind:loop OR kind:track)").tree
    >>> speaks_of(tree, "kind"), speaks_of(tree, "is_missing")
    (True, False)
    """
    match node:
        case And(parts) | Or(parts):
            return any(speaks_of(part, column) for part in parts)
        case Not(part):
            return speaks_of(part, column)
        case Is(named) | Known(named):
            return named == column
        case _:
            return False
