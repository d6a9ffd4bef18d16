"""What a person says: values and tags of source ``user``, with an undo for every edit.

A person's statement stays whatever an analyzer or a file says later. Value ``None`` states
absence ("this has no tempo"); ``WITHDRAW`` takes the statement back, and what was heard shows again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import file_claims, pending, summaries
from sonoteca.catalogue.heard.observations import PERSONAL, RATING, believed
from sonoteca.catalogue.heard.tags import folded_tag, tags_of
from sonoteca.catalogue.identity.sound_names import candidates
from sonoteca.catalogue.made.former_states import next_batch
from sonoteca.catalogue.made.statement import (
    WITHDRAW,
    Cue,
    Revision,
    Statement,
    Withdraw,
    changed_cues,
    parse_moment,
    shifted_grid,
)
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import edits, observations, regions, sounds, tags
from sonoteca.domain.descriptor import CUES, KEY, KIND, LOCKED, OWN_CUES, ROLE, SOUND_CLASS, TEMPO, Descriptor
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.tempo_words import FASTEST_BPM, SLOWEST_BPM, read_tempo_words
from sonoteca.domain.vocabulary import Kind, Role, SoundClass, Source, known_word, nearest_word
from sonoteca.errors import RequestError

PRODUCER = "user"


# So many changes are told one by one; of more the first.
MOST_TOLD = 200
# So many sounds are named that a value does not fit.
_NAMED = 3
# The event of an edit that was none.
CHANGED_NOTHING = "edit_changed_nothing"

_NONE_WORDS = ("none", "")
_WITHDRAW_WORDS = ("auto",)


def parse_statements(
    *,
    bpm: str | None = None,
    key: str | None = None,
    kind: str | None = None,
    role: str | None = None,
    sound_class: str | None = None,
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
        (SOUND_CLASS, sound_class, _sound_class),
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
    bpm = read_tempo_words(text)
    if bpm is None:
        raise RequestError(
            f"{text!r} is not a tempo: beats per minute from {SLOWEST_BPM:g} to {FASTEST_BPM:g}, none or auto.",
            "Write a number such as 128 or 87.5.",
            field="bpm",
        )
    return {"bpm": bpm, "alternatives_bpm": []}


def _key(text: str) -> JsonValue:
    try:
        key = Key.parse(text)
    except ValueError as error:
        raise RequestError(f"{error}.", "Write F# minor, F#m, 11A, none or auto.", field="key") from error
    return {"tonic": key.tonic, "mode": key.mode, "alternatives": []}


def _kind(text: str) -> JsonValue:
    return _one_of(text, Kind, "kind", "kind")


def _sound_class(text: str) -> JsonValue:
    return _one_of(text, SoundClass, "sound class", "sound_class")


def _one_of(text: str, words: Iterable[str], noun: str, field: str) -> str:
    """The word if it is one of a vocabulary; RequestError that says what is, the nearest first."""
    known = [str(each) for each in words]
    word = known_word(text, known)
    if word is not None:
        return word
    near = nearest_word(text, known)
    meant = "" if near is None else f"Did you mean {near}? "
    raise RequestError(
        f"{text!r} is not a {noun}: {', '.join(known)}, none or auto.", f"{meant}Write one of these.", field=field
    )


def _role(text: str) -> JsonValue:
    word = _one_of(text, Role, "role", "role")
    return {"value": word, "scores": {str(role): float(role == word) for role in Role}}


def _rating(text: str) -> JsonValue:
    if text not in {"0", "1", "2", "3", "4", "5"}:
        raise RequestError(
            f"{text!r} is not a rating: 0 to 5 stars, none or auto.", "Write a whole number of stars.", field="rating"
        )
    return int(text)


def parse_shift(text: str) -> Statement | Revision:
    """How far a grid is shifted, in seconds as a person types them; "none" and "auto" take back what was said."""
    if text.strip().lower() in (*_NONE_WORDS, *_WITHDRAW_WORDS):
        return WITHDRAW
    try:
        by_s = float(text)
        if not math.isfinite(by_s):
            raise ValueError
    except ValueError:
        raise RequestError(
            f"{text!r} is not a shift of the grid: seconds such as 0.012 or -0.012, or auto.",
            "More than 0 is later.",
            field="shift_grid",
        ) from None
    return shifted_grid(by_s)


def parse_cues(added: Sequence[str], removed: Sequence[str]) -> Statement | Revision:
    """Cues to put (``12.5=Drop``) and to take away (a moment or a name) as a person types them."""
    if any(each.strip().lower() in _WITHDRAW_WORDS for each in removed):
        if added or len(removed) > 1:
            raise RequestError("auto takes back all cues, and stands alone.", field="remove_cues")
        return WITHDRAW
    cues = []
    for text in added:
        moment, _, name = text.partition("=")
        try:
            cues.append(Cue(parse_moment(moment), name.strip() or "Cue"))
        except ValueError:
            raise RequestError(
                f"{text!r} is not a cue: a moment and a name, such as 12.5=Drop or 1:02.5=Drop.",
                "The moment is in seconds from the start, or minutes:seconds.",
                field="cues",
            ) from None
    meant: list[float | str] = []
    for text in removed:
        try:
            meant.append(parse_moment(text))
        except ValueError:
            meant.append(text.strip())
    return changed_cues(cues, meant)


@dataclass(frozen=True, slots=True)
class ToldChange:
    """What was believed of a region before and after: the value of the descriptor ``name``, or the label of a tag.

    ``what`` is "observation" or "tag".
    """

    region_id: int
    what: str
    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class EditBatch:
    """What one edit or undo did.

    Attributes
    ----------
    number : int
        Names it in the log; 0: nothing was different before, and there is nothing to take back.
    changed : int
        Regions.
    told : tuple of ToldChange
        The first ``MOST_TOLD`` changes.
    locked : int
        Regions that were left as they are because they are locked.
    unfit : tuple of Unfit
        Regions of which one value could not be changed, because nothing is known that it could be changed from.
    """

    number: int
    changed: int
    told: tuple[ToldChange, ...] = field(default=(), compare=False)
    locked: int = field(default=0, compare=False)
    unfit: tuple[Unfit, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A region that one of the values does not fit, and why."""

    region_id: int
    error: RequestError


