"""Values before and after a change, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from sonoteca.cli.hints import option_of
from sonoteca.cli.output import clock, note

if TYPE_CHECKING:
    from sonoteca import ChangedValue

_TOLD = 5


def tell_changes(changes: Sequence[ChangedValue]) -> None:
    """A line for each of the first changes, on stderr: sound, option, old and new value."""
    for each in changes[:_TOLD]:
        if each.field == "removed":
            note(f"  {_name(each)} is back")
            continue
        about = _name(each) if each.field != "playlist" else "playlist"
        option = f" {(option_of(each.field) or each.field).removeprefix('--')}" if each.field != "playlist" else ""
        note(f"  {about}:{option} {value_text(each.before)} -> {value_text(each.after)}")
    if len(changes) > _TOLD:
        note(f"  and {len(changes) - _TOLD} more")


def _name(change: ChangedValue) -> str:
    return str(change.sound) if change.path is None else PurePath(change.path).name


def value_text(value: object) -> str:
    """A value as a person would type it.

    >>> value_text(174.0), value_text(None), value_text([{"at_s": 12.5, "name": "Drop"}])
    ('174', 'none', '0:12.5 Drop')
    """
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return f"{value['name']!r} with {value['entries']} entr{'y' if value['entries'] == 1 else 'ies'}"
    if isinstance(value, list):
        return ", ".join(f"{_moment(each['at_s'])} {each['name']}" for each in value)
    return str(value)


def _moment(at_s: float) -> str:
    minutes, seconds = divmod(round(at_s, 1), 60)
    return clock(at_s) if minutes >= 60 else f"{int(minutes)}:{seconds:04.1f}"
