"""The words a sound can be found by: title, artist, album, paths and tags.

All splitting and folding happens here, in Python, so that SQLite's FTS5, PostgreSQL's
tsvector and a predicate on plain values agree on what a word is: the databases get words
that are folded already and only keep postings of them. The table ``sound_text`` differs per
database, so the migrations make it and ``schema.py`` does not know it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.database import chunks, dialect_of
from sonoteca.catalogue.store.schema import locations, regions, roots, sounds, tags

TextField: TypeAlias = Literal["title", "artist", "album", "path", "tags"]
FIELDS: tuple[TextField, ...] = get_args(TextField)

# Stands between two titles, paths or tags of one sound, so that no phrase spans both. A private
# character that ``words`` never yields.
BREAK = "\ue000"

_ASCII_WORD = re.compile("[a-z0-9]+")

# Letters that have no decomposition into base and mark, but are typed without it.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)


def fold(text: str) -> str:
    """Lower case without diacritics.

    >>> fold("Motörhead – Água ŁÓDŹ Straße")
    'motorhead – agua lodz strasse'
    """
    if text.isascii():
        return text.lower()
    # Twice, because decomposing can bring out a capital ("𝝖" holds one).
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare.translate(_PLAIN_LETTERS))


def words(text: str) -> list[str]:
    """Folded runs of letters and digits.

    >>> words("Café_del-Mar (120bpm).wav")
    ['cafe', 'del', 'mar', '120bpm', 'wav']
    """
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return "".join(character if character.isalnum() else " " for character in folded).split()


def texts_of(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[TextField, list[str]]]:
    """Per sound and field of ``FIELDS``, the texts as they stand in the catalogue."""
    found: dict[int, dict[TextField, list[str]]] = {}
    for ids in chunks(list(sound_ids)):
        for sound in connection.execute(
            sa.select(sounds.c.id, sounds.c.title, sounds.c.artist, sounds.c.album).where(sounds.c.id.in_(ids))
        ):
            found[sound.id] = {field: [] for field in FIELDS}
            for field in FIELDS[:3]:
                if (value := getattr(sound, field)) is not None:
                    found[sound.id][field].append(value)
        for place in connection.execute(
            sa.select(locations.c.sound_id, roots.c.name, locations.c.display_path)
            .join(roots, roots.c.id == locations.c.root_id)
            .where(locations.c.sound_id.in_(ids))
            .order_by(locations.c.id)
        ):
            found[place.sound_id]["path"].append(f"{place.name}/{place.display_path}")
        for sound_id, labels in _labels_of(connection, ids).items():
            found[sound_id]["tags"].extend(labels)
    return found


def folded_texts(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[TextField, list[list[str]]]]:
    """Per sound and field of ``FIELDS`` that has one, each text as its folded words."""
    if dialect_of(connection) != "sqlite":
        # PostgreSQL keeps positions, not texts.
        return {
            sound_id: {field: [words(text) for text in texts] for field, texts in by_field.items()}
            for sound_id, by_field in texts_of(connection, sound_ids).items()
        }
    found: dict[int, dict[TextField, list[list[str]]]] = {}
    query = sa.text(f"SELECT rowid, {', '.join(FIELDS)} FROM sound_text WHERE rowid IN :ids")
    for ids in chunks(list(sound_ids)):
        for sound_id, *texts in connection.execute(query.bindparams(sa.bindparam("ids", expanding=True)), {"ids": ids}):
            found[sound_id] = {
                field: [part.split() for part in text.split(BREAK)]
                for field, text in zip(FIELDS, texts, strict=True)
                if text
            }
    return found


def _labels_of(connection: Connection, sound_ids: Sequence[int]) -> Mapping[int, list[str]]:
    by_sound: defaultdict[int, list[str]] = defaultdict(list)
    refused: set[tuple[int, str]] = set()
    rows = connection.execute(
        sa.select(regions.c.sound_id, tags.c.region_id, tags.c.tag, tags.c.present)
        .join(regions, regions.c.id == tags.c.region_id)
        .where(regions.c.sound_id.in_(sound_ids))
        .order_by(tags.c.region_id, tags.c.tag)
    ).all()
    refused = {(row.region_id, row.tag) for row in rows if not row.present}
    for row in rows:
        if (row.region_id, row.tag) not in refused and row.tag not in by_sound[row.sound_id]:
            by_sound[row.sound_id].append(row.tag)
    return by_sound


def refresh(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Write the words of these sounds anew."""
    forget(connection, sound_ids)
    texts = texts_of(connection, sound_ids)
    if not texts:
        return
    if dialect_of(connection) == "sqlite":
        columns = ", ".join(("rowid", *FIELDS))
        marks = ", ".join("?" * (len(FIELDS) + 1))
        connection.exec_driver_sql(
            f"INSERT INTO sound_text ({columns}) VALUES ({marks})",
            [(sound_id, *(_plain(by_field[field]) for field in FIELDS)) for sound_id, by_field in texts.items()],
        )
        return
    columns = ", ".join(("sound_id", *FIELDS, "everything"))
    marks = ", ".join(["%s", *["%s::tsvector"] * (len(FIELDS) + 1)])
    rows = []
    for sound_id, by_field in texts.items():
        everything = [text for field in FIELDS for text in by_field[field]]
        rows.append((sound_id, *(_vector(by_field[field]) for field in FIELDS), _vector(everything)))
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
    return f" {BREAK} ".join(" ".join(words(text)) for text in texts)


def _vector(texts: Iterable[str]) -> str:
    """A tsvector literal. Words are letters and digits, so none needs quoting beyond the quotes."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    position = 0
    for text in texts:
        for word in words(text):
            position += 1
            # PostgreSQL keeps positions up to 16,383 and words below 2 KiB.
            if position < 16_384 and len(positions[word]) < 255:
                positions[word[:500]].append(position)
        position += 1
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in positions.items() if at)
