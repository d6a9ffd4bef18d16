"""A form says which sections a piece has, how long they are, and which roles play in each.

``intro:8,verse:16,chorus:16,outro:8`` names sections and their bars; ``break:8:drums+fx`` says
besides which roles play.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sonoteca.arrange.arrangement import MOST_BARS, Section
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError

DEFAULT_FORM = "intro:8,verse:16,chorus:16,outro:8"
DEFAULT_ROLES = (Role.DRUMS, Role.BASS, Role.HARMONY, Role.MELODY)
_NAME = re.compile(r"[^\W_][\w \-]{0,39}")

# What usually waits: an intro opens without the low end and the tune, an outro closes without the
# tune, a break without the beat. Only said of a section that names no roles itself.
_WAITING = {
    "intro": (Role.BASS, Role.MELODY, Role.VOCAL),
    "outro": (Role.MELODY, Role.VOCAL, Role.FX),
    "break": (Role.DRUMS, Role.BASS),
}


@dataclass(frozen=True, slots=True)
class FormPart:
    """One section of a form; ``roles`` is None where the form leaves them open."""

    name: str
    bars: int
    roles: tuple[Role, ...] | None = None


def parse_form(text: str) -> tuple[FormPart, ...]:
    """Read sections of ``NAME:BARS`` or ``NAME:BARS:ROLE+ROLE``, separated by commas.

    Raises
    ------
    RequestError
        The text is no form; the message shows the part that is not.

    Examples
    --------
    >>> parse_form("verse:16, break:4:drums+fx")
    (FormPart(name='verse', bars=16, roles=None), FormPart(name='break', bars=4, roles=(<Role.DRUMS: 'drums'>, <Role.FX: 'fx'>)))
    """
    parts = [parse_section(item, field="form") for item in text.split(",")]
    if (total := sum(part.bars for part in parts)) > MOST_BARS:
        raise RequestError(f"The form is {total} bars long.", f"A piece has at most {MOST_BARS} bars.", field="form")
    return tuple(parts)


def parse_section(item: str, *, field: str | None = None) -> FormPart:
    """Read one section of a form; RequestError, speaking of ``field``, for what is none."""
    name, _, rest = item.partition(":")
    bars, _, roles = rest.partition(":")
    name = name.strip()
    if not _NAME.fullmatch(name):
        sentence = f"{item.strip()!r} does not name a section."
        raise RequestError(sentence, "Write intro:8,verse:16,chorus:16,outro:8.", field=field)
    if not re.fullmatch(r"[0-9]{1,4}", bars.strip()) or int(bars) == 0:
        sentence = f"{item.strip()!r}: the length of a section is a whole number of bars."
        raise RequestError(sentence, "Write verse:16.", field=field)
    playing = parse_roles(roles.replace("+", ","), field=field) if roles.strip() else None
    return FormPart(name, int(bars), playing)


def parse_roles(text: str, *, field: str | None = "roles") -> tuple[Role, ...]:
    """Read ``"drums,bass"`` as roles, without repetition; RequestError, speaking of ``field``, for a word that is none.

    >>> parse_roles("bass, drums")
    (<Role.BASS: 'bass'>, <Role.DRUMS: 'drums'>)
    """
    found: list[Role] = []
    for word in text.split(","):
        try:
            role = Role(word.strip().lower())
        except ValueError as error:
            sentence = f"{word.strip()!r} is not a role."
            raise RequestError(sentence, f"Roles are {', '.join(Role)}.", field=field) from error
        if role not in found:
            found.append(role)
    return tuple(found)


def sections_of(form: Sequence[FormPart]) -> tuple[Section, ...]:
    """Lay the sections one after another from bar 0."""
    sections: list[Section] = []
    at = 0
    for part in form:
        sections.append(Section(part.name, at, part.bars))
        at += part.bars
    return tuple(sections)


def roles_by_section(form: Sequence[FormPart], roles: Sequence[Role]) -> dict[str, tuple[Role, ...]]:
    """Say which roles play in each section name, in the order of ``roles``; sections of one name play alike.

    A section that names its roles has them. Of the others, intro, outro and break leave out what
    usually waits there, unless that would leave fewer than two of several.

    >>> plan = roles_by_section(parse_form("intro:4,verse:8,Break 2:4:fx"), DEFAULT_ROLES)
    >>> {name: [str(role) for role in playing] for name, playing in plan.items()}
    {'intro': ['drums', 'harmony'], 'verse': ['drums', 'bass', 'harmony', 'melody'], 'Break 2': ['fx']}
    """
    named: dict[str, tuple[Role, ...]] = {}
    for part in form:
        if part.roles is not None:
            named[part.name] = tuple(dict.fromkeys((*named.get(part.name, ()), *part.roles)))
    return {part.name: named.get(part.name) or _usual(part.name, roles) for part in form}


def _usual(name: str, roles: Sequence[Role]) -> tuple[Role, ...]:
    for word, waiting in _WAITING.items():
        if name.lower().startswith(word):
            left = tuple(role for role in roles if role not in waiting)
            return left if len(left) >= min(2, len(roles)) else tuple(roles)
    return tuple(roles)
