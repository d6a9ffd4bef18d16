"""The starter base is what ships with the package: a file of entries for each topic, in ``starter/``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from sonoteca.knowledge.entry import Entry, read_entry


@cache
def starter_entries() -> tuple[Entry, ...]:
    """Every entry that ships, by file and line, read and checked once per process.

    Raises
    ------
    ValueError
        If a file of the package was changed so that it holds no entries any more; file and line are named.
    """
    folder = files("sonoteca.knowledge") / "starter"
    entries = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                entries.append(read_entry(line))
            except ValueError as error:
                raise ValueError(f"{file.name}, line {number}: {error}") from error
    return tuple(entries)