def edit(
    connection: Connection,
    region_ids: Sequence[int],
    statements: Mapping[Descriptor, Statement | Revision],
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> EditBatch:
    """State values and tags on these regions as the user; one batch of the undo log.

    Returns
    -------
    EditBatch
        Regions where nothing was different before are not counted; number 0 if none was.

    Raises
    ------
    RequestError
        A tag is both added and removed; or a revision has nothing to change on any region, where it says
        so; or all of them are locked; or a cue is to stand where one of the regions has ended. Nothing is
        changed then, whatever else is stated.
    """
    labels = {folded_tag(label): label.strip() for label in add_tags}
    unwanted = [folded_tag(label) for label in remove_tags]
    if both := set(labels) & set(unwanted):
        raise RequestError(f"The tag {sorted(both)[0]!r} cannot be added and removed at once.", field="tags")
    changes: list[dict[str, Any]] = []
    refused: list[Unfit] = []
    locked = _locked(connection, region_ids) if _needs_unlocking(statements) else set()
    if locked and len(locked) == len(region_ids):
        raise RequestError(
            "It is locked: what is known of it stays as it is." if len(locked) == 1 else "All of them are locked.",
            "Unlock it first, or in the same edit.",
            field="unlock",
        )
    for some in chunks(list(region_ids)):
        changes += _value_changes(connection, [each for each in some if each not in locked], statements, refused)
        changes += _tag_changes(connection, some, labels, unwanted)
    # What is said of a moment is said of this very moment; half the tempo is meant of all that have one.
    if never := [each for each in refused if each.error.field == "cues"]:
        raise never[0].error if len(region_ids) == 1 else _told_for(connection, never)
    if refused and len({each.region_id for each in refused}) >= len(region_ids) - len(locked):
        raise refused[0].error
    unfit = tuple(refused)
    if not region_ids:
        return EditBatch(0, 0)
    if not changes:
        # An undo that follows is meant for this, and must not take back an older one instead.
        events.record(connection, CHANGED_NOTHING)
        return EditBatch(0, 0, locked=len(locked), unfit=unfit)
    batch, now = next_batch(connection), clock.now()
    connection.execute(sa.insert(edits), [change | {"batch": batch, "at": now} for change in changes])
    changed, told = _applied(
        connection, [_Target(**{key: each[key] for key in _KEYS}, state=each["after"]) for each in changes]
    )
    events.record(connection, "edited", details={"batch": batch, "regions": changed})
    return EditBatch(batch, changed, told, len(locked), unfit)


def _told_for(connection: Connection, unfit: Sequence[Unfit]) -> RequestError:
    """Of several sounds those are named that a value does not fit."""
    sound_ids: list[int] = []
    for some in chunks([each.region_id for each in unfit]):
        query = sa.select(regions.c.sound_id).where(regions.c.id.in_(some)).distinct().order_by(regions.c.sound_id)
        sound_ids += connection.execute(query).scalars()
    named = ", ".join(f"{each.name} ({each.id})" for each in candidates(connection, sound_ids[:_NAMED]))
    more = f" and {len(sound_ids) - _NAMED} more" if len(sound_ids) > _NAMED else ""
    first = unfit[0].error
    return RequestError(f"{first.message} It does not fit {named}{more}.", first.remedy, field=first.field)


def _needs_unlocking(statements: Mapping[Descriptor, Statement | Revision]) -> bool:
    """Whether this changes what a lock keeps: all but tags, the rating, and the lock itself."""
    return LOCKED not in statements and any(each != RATING for each in statements)


def _locked(connection: Connection, region_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    is_said = (observations.c.descriptor == LOCKED.name) & (observations.c.source == Source.USER)
    for some in chunks(list(region_ids)):
        query = sa.select(observations.c.region_id).where(observations.c.region_id.in_(some), is_said)
        found.update(connection.execute(query).scalars())
    return found


def _value_changes(
    connection: Connection,
    region_ids: Sequence[int],
    statements: Mapping[Descriptor, Statement | Revision],
    refused: list[Unfit],
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
    revisions = [each for each in statements.values() if isinstance(each, Revision)]
    ends_s = _ends_s(connection, region_ids) if revisions else {}
    known = believed(connection, ends_s, {read.name for each in revisions for read in each.reads}) if revisions else {}
    changes = []
    for region_id in region_ids:
        for descriptor, statement in statements.items():
            before = held.get((region_id, descriptor.name))
            if isinstance(statement, Revision):
                own: Statement = WITHDRAW if before is None else before["value"]
                try:
                    statement = statement.change(known[region_id], own, ends_s[region_id])
                except RequestError as error:
                    refused.append(Unfit(region_id, error))
                    continue
            after = None if isinstance(statement, Withdraw) else {"value": statement}
            if before != after:
                changes.append(_change(region_id, "observation", descriptor.name, before, after))
    return changes


def _ends_s(connection: Connection, region_ids: Sequence[int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for some in chunks(list(region_ids)):
        rows = connection.execute(sa.select(regions.c.id, regions.c.end_s).where(regions.c.id.in_(some)))
        found.update((row.id, row.end_s) for row in rows)
    return found


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


def undo_edit(connection: Connection, batch: int) -> EditBatch:
    """Take back the edit of this number."""
    rows = connection.execute(sa.select(edits).where(edits.c.batch == batch).order_by(edits.c.id.desc())).all()
    connection.execute(sa.update(edits).where(edits.c.batch == batch).values(undone=True))
    changed, told = _applied(connection, [_Target(row.region_id, row.what, row.name, row.before) for row in rows])
    return EditBatch(batch, changed, told)


_KEYS = ("region_id", "what", "name")


@dataclass(frozen=True, slots=True)
class _Target:
    """The user's statement that is to be: of a descriptor or tag of a region, or none where ``state`` is None."""

    region_id: int
    what: str
    name: str
    state: dict[str, Any] | None


def _applied(connection: Connection, targets: Sequence[_Target]) -> tuple[int, tuple[ToldChange, ...]]:
    """Make the user's statements those given; returns the number of regions, and what is believed otherwise now."""
    told = targets[:MOST_TOLD]
    before = _told_values(connection, told)
    changed = _apply(connection, [(each.region_id, each.what, each.name, each.state) for each in targets])
    after = _told_values(connection, told)
    pairs = zip(told, before, after, strict=True)
    return changed, tuple(ToldChange(each.region_id, each.what, each.name, old, new) for each, old, new in pairs)


def _told_values(connection: Connection, targets: Sequence[_Target]) -> list[JsonValue]:
    """What is believed of each: the value of a descriptor, or the label of a tag; None: nothing."""
    region_ids = sorted({each.region_id for each in targets})
    names = {_TOLD_AS.get(each.name, each.name) for each in targets if each.what == "observation"}
    ends_s = _ends_s(connection, region_ids)
    values = believed(connection, ends_s, names | {each.name for each in targets}) if names else {}
    labels: dict[tuple[int, str], str] = {}
    if any(each.what == "tag" for each in targets):
        for region_id, found in tags_of(connection, region_ids).items():
            labels |= {(region_id, tag.tag): tag.label for tag in found}
    told: list[JsonValue] = []
    for each in targets:
        if each.what == "tag":
            told.append(labels.get((each.region_id, each.name)))
        else:
            held = values[each.region_id].get(_TOLD_AS.get(each.name, each.name))
            told.append(None if held is None else held.value)
    return told


# A person's cues are told among those that were heard.
_TOLD_AS = {OWN_CUES.name: CUES.name}


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
    _settle_outdated(connection, sorted({target[0] for target in targets if _is_built_on(*target[1:3])}))
    region_ids = sorted({target[0] for target in targets})
    _mark_edited(connection, region_ids)
    sound_ids: set[int] = set()
    for some in chunks(region_ids):
        sound_ids.update(connection.execute(sa.select(regions.c.sound_id).where(regions.c.id.in_(some))).scalars())
    unlocked = sorted({target[0] for target in targets if target[2] == LOCKED.name and target[3] is None})
    # What their files said meanwhile holds from now on.
    for some in chunks(unlocked):
        free = connection.execute(sa.select(regions.c.sound_id).where(regions.c.id.in_(some))).scalars()
        sound_ids.difference_update(file_claims.settle(connection, list(free)))
    summaries.derive(connection, sorted(sound_ids))
    return len(region_ids)


def _settle_outdated(connection: Connection, region_ids: Sequence[int]) -> None:
    """Let those sounds be heard again of which a person says now what they did not when they were heard, and no others.

    What they said then is what the first edit since found. Where an older one was taken back, nobody knows whether that was
    before the sound was heard or after; then it is heard again.
    """
    otherwise: set[int] = set()
    found: dict[tuple[int, str], Any] = {}
    now: dict[tuple[int, str], Any] = {}
    for some in chunks(list(region_ids)):
        rows = connection.execute(
            sa.select(edits, (edits.c.at >= sounds.c.analysed_at).label("is_since"))
            .join(regions, regions.c.id == edits.c.region_id)
            .join(sounds, sounds.c.id == regions.c.sound_id)
            .where(edits.c.region_id.in_(some))
            .order_by(edits.c.id)
        )
        for row in rows:
            if not _is_built_on(row.what, row.name):
                continue
            if row.is_since:
                found.setdefault((row.region_id, row.name), row.before)
            elif row.undone:
                otherwise.add(row.region_id)
        said = sa.select(observations.c.region_id, observations.c.descriptor, observations.c.value).where(
            observations.c.region_id.in_(some),
            observations.c.source == Source.USER,
            observations.c.producer == PRODUCER,
        )
        now.update(((row.region_id, row.descriptor), {"value": row.value}) for row in connection.execute(said))
    otherwise.update(what[0] for what, before in found.items() if now.get(what) != before)
    pending.outdate(connection, [each for each in region_ids if each in otherwise])
    pending.restore(connection, [each for each in region_ids if each not in otherwise])


def _is_built_on(what: str, name: str) -> bool:
    """Whether analyzers may take what was edited as given."""
    return what == "observation" and name not in PERSONAL


def _mark_edited(connection: Connection, region_ids: Sequence[int]) -> None:
    """A region that carries a person's word is never replaced by a new split."""
    says = sa.select(observations.c.region_id).where(
        observations.c.region_id == regions.c.id, observations.c.source == Source.USER
    )
    tagged = sa.select(tags.c.region_id).where(tags.c.region_id == regions.c.id, tags.c.source == Source.USER)
    for some in chunks(list(region_ids)):
        is_edited = says.exists() | tagged.exists()
        connection.execute(sa.update(regions).where(regions.c.id.in_(some)).values(edited=is_edited))
