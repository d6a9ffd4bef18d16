"""Edits by name and text, as the command line and the HTTP API spell them: ``gain``, ``bass@verse=-3``.

All edits of one call are one: done or refused together, in an order in which they can be meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.edit import (
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
from sonoteca.arrange.keep.swap import swap
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import storable
from sonoteca.errors import RequestError

Edit = Callable[[Library, Arrangement, str], Arrangement]


def _replaced(library: Library, arrangement: Arrangement, text: str) -> Arrangement:
    target, name = _pair(text, "bass@verse=SOUND")
    with library.read() as connection:
        content_hash = resolve_sound(connection, name).content_hash
    return swap(library, arrangement, parse_target(target), content_hash)


def _gained(library: Library, arrangement: Arrangement, text: str) -> Arrangement:
    target, gain_db = _pair(text, "bass@verse=-3")
    return change_gain(arrangement, parse_target(target), _number(gain_db, text))


def _shifted(library: Library, arrangement: Arrangement, text: str) -> Arrangement:
    target, semitones = _pair(text, "bass@verse=-2")
    return change_shift(arrangement, parse_target(target), _whole(semitones, text))


def _lengthened(library: Library, arrangement: Arrangement, text: str) -> Arrangement:
    name, bars = _pair(text, "verse=16")
    return set_bars(arrangement, name, _whole(bars, text))


def _moved(library: Library, arrangement: Arrangement, text: str) -> Arrangement:
    name, position = _pair(text, "chorus=2")
    return move_section(arrangement, name, _whole(position, text))


# In the order in which several in one call are done: first what frees, last what binds.
EDITS: Mapping[str, Edit] = {
    "unlock": lambda _, held, text: set_locked(held, parse_target(text), False),
    "replace": _replaced,
    "other": lambda library, held, text: swap(library, held, parse_target(text)),
    "without": lambda _, held, text: take_out(held, parse_target(text)),
    "gain": _gained,
    "shift": _shifted,
    "mute": lambda _, held, text: set_muted(held, _role(text), True),
    "unmute": lambda _, held, text: set_muted(held, _role(text), False),
    "bars": _lengthened,
    "move": _moved,
    "repeat": lambda _, held, text: repeat_section(held, text),
    "remove_section": lambda _, held, text: remove_section(held, text),
    "rename_section": lambda _, held, text: rename_section(held, *_pair(text, "verse=bridge")),
    "title": lambda _, held, text: set_title(held, storable(text)),
    "lock": lambda _, held, text: set_locked(held, parse_target(text), True),
}


def apply_edits(library: Library, arrangement: Arrangement, wishes: Mapping[str, Sequence[str]]) -> Arrangement:
    """An arrangement after edits; it is not stored.

    Parameters
    ----------
    wishes : mapping of str to texts
        Per name in ``EDITS`` what is wished, in the order in which it is to be done.

    Raises
    ------
    RequestError, ConstraintsConflict, SoundNotFound
        The first wish that cannot be done; or none changes anything.
    """
    if not any(wishes.values()):
        raise RequestError("Nothing to change was given.", f"Edits are {', '.join(EDITS)}.")
    changed = arrangement
    for name, edit in EDITS.items():
        for text in wishes.get(name, ()):
            changed = edit(library, changed, text)
    if changed == arrangement:
        raise RequestError("That changes nothing.", "`sonoteca arrange show` tells how it is.")
    return changed


def _pair(text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise RequestError(f"{text!r} does not say what is to be how.", f"Write {example}.")
    return name.strip(), value.strip()


def _number(value: str, text: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(f"{value!r} in {text!r} is not a number.", "Write bass@verse=-3.")
    return number


def _whole(value: str, text: str) -> int:
    number = _number(value, text)
    if number != round(number):
        raise RequestError(f"{value!r} in {text!r} is not a whole number.", "Write verse=16.")
    return round(number)


def _role(text: str) -> str:
    target = parse_target(text)
    if target.section is not None:
        raise RequestError(f"{text!r}: a whole role is muted.", f"Write {target.role}, or --without {text}.")
    return target.role
