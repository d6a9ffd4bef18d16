"""The words a piece of advice can be found by, in an index that both databases keep alike.

As for sounds (``heard/fulltext.py``) all splitting and folding happens in Python, and the databases only keep postings.
Advice is prose in English and so are most questions: of a word its stem is stored and looked for, so that
``compressing`` finds ``compression``. Words of other languages and numbers stay as they are. What is written without a blank
(``POL-358``, ``20.04``, ``a:b``) is stored as its words and, besides, as each pair of neighbours (``compounds``): so
whoever types it finds where it stands as it is before where its parts stand apart.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.word_splitting import MARK, main_words, stored_words, words
from sonoteca.catalogue.store.database import chunks, dialect_of

KnowledgeField: TypeAlias = Literal["title", "category", "topic", "description", "parameters", "source"]

# Words of English that say nothing by themselves of what an entry or a question is about.
_FUNCTION_LIST: Final = """
a about after again all also am an and any are aren as at be been before being but by can cannot could couldn did didn
do does doesn doing don done each either else few for from had has have having he her here him his how i if in into is
isn it its itself just let ll may me might mine more most much must my myself nor not of off on once only onto or
other our ours out over own per please re s same shall she should so some such t than that the their them then there
these they this those to too until up upon us ve very was wasn we were what when where whether which while who whom
whose why will with within without won would you your yours
"""
_FUNCTION_WORDS: Final = frozenset(_FUNCTION_LIST.split())
# Endings and how many letters have to stand before them.
_ENDINGS: Final = (
    ("nesses", "", 3), ("ments", "", 3), ("ings", "", 3), ("ions", "", 4), ("ness", "", 3), ("ment", "", 4),
    ("ing", "", 3), ("ers", "", 4), ("est", "", 3), ("ion", "", 4), ("ies", "i", 2), ("ied", "i", 2), ("ed", "", 3),
    ("er", "", 3), ("ly", "", 3), ("sses", "ss", 2), ("xes", "x", 2), ("ches", "ch", 2), ("shes", "sh", 2), ("s", "", 3),
)  # fmt: skip
_VOWELS: Final = frozenset("aeiouy")
_LONGEST: Final = 500
# Stands between two words that are written without a blank; a private character that no word holds.
_JOINED: Final = "\ue003"
_APOSTROPHES: Final = frozenset("'\u2019\u2018\u02bc")


def stem(word: str) -> str:
    """What a folded English word has in common with its other forms; other words as they are.

    >>> [stem(word) for word in ("compressing", "compression", "compressor", "clipped", "loudness", "louder", "808", "bass")]
    ['compress', 'compress', 'compressor', 'clip', 'loud', 'loud', '808', 'bass']
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    for ending, becomes, least in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < least or _VOWELS.isdisjoint(rest) or (ending == "s" and rest[-1] in "su"):
            continue
        # compress-ion, satura-tion: else the ending is part of the word (region, onion).
        if ending in ("ion", "ions") and rest[-1] not in "st":
            continue
        word = rest + becomes
        if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" and word[-1] not in _VOWELS:
            word = word[:-1]
        break
    if len(word) > 3 and word[-1] == "e":
        return word[:-1]
    return word[:-1] + "i" if len(word) > 2 and word[-1] == "y" and word[-2] not in _VOWELS else word


def stored_stems(text: str) -> list[str]:
    """The stems that a text of an entry is found by, with those of its words' other forms."""
    return [*(stem(word)[:_LONGEST] for word in stored_words(text) if word != MARK), *compounds(text)]


def compounds(text: str) -> list[str]:
    """Neighbours that are written without a blank, each pair as one word; what an apostrophe joins is one word anyway.

    >>> [each.replace("\ue003", "+") for each in compounds("POL-358 at 20.04, who's a:b")]
    ['pol+358', '20+04', 'a+b']
    """
    return [
        _JOINED.join(pair)[:_LONGEST]
        for chunk in text.split()
        if _APOSTROPHES.isdisjoint(chunk)
        for pair in itertools.pairwise(words(chunk))
    ]


