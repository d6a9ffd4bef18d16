"""Edits are asked for as texts, ``gain`` ``bass@verse=-3``, and done or refused together.

``arrange.keep.edit`` says what a target is, and does each of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from pydantic import ValidationInfo, field_validator, model_validator

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.answer import ArrangeAnswer, answer_with
from sonoteca.arrange.keep.edit import (
    Target,
    change_gain,
    change_shift,
    move_section,
    parse_target,
    remove_section,
    rename_section,
    repeat_section,
    set_bars,
    set_locked,
    set_muted,
    set_title,
    take_out,
)
from sonoteca.arrange.keep.store import load_arrangement, save_changed, undo_change
from sonoteca.arrange.keep.swap import swap
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import storable
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

Texts = tuple[str, ...]


class ArrangementEditRequest(Request):
    """Changes to an arrangement, in the order in which several in one request are done.

    A TARGET is ``ROLE`` or ``ROLE@SECTION``; a SECTION is ``verse``, all of that name, or ``verse#2``.

    Attributes
    ----------
    arrangement : str
        Its id or a unique prefix of it.
    undo : bool
        Take back the last change that was not taken back yet, instead of any other.
    unlock : tuple of TARGET
        Give choices free again.
    replace : tuple of TARGET=SOUND
        Let a sound, by any of its names, play there.
    other : tuple of TARGET
        Let the next best loop play there that does not play yet.
    without : tuple of TARGET
        Let nothing play there.
    gain : tuple of TARGET=DB
        Louder or softer by so many dB.
    shift : tuple of TARGET=N
        Higher or lower by N semitones.
    mute, unmute : tuple of ROLE
        Keep a role but silent; let it be heard again.
    bars : tuple of SECTION=N
        Make a section N bars long.
    move : tuple of SECTION=N
        Put a section at place N, from 1.
    repeat : tuple of SECTION
        Play a section twice in a row.
    remove_section : tuple of SECTION
        Take a section out.
    rename_section : tuple of SECTION=NAME
        Call a section otherwise.
    title : str or None
        Call the arrangement so; an empty one takes the name away.
    lock : tuple of TARGET
        Keep choices from being replaced.
    """

    arrangement: str
    undo: bool = False
    unlock: Texts = ()
    replace: Texts = ()
    other: Texts = ()
    without: Texts = ()
    gain: Texts = ()
    shift: Texts = ()
    mute: Texts = ()
    unmute: Texts = ()
    bars: Texts = ()
    move: Texts = ()
    repeat: Texts = ()
    remove_section: Texts = ()
    rename_section: Texts = ()
    title: str | None = None
    lock: Texts = ()

    @field_validator("unlock", "other", "without", "lock")
    @classmethod
    def _are_targets(cls, texts: Texts, info: ValidationInfo) -> Texts:
        for text in texts:
            parse_target(text, field=info.field_name)
        return texts

    @field_validator("replace", "gain", "shift")
    @classmethod
    def _are_targets_with_a_value(cls, texts: Texts, info: ValidationInfo) -> Texts:
        read = {"replace": read_replacement, "gain": read_gain, "shift": read_shift}[info.field_name or ""]
        for text in texts:
            read(text)
        return texts

    @field_validator("mute", "unmute")
    @classmethod
    def _are_roles(cls, texts: Texts, info: ValidationInfo) -> Texts:
        for text in texts:
            read_role(text, field=info.field_name)
        return texts

    @field_validator("bars", "move")
    @classmethod
    def _are_sections_with_a_number(cls, texts: Texts, info: ValidationInfo) -> Texts:
        for text in texts:
            read_section_number(text, field=info.field_name)
        return texts

    @field_validator("rename_section")
    @classmethod
    def _are_names(cls, texts: Texts) -> Texts:
        for text in texts:
            read_renaming(text)
        return texts

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        asked = self.model_fields_set - {"arrangement", "undo"}
        asked = {name for name in asked if getattr(self, name) not in ((), None)}
        if self.undo and asked:
            raise RequestError("An undo stands alone.", "Take back first, then edit.", field="undo")
        if not self.undo and not asked:
            names = [name for name in type(self).model_fields if name not in ("arrangement", "undo")]
            raise RequestError("Nothing to change was given.", f"Edits are {', '.join(names)}.")
        return self


def edit_arrangement(
    library: Library, request: ArrangementEditRequest, *, listener: Listener | None = None
) -> ArrangeAnswer:
    """Change an arrangement, with a way back: all edits of a request are one, done or refused together.

    Parameters
    ----------
    listener : Listener, optional
        As of ``open_arrangement``.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
        From its name.
    RequestError, ConstraintsConflict, SoundNotFound
        The first edit that cannot be done; or none changes anything; or somebody else changed the
        arrangement in the meantime. It stays as it was.
    """
    if request.undo:
        with library.write() as connection:
            held = load_arrangement(connection, request.arrangement)
            changed = undo_change(connection, request.arrangement)
    else:
        with library.read() as connection:
            held = load_arrangement(connection, request.arrangement)
        changed = apply_edits(library, held, request)
        with library.write() as connection:
            save_changed(connection, changed, instead_of=held)
    return answer_with(library, changed, request, listener=listener, instead_of=held)


def apply_edits(library: Library, arrangement: Arrangement, request: ArrangementEditRequest) -> Arrangement:
    """Change an arrangement as a request says, in the order of its fields: first what frees, last what binds.

    The changed one is not stored.
    """
    changed = arrangement
    for text in request.unlock:
        changed = set_locked(changed, parse_target(text), False)
    for text in request.replace:
        target, name = read_replacement(text)
        with library.read() as connection:
            content_hash = resolve_sound(connection, name).content_hash
        changed = swap(library, changed, target, content_hash)
    for text in request.other:
        changed = swap(library, changed, parse_target(text))
    for text in request.without:
        changed = take_out(changed, parse_target(text))
    for text in request.gain:
        changed = change_gain(changed, *read_gain(text))
    for text in request.shift:
        changed = change_shift(changed, *read_shift(text))
    for text in request.mute:
        changed = set_muted(changed, read_role(text), True)
    for text in request.unmute:
        changed = set_muted(changed, read_role(text), False)
    changed = _with_sections_changed(changed, request)
    if request.title is not None:
        changed = set_title(changed, storable(request.title))
    for text in request.lock:
        changed = set_locked(changed, parse_target(text), True)
    if changed == arrangement:
        raise RequestError("That changes nothing.", "Look at the arrangement as it is.")
    return changed


def _with_sections_changed(arrangement: Arrangement, request: ArrangementEditRequest) -> Arrangement:
    for text in request.bars:
        arrangement = set_bars(arrangement, *read_section_number(text))
    for text in request.move:
        arrangement = move_section(arrangement, *read_section_number(text))
    for name in request.repeat:
        arrangement = repeat_section(arrangement, name)
    for name in request.remove_section:
        arrangement = remove_section(arrangement, name)
    for text in request.rename_section:
        arrangement = rename_section(arrangement, *read_renaming(text))
    return arrangement


def read_replacement(text: str) -> tuple[Target, str]:
    """Read ``bass@verse=SOUND`` as a target and the name of a sound; RequestError for anything else."""
    target, name = _pair(text, "bass@verse=SOUND", "replace")
    return parse_target(target, field="replace"), name


def read_gain(text: str) -> tuple[Target, float]:
    """Read ``bass@verse=-3`` as a target and dB; RequestError for anything else.

    >>> read_gain("bass@verse=-3")
    (Target(role='bass', section='verse'), -3.0)
    """
    target, gain_db = _pair(text, "bass@verse=-3", "gain")
    return parse_target(target, field="gain"), _number(gain_db, text, "gain")


def read_shift(text: str) -> tuple[Target, int]:
    """Read ``bass@verse=-2`` as a target and semitones; RequestError for anything else."""
    target, semitones = _pair(text, "bass@verse=-2", "shift")
    return parse_target(target, field="shift"), _whole(semitones, text, "shift")


def read_role(text: str, *, field: str | None = None) -> str:
    """Read the name of a role; RequestError for anything else, a target with a section included."""
    target = parse_target(text, field=field)
    if target.section is not None:
        remedy = f"Write {target.role}, or let nothing play there."
        raise RequestError(f"{text!r}: a whole role is muted.", remedy, field=field)
    return target.role


def read_section_number(text: str, *, field: str | None = None) -> tuple[str, int]:
    """Read ``verse=16`` as a section and a whole number; RequestError for anything else.

    >>> read_section_number("verse#2=16")
    ('verse#2', 16)
    """
    name, number = _pair(text, "verse=16", field)
    return name, _whole(number, text, field)


def read_renaming(text: str) -> tuple[str, str]:
    """Read ``verse=bridge`` as a section and its new name; RequestError for anything else."""
    return _pair(text, "verse=bridge", "rename_section")


def _pair(text: str, example: str, field: str | None) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise RequestError(f"{text!r} does not say what is to be how.", f"Write {example}.", field=field)
    return name.strip(), value.strip()


def _number(value: str, text: str, field: str | None) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(f"{value!r} in {text!r} is not a number.", "Write bass@verse=-3.", field=field)
    return number


def _whole(value: str, text: str, field: str | None) -> int:
    number = _number(value, text, field)
    if number != round(number):
        raise RequestError(f"{value!r} in {text!r} is not a whole number.", "Write verse=16.", field=field)
    return round(number)
