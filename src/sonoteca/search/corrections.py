"""What a person says about sounds: values and tags of all that a query finds, and taking them back or out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sound_names import candidates
from sonoteca.catalogue.identity.sounds import resolve_sound, told_sounds, whole_regions
from sonoteca.catalogue.made import edit as edits
from sonoteca.catalogue.made import undo as undoing
from sonoteca.catalogue.made.removals import remove_with_a_way_back
from sonoteca.catalogue.made.statement import WITHDRAW, Revision, Statement, scaled_tempo
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import MeantSounds, counted
from sonoteca.domain.descriptor import GRID_SHIFT, KEY, LOCKED, OWN_CUES, TEMPO, Descriptor
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, about
from sonoteca.search.result_row import region_facts
from sonoteca.search.selection import select_sounds

# Called with how many sounds are meant, and what the first are called, before anything is changed; it raises to refuse.
Approve: TypeAlias = Callable[[MeantSounds], None]
_NAMED_FIRST = 3


def _as_typed(value: object) -> object:
    """A number is as good as its text: ``bpm=174`` as ``bpm="174"``."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


TypedValue: TypeAlias = Annotated[
    str | None, BeforeValidator(_as_typed, json_schema_input_type=str | int | float | None)
]


class Corrections(Request):
    """What is to be said of sounds.

    A value is written as a person types it; ``"none"`` states that a sound has no such value, ``"auto"``
    takes back what was said before, None says nothing.

    Attributes
    ----------
    bpm : str, number or None
        Beats per minute, 20 to 400.
    key : str or None
        ``F# minor``, ``F#m``, ``11A``.
    half, double : bool
        The tempo that is believed, half or twice as fast. Beats, bars and grid follow a tempo (``domain.believed``).
    kind, role, sound_class : str or None
        Of the vocabularies ``Kind``, ``Role`` and ``SoundClass``.
    rating : str, number or None
        0 to 5.
    tags : tuple of str
        ``+a`` or ``a`` adds the tag a, ``-b`` takes b away.
    shift_grid : str, number or None [s]
        How much later every beat and bar line falls; less than 0: earlier. ``"none"`` and ``"auto"`` put the grid
        where it was heard.
    cues : tuple of str
        ``12.5=Drop`` or ``1:02.5=Drop`` puts a cue of that name there; one of a person at that moment gives way.
    remove_cues : tuple of str
        Moments or names of cues that are taken away, heard ones as well. ``"auto"`` takes back all that a person
        said of cues.
    lock, unlock : bool
        A locked sound keeps what is known of it: no analysis and no edit changes its values until it is unlocked;
        tags and the rating stay free. Unlocked first and locked last, so that one edit may correct and lock.

    Raises
    ------
    RequestError
        Nothing is said, or a value is none; ``field`` names it.
    """

    bpm: TypedValue = None
    key: str | None = None
    kind: str | None = None
    role: str | None = None
    rating: TypedValue = None
    tags: tuple[str, ...] = ()
    half: bool = False
    double: bool = False
    sound_class: str | None = None
    shift_grid: TypedValue = None
    cues: tuple[str, ...] = ()
    remove_cues: tuple[str, ...] = ()
    lock: bool = False
    unlock: bool = False

    def model_post_init(self, context: Any) -> None:
        if not self.statements and not self.tags:
            raise RequestError(
                "Nothing to change was given.",
                "A tempo, key, kind, role, class, rating, tags, cues, a shift of the grid and a lock can be given.",
            )
        if self.lock and self.unlock:
            raise RequestError("A sound cannot be locked and unlocked at once.", field="lock")
        if self.half + self.double + (self.bpm is not None) > 1:
            raise RequestError("A tempo is said in one way.", "Give one of bpm, half and double.", field="bpm")

    @property
    def statements(self) -> dict[Descriptor, Statement | Revision]:
        """The values that are said; RequestError for a text that is none."""
        said: dict[Descriptor, Statement | Revision] = {
            **edits.parse_statements(
                bpm=self.bpm,
                key=self.key,
                kind=self.kind,
                role=self.role,
                sound_class=self.sound_class,
                rating=self.rating,
            )
        }
        if self.half or self.double:
            said[TEMPO] = scaled_tempo(0.5 if self.half else 2.0)
        if self.shift_grid is not None:
            said[GRID_SHIFT] = edits.parse_shift(self.shift_grid)
        if self.cues or self.remove_cues:
            said[OWN_CUES] = edits.parse_cues(self.cues, self.remove_cues)
        if self.lock or self.unlock:
            said[LOCKED] = True if self.lock else WITHDRAW
        return said


