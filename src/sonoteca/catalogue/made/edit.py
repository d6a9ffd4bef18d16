"""What a person says: values and tags of source ``user``, with an undo for every edit.

A person's statement stays whatever an analyzer or a file says later. Value ``None`` states
absence ("this has no tempo"); ``WITHDRAW`` takes the statement back, and what was heard shows again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import pending, summaries
from sonoteca.catalogue.heard.observations import RATING
from sonoteca.catalogue.heard.tags import folded_tag
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import edits, observations, regions, tags
from sonoteca.domain.descriptor import KEY, KIND, ROLE, TEMPO, Descriptor
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.tempo_words import read_tempo_words
from sonoteca.domain.vocabulary import Kind, Role, Source
from sonoteca.errors import RequestError

PRODUCER = "user"


class Withdraw:
    """The type of ``WITHDRAW``."""

    def __repr__(self) -> str:
        return "WITHDRAW"


WITHDRAW: Final = Withdraw()
Statement: TypeAlias = "JsonValue | Withdraw"

_NONE_WORDS = ("none", "")
_WITHDRAW_WORDS = ("auto",)


def parse_statements(
    *,
    bpm: str | None = None,
    key: str | None = None,
    kind: str | None = None,
    role: str | None = None,
    rating: str | None = None,
) -> dict[Descriptor, Statement]:
    """Values as a person types them.

    ``"none"`` states absence, ``"auto"`` withdraws what the person said before; an argument that
    is None is left alone.

    >>> parse_statements(bpm="174", key="none")[KEY] is None
    True

    Raises
    ------
    RequestError
        For text that is no such value; the message says what would be.
    """
    readers = (
        (TEMPO, bpm, _tempo),
        (KEY, key, _key),
        (KIND, kind, _kind),
        (ROLE, role, _role),
        (RATING, rating, _rating),
    )
    statements: dict[Descriptor, Statement] = {}
    for descriptor, text, read in readers:
        if text is None:
            continue
        word = text.strip().lower()
        if word in _NONE_WORDS:
            statements[descriptor] = None
        elif word in _WITHDRAW_WORDS:
            statements[descriptor] = WITHDRAW
        else:
            statements[descriptor] = read(text.strip())
    return statements


def _tempo(text: str) -> JsonValue:
    bpm = read_tempo_words(text, slowest=10.0, fastest=1000.0)
    if bpm is None:
        raise RequestError(
            f"{text!r} is not a tempo: write beats per minute from 10 to 1000, none or auto.", field="bpm"
        )
    return {"bpm": bpm, "alternatives_bpm": []}


def _key(text: str) -> JsonValue:
    try:
        key = Key.parse(text)
    except ValueError as error:
        raise RequestError(f"{error}.", "Write F# minor, F#m, 11A, none or auto.", field="key") from error
    return {"tonic": key.tonic, "mode": key.mode, "alternatives": []}


def _kind(text: str) -> JsonValue:
    word = text.lower().replace("-", "_").replace(" ", "_")
    if word not in list(Kind):
        raise RequestError(f"{text!r} is not a kind: {', '.join(Kind)}, none or auto.", field="kind")
    return word


def _role(text: str) -> JsonValue:
    if text.lower() not in list(Role):
        raise RequestError(f"{text!r} is not a role: {', '.join(Role)}, none or auto.", field="role")
    return {"value": text.lower(), "scores": {str(role): float(role == text.lower()) for role in Role}}


def _rating(text: str) -> JsonValue:
    if text not in {"0", "1", "2", "3", "4", "5"}:
        raise RequestError(f"{text!r} is not a rating: 0 to 5 stars, none or auto.", field="rating")
    return int(text)


@dataclass(frozen=True, slots=True)
class EditBatch:
    """What one edit or undo did; ``number`` names it in the log, ``changed`` counts regions."""

    number: int
    changed: int


def edit(
    connection: Connection,
    region_ids: Sequence[int],
    statements: Mapping[Descriptor, Statement],
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> EditBatch:
    """State values and tags on these regions as the user; one batch of the undo log.

    Returns
    -------
    EditBatch
        Regions where nothing was different before are not counted; number 0 if none was.
    """
    labels = {folded_tag(label): label.strip() for label in add_tags}
    unwanted = [folded_tag(label) for label in remove_tags]
    if both := set(labels) & set(unwanted):
        raise RequestError(f"The tag {sorted(both)[0]!r} cannot be added and removed at once.", field="tags")
    changes: list[dict[str, Any]] = []
    for some in chunks(list(region_ids)):
        changes += _value_changes(connection, some, statements)
        changes += _tag_changes(connection, some, labels, unwanted)
    if not changes:
        return EditBatch(0, 0)
    last = connection.execute(sa.select(sa.func.max(edits.c.batch))).scalar()
    batch, now = (last or 0) + 1, clock.now()
    connection.execute(sa.insert(edits), [change | {"batch": batch, "at": now} for change in changes])
    changed = _apply(connection, [(each["region_id"], each["what"], each["name"], each["after"]) for each in changes])
    events.record(connection, "edited", details={"batch": batch, "regions": changed})
    return EditBatch(batch, changed)


def _value_changes(
    connection: Connection, region_ids: Sequence[int], statements: Mapping[Descriptor, Statement]
) -> list[dict[str, Any]]:
    if not statements:
        return []
    query = sa.select(observations.c.region_id, observations.c.descriptor, observations.c.value).where(
        observations.c.region_id.in_(region_ids),
        observations.c.descriptor.in_([descriptor.name for descriptor in statements]),
        observations.c.source == Source.USER,
        observations.c.producer == PRODUCER,
    )
    held = {(row.region_id, row.descriptor): {"value": row.value} for row in connection.execute(query)}
    changes = []
    for region_id in region_ids:
        for descriptor, statement in statements.items():
            before = held.get((region_id, descriptor.name))
            after = None if isinstance(statement, Withdraw) else {"value": statement}
            if before != after:
                changes.append(_change(region_id, "observation", descriptor.name, before, after))
    return changes


def _tag_changes(
    connection: Connection, region_ids: Sequence[int], labels: Mapping[str, str], unwanted: Sequence[str]
) -> list[dict[str, Any]]:
    names = [*labels, *unwanted]
    if not names:
        return []
    query = sa.select(tags).where(tags.c.region_id.in_(region_ids), tags.c.tag.in_(names))
    mine: dict[tuple[int, str], dict[str, Any]] = {}
    others: set[tuple[int, str]] = set()
    for row in connection.execute(query):
        if row.source == Source.USER:
            mine[row.region_id, row.tag] = {"label": row.label, "present": row.present}
        else:
            others.add((row.region_id, row.tag))
    changes = []
    for region_id in region_ids:
        for tag in names:
            before = mine.get((region_id, tag))
            after: dict[str, Any] | None
            if tag in labels:
                after = {"label": labels[tag], "present": True}
            else:
                # Only a tag that a file or an analyzer gave has to be denied.
                after = {"label": tag, "present": False} if (region_id, tag) in others else None
            if before != after:
                changes.append(_change(region_id, "tag", tag, before, after))
    return changes


def _change(region_id: int, what: str, name: str, before: object, after: object) -> dict[str, Any]:
    return {"region_id": region_id, "what": what, "name": name, "before": before, "after": after}


def undo(connection: Connection) -> EditBatch | None:
    """Take back the last edit that was not undone yet; None if there is none."""
    batch = connection.execute(sa.select(sa.func.max(edits.c.batch)).where(edits.c.undone.is_(False))).scalar()
    if batch is None:
        return None
    rows = connection.execute(sa.select(edits).where(edits.c.batch == batch).order_by(edits.c.id.desc())).all()
    changed = _apply(connection, [(row.region_id, row.what, row.name, row.before) for row in rows])
    connection.execute(sa.update(edits).where(edits.c.batch == batch).values(undone=True))
    events.record(connection, "undone", details={"batch": batch, "regions": changed})
    return EditBatch(batch, changed)


def _apply(connection: Connection, targets: Sequence[tuple[int, str, str, dict[str, Any] | None]]) -> int:
    """Make the user's statements those given (None: no statement); returns the number of regions."""
    now = clock.now()
    value_rows, tag_rows = [], []
    gone: dict[tuple[str, str], list[int]] = {}
    for region_id, what, name, state in targets:
        gone.setdefault((what, name), []).append(region_id)
        if state is None:
            continue
        if what == "tag":
            tag_rows.append({"region_id": region_id, "tag": name, "source": str(Source.USER), "at": now} | state)
        else:
            value_rows.append(
                {
                    "region_id": region_id,
                    "descriptor": name,
                    "source": str(Source.USER),
                    "producer": PRODUCER,
                    "version": 1,
                    "settings": "",
                    "value": state["value"],
                    "at": now,
                }
            )
    for (what, name), ids in gone.items():
        for some in chunks(ids):
            if what == "tag":
                mine = (tags.c.tag == name) & (tags.c.source == Source.USER)
                connection.execute(sa.delete(tags).where(tags.c.region_id.in_(some), mine))
            else:
                said = (observations.c.descriptor == name) & (observations.c.source == Source.USER)
                mine = said & (observations.c.producer == PRODUCER)
                connection.execute(sa.delete(observations).where(observations.c.region_id.in_(some), mine))
    if value_rows:
        connection.execute(sa.insert(observations), value_rows)
    if tag_rows:
        connection.execute(sa.insert(tags), tag_rows)
    pending.outdate(connection, sorted({target[0] for target in targets if _is_built_on(*target[1:3])}))
    region_ids = sorted({target[0] for target in targets})
    _mark_edited(connection, region_ids)
    sound_ids: set[int] = set()
    for some in chunks(region_ids):
        sound_ids.update(connection.execute(sa.select(regions.c.sound_id).where(regions.c.id.in_(some))).scalars())
    summaries.derive(connection, sorted(sound_ids))
    return len(region_ids)


def _is_built_on(what: str, name: str) -> bool:
    """Whether analyzers may take what was edited as given."""
    return what == "observation" and name != RATING.name


def _mark_edited(connection: Connection, region_ids: Sequence[int]) -> None:
    """A region that carries a person's word is never replaced by a new split."""
    says = sa.select(observations.c.region_id).where(
        observations.c.region_id == regions.c.id, observations.c.source == Source.USER
    )
    tagged = sa.select(tags.c.region_id).where(tags.c.region_id == regions.c.id, tags.c.source == Source.USER)
    for some in chunks(list(region_ids)):
        is_edited = says.exists() | tagged.exists()
        connection.execute(sa.update(regions).where(regions.c.id.in_(some)).values(edited=is_edited))
