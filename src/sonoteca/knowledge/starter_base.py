"""The starter base is what ships with the package: a file of entries for each topic, in ``starter/``."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from sonoteca.catalogue.made.knowledge import (
    StoredAdvice,
    advice_with_any,
    count_advice,
    list_advice,
    put_in_shipped,
    shipped_version,
)
from sonoteca.catalogue.store.library import Library
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


@cache
def starter_advice() -> tuple[StoredAdvice, ...]:
    """The starter base as the catalogue keeps it."""
    return tuple(entry.stored() for entry in starter_entries())


@cache
def starter_version() -> str:
    """The same for as long as the starter base says the same."""
    return hashlib.sha256("".join(each.public_id + each.digest for each in starter_advice()).encode()).hexdigest()[:16]


def put_in_starter_base(library: Library) -> None:
    """Put the starter base into a library that may be written and has another one or none; what was edited stays."""
    if library.mode == "read":
        return
    with library.read() as connection:
        is_in = shipped_version(connection) == starter_version()
    if not is_in:
        with library.write() as connection:
            put_in_shipped(connection, starter_advice(), starter_version())


def all_advice(library: Library, *, topic: str | None = None, category: str | None = None) -> list[StoredAdvice]:
    """Every entry of a library, or those of a topic and category; the starter base is among them.

    A library that may only be read and was never used for this is answered with the starter base as it ships.
    """
    put_in_starter_base(library)
    with library.read() as connection:
        if shipped_version(connection) is not None:
            return list_advice(connection, topic=topic, category=category)
    return [each for each in starter_advice() if topic in (None, each.topic) and category in (None, each.category)]


def advice_by_stems(library: Library, stems: list[str], *, limit: int) -> tuple[list[StoredAdvice], int]:
    """Entries that have any of these stems, and how many entries there are; as ``all_advice`` otherwise.

    Of a library that is answered with the starter base as it ships, these are all: whoever ranks them looks at the words.
    """
    put_in_starter_base(library)
    with library.read() as connection:
        if shipped_version(connection) is not None:
            return advice_with_any(connection, stems, limit=limit), count_advice(connection)
    return list(starter_advice()), len(starter_advice())
