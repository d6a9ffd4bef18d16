"""An edit is a function from one arrangement to another.

A *target* is ``ROLE`` or ``ROLE@SECTION``; a section is named ``verse``, which means all of that
name, or ``verse#2``, the second of that name. What cannot be done is refused with a sentence, and
the arrangement stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sonoteca.arrange.arrangement import MOST_BARS, SAME_BAR, WIDEST_SHIFT, Arrangement, Clip, Section
from sonoteca.arrange.form import parse_section
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError

WIDEST_GAIN_DB = 24.0
_TARGET = re.compile(r"([a-z]+)(?:@(.+))?")
_SECTION = re.compile(r"(.*?)(?:#([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Target:
    """A role, in all sections or in those that ``section`` names."""

    role: str
    section: str | None = None

    def __str__(self) -> str:
        return self.role if self.section is None else f"{self.role}@{self.section}"


def parse_target(text: str, *, field: str | None = None) -> Target:
    """Read ``"bass"``, ``"bass@verse"`` or ``"bass@verse#2"``; RequestError for anything else.

    >>> parse_target("bass@verse#2")
    Target(role='bass', section='verse#2')
    """
    match = _TARGET.fullmatch(text.strip())
    if match is None or match[1] not in tuple(Role):
        raise RequestError(
            f"{text!r} does not say which clips.",
            f"Write ROLE or ROLE@SECTION; roles are {', '.join(Role)}.",
            field=field,
        )
    return Target(match[1], match[2])


def sections_named(arrangement: Arrangement, name: str) -> list[int]:
    """Find the positions of the sections that ``verse`` or ``verse#2`` means; RequestError if there is none."""
    found = [at for at, section in enumerate(arrangement.sections) if section.name == name]
    if not found:
        match = _SECTION.fullmatch(name)
        assert match is not None
        same = [at for at, section in enumerate(arrangement.sections) if section.name == match[1]]
        found = same[int(match[2]) - 1 : int(match[2])] if match[2] and int(match[2]) > 0 else []
    if not found:
        there = ", ".join(dict.fromkeys(section.name for section in arrangement.sections))
        raise RequestError(f"There is no section {name!r}.", f"Sections are {there}; verse#2 is the second verse.")
    return found


def sections_of_target(arrangement: Arrangement, target: Target) -> list[Section]:
    """List the sections that a target means."""
    if target.section is None:
        return list(arrangement.sections)
    return [arrangement.sections[at] for at in sections_named(arrangement, target.section)]


def clips_at(arrangement: Arrangement, target: Target) -> list[int]:
    """Find the numbers of the clips that a target means; RequestError if there is none."""
    sections = sections_of_target(arrangement, target)
    found = [
        number
        for number, clip in enumerate(arrangement.clips)
        if clip.role == target.role and arrangement.section_at(clip.start_bar) in sections
    ]
    if not found:
        raise RequestError(f"There is no {target}.", "Name a role that plays there.")
    return found


def _changed(arrangement: Arrangement, numbers: Sequence[int], change: Callable[[Clip], Clip]) -> Arrangement:
    clips = tuple(change(clip) if number in numbers else clip for number, clip in enumerate(arrangement.clips))
    return replace(arrangement, clips=clips)


def change_gain(arrangement: Arrangement, target: Target, gain_db: float) -> Arrangement:
    """Make clips louder or softer by ``gain_db``; RequestError beyond ±24 dB in all."""

    def louder(clip: Clip) -> Clip:
        total = round(clip.gain_db + gain_db, 2)
        if not abs(total) <= WIDEST_GAIN_DB:
            raise RequestError(
                f"The gain of {target} would be {total:+g} dB.", f"It stays within ±{WIDEST_GAIN_DB:g} dB."
            )
        return replace(clip, gain_db=total)

    return _changed(arrangement, clips_at(arrangement, target), louder)


