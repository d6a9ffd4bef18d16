"""The words a sound can be found by: title, artist and album (its own and those of each of its files), paths and tags.

All splitting and folding happens in Python (``word_splitting``), so that SQLite's FTS5, PostgreSQL's
tsvector and a predicate on plain values agree on what a word is: the databases get words
that are split already and only keep postings of them. The table ``sound_text`` differs per
database, so the migrations make it and ``schema.py`` does not know it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.word_splitting import BREAK, MARK, stored_words
from sonoteca.catalogue.store.database import chunks, dialect_of
from sonoteca.catalogue.store.schema import claims, locations, regions, roots, sounds, tags

TextField: TypeAlias = Literal["title", "artist", "album", "path", "tags"]
FIELDS: tuple[TextField, ...] = get_args(TextField)

_BETWEEN = f" {BREAK} "

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


def folded_texts(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[TextField, list[str]]]:
    """Per sound and field of ``FIELDS`` that has one, each text as its stored words, with blanks between them."""
    if dialect_of(connection) != "sqlite":
        # PostgreSQL keeps positions, not texts.
        return {sound_id: stored_texts(by_field) for sound_id, by_field in texts_of(connection, sound_ids).items()}
    found: dict[int, dict[TextField, list[str]]] = {}
    # The table below the index of words gives its rows in half the time; and numbers of rows need no binding.
    columns = ", ".join(f"c{place}" for place in range(len(FIELDS)))
    for ids in chunks(list(sound_ids)):
        numbers = ",".join(map(str, ids))
        rows = connection.exec_driver_sql(f"SELECT id, {columns} FROM sound_text_content WHERE id IN ({numbers})")
        for sound_id, *texts in rows.all():
            found[sound_id] = {field: text.split(_BETWEEN) for field, text in zip(FIELDS, texts, strict=True) if text}
    return found


def sounds_with_phrase(
    connection: Connection, phrase: Sequence[str], field: TextField, *, limit: int, is_prefix: bool = False
) -> list[int]:
    """Row numbers of the sounds that have these stored words one after the other in a field, the newest first."""
    if dialect_of(connection) == "sqlite":
        match = f'{field} : "{" ".join(phrase)}"' + (" *" if is_prefix else "")
        return _matching(connection, match, limit)
    lexemes = " <-> ".join(f"'{word[:500]}'" for word in phrase) + (":*" if is_prefix else "")
    return _matching(connection, lexemes, limit, f" AND {field} @@ CAST(:match AS tsquery)")


def sounds_with_beginnings(connection: Connection, beginnings: Sequence[str], *, limit: int) -> list[int]:
    """Row numbers of the sounds that have a stored word beginning with any of these, the newest first."""
    if dialect_of(connection) == "sqlite":
        return _matching(connection, " OR ".join(f'"{each}" *' for each in beginnings), limit)
    return _matching(connection, " | ".join(f"'{each}':*" for each in beginnings), limit)


def _matching(connection: Connection, match: str, limit: int, besides: str = "") -> list[int]:
    if dialect_of(connection) == "sqlite":
        query = "SELECT rowid FROM sound_text WHERE sound_text MATCH :match ORDER BY rowid DESC LIMIT :limit"
    else:
        query = (
            f"SELECT sound_id FROM sound_text WHERE everything @@ CAST(:match AS tsquery){besides}"
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
    write(connection, texts_of(connection, sound_ids))


def write(connection: Connection, texts: Mapping[int, Mapping[TextField, Sequence[str]]]) -> None:
    """Write the words of these texts of sounds, of which none has words yet."""
    if not texts:
        return
    by_sound = {sound_id: stored_texts(by_field) for sound_id, by_field in texts.items()}
    if dialect_of(connection) == "sqlite":
        columns = ", ".join(("rowid", *FIELDS))
        marks = ", ".join("?" * (len(FIELDS) + 1))
        connection.exec_driver_sql(
            f"INSERT INTO sound_text ({columns}) VALUES ({marks})",
            [(sound_id, *(_plain(held.get(field, ())) for field in FIELDS)) for sound_id, held in by_sound.items()],
        )
        return
    columns = ", ".join(("sound_id", *FIELDS, "everything"))
    marks = ", ".join(["%s", *["%s::tsvector"] * (len(FIELDS) + 1)])
    rows = []
    for sound_id, held in by_sound.items():
        everything = [text for field in FIELDS for text in held.get(field, ())]
        rows.append((sound_id, *(_vector(held.get(field, ())) for field in FIELDS), _vector(everything)))
    connection.exec_driver_sql(f"INSERT INTO sound_text ({columns}) VALUES ({marks})", rows)


def forget(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Drop the words of these sounds (a virtual table knows no foreign keys)."""
    key = "rowid" if dialect_of(connection) == "sqlite" else "sound_id"
    for ids in chunks(list(sound_ids)):
        connection.execute(
            sa.text(f"DELETE FROM sound_text WHERE {key} IN :ids").bindparams(sa.bindparam("ids", expanding=True)),
            {"ids": ids},
        )


def _plain(texts: Iterable[str]) -> str:
    return _BETWEEN.join(texts)


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
