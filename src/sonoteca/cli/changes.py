"""Values before and after a change, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonoteca.cli.hints import option_of
from sonoteca.cli.output import counted, note
from sonoteca.domain.moment_words import moment_text

if TYPE_CHECKING:
    from sonoteca import ChangedValue

_TOLD = 5


def tell_changes(changes: Sequence[ChangedValue], n_sounds: int) -> None:
    """A line for each of the first sounds of ``n_sounds``, on stderr: its name, and old and new of its values."""
    by_sound: dict[str | None, list[ChangedValue]] = {}
    for each in changes:
        by_sound.setdefault(each.sound, []).append(each)
    for some in list(by_sound.values())[:_TOLD]:
        if some[0].field == "removed":
            note(f"  {_name(some[0])} is back")
            continue
        if some[0].field == "knowledge":
            _tell_entries(some)
            continue
        about = _name(some[0]) if some[0].field != "playlist" else "playlist"
        note(f"  {about}: {', '.join(map(_told, some))}")
    if len(by_sound) > _TOLD and n_sounds > _TOLD:
        more = n_sounds - _TOLD
        note(f"  and {more:,} more sound{'' if more == 1 else 's'}")


def _tell_entries(changes: Sequence[ChangedValue]) -> None:
    for each in changes[:_TOLD]:
        title = each.before if each.after is None else each.after
        note(f"  {title!r} is gone" if each.after is None else f"  {title!r} is as it was")
    if len(changes) > _TOLD:
        note(f"  and {counted(len(changes) - _TOLD, 'more entry', 'more entries')}")


def _told(change: ChangedValue) -> str:
    option = "" if change.field == "playlist" else f"{(option_of(change.field) or change.field).removeprefix('--')} "
    return f"{option}{' -> '.join(_told_apart(change.before, change.after))}"


def _told_apart(before: object, after: object) -> tuple[str, str]:
    """Both values with as few decimals as tell them apart.

    >>> _told_apart(123.98766, 124.0), _told_apart(124.0, 124.004), _told_apart(87.4599, 174.9198)
    (('123.99', '124'), ('124', '124.004'), ('87.5', '174.9'))
    """
    for decimals in range(1, 7):
        told = value_text(before, decimals=decimals), value_text(after, decimals=decimals)
        if told[0] != told[1]:
            break
    return told


def _name(change: ChangedValue) -> str:
    return change.name or str(change.sound)


def value_text(value: object, *, decimals: int = 1) -> str:
    """A value as a person would type it, with so many decimals at most.

    >>> value_text(174.0), value_text(None), value_text([{"at_s": 12.5, "name": "Drop"}])
    ('174', 'none', '0:12.5 Drop')
    """
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{decimals}f}".rstrip("0").removesuffix(".")
    if isinstance(value, dict):
        return f"{value['name']!r} with {counted(value['entries'], 'entry', 'entries')}"
    if isinstance(value, list):
        return ", ".join(f"{moment_text(each['at_s'])} {each['name']}" for each in value)
    return str(value)