def change_shift(arrangement: Arrangement, target: Target, semitones: int) -> Arrangement:
    """Shift clips by ``semitones`` more; RequestError beyond ±12 semitones in all."""

    def shifted(clip: Clip) -> Clip:
        total = clip.semitone_shift + semitones
        if abs(total) > WIDEST_SHIFT:
            raise RequestError(
                f"{target} would be shifted by {total:+d} semitones.", f"It stays within ±{WIDEST_SHIFT} semitones."
            )
        return replace(clip, semitone_shift=total)

    return _changed(arrangement, clips_at(arrangement, target), shifted)


def set_muted(arrangement: Arrangement, role: str, muted: bool) -> Arrangement:
    """Silence a role, or let it be heard again; its clips stay."""
    clips_at(arrangement, Target(role))
    return replace(arrangement, muted=arrangement.muted | {role} if muted else arrangement.muted - {role})


def set_locked(arrangement: Arrangement, target: Target, locked: bool) -> Arrangement:
    """Keep the choice of a target from being replaced, or give it free."""
    pairs = {(target.role, arrangement.section_at(arrangement.clips[n].start_bar).name)
             for n in clips_at(arrangement, target)}  # fmt: skip
    return replace(arrangement, locked=arrangement.locked | pairs if locked else arrangement.locked - pairs)


def refuse_if_locked(arrangement: Arrangement, target: Target) -> None:
    """Raise RequestError if one of the choices of a target is locked."""
    for section in sections_of_target(arrangement, target):
        if (target.role, section.name) in arrangement.locked:
            name = f"{target.role}@{section.name}"
            raise RequestError(f"{name} is locked.", "Unlock it first.")


def take_out(arrangement: Arrangement, target: Target) -> Arrangement:
    """Remove the clips of a target; RequestError if they are locked, or nothing would be left."""
    refuse_if_locked(arrangement, target)
    numbers = clips_at(arrangement, target)
    if len(numbers) == len(arrangement.clips):
        raise RequestError(f"Without {target} nothing would play.", "Remove the arrangement instead.")
    clips = tuple(clip for number, clip in enumerate(arrangement.clips) if number not in numbers)
    left = {clip.role for clip in clips}
    return replace(arrangement, clips=clips, muted=arrangement.muted & left)


def put_in(arrangement: Arrangement, target: Target, clip: Clip) -> Arrangement:
    """Let ``clip`` play the role of a target over the whole of its sections, in place of what played it.

    ``clip`` may stand anywhere; it is laid over each section. Without a section in the target it
    goes where the role plays now.

    Raises
    ------
    RequestError
        The choice is locked; or no section is named and the role plays nowhere.
    """
    refuse_if_locked(arrangement, target)
    sections = sections_of_target(arrangement, target)
    if target.section is None:
        playing = {arrangement.section_at(arrangement.clips[n].start_bar) for n in clips_at(arrangement, target)}
        sections = [section for section in sections if section in playing]
    kept = [
        each
        for each in arrangement.clips
        if each.role != target.role or arrangement.section_at(each.start_bar) not in sections
    ]
    laid = [
        replace(clip, role=target.role, start_bar=float(section.start_bar), bars=float(section.bars))
        for section in sections
    ]
    clips = sorted((*kept, *laid), key=lambda each: (each.start_bar, tuple(Role).index(Role(each.role))))
    return replace(arrangement, clips=tuple(clips))


def set_title(arrangement: Arrangement, title: str) -> Arrangement:
    """Name the arrangement; an empty title takes the name away."""
    return replace(arrangement, title=title.strip() or None)


@dataclass(frozen=True, slots=True)
class _Part:
    """A section with its clips, positions counted from its start."""

    name: str
    bars: int
    clips: tuple[Clip, ...]


def _parts(arrangement: Arrangement) -> list[_Part]:
    parts = []
    for section in arrangement.sections:
        own = [clip for clip in arrangement.clips if arrangement.section_at(clip.start_bar) is section]
        for clip in own:
            if clip.end_bar > section.end_bar + SAME_BAR:
                raise RequestError(
                    f"A {clip.role} clip plays from bar {clip.start_bar:g} to {clip.end_bar:g}, beyond {section.name}.",
                    "Replace it first: then it ends with its section.",
                )
        clips = tuple(replace(clip, start_bar=clip.start_bar - section.start_bar) for clip in own)
        parts.append(_Part(section.name, section.bars, clips))
    return parts