class EditRequest(Corrections):
    """What is to be said, and about which sounds.

    Attributes
    ----------
    query : str
        A query, or one sound by its id, path or ``external:ID``; ``*`` means all.
    """

    query: str


class SoundEditRequest(Corrections):
    """What is to be said about one sound.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``.
    """

    sound: str


# What a field of a request is called whose descriptor has another name.
_FIELDS = {
    TEMPO.name: "bpm",
    GRID_SHIFT.name: "shift_grid",
    OWN_CUES.name: "cues",
    LOCKED.name: "lock",
}


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value of one sound before and after, as it is believed: ``field`` is that of ``EditRequest``.

    A tempo is told in beats per minute, a key by its name, cues as the sound object tells them, a tag by
    itself; None is no value. ``name`` is what the sound is called. Of undoing besides: ``removed``, ``playlist`` with its ``name`` and number of
    ``entries``, and ``knowledge`` with the title of an entry; the latter two are of no sound.
    """

    sound: str | None
    path: str | None
    field: str
    before: JsonValue
    after: JsonValue
    name: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"id": self.sound, "path": self.path, "field": self.field, "from": self.before, "to": self.after}


def _changed_values(connection: Connection, told: Sequence[edits.ToldChange]) -> tuple[ChangedValue, ...]:
    region_ids = sorted({each.region_id for each in told})
    named = region_facts(connection, region_ids)
    return tuple(
        ChangedValue(
            named[each.region_id].id,
            named[each.region_id].path,
            "tags" if each.what == "tag" else _FIELDS.get(each.name, each.name),
            _as_said(each.name, each.before),
            _as_said(each.name, each.after),
            named[each.region_id].name,
        )
        for each in told
        if each.region_id in named and _as_said(each.name, each.before) != _as_said(each.name, each.after)
    )


def _as_said(name: str, value: JsonValue) -> JsonValue:
    """A value in the form in which a person says it."""
    if not isinstance(value, dict):
        return value
    if name == TEMPO.name:
        return value.get("bpm")
    if name == KEY.name:
        tonic = value.get("tonic")
        return Key(tonic, "minor" if value.get("mode") == "minor" else "major").name if isinstance(tonic, int) else None
    return value.get("value")


@dataclass(frozen=True, slots=True)
class EditAnswer:
    """How many sounds were ``found`` and ``changed``; ``batch`` numbers the edit, None where nothing changed.

    ``changes`` tells the first 200 values that are others now; ``locked`` sounds were left as they are. ``unfit``
    tells why a value could not be changed, once for each of ``n_unfit`` sounds of which nothing is known that it
    could be changed from.
    """

    request: EditRequest | SoundEditRequest
    found: int
    changed: int
    batch: int | None
    changes: tuple[ChangedValue, ...] = ()
    locked: int = 0
    n_unfit: int = 0
    unfit: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<EditAnswer: {counted(self.found, 'sound')} found, {self.changed:,} changed>"

    def as_json(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "changed": self.changed,
            "batch": self.batch,
            "locked": self.locked,
            "unfit": self.n_unfit,
            "changes": [each.as_json() for each in self.changes],
        }


def edit(library: Library, request: EditRequest, *, approve: Approve | None = None) -> EditAnswer:
    """Correct values and tags of all sounds that a query finds; they stay whatever is analysed later.

    Parameters
    ----------
    library : Library
        Open for writing.
    approve : callable, optional
        Told how many sounds are meant and the first of them (``domain.answer.MeantSounds``) before anything is
        changed; nothing is where it raises.

    Raises
    ------
    RequestError
        A tag is both added and taken away, or the query is empty, or a cue lies beyond the end of one of the sounds:
        nothing is changed then. QuerySyntaxError if the query cannot be read.
    """
    return _edited(library, request, _chosen(library, request.query, approve))


def edit_sound(library: Library, request: SoundEditRequest) -> EditAnswer:
    """Correct values and tags of one sound, as ``edit`` does of those that a query finds.

    Raises
    ------
    SoundNotFound, AmbiguousSound
    RequestError
        As ``edit``.
    """
    return _edited(library, request, _named(library, request.sound))


def _edited(library: Library, request: EditRequest | SoundEditRequest, chosen: Sequence[int]) -> EditAnswer:
    add_tags, remove_tags = _divided(request.tags)
    with library.write() as connection:
        wholes = sorted(whole_regions(connection, chosen).values())
        batch = edits.edit(connection, wholes, request.statements, add_tags=add_tags, remove_tags=remove_tags)
        changes = _changed_values(connection, batch.told)
    return EditAnswer(
        request,
        len(chosen),
        batch.changed,
        batch.number or None,
        changes,
        batch.locked,
        len({each.region_id for each in batch.unfit}),
        tuple(dict.fromkeys(each.error.message for each in batch.unfit)),
    )


def _divided(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tags to add, and tags to take away."""
    add: list[str] = []
    remove: list[str] = []
    for word in words:
        (remove if word.startswith("-") else add).append(word.lstrip("+-") if word[:1] in ("+", "-") else word)
    return add, remove


