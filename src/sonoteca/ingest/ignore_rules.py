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

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".sonotecaignore"


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Rules of one folder; ``folder`` is its path below the walk's start, ``""`` or ending in ``/``."""

    folder: str
    spec: GitIgnoreSpec

    def __bool__(self) -> bool:
        return len(self.spec) > 0


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
    return IgnoreRules(folder, GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)]))


def is_ignored(relative: str, levels: Sequence[IgnoreRules], *, is_folder: bool) -> bool:
    """Whether ``relative`` (``/`` between parts) is left out by rules given from the outermost inwards."""
    for level in reversed(levels):
        below = relative[len(level.folder) :] + ("/" if is_folder else "")
        decided = level.spec.check_file(below).include
        if decided is not None:
            return decided
    return False


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