def is_compound(word: str) -> bool:
    """Whether a stored word is two that are written without a blank."""
    return _JOINED in word


def asked_stems(question: str) -> list[str]:
    """The stems that a question asks for, each once, and its compounds; words that say nothing only where there is no other.

    >>> asked_stems("Why do my vocals sound muddy?")
    ['vocal', 'sound', 'muddi']
    >>> asked_stems("who's")
    ['who']
    """
    typed = list(main_words(stored_words(question)))
    telling = [word for word in typed if word not in _FUNCTION_WORDS] or [word for word in typed if len(word) > 1]
    return list(dict.fromkeys([*(stem(word)[:_LONGEST] for word in telling), *compounds(question)]))


def texts_of(values: Mapping[str, Any]) -> dict[KnowledgeField, str]:
    """The texts of an entry, from its columns."""
    suggestion = values["suggestion"]
    parameters = "; ".join(f"{name}: {value}" for name, value in suggestion.get("parameters", {}).items())
    return {
        "title": suggestion["title"],
        "category": values["category"],
        "topic": values["topic"],
        "description": suggestion["description"],
        "parameters": parameters,
        "source": values["source"] or "",
    }


def refresh(connection: Connection, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Write the words of these entries anew: row numbers with their columns."""
    forget(connection, list(rows))
    held = {number: " ".join(words_of(values)) for number, values in rows.items()}
    if not held:
        return
    if dialect_of(connection) == "sqlite":
        query = "INSERT INTO knowledge_text (rowid, words) VALUES (?, ?)"
    else:
        query = "INSERT INTO knowledge_text (knowledge_id, words) VALUES (%s, %s::tsvector)"
        held = {number: " ".join(f"'{word}'" for word in text.split()) for number, text in held.items()}
    connection.exec_driver_sql(query, list(held.items()))


def words_of(values: Mapping[str, Any]) -> list[str]:
    """The words that the index has of an entry, sorted, from its columns."""
    return sorted({word for text in texts_of(values).values() for word in stored_stems(text)})


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """Drop the words of these entries (a virtual table knows no foreign keys)."""
    key = "rowid" if dialect_of(connection) == "sqlite" else "knowledge_id"
    gone = sa.text(f"DELETE FROM knowledge_text WHERE {key} IN :ids").bindparams(sa.bindparam("ids", expanding=True))
    for ids in chunks(list(numbers)):
        connection.execute(gone, {"ids": ids})


def entries_with_any(connection: Connection, stems: Sequence[str], *, limit: int) -> list[int]:
    """Row numbers of the entries that have any of these stems, those with the lowest numbers first.

    No stem holds a quote, so none of it can be read as a rule by either database.
    """
    if not stems:
        return []
    if dialect_of(connection) == "sqlite":
        query = "SELECT rowid FROM knowledge_text WHERE knowledge_text MATCH :match ORDER BY rowid LIMIT :limit"
        match = " OR ".join(f'"{each}"' for each in stems)
    else:
        query = (
            "SELECT knowledge_id FROM knowledge_text WHERE words @@ CAST(:match AS tsquery)"
            " ORDER BY knowledge_id LIMIT :limit"
        )
        match = " | ".join(f"'{each}'" for each in stems)
    return list(connection.execute(sa.text(query), {"match": match, "limit": limit}).scalars())


def words_as_indexed(connection: Connection) -> dict[int, list[str]]:
    """Per row number the words that the index has of an entry, sorted."""
    if dialect_of(connection) == "sqlite":
        query = "SELECT rowid, words FROM knowledge_text"
        return {number: held.split() for number, held in connection.exec_driver_sql(query)}
    query = "SELECT knowledge_id, tsvector_to_array(words) FROM knowledge_text"
    return {number: sorted(held) for number, held in connection.exec_driver_sql(query)}


def stem_counts(texts: Mapping[KnowledgeField, str]) -> dict[KnowledgeField, Counter[str]]:
    """How often each stem stands in each text of an entry."""
    return {field: Counter(stored_stems(text)) for field, text in texts.items()}
