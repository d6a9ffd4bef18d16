"""What a shop says of its sounds: its number for each, title, price, currency, and where it is sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import summaries
from sonoteca.catalogue.identity.sounds import sounds_at_paths
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.read_back import rows_compared
from sonoteca.catalogue.store.schema import sounds

NamedBy: TypeAlias = Literal["path", "id", "external"]


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What is said; None says nothing. ``price`` is in units of ``currency`` (ISO 4217, ``"EUR"``)."""

    external_id: str | None = None
    title: str | None = None
    price: float | None = None
    currency: str | None = None
    url: str | None = None

    @property
    def said(self) -> dict[str, str | float]:
        """The columns of table ``sounds`` that it is about."""
        named = {"title": "shop_title"}
        return {named.get(name, name): value for name, value in asdict(self).items() if value is not None}


def find_named(connection: Connection, names: Sequence[str], named_by: NamedBy) -> dict[str, list[int]]:
    """Row numbers of the sounds that each name means; an empty list where none does.

    Parameters
    ----------
    named_by : "path", "id" or "external"
        What the names are: paths (absolute, or relative to the working folder or to any root), whole ids, or
        a shop's ids.
    """
    if named_by == "path":
        return sounds_at_paths(connection, names, from_roots=True)
    column = sounds.c.public_id if named_by == "id" else sounds.c.external_id
    found: dict[str, list[int]] = {name: [] for name in names}
    for some in chunks(list(found)):
        for row in connection.execute(sa.select(column.label("name"), sounds.c.id).where(column.in_(some))):
            found[row.name].append(row.id)
    return found


def set_shop_facts(connection: Connection, facts: Mapping[int, ShopFacts]) -> int:
    """Keep what is said of these sounds; what is not said stays as it was.

    A shop's id names one sound: given to another one, it is taken from the former.

    Returns
    -------
    int
        How many of the sounds were not told so before.

    Raises
    ------
    WriteSwallowed
        If it is not there afterwards.
    """
    before = _known(connection, list(facts))
    changed = {
        id_: each.said
        for id_, each in facts.items()
        if any(before[id_][name] != value for name, value in each.said.items())
    }
    given = {each.external_id: id_ for id_, each in facts.items() if each.external_id is not None}
    for some in chunks(list(given)):
        held = sa.select(sounds.c.id, sounds.c.external_id).where(sounds.c.external_id.in_(some))
        former = [row.id for row in connection.execute(held) if given[row.external_id] != row.id]
        connection.execute(sa.update(sounds).where(sounds.c.id.in_(former)).values(external_id=None))
    if changed:
        statement = sa.update(sounds).where(sounds.c.id == sa.bindparam("of_sound"))
        connection.execute(statement, [before[id_] | said | {"of_sound": id_} for id_, said in changed.items()])
        retitled = [id_ for id_, said in changed.items() if "shop_title" in said]
        for some in chunks(retitled):
            here = sa.update(sounds).where(sounds.c.id.in_(some))
            connection.execute(here.values(title=sounds.c.shop_title))
    after = _known(connection, list(changed))
    there = {id_: {name: after[id_][name] for name in said} for id_, said in changed.items()}
    rows_compared("sounds", changed, there).require()
    # Titles are among what lists are sorted by and words find.
    summaries.refresh_places(connection, [id_ for id_, said in changed.items() if "shop_title" in said])
    return len(changed)


def numbers_taken(connection: Connection, facts: Mapping[int, ShopFacts]) -> dict[str, tuple[int, int]]:
    """The shop's ids that ``set_shop_facts`` would take from a sound that is given no other, with that sound and the next."""
    given = {each.external_id: id_ for id_, each in facts.items() if each.external_id is not None}
    taken: dict[str, tuple[int, int]] = {}
    for some in chunks(list(given)):
        held = sa.select(sounds.c.id, sounds.c.external_id).where(sounds.c.external_id.in_(some))
        for row in connection.execute(held):
            told = facts.get(row.id)
            if given[row.external_id] != row.id and (told is None or told.external_id is None):
                taken[row.external_id] = (row.id, given[row.external_id])
    return taken


def _known(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[str, str | float | None]]:
    columns = (sounds.c.external_id, sounds.c.shop_title, sounds.c.price, sounds.c.currency, sounds.c.url)
    found: dict[int, dict[str, str | float | None]] = {}
    for some in chunks(list(sound_ids)):
        for row in connection.execute(sa.select(sounds.c.id, *columns).where(sounds.c.id.in_(some))).mappings():
            found[row["id"]] = {column.name: row[column.name] for column in columns}
    return found
