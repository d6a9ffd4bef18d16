"""Whether this machine sees what a library's jobs need: the same data folder, and the folders of sounds.

A data folder is marked once with the library's own name and a number drawn for the folder; the
catalogue keeps the number. So another folder, empty or of another library, is told from the right one
also where the database is a server that both machines reach.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.roots import list_roots
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import locations, meta
from sonoteca.domain.names import printable_path
from sonoteca.errors import WorksElsewhere
from sonoteca.whole_file import write_whole

MARK = "library.id"
_KEY = "data_folder"


def mark_data_folder(library: Library) -> Path:
    """Mark the data folder as this library's, whatever it was before; returns the mark.

    Raises
    ------
    RequestError, LibraryUnwritable
        There is no data folder, or it cannot be written.
    """
    mark = library.data_folder() / MARK
    with library.write() as connection:
        number = _number(connection)
        if number is None:
            number = secrets.token_hex(8)
            connection.execute(sa.insert(meta).values(key=_KEY, value=number))
        # Within the transaction: two that begin at once write the same.
        if _read(mark) != _text(library, number):
            write_whole(mark, _text(library, number).encode())
    return mark


def require_same_place(library: Library) -> None:
    """Raise unless this machine sees the library's data folder, and its sounds where they are said to be.

    The first that asks for jobs or runs them marks the data folder; until then there is nothing to compare.

    Raises
    ------
    WorksElsewhere
        With a sentence that names what is missing.
    RequestError, LibraryUnwritable
        There is no data folder, or it cannot be written.
    """
    folder = library.data_folder()
    with library.read() as connection:
        number = _number(connection)
        away = [root for root in list_roots(connection) if _is_needed(connection, root.id) and root.is_away]
    if number is None:
        mark_data_folder(library)
    elif (found := _read(folder / MARK)) != _text(library, number):
        what = "is not marked as its own" if found is None else "is another library's, or a copy"
        raise WorksElsewhere(
            f"{folder} is not the data folder that {library.location} is used with: it {what}.", field="data_dir"
        )
    if away:
        named = ", ".join(printable_path(root.folder) for root in away[:5])
        more = f" and {len(away) - 5:,} more" if len(away) > 5 else ""
        raise WorksElsewhere(f"The library's sounds are not on this machine: {named}{more} is empty or not there.")


def _number(connection: Connection) -> str | None:
    return connection.execute(sa.select(meta.c.value).where(meta.c.key == _KEY)).scalar()


def _is_needed(connection: Connection, root_id: int) -> bool:
    here = (locations.c.root_id == root_id) & locations.c.missing_since.is_(None)
    return connection.execute(sa.select(sa.exists().where(here))).scalar_one()


def _text(library: Library, number: str) -> str:
    return f"{library.uuid}\n{number}\n"


def _read(mark: Path) -> str | None:
    try:
        return mark.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
