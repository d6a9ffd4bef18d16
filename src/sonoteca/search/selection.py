"""Which sounds a command is about: a query, or one sound by name.

``list``, ``edit``, ``remove`` and filters take queries; people also paste ids, paths and names there. A text that is a
whole id, an ``external:ID``, the path of a file, or the name of one file with its ending means that sound; anything else is a query.
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sound_names import looks_like_a_path, named_external, spellings
from sonoteca.catalogue.identity.sounds import find_sounds, resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import regions
from sonoteca.errors import RequestError, about
from sonoteca.search.query.listing import as_query, find_sound_ids
from sonoteca.search.query.sql import matching_regions
from sonoteca.search.query.tree import IdIs, Query

_WHOLE_ID = re.compile(r"[0-9a-z]{16}")
# One id, and not a word that asks whether there is one.
_EXTERNAL_ID = re.compile(r"external:(?!(?:any|none)$)[^\s,\"()]+", re.IGNORECASE)
# With an ending, and no sign of the query language in it.
_FILE_NAME = re.compile(r"[\"']?[^\"':()]+\.[A-Za-z0-9]{2,5}[\"']?")


def select_sounds(connection: Connection, text: str) -> list[int]:
    """Row numbers of the sounds that ``text`` means.

    Raises
    ------
    RequestError
        For an empty text: changing everything has to be said, as ``*``.
    QuerySyntaxError
        For a text that is neither a name nor a query.
    """
    if not text.strip():
        raise RequestError("The query is empty.", "Write * for all sounds.")
    if names_a_sound(connection, text):
        return [resolve_sound(connection, text).id]
    return find_sound_ids(connection, "" if text.strip() == "*" else text)


def names_a_sound(connection: Connection, text: str) -> bool:
    """Whether ``text`` is the whole id, the external id, the path or the file name of a sound of this library."""
    if _WHOLE_ID.fullmatch(text):
        return bool(find_sounds(connection, text))
    if named_external(text) is not None:
        return _EXTERNAL_ID.fullmatch(text.strip()) is not None
    if looks_like_a_path(text):
        # What leads to no sound may be words: a query says so better than a path that is none.
        return os.path.exists(spellings(text)[-1]) or bool(find_sounds(connection, text))
    if os.sep in text and os.path.exists(text):
        return True
    return _FILE_NAME.fullmatch(text.strip()) is not None and len(find_sounds(connection, text)) == 1


def named_or_query(connection: Connection, text: str) -> Query:
    """The query that a text is, or the one that finds the sound it names."""
    if not names_a_sound(connection, text):
        return as_query(text)
    if named_external(text) is not None and len(find_sounds(connection, text)) != 1:
        # A list by an external id that nothing has is empty.
        return as_query(text.strip())
    return Query(IdIs(resolve_sound(connection, text).public_id))


def region_selection(connection: Connection, text: str, *, with_events: bool = True) -> sa.Select[Any]:
    """The regions that a query finds, as a filter for other statements."""
    if names_a_sound(connection, text):
        return sa.select(regions.c.id).where(regions.c.sound_id == resolve_sound(connection, text).id)
    return matching_regions(as_query(text), dialect=connection.dialect.name, with_events=with_events)


def selected_ids(connection: Connection, where: sa.Select[Any]) -> NDArray[np.int64]:
    """The row numbers that a selection finds, int64 (n,)."""
    return np.fromiter(connection.execute(where).scalars(), dtype=np.int64)


def allowed_regions(library: Library, query: str | None) -> NDArray[np.int64] | None:
    """Row numbers of the regions that a filter leaves, int64 (n,); None without one: all may answer."""
    if not query:
        return None
    with library.read() as connection, about("filter"):
        return selected_ids(connection, region_selection(connection, query))
