"""Smart playlists: a query that is kept, and what it finds now."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made.playlists import SmartRule
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import regions, sounds
from sonoteca.errors import QuerySyntaxError, RequestError
from sonoteca.search.query.listing import count_sounds
from sonoteca.search.query.order import ordered_regions
from sonoteca.search.query.parser import parse_query
from sonoteca.search.query.tree import EVERYTHING


def smart_rule(query: str, *, sort: str | None = None, limit: int | None = None) -> SmartRule:
    """The rule that a person states, made sure to be readable.

    >>> smart_rule("kind:loop", sort="-energy", limit=20)
    SmartRule(query='kind:loop sort:-energy', limit=20)

    Parameters
    ----------
    query : str
        Of the query language; it may hold an order itself. Blank: all sounds.
    sort : str, optional
        What ``sort:`` of the query language takes, such as ``-energy``.
    limit : int > 0, optional

    Raises
    ------
    QuerySyntaxError
        The query or the order cannot be read.
    RequestError
        The order is named twice, or the limit leaves nothing.
    """
    if limit is not None and limit < 1:
        raise RequestError(f"A limit of {limit} leaves nothing.", "Use at least 1, or none.", field="limit")
    has_order = bool(parse_query(query).sort)
    if sort is None:
        return SmartRule(query.strip(), limit)
    order = f"sort:{sort}"
    read = parse_query(order)
    if read.tree != EVERYTHING or len(read.sort) != 1:
        raise QuerySyntaxError("one field to sort by is wanted, such as -energy", query=order, position=len("sort:"))
    if has_order:
        raise RequestError(
            f"Both the query {query!r} and the order {sort!r} name an order.", "Leave out one of them.", field="sort"
        )
    return SmartRule(f"{query.strip()} {order}".strip(), limit)


def contents_found(connection: Connection, rule: SmartRule) -> list[str]:
    """The content hashes of the sounds that a rule finds now, in its order; newest first where it names none.

    Raises
    ------
    QuerySyntaxError
        An older or newer program kept a query that this one cannot read.
    """
    wholes = ordered_regions(connection, parse_query(rule.query), limit=rule.limit)
    found: dict[int, str] = {}
    query = sa.select(regions.c.id, sounds.c.content_hash).join(sounds, sounds.c.id == regions.c.sound_id)
    for some in chunks(wholes):
        found.update((row.id, row.content_hash) for row in connection.execute(query.where(regions.c.id.in_(some))))
    return [found[region_id] for region_id in wholes]


def count_found(connection: Connection, rule: SmartRule) -> int:
    """How many sounds a rule finds now; QuerySyntaxError as ``contents_found``."""
    count = count_sounds(connection, rule.query)
    return count if rule.limit is None else min(count, rule.limit)
