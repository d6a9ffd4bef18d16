"""Which sounds may come next: those a query finds, of the kind that is ordered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.roots import list_roots
from sonoteca.catalogue.store.schema import locations, summaries
from sonoteca.domain.answer import counted
from sonoteca.domain.vocabulary import Kind
from sonoteca.search.query.listing import as_query
from sonoteca.search.query.tree import EVERYTHING, And, Is, Known, Node, Not, Or
from sonoteca.search.selection import named_sounds, region_selection, selected_ids


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
    is_name = bool(named_sounds(connection, text or ""))
    tree = EVERYTHING if is_name else as_query(text or "").tree
    only = []
    if kind is not None and not is_name and not speaks_of(tree, "kind"):
        only.append(summaries.c.kind == kind)
    if not missing and not is_name and not speaks_of(tree, "is_missing"):
        only.append(~summaries.c.is_missing)
    return sa.select(summaries.c.region_id).where(summaries.c.region_id.in_(wanted), *only) if only else wanted


def candidates_there(
    connection: Connection, text: str | None, *, kind: str | None, missing: bool = False
) -> tuple[sa.Select[Any], int]:
    """Like ``candidate_regions``, without the sounds all of whose files lie on disks that are not there, and how many those are.

    The disks are asked now, not remembered from the last look. As with missing files, a query that speaks of those, and
    a name, decide by themselves.
    """
    where = candidate_regions(connection, text, kind=kind, missing=missing)
    away = [] if missing else [root.id for root in list_roots(connection) if root.is_away]
    if not away or (text and (named_sounds(connection, text) or speaks_of(as_query(text).tree, "is_missing"))):
        return where, 0
    n_on_other_disks = sa.func.sum(sa.case((locations.c.root_id.in_(away), 0), else_=1))
    lost = (
        sa.select(locations.c.sound_id)
        .where(locations.c.missing_since.is_(None), locations.c.sound_id.is_not(None))
        .group_by(locations.c.sound_id)
        .having(n_on_other_disks == 0)
    )
    there = sa.select(summaries.c.region_id).where(summaries.c.region_id.in_(where), summaries.c.sound_id.not_in(lost))
    return there, len(selected_ids(connection, where)) - len(selected_ids(connection, there))


def away_sentence(count: int, kind: str | None, *, all_of_them: bool) -> str:
    """Say that so many candidates were left out because their disk is not there.

    >>> away_sentence(31, Kind.TRACK, all_of_them=True), away_sentence(1, None, all_of_them=False)
    ('All 31 tracks are on a disk that is not there.', '1 sound is on a disk that is not there, and was left out.')
    """
    noun = "track" if kind == Kind.TRACK else "sound"
    if all_of_them:
        return f"{'All ' if count > 1 else 'The only '}{counted(count, noun).removeprefix('1 ')} {_be(count)} on a disk that is not there."
    return f"{counted(count, noun)} {_be(count)} on a disk that is not there, and {'was' if count == 1 else 'were'} left out."


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


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
