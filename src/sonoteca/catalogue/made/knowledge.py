"""Pieces of advice, kept by the UUID that files carry them under; what is changed can be undone.

An entry that came with the program remembers what it said then (``shipped``): as long as it says that, a newer
program may put its own words there; once a person edited it, it stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made import knowledge_text
from sonoteca.catalogue.made.former_states import KNOWLEDGE, FormerState, keep_states, next_batch, states_of
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.read_back import rows_compared
from sonoteca.catalogue.store.schema import meta
from sonoteca.catalogue.store.schema_made import knowledge
from sonoteca.errors import KnowledgeNotFound

CHANGED = "knowledge_changed"
_SHIPPED_KEY = "knowledge_shipped"
_SAID = ("topic", "category", "suggestion", "confidence", "source", "conditions", "about")
_KEPT = ("public_id", *_SAID, "shipped", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class StoredAdvice:
    """One piece of advice as it is kept; ``suggestion`` has title, description and parameters.

    ``shipped`` is the digest of what the program said when it brought the entry; None: it did not bring it.
    Moments are None before it is kept.
    """

    public_id: str
    topic: str
    category: str
    suggestion: Mapping[str, Any]
    confidence: float | None
    source: str | None
    conditions: Sequence[Mapping[str, Any]]
    about: str | None
    shipped: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What it says, as its columns."""
        return {name: getattr(self, name) for name in _SAID}

    @property
    def digest(self) -> str:
        """The same for all entries that say the same, whatever the order of their parameters."""
        text = json.dumps(self.said, sort_keys=True, separators=(",", ":"), default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def is_edited(self) -> bool:
        """Whether it came with the program and says something else now."""
        return self.shipped is not None and self.shipped != self.digest

    @property
    def title(self) -> str:
        return str(self.suggestion["title"])


@dataclass(frozen=True, slots=True)
class SavedAdvice:
    """Ids of the entries that are new, of those that say something else now, and of those that said it before."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def save_advice(connection: Connection, given: Sequence[StoredAdvice]) -> SavedAdvice:
    """Keep entries, each under its id; what one said before gives way. One change, which can be undone.

    Raises
    ------
    WriteSwallowed
        If the database has not what was written afterwards.
    """
    saved, before = _save(connection, given)
    titles = {each.public_id: each.title for each in given}
    states = [
        FormerState(
            KNOWLEDGE,
            public_id,
            None if public_id not in before else _document(before[public_id]),
            {"title": titles[public_id]},
        )
        for public_id in (*saved.added, *saved.changed)
    ]
    if states:
        batch = next_batch(connection)
        keep_states(connection, batch, KNOWLEDGE, states)
        events.record(connection, CHANGED, details={"batch": batch, "entries": len(states)})
    return saved


def put_in_shipped(connection: Connection, shipped: Sequence[StoredAdvice], version: str) -> SavedAdvice:
    """Put in what comes with the program: what is new of it, and new words of what nobody edited; what was edited stays.

    Parameters
    ----------
    version : str
        Of the shipped base: with the one that is in already nothing is done.
    """
    if shipped_version(connection) == version:
        return SavedAdvice()
    there = find_advice(connection, [each.public_id for each in shipped])
    marked = [replace(each, shipped=each.digest) for each in shipped]
    # What a person wrote under such an id, or edited, is theirs.
    ours = [
        each
        for each in marked
        if (known := there.get(each.public_id)) is None or (known.shipped is not None and not known.is_edited)
    ]
    saved, _ = _save(connection, ours)
    connection.execute(sa.delete(meta).where(meta.c.key == _SHIPPED_KEY))
    connection.execute(sa.insert(meta).values(key=_SHIPPED_KEY, value=version))
    return saved


def shipped_version(connection: Connection) -> str | None:
    """The version of the shipped base that was put in last; None: none was."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.key == _SHIPPED_KEY)).scalar()


def _save(connection: Connection, given: Sequence[StoredAdvice]) -> tuple[SavedAdvice, Mapping[str, StoredAdvice]]:
    """Write what differs from what is there; also returns what was there."""
    wanted = {each.public_id: each for each in given}
    if len(wanted) != len(given):
        raise ValueError("an entry stands twice in what is to be kept")
    before = find_advice(connection, list(wanted))
    added = [each for each in wanted.values() if each.public_id not in before]
    changed = [
        each
        for each in wanted.values()
        if (known := before.get(each.public_id)) is not None
        and (known.digest != each.digest or (each.shipped is not None and known.shipped != each.shipped))
    ]
    now = clock.now()
    if added:
        rows = [
            {
                "public_id": each.public_id,
                **each.said,
                "shipped": each.shipped,
                "created_at": each.created_at or now,
                "updated_at": each.updated_at or now,
            }
            for each in added
        ]
        connection.execute(sa.insert(knowledge), rows)
    for each in changed:
        # The vector is one of what it said before.
        values = each.said | {"embedding": None, "embedding_model": None, "embedding_version": None, "updated_at": now}
        if each.shipped is not None:
            values["shipped"] = each.shipped
        connection.execute(sa.update(knowledge).where(knowledge.c.public_id == each.public_id).values(values))
    _index_and_check(connection, [*added, *changed])
    new, other = {each.public_id for each in added}, {each.public_id for each in changed}
    return SavedAdvice(
        tuple(each for each in wanted if each in new),
        tuple(each for each in wanted if each in other),
        tuple(each for each in wanted if each not in new and each not in other),
    ), before


def _index_and_check(connection: Connection, written: Sequence[StoredAdvice]) -> None:
    """Read back what was written, and make its words; a database can accept a write and then not have it."""
    rows = dict(_rows(connection, [each.public_id for each in written]))
    there = {row["public_id"]: _advice(row).digest for row in rows.values()}
    rows_compared("knowledge", {each.public_id: each.digest for each in written}, there).require()
    knowledge_text.refresh(connection, rows)


def find_advice(connection: Connection, public_ids: Sequence[str]) -> dict[str, StoredAdvice]:
    """Those entries of these ids that are there."""
    return {row["public_id"]: _advice(row) for _, row in _rows(connection, public_ids)}


def get_advice(connection: Connection, name: str) -> StoredAdvice:
    """The entry of this id, or of a beginning of it that no other id has; KnowledgeNotFound if there is none."""
    asked = name.strip().lower()
    found: list[StoredAdvice] = []
    if asked and all(each in "0123456789abcdef-" for each in asked):
        # What begins so: behind the last digit comes a letter that no id has.
        of_name = (knowledge.c.public_id >= asked) & (knowledge.c.public_id < asked + "g")
        query = sa.select(knowledge).where(of_name).order_by(knowledge.c.public_id).limit(2)
        found = [_advice(row) for row in connection.execute(query).mappings()]
    if len(found) == 1:
        return found[0]
    raise KnowledgeNotFound(
        f"Several entries have an id that begins with {name!r}." if found else f"There is no entry {name!r}.",
        field="entry",
    )


def list_advice(connection: Connection, *, topic: str | None = None, category: str | None = None) -> list[StoredAdvice]:
    """All entries, or those of a topic and category, in the order in which they came."""
    query = sa.select(knowledge).order_by(knowledge.c.id)
    if topic is not None:
        query = query.where(knowledge.c.topic == topic)
    if category is not None:
        query = query.where(knowledge.c.category == category)
    return [_advice(row) for row in connection.execute(query).mappings()]


def advice_with_any(connection: Connection, stems: Sequence[str], *, limit: int) -> list[StoredAdvice]:
    """Entries that have any of these stems (``knowledge_text.asked_stems``), those that came first first."""
    numbers = knowledge_text.entries_with_any(connection, stems, limit=limit)
    query = sa.select(knowledge).where(knowledge.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(knowledge.c.id)
    return [_advice(row) for some in chunks(numbers) for row in connection.execute(query, {"ids": some}).mappings()]


def count_advice(connection: Connection) -> int:
    """How many entries there are."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(knowledge)).scalar_one())


def count_of_other_words(connection: Connection) -> int:
    """How many entries the index of words does not have as they are, those included that are gone."""
    indexed = knowledge_text.words_as_indexed(connection)
    rows = {row["id"]: dict(row) for row in connection.execute(sa.select(knowledge)).mappings()}
    others = sum(indexed[each] != knowledge_text.words_of(rows[each]) for each in indexed.keys() & rows.keys())
    return others + len(indexed.keys() ^ rows.keys())


def rebuild_words(connection: Connection) -> None:
    """Make the words of all entries anew."""
    knowledge_text.forget(connection, list(knowledge_text.words_as_indexed(connection)))
    knowledge_text.refresh(
        connection, {row["id"]: dict(row) for row in connection.execute(sa.select(knowledge)).mappings()}
    )


def restore_advice(connection: Connection, batch: int) -> list[tuple[str | None, str | None]]:
    """Make entries what they were before a change; returns titles before and after undoing, None where there is none."""
    told: list[tuple[str | None, str | None]] = []
    back: list[StoredAdvice] = []
    for state in states_of(connection, batch):
        number = connection.execute(sa.select(knowledge.c.id).where(knowledge.c.public_id == state.name)).scalar()
        if number is not None:
            knowledge_text.forget(connection, [number])
            connection.execute(sa.delete(knowledge).where(knowledge.c.id == number))
        now_title = None if state.after is None else state.after["title"]
        if state.before is None:
            told.append((now_title, None))
            continue
        # Under the number that it had, so that it stands where it stood.
        values = state.before if number is None else state.before | {"id": number}
        connection.execute(sa.insert(knowledge).values(values))
        back.append(StoredAdvice(**state.before))
        told.append((now_title, back[-1].title))
    _index_and_check(connection, back)
    return told


def _document(advice: StoredAdvice) -> dict[str, Any]:
    return {name: getattr(advice, name) for name in _KEPT}


def _rows(connection: Connection, public_ids: Sequence[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    for some in chunks(list(public_ids)):
        query = sa.select(knowledge).where(knowledge.c.public_id.in_(some)).order_by(knowledge.c.id)
        for row in connection.execute(query).mappings():
            yield row["id"], dict(row)


def _advice(row: Mapping[Any, Any]) -> StoredAdvice:
    return StoredAdvice(**{name: row[name] for name in _KEPT})
