"""The words a sound can be found by: title, artist and album (its own and those of each of its files), paths and tags.

All splitting and folding happens in Python (``word_splitting``), so that SQLite's FTS5, PostgreSQL's
tsvector and a predicate on plain values agree on what a word is: the databases get words
that are split already and only keep postings of them. The table ``sound_text`` differs per
database, so the migrations make it and ``schema.py`` does not know it. What somebody wrote about a sound
(``TELLING``) stands in an index of its own besides: where a word is in every path and in few titles, these few are found
without a look at all the paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.word_splitting import BREAK, MARK, stored_words
from sonoteca.catalogue.store.database import chunks, dialect_of
from sonoteca.catalogue.store.schema import claims, locations, regions, roots, sounds, tags

TextField: TypeAlias = Literal["title", "artist", "album", "path", "tags"]
FIELDS: tuple[TextField, ...] = get_args(TextField)
# What somebody wrote about the sound; in a path a word may be about its neighbours.
TELLING: tuple[TextField, ...] = ("title", "artist", "album", "tags")

_BETWEEN = f" {BREAK} "


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Where postings of words stand: SQLite has a table of full text for each index, PostgreSQL a column of one table."""

    sqlite_table: str
    postgres_column: str


INDEX = WordIndex("sound_text", "everything")
TELLING_INDEX = WordIndex("sound_text_telling", "telling")

# Made once: building a statement costs more time than the database takes for twenty sounds.
_IDS: sa.BindParameter[Sequence[int]] = sa.bindparam("ids", expanding=True)
_OWN_TEXTS = sa.select(sounds.c.id, sounds.c.title, sounds.c.artist, sounds.c.album).where(sounds.c.id.in_(_IDS))
_TEXTS_OF_FILES = (
    sa.select(locations.c.sound_id, claims.c.field, claims.c.value)
    .join(locations, locations.c.id == claims.c.location_id)
    .where(locations.c.sound_id.in_(_IDS), claims.c.field.in_(FIELDS[:3]))
    .order_by(locations.c.id, claims.c.position)
)
_PATHS = (
    sa.select(locations.c.sound_id, roots.c.name, locations.c.display_path)
    .join(roots, roots.c.id == locations.c.root_id)
    .where(locations.c.sound_id.in_(_IDS))
    .order_by(locations.c.id)
)
_LABELS = (
    sa.select(regions.c.sound_id, tags.c.region_id, tags.c.tag, tags.c.present)
    .join(regions, regions.c.id == tags.c.region_id)
    .where(regions.c.sound_id.in_(_IDS))
    .order_by(tags.c.region_id, tags.c.tag)
)


def texts_of(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[TextField, list[str]]]:
    """Per sound and field of ``FIELDS``, the texts as they stand in the catalogue."""
    found: dict[int, dict[TextField, list[str]]] = {}
    for ids in chunks(list(sound_ids)):
        for sound_id, *own in connection.execute(_OWN_TEXTS, {"ids": ids}):
            found[sound_id] = {field: [] for field in FIELDS}
            for field, value in zip(FIELDS[:3], own, strict=True):
                if value is not None:
                    found[sound_id][field].append(value)
        for sound_id, field, text in _texts_of_files(connection, ids):
            if text not in found[sound_id][field]:
                found[sound_id][field].append(text)
        for sound_id, root, path in connection.execute(_PATHS, {"ids": ids}):
            found[sound_id]["path"].append(f"{root}/{path}")
        for sound_id, labels in _labels_of(connection, ids).items():
            found[sound_id]["tags"].extend(labels)
    return found


def stored_texts(texts: Mapping[TextField, Sequence[str]]) -> dict[TextField, list[str]]:
    """Each text of a sound as its stored words, with blanks between them."""
    return {
        field: [" ".join(stored_words(text, is_path=field == "path")) for text in each] for field, each in texts.items()
    }


def _texts_of_files(connection: Connection, sound_ids: Sequence[int]) -> Iterable[tuple[int, TextField, str]]:
    """Titles, artists and albums that the files of these sounds have of their own, the file known longest first."""
    rows = connection.execute(_TEXTS_OF_FILES, {"ids": sound_ids})
    return ((sound_id, field, str(value)) for sound_id, field, value in rows)


def folded_texts(
    connection: Connection, sound_ids: Sequence[int], *, holding: Sequence[Sequence[str]] = ()
) -> dict[int, dict[TextField, list[str]]]:
    """Per sound and field of ``FIELDS`` that has one, each text as its stored words, with blanks between them.

    Sounds may be left out that lack one of ``holding``, which each are stored words, of which one has to be there.
    """
    if dialect_of(connection) != "sqlite":
        # PostgreSQL keeps positions, not texts.
        return {sound_id: stored_texts(by_field) for sound_id, by_field in texts_of(connection, sound_ids).items()}
    found: dict[int, dict[TextField, list[str]]] = {}
    # The table below the index of words gives its rows in half the time; and numbers of rows need no binding.
    columns = ", ".join(f"c{place}" for place in range(len(FIELDS)))
    one_has = " OR ".join(f"instr(c{place}, ?)" for place in range(len(FIELDS)))
    has = "".join(f" AND ({' OR '.join([one_has] * len(needles))})" for needles in holding)
    asked = tuple(needle for needles in holding for needle in needles for _ in FIELDS)
    for ids in chunks(list(sound_ids)):
        numbers = ",".join(map(str, ids))
        query = f"SELECT id, {columns} FROM sound_text_content WHERE id IN ({numbers}){has}"
        rows = connection.exec_driver_sql(query, asked)
        for sound_id, *texts in rows.all():
            found[sound_id] = {field: text.split(_BETWEEN) for field, text in zip(FIELDS, texts, strict=True) if text}
    return found