@dataclass(frozen=True, slots=True)
class UndoAnswer:
    """The edit, change of a playlist or of advice, or removal that was taken back; ``batch`` is None where there was none.

    ``is_empty`` says that the last edit changed nothing, so that nothing was to be taken back; the next undo takes
    back the one before it. ``changes`` tells the first 200 values that are others now.
    """

    changed: int
    batch: int | None
    is_empty: bool = False
    changes: tuple[ChangedValue, ...] = ()

    def __repr__(self) -> str:
        if self.batch is None:
            return "<UndoAnswer: nothing to take back>"
        return f"<UndoAnswer: {counted(self.changed, 'sound')} as before>"

    def as_json(self) -> dict[str, Any]:
        return {
            "changed": self.changed,
            "batch": self.batch,
            "is_empty": self.is_empty,
            "changes": [each.as_json() for each in self.changes],
        }


def undo(library: Library) -> UndoAnswer:
    """Take back the last edit, change of a playlist or of advice, or removal that was not taken back yet.

    Nothing is taken back where the last edit changed nothing.
    """
    with library.write() as connection:
        done = undoing.undo(connection)
        if done is None:
            return UndoAnswer(0, None)
        changes = (
            *_changed_values(connection, done.told),
            *_restored(connection, done.sound_ids[: edits.MOST_TOLD]),
            *([] if done.playlist is None else [_playlist_change(done.playlist)]),
            *(ChangedValue(None, None, "knowledge", *titles) for titles in done.advice[: edits.MOST_TOLD]),
        )
    return UndoAnswer(done.changed, done.number or None, not done.number, changes)


def _restored(connection: Connection, sound_ids: Sequence[int]) -> tuple[ChangedValue, ...]:
    facts = region_facts(connection, sorted(whole_regions(connection, sound_ids).values()))
    rows = sorted(facts.values(), key=lambda row: row.sound_id)
    return tuple(ChangedValue(row.id, row.path, "removed", True, False, row.name) for row in rows)


def _playlist_change(playlist: undoing.PlaylistTaken) -> ChangedValue:
    return ChangedValue(None, None, "playlist", playlist.before, playlist.after)


class RemoveRequest(Request):
    """Which sounds are to be forgotten: ``query`` as in ``EditRequest``."""

    query: str


class RemoveSoundRequest(Request):
    """Which sound is to be forgotten: ``sound`` as in ``SoundEditRequest``."""

    sound: str


@dataclass(frozen=True, slots=True)
class RemoveAnswer:
    """How many sounds were ``found`` and ``removed``."""

    request: RemoveRequest | RemoveSoundRequest
    found: int
    removed: int

    def as_json(self) -> dict[str, Any]:
        return {"found": self.found, "removed": self.removed}


def remove_sounds(library: Library, request: RemoveRequest, *, approve: Approve | None = None) -> RemoveAnswer:
    """Forget all sounds that a query finds, with their analysis and edits; files on disk are never touched.

    ``undo`` puts back all that was known of them, for the last ten removals.

    ``approve`` and errors are those of ``edit``.
    """
    return _removed(library, request, _chosen(library, request.query, approve))


def remove_sound(library: Library, request: RemoveSoundRequest) -> RemoveAnswer:
    """Forget one sound, as ``remove_sounds`` does those that a query finds; SoundNotFound, AmbiguousSound."""
    return _removed(library, request, _named(library, request.sound))


def _removed(library: Library, request: RemoveRequest | RemoveSoundRequest, chosen: Sequence[int]) -> RemoveAnswer:
    with library.write() as connection:
        return RemoveAnswer(request, len(chosen), remove_with_a_way_back(connection, chosen))


def _named(library: Library, name: str) -> list[int]:
    with library.read() as connection, about("sound"):
        return [resolve_sound(connection, name).id]


def _chosen(library: Library, query: str, approve: Approve | None) -> list[int]:
    with library.read() as connection:
        chosen = select_sounds(connection, query)
        first = () if approve is None else tuple(told_sounds(connection, candidates(connection, chosen[:_NAMED_FIRST])))
    if approve is not None:
        approve(MeantSounds(len(chosen), first))
    return chosen
