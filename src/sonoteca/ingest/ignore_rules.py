"""What to leave out: ``.sonotecaignore`` files and ``--exclude`` globs, in gitignore's language.

A pattern without ``/`` (but at its end) matches a name at any depth; one with ``/`` is
anchored at the folder of its file. A trailing ``/`` means folders only, ``!`` takes a name
back in, ``#`` starts a comment. The last pattern that matches decides; deeper files come
later. What lies in an ignored folder cannot be taken back in, because it is never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

IGNORE_FILE = ".sonotecaignore"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One pattern, as a regular expression over the path below the folder it was written for."""

    matches: re.Pattern[str]
    ignores: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Rules of one folder; ``folder`` is its path below the walk's start, ``""`` or ending in ``/``."""

    folder: str
    rules: tuple[IgnoreRule, ...]


def parse_rules(lines: Sequence[str], *, folder: str = "") -> IgnoreRules:
    """Rules from the lines of an ignore file; what cannot be a pattern matches nothing.

    Examples
    --------
    >>> rules = parse_rules(["*.asd", "!keep.asd", "/stems/"])
    >>> is_ignored("x/y.asd", [rules], is_folder=False)
    True
    >>> is_ignored("x/keep.asd", [rules], is_folder=False)
    False
    >>> is_ignored("stems", [rules], is_folder=True), is_ignored("x/stems", [rules], is_folder=True)
    (True, False)
    """
    rules = (_parse_rule(line) for line in lines)
    return IgnoreRules(folder, tuple(rule for rule in rules if rule is not None))


def is_ignored(relative: str, levels: Sequence[IgnoreRules], *, is_folder: bool) -> bool:
    """Whether ``relative`` (``/`` between parts) is left out by rules given from the outermost inwards."""
    for level in reversed(levels):
        below = relative[len(level.folder) :]
        for rule in reversed(level.rules):
            if (is_folder or not rule.folders_only) and rule.matches.fullmatch(below):
                return rule.ignores
    return False


def _parse_rule(line: str) -> IgnoreRule | None:
    pattern = line.rstrip("\r\n")
    # A trailing space counts only when it is escaped, as in gitignore.
    pattern = re.sub(r"(?<!\\) +$", "", pattern)
    if not pattern or pattern.startswith("#"):
        return None
    ignores = not pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.rstrip("/")
    if not pattern:
        return None
    is_anchored = "/" in pattern
    pattern = pattern.lstrip("/")
    expression = _translate(pattern)
    return IgnoreRule(
        re.compile(expression if is_anchored else f"(?:.*/)?{expression}", re.DOTALL), ignores, folders_only
    )


def _translate(pattern: str) -> str:
    """Regular expression of one glob: ``*`` and ``?`` stop at ``/``, ``**`` does not."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            out.append("(?:.*/)?")
            at += 3
        elif pattern[at:] == "**" and (at == 0 or pattern[at - 1] == "/"):
            out.append(".+")
            at += 2
        elif pattern[at] == "*":
            out.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            out.append("[^/]")
            at += 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            negated = inside[0] in "!^"
            body = inside[1:] if negated else inside
            try:
                re.compile(f"[{body}]")
            except re.error:
                out.append(re.escape(pattern[at : end + 1]))
            else:
                out.append(f"[^/{body}]" if negated else f"(?!/)[{body}]")
            at = end + 1
        elif pattern[at] == "\\" and at + 1 < len(pattern):
            out.append(re.escape(pattern[at + 1]))
            at += 2
        else:
            out.append(re.escape(pattern[at]))
            at += 1
    return "".join(out)
