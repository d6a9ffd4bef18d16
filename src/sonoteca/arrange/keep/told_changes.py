"""What an edit of an arrangement changed, in short sentences: each names what, its old and its new value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sonoteca.arrange.arrangement import Arrangement, Clip, Section

_NOTHING = "nothing"


def told_changes(before: Arrangement, after: Arrangement, names: Mapping[str, str]) -> tuple[str, ...]:
    """Say what is otherwise in ``after``: title, sections, clips, what is muted and locked.

    Parameters
    ----------
    before, after : Arrangement
    names : mapping of content hash to str
        What each sound of both is called.
    """
    return (
        *_title(before, after),
        *_sections(before, after),
        *_clips(before, after, names),
        *_sets("muted", "heard again", before.muted, after.muted),
        *_sets("locked", "free again", _targets(before), _targets(after)),
    )


def _title(before: Arrangement, after: Arrangement) -> Iterator[str]:
    if before.title != after.title:
        yield f"title: {before.title or 'none'} -> {after.title or 'none'}"


def _sections(before: Arrangement, after: Arrangement) -> Iterator[str]:
    old, new = (", ".join(f"{section.name} {section.bars}" for section in each.sections) for each in (before, after))
    if old != new:
        yield f"sections: {old} -> {new}"
        yield f"length: {before.bars} -> {after.bars} bars"


def _clips(before: Arrangement, after: Arrangement, names: Mapping[str, str]) -> Iterator[str]:
    old, new = _played(before), _played(after)
    there = {label for _, label in old}, {label for _, label in new}
    both = {section.name for section in before.sections} & {section.name for section in after.sections}
    # One change in several sections is told once.
    told: dict[tuple[str, str], list[str]] = {}
    for role, label in dict.fromkeys([*old, *new]):
        if not (label in there[0] and label in there[1]) and label.partition("#")[0] not in both:
            continue  # the section came or went, which is told of it
        for change in _differences(old.get((role, label), ()), new.get((role, label), ()), names):
            told.setdefault((role, change), []).append(label)
    for (role, change), labels in told.items():
        yield f"{role} in {', '.join(labels)}: {change}"


def _played(arrangement: Arrangement) -> dict[tuple[str, str], tuple[Clip, ...]]:
    """The clips by role and by section, as edits name it: ``verse``, or ``verse#2`` where there are several."""
    labels = _labels(arrangement.sections)
    played: dict[tuple[str, str], tuple[Clip, ...]] = {}
    for clip in arrangement.clips:
        at = arrangement.sections.index(arrangement.section_at(clip.start_bar))
        played[clip.role, labels[at]] = (*played.get((clip.role, labels[at]), ()), clip)
    return played


def _labels(sections: Sequence[Section]) -> list[str]:
    names = [section.name for section in sections]
    return [
        name if names.count(name) == 1 else f"{name}#{names[: at + 1].count(name)}" for at, name in enumerate(names)
    ]


def _differences(old: Sequence[Clip], new: Sequence[Clip], names: Mapping[str, str]) -> Iterator[str]:
    for what, values in (
        ("", lambda clip: names[clip.content_hash]),
        ("gain ", lambda clip: f"{clip.gain_db:+.3g} dB" if clip.gain_db else "0 dB"),
        ("shift ", lambda clip: f"{clip.semitone_shift:+d}" if clip.semitone_shift else "0"),
    ):
        was, is_now = (", ".join(dict.fromkeys(map(values, clips))) or _NOTHING for clips in (old, new))
        # Of what plays where nothing played, or the reverse, the sound says it all.
        if was != is_now and (not what or (old and new)):
            yield f"{what}{was} -> {is_now}"
        elif not what and [_part(clip) for clip in old] != [_part(clip) for clip in new]:
            yield f"{was} -> another sound or part of that name"


def _part(clip: Clip) -> tuple[str, float, float]:
    return clip.content_hash, clip.start_s, clip.end_s


def _targets(arrangement: Arrangement) -> frozenset[str]:
    return frozenset(f"{role}@{section}" for role, section in arrangement.locked)


def _sets(more: str, less: str, before: frozenset[str], after: frozenset[str]) -> Iterator[str]:
    for words, which in ((more, after - before), (less, before - after)):
        if which:
            yield f"{words}: {', '.join(sorted(which))}"
