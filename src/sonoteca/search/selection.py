"""Which sounds a command is about: a query, or one sound by name.

``list``, ``edit``, ``remove`` and filters take queries; people also type ids, paths and names there. A text that is an
id, an ``external:ID``, the path of a file, the name of one with its ending, or "Artist - Title" means what is called so.
Plain words are a query of words where sounds are only listed: there the sound of that title is among the others. Where
something is done to it, the one sound of that name is meant alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sound_names import looks_like_a_path, named_external, spellings
from sonoteca.catalogue.identity.sounds import (
    SoundRef,
    find_sounds,
    resolve_sound,
    sounds_called_exactly,
    sounds_with_short_id,
)
from sonoteca.catalogue.store.database import names_files
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import regions
from sonoteca.domain.answer import counted
from sonoteca.errors import AmbiguousSound, QuerySyntaxError, RequestError, about
from sonoteca.search.query.listing import as_query, find_sound_ids
from sonoteca.search.query.sql import matching_regions
from sonoteca.search.query.tree import IdIs, Node, Or, Query

_WHOLE_ID = re.compile(r"[0-9a-z]{16}")
# One id, and not a word that asks whether there is one.
_EXTERNAL_ID = re.compile(r"external:(?!(?:any|none)$)[^\s,\"()]+", re.IGNORECASE)
# With an ending, and no sign of the query language in it.
_FILE_NAME = re.compile(r"[\"']?[^\"':()]+\.[A-Za-z0-9]{2,5}[\"']?")


# What a query has and a name has not: rules, phrases, words that must not be there, beginnings, one of several.
_RULES = re.compile(r"""\w:\S|"|^['(]|(?:^|\s)-\w|\*|\b(?:OR|NOT)\b""")
# A name of more than words: a dash stands by itself in it, or a bracket.
_MORE_THAN_WORDS = re.compile(r"\s[-\u2010-\u2015\u2212]\s|[(\[]")


def select_sounds(connection: Connection, text: str) -> list[int]:
    """Row numbers of the sounds that ``text`` means, rising: what is called so, else what a query finds.

    Raises
    ------
    RequestError
        For an empty text: changing everything has to be said, as ``*``.
    QuerySyntaxError
        For a text that is neither a name nor a query.
    SoundNotFound, AmbiguousSound
        For words that nothing has, and no sound answers to; rules that nothing satisfies find none.
    """
    if not text.strip():
        raise RequestError("The query is empty.", "Write * for all sounds.")
    if text.strip() == "*":
        return find_sound_ids(connection, "")
    if named := named_sounds(connection, text):
        return _numbers(named)
    found = find_sound_ids(connection, text)
    if _RULES.search(text):
        return found
    called = sounds_called_exactly(connection, text)
    by_id = _numbers(sounds_with_short_id(connection, text))
    if len(by_id) == 1 and {*found, *_numbers(called)} != set(by_id):
        raise AmbiguousSound(
            f"{text!r} begins the id of a sound, and it is a word of {counted(len(found), 'sound')}.",
            "Write more of the id, or the word in quotes.",
        )
    if len(called) == 1:
        return _numbers(called)
    return found or _each_named(connection, text) or [resolve_sound(connection, text).id]


def _numbers(refs: Sequence[SoundRef]) -> list[int]:
    return sorted({each.id for each in refs})


def named_sounds(connection: Connection, text: str) -> list[SoundRef]:
    """The sounds that ``text`` names more clearly than words do; none of a query."""
    if not text.strip():
        return []
    if _names_a_sound(connection, text):
        return [resolve_sound(connection, text)]
    if _RULES.search(text):
        return [] if _is_query(text) else sounds_called_exactly(connection, text)
    by_id = sounds_with_short_id(connection, text)
    if len(by_id) == 1 and not _finds_any(connection, as_query(text)):
        return by_id
    if _MORE_THAN_WORDS.search(text) or _FILE_NAME.fullmatch(text.strip()):
        return sounds_called_exactly(connection, text)
    return []


def _is_query(text: str) -> bool:
    try:
        as_query(text)
    except QuerySyntaxError:
        # A title may hold a colon or a lonely quote.
        return False
    return True


def _finds_any(connection: Connection, query: Query) -> bool:
    found = matching_regions(query, dialect=connection.dialect.name).limit(1)
    return connection.execute(found).first() is not None


def _each_named(connection: Connection, text: str) -> list[int]:
    """The sounds that the words of a text name one by one; none if a word names none, or several."""
    found: list[SoundRef] = []
    for word in text.split():
        named = named_sounds(connection, word) or sounds_called_exactly(connection, word)
        if len(named) != 1:
            return []
        found += named
    return _numbers(found)


def _names_a_sound(connection: Connection, text: str) -> bool:
    """Whether ``text`` is the whole id, the external id, the path or the file name of a sound of this library."""
    if _WHOLE_ID.fullmatch(text):
        return bool(find_sounds(connection, text))
    if named_external(text) is not None:
        return _EXTERNAL_ID.fullmatch(text.strip()) is not None
    if looks_like_a_path(text):
        # What leads to no sound may be words: a query says so better than a path that is none.
        return _is_there(connection, spellings(text)[-1]) or bool(find_sounds(connection, text))
    if os.sep in text and _is_there(connection, text):
        return True
    return _FILE_NAME.fullmatch(text.strip()) is not None and len(find_sounds(connection, text)) == 1


def _is_there(connection: Connection, path: str) -> bool:
    return names_files(connection) and os.path.exists(path)


def named_or_query(connection: Connection, text: str) -> Query:
    """The query that a text is, or the one that finds the sound it names."""
    if not text.strip():
        return as_query(text)
    if named_external(text) is not None and len(find_sounds(connection, text)) != 1:
        # A list by an external id that nothing has is empty.
        return as_query(text.strip())
    if named := named_sounds(connection, text):
        return Query(Or(tuple(IdIs(each.public_id) for each in named)))
    query = as_query(text)
    words = text.split()
    if len(words) > 1 and _RULES.search(text) is None and not _finds_any(connection, query):
        several = [named_sounds(connection, word) for word in words]
        if all(len(each) == 1 for each in several):
            return Query(Or(tuple(IdIs(each[0].public_id) for each in several)))
    return query


def region_selection(connection: Connection, text: str, *, with_events: bool = True) -> sa.Select[Any]:
    """The regions that a query finds, as a filter for other statements."""
    return selection_and_rules(connection, text, with_events=with_events)[0]


def selection_and_rules(
    connection: Connection, text: str, *, with_events: bool = True
) -> tuple[sa.Select[Any], Node | None]:
    """The regions that a query finds, as ``region_selection``, and what it asks for; None where it is a name."""
    if named := named_sounds(connection, text):
        return sa.select(regions.c.id).where(regions.c.sound_id.in_(_numbers(named))), None
    query = as_query(text)
    return matching_regions(query, dialect=connection.dialect.name, with_events=with_events), query.tree


def selected_ids(connection: Connection, where: sa.Select[Any]) -> NDArray[np.int64]:
    """The row numbers that a selection finds, int64 (n,)."""
    return np.fromiter(connection.execute(where).scalars(), dtype=np.int64)


def allowed_regions(library: Library, query: str | None) -> NDArray[np.int64] | None:
    """Row numbers of the regions that a filter leaves, int64 (n,); None without one: all may answer."""
    if not query:
        return None
    with library.read() as connection, about("filter"):
        return selected_ids(connection, region_selection(connection, query))