def _assembled(arrangement: Arrangement, parts: Sequence[_Part]) -> Arrangement:
    sections: list[Section] = []
    clips: list[Clip] = []
    at = 0
    for part in parts:
        sections.append(Section(part.name, at, part.bars))
        clips += [replace(clip, start_bar=clip.start_bar + at) for clip in part.clips]
        at += part.bars
    if at > MOST_BARS:
        raise RequestError(f"The piece would be {at} bars long.", f"It has at most {MOST_BARS}.")
    names = {section.name for section in sections}
    locked = frozenset(pair for pair in arrangement.locked if pair[1] in names)
    muted = arrangement.muted & {clip.role for clip in clips}
    return replace(arrangement, sections=tuple(sections), clips=tuple(clips), locked=locked, muted=muted)


def set_bars(arrangement: Arrangement, name: str, bars: int) -> Arrangement:
    """Make sections longer or shorter: clips that end with a section still do, those beyond its end go."""
    checked = parse_section(f"{name.partition('#')[0]}:{bars}").bars
    parts = _parts(arrangement)
    for at in sections_named(arrangement, name):
        part = parts[at]
        clips = tuple(
            replace(clip, bars=checked - clip.start_bar)
            if clip.start_bar + clip.bars > min(part.bars, checked) - SAME_BAR
            else clip
            for clip in part.clips
            if clip.start_bar < checked - SAME_BAR
        )
        parts[at] = replace(part, bars=checked, clips=clips)
    return _assembled(arrangement, parts)


def rename_section(arrangement: Arrangement, name: str, new_name: str) -> Arrangement:
    """Call sections otherwise; locks go with the name."""
    checked = parse_section(f"{new_name}:1").name
    at = sections_named(arrangement, name)
    old = {arrangement.sections[n].name for n in at}
    sections = tuple(
        replace(section, name=checked) if n in at else section for n, section in enumerate(arrangement.sections)
    )
    left = {section.name for section in sections}
    locked = {(role, section) for role, section in arrangement.locked if section in left}
    locked |= {(role, checked) for role, section in arrangement.locked if section in old}
    return replace(arrangement, sections=sections, locked=frozenset(locked))


def move_section(arrangement: Arrangement, name: str, position: int) -> Arrangement:
    """Put one section, with all that plays in it, at a position counted from 1."""
    parts = _parts(arrangement)
    found = sections_named(arrangement, name)
    if len(found) > 1:
        raise RequestError(f"There are {len(found)} sections {name!r}.", f"Say which one: {name}#1 is the first.")
    if not 1 <= position <= len(parts):
        raise RequestError(f"There is no place {position}.", f"Places go from 1 to {len(parts)}.")
    part = parts.pop(found[0])
    parts.insert(position - 1, part)
    return _assembled(arrangement, parts)


def remove_section(arrangement: Arrangement, name: str) -> Arrangement:
    """Take sections out with all that plays in them; the rest moves up."""
    gone = sections_named(arrangement, name)
    parts = [part for at, part in enumerate(_parts(arrangement)) if at not in gone]
    if not any(part.clips for part in parts):
        raise RequestError(f"Without {name} nothing would play.", "Remove the arrangement instead.")
    for at in gone:
        section = arrangement.sections[at].name
        for role, locked in arrangement.locked:
            if locked == section:
                raise RequestError(f"{role}@{section} is locked.", "Unlock it first.")
    return _assembled(arrangement, parts)


def repeat_section(arrangement: Arrangement, name: str) -> Arrangement:
    """Play one section twice in a row."""
    parts = _parts(arrangement)
    found = sections_named(arrangement, name)
    parts.insert(found[-1] + 1, parts[found[-1]])
    return _assembled(arrangement, parts)