def sounds_with_phrase(
    connection: Connection, phrase: Sequence[str], field: TextField, *, limit: int, is_prefix: bool = False
) -> list[int]:
    """Row numbers of the sounds that have these stored words one after the other in a field, the newest first."""
    index = TELLING_INDEX if field in TELLING else INDEX
    if dialect_of(connection) == "sqlite":
        match = f'{field} : "{" ".join(phrase)}"' + (" *" if is_prefix else "")
        return _matching(connection, index.sqlite_table, match, limit)
    lexemes = " <-> ".join(f"'{word[:500]}'" for word in phrase) + (":*" if is_prefix else "")
    return _matching(connection, index.postgres_column, lexemes, limit, f" AND {field} @@ CAST(:match AS tsquery)")


def sounds_with_beginnings(connection: Connection, beginnings: Sequence[str], *, limit: int) -> list[int]:
    """Row numbers of the sounds that have a stored word beginning with any of these, the newest first."""
    if dialect_of(connection) == "sqlite":
        match = " OR ".join(f'"{each}" *' for each in beginnings)
        return _matching(connection, INDEX.sqlite_table, match, limit)
    return _matching(connection, INDEX.postgres_column, " | ".join(f"'{each}':*" for each in beginnings), limit)


def _matching(connection: Connection, index: str, match: str, limit: int, besides: str = "") -> list[int]:
    if dialect_of(connection) == "sqlite":
        query = f"SELECT rowid FROM {index} WHERE {index} MATCH :match ORDER BY rowid DESC LIMIT :limit"
    else:
        query = (
            f"SELECT sound_id FROM sound_text WHERE {index} @@ CAST(:match AS tsquery){besides}"
            " ORDER BY sound_id DESC LIMIT :limit"
        )
    return list(connection.execute(sa.text(query), {"match": match, "limit": limit}).scalars())


def _labels_of(connection: Connection, sound_ids: Sequence[int]) -> Mapping[int, list[str]]:
    by_sound: defaultdict[int, list[str]] = defaultdict(list)
    rows = connection.execute(_LABELS, {"ids": sound_ids}).all()
    refused = {(row.region_id, row.tag) for row in rows if not row.present}
    for row in rows:
        if (row.region_id, row.tag) not in refused and row.tag not in by_sound[row.sound_id]:
            by_sound[row.sound_id].append(row.tag)
    return by_sound


def refresh(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Write the words of these sounds anew."""
    forget(connection, sound_ids)
    stored = _stored(texts_of(connection, sound_ids))
    _write(connection, stored)
    if dialect_of(connection) == "sqlite":
        # PostgreSQL keeps this index by itself.
        told = {sound_id: held for sound_id, held in stored.items() if any(held[field] for field in TELLING)}
        _insert(connection, TELLING_INDEX.sqlite_table, TELLING, told)


def write(connection: Connection, texts: Mapping[int, Mapping[TextField, Sequence[str]]]) -> None:
    """Write the words of these texts of sounds, of which none has words yet, as schemas before 0010 had them."""
    _write(connection, _stored(texts))


_Stored: TypeAlias = Mapping[int, Mapping[TextField, Sequence[str]]]


def _stored(texts: Mapping[int, Mapping[TextField, Sequence[str]]]) -> _Stored:
    return {
        sound_id: stored_texts({field: by_field.get(field, ()) for field in FIELDS})
        for sound_id, by_field in texts.items()
    }


def _write(connection: Connection, stored: _Stored) -> None:
    if dialect_of(connection) == "sqlite":
        _insert(connection, INDEX.sqlite_table, FIELDS, stored)
        return
    columns = ", ".join(("sound_id", *FIELDS, "everything"))
    marks = ", ".join(["%s", *["%s::tsvector"] * (len(FIELDS) + 1)])
    rows = []
    for sound_id, held in stored.items():
        everything = [text for field in FIELDS for text in held[field]]
        rows.append((sound_id, *(_vector(held[field]) for field in FIELDS), _vector(everything)))
    if rows:
        connection.exec_driver_sql(f"INSERT INTO sound_text ({columns}) VALUES ({marks})", rows)


def _insert(connection: Connection, table: str, fields: Sequence[TextField], stored: _Stored) -> None:
    """Rows of one of SQLite's tables of full text."""
    columns, marks = ", ".join(("rowid", *fields)), ", ".join("?" * (len(fields) + 1))
    rows = [(sound_id, *(_BETWEEN.join(held[field]) for field in fields)) for sound_id, held in stored.items()]
    if rows:
        connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def forget(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Drop the words of these sounds (a virtual table knows no foreign keys)."""
    is_sqlite = dialect_of(connection) == "sqlite"
    tables = (INDEX.sqlite_table, TELLING_INDEX.sqlite_table) if is_sqlite else ("sound_text",)
    for ids in chunks(list(sound_ids)):
        for table in tables:
            gone = sa.text(f"DELETE FROM {table} WHERE {'rowid' if is_sqlite else 'sound_id'} IN :ids")
            connection.execute(gone.bindparams(sa.bindparam("ids", expanding=True)), {"ids": ids})


def _vector(texts: Iterable[str]) -> str:
    """A tsvector literal. No stored word holds a quote or a blank, so none needs quoting beyond the quotes."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    position = 0
    for text in texts:
        for word in text.split():
            position += 1
            # PostgreSQL keeps positions up to 16,383 and words below 2 KiB.
            if word != MARK and position < 16_384 and len(positions[word]) < 255:
                positions[word[:500]].append(position)
        position += 1
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in positions.items() if at)
