"""Which sounds may come next: those a query finds, of the kind that is ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.roots import list_roots
from sonoteca.catalogue.store.schema import locations, summaries
from sonoteca.domain.answer import counted
from sonoteca.domain.vocabulary import Kind
from sonoteca.search.query.tree import Node, speaks_of
from sonoteca.search.selection import selected_ids, selection_and_rules

_KIND_WORDS: Mapping[str, str] = {Kind.ONE_SHOT: "one-shot", Kind.FIELD_RECORDING: "field recording"}


def candidate_regions(connection: Connection, text: str | None, *, kind: str | None) -> sa.Select[Any]:
    """Region 0 of the sounds that the query ``text`` finds and that may be chosen: none whose files are missing.

    Only sounds of ``kind``, unless that is None. A query that speaks of kinds, or of what is missing, decides that by
    itself, and a name decides both.
    """
    return _chosen(*selection_and_rules(connection, text or "", with_events=False), kind, missing=False)


def candidates_there(
    connection: Connection, text: str | None, *, kind: str | None, away: Sequence[int] | None
) -> tuple[sa.Select[Any], int]:
    """Like ``candidate_regions``, without the sounds all of whose files lie on disks that are not there, and how many those are.

    Parameters
    ----------
    away : sequence of int or None
        Row numbers of the roots on these disks, as ``roots_away`` finds them. None: sounds may be chosen whose files
        are missing or away. A query that speaks of what is missing, and a name, decide by themselves.
    """
    found, rules = selection_and_rules(connection, text or "", with_events=False)
    where = _chosen(found, rules, kind, missing=away is None)
    if not away or rules is None or speaks_of(rules, "is_missing"):
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


def not_considered(connection: Connection, text: str | None, *, kind: str | None, missing: bool) -> str | None:
    """Say how many of the sounds that a query finds may not be chosen, for they are of another kind, or their files are missing.

    None where all may, and where the query itself decides. ``missing``: whether those with missing files may be chosen.
    """
    found, rules = selection_and_rules(connection, text or "", with_events=False)
    if rules is None:
        return None
    is_other = summaries.c.kind.is_distinct_from(kind)
    count = sa.select(sa.func.count()).where(summaries.c.region_id.in_(found), summaries.c.status == "analysed")
    told = []
    if kind is not None and not speaks_of(rules, "kind") and (n := connection.execute(count.where(is_other)).scalar()):
        told.append(f"{counted(n, 'sound')} {_be(n)} no {_KIND_WORDS.get(kind, kind)}{'' if n == 1 else 's'}")
    if not missing and not speaks_of(rules, "is_missing"):
        of_kind = count if kind is None or speaks_of(rules, "kind") else count.where(~is_other)
        if n := connection.execute(of_kind.where(summaries.c.is_missing)).scalar():
            told.append(f"the {'file' if n == 1 else 'files'} of {counted(n, _noun(kind))} {_be(n)} missing")
    return f"Not considered: {', and '.join(told)}." if told else None


def roots_away(connection: Connection) -> list[int]:
    """Row numbers of the roots whose disk is not there: the disks are asked now, not remembered from the last look."""
    return [root.id for root in list_roots(connection) if root.is_away]


def _chosen(found: sa.Select[Any], rules: Node | None, kind: str | None, *, missing: bool) -> sa.Select[Any]:
    """Those of the regions found that may be chosen; all of them where ``rules`` is None."""
    if rules is None:
        return found
    only = []
    if kind is not None and not speaks_of(rules, "kind"):
        only.append(summaries.c.kind == kind)
    if not missing and not speaks_of(rules, "is_missing"):
        only.append(~summaries.c.is_missing)
    return sa.select(summaries.c.region_id).where(summaries.c.region_id.in_(found), *only) if only else found


def away_sentence(count: int, kind: str | None, *, all_of_them: bool) -> str:
    """Say that so many candidates were left out because their disk is not there.

    >>> away_sentence(31, Kind.TRACK, all_of_them=True), away_sentence(1, None, all_of_them=False)
    ('All 31 tracks are on a disk that is not there.', '1 sound is on a disk that is not there, and was left out.')
    """
    noun = _noun(kind)
    if all_of_them:
        return f"{'All ' if count > 1 else 'The only '}{counted(count, noun).removeprefix('1 ')} {_be(count)} on a disk that is not there."
    return f"{counted(count, noun)} {_be(count)} on a disk that is not there, and {'was' if count == 1 else 'were'} left out."


def _noun(kind: str | None) -> str:
    return "track" if kind == Kind.TRACK else "sound"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
