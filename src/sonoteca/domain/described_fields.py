"""What the fields of a request mean is written once, in its docstring; schemas of every voice read it from there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache

_HEADING = re.compile(r"^-{3,}$")


@cache
def described_fields(kind: type) -> Mapping[str, str]:
    """The sentences about each field, from the section ``Attributes`` of the docstrings of a class and its bases.

    Examples
    --------
    >>> class Asked:
    ...     '''What is asked.
    ...
    ...     Attributes
    ...     ----------
    ...     k : int in 1..1000
    ...         How many answers.
    ...     low, high : float [Hz]
    ...         Between which
    ...         frequencies.
    ...     '''
    >>> dict(described_fields(Asked))
    {'k': 'How many answers.', 'low': 'Between which frequencies.', 'high': 'Between which frequencies.'}
    """
    told: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if "__doc__" in vars(base) and base.__doc__:
            told |= _attributes(inspect.cleandoc(base.__doc__).splitlines())
    return told


def _attributes(lines: list[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    names: list[str] = []
    is_within = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _HEADING.match(following):
            is_within = line.strip() == "Attributes"
        elif is_within and line and not line.startswith(" ") and not _HEADING.match(line):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif is_within and line.startswith(" "):
            for name in names:
                told[name] = f"{told[name]} {line.strip()}" if name in told else line.strip()
    return told
