"""Summaries: what is said of each region (``domain.certainty``) as typed columns, derived and rebuildable.

Filters and lists read nothing else. Whoever changes observations, tags, titles or locations
calls ``derive`` or ``refresh_places`` in the same transaction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import fulltext
from sonoteca.catalogue.heard.observations import RATING, load
from sonoteca.catalogue.heard.word_splitting import fold
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import locations, regions, roots, sounds, summaries
from sonoteca.domain.believed import CORRECTIONS, believe
from sonoteca.domain.certainty import EVIDENCE, Certainty, certainty_of, decide
from sonoteca.domain.descriptor import (
    BARS,
    CONTENT,
    ENERGY_LEVEL,
    INSTRUMENT,
    KEY,
    KIND,
    LOOPABILITY,
    LOUDNESS,
    METER,
    PITCH,
    ROLE,
    SCALAR_DESCRIPTORS,
    SOUND_CLASS,
    TEMPO,
    TUNING,
    Descriptor,
)
from sonoteca.domain.melody import MELODY_HASH_PREFIX
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue, Observation

# Scalars whose column has the descriptor's own name.
_SAME_NAME: tuple[Descriptor, ...] = (*SCALAR_DESCRIPTORS, ENERGY_LEVEL, LOOPABILITY, BARS, TUNING, RATING)
_LABELS: tuple[tuple[Descriptor, str, str | None], ...] = (
    (KIND, "kind", "kind_confidence"),
    (ROLE, "role", "role_confidence"),
    (SOUND_CLASS, "sound_class", "sound_class_confidence"),
    (INSTRUMENT, "instrument", None),
)
_FIELDS: tuple[tuple[Descriptor, str, str], ...] = (
    (TEMPO, "bpm", "tempo_bpm"),
    (KEY, "tonic", "tonic"),
    (METER, "beats_per_bar", "beats_per_bar"),
    (METER, "beat_unit", "beat_unit"),
    (PITCH, "midi", "pitch_midi"),
    (LOUDNESS, "integrated_lufs", "loudness_lufs"),
    (LOUDNESS, "range_lu", "loudness_range_lu"),
    (LOUDNESS, "true_peak_dbtp", "true_peak_dbtp"),
)
# The descriptors of the columns, and what is believed and said of them is decided by.
SUMMARISED: frozenset[str] = frozenset(
    each.name
    for each in (
        *_SAME_NAME,
        CONTENT,
        *CORRECTIONS,
        *EVIDENCE,
        *(label[0] for label in _LABELS),
        *(field[0] for field in _FIELDS),
    )
)
VALUE_COLUMNS: tuple[str, ...] = (
    *(each.name for each in _SAME_NAME),
    *(column for _, *columns in _LABELS for column in columns if column is not None),
    *(column for _, _, column in _FIELDS),
    "mode",
    "key_number",
    "tempo_confidence",
    "key_confidence",
    "content",
)
_WHOLE_NUMBERS = frozenset({"tonic", "beats_per_bar", "beat_unit", "rating"})


def summary_of(believed: Mapping[str, Observation], duration_s: float | None = None) -> dict[str, Any]:
    """The columns of one region from its winning statements; None where nothing is known or a user says so.

    ``duration_s`` is the length of the region. What is heard but not said (``domain.certainty``) is not known.
    """
    believed = decide(believed, duration_s).stated
    columns: dict[str, Any] = dict.fromkeys(VALUE_COLUMNS)
    for descriptor in _SAME_NAME:
        if (found := believed.get(descriptor.name)) is not None:
            columns[descriptor.name] = _number(found.value, descriptor.name)
    for descriptor, column, confidence_column in _LABELS:
        if (found := believed.get(descriptor.name)) is not None:
            columns[column] = _label(found.value)
            if confidence_column is not None and columns[column] is not None:
                columns[confidence_column] = found.confidence
    for descriptor, name, column in _FIELDS:
        if (found := believed.get(descriptor.name)) is not None and isinstance(found.value, dict):
            columns[column] = _number(found.value.get(name), column)
    if columns["tempo_bpm"] is not None:
        columns["tempo_confidence"] = believed[TEMPO.name].confidence
    if columns["tonic"] is not None:
        key = believed[KEY.name]
        assert isinstance(key.value, dict)
        columns["mode"] = mode = _label(key.value.get("mode"))
        columns["key_number"] = Key(columns["tonic"], "minor" if mode == "minor" else "major").number
        columns["key_confidence"] = key.confidence
    if (found := believed.get(CONTENT.name)) is not None:
        columns["content"] = _longest(found.value)
    return columns


# What rows call a value, its columns, and the descriptor whose thresholds hold for it.
_CERTAIN: tuple[tuple[str, str, str, Descriptor], ...] = (
    ("kind", "kind", "kind_confidence", KIND),
    ("role", "role", "role_confidence", ROLE),
    ("sound_class", "sound_class", "sound_class_confidence", SOUND_CLASS),
    ("bpm", "tempo_bpm", "tempo_confidence", TEMPO),
    ("key", "tonic", "key_confidence", KEY),
)


def certainties(columns: Mapping[str, Any] | sa.RowMapping) -> dict[str, Certainty]:
    """How sure the values of a row are, by the name that rows give them; of what is not known there is none."""
    return {
        name: certainty_of(descriptor.name, columns[confidence])
        for name, value, confidence, descriptor in _CERTAIN
        if columns[value] is not None
    }


def _number(value: JsonValue, column: str) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value) if column in _WHOLE_NUMBERS else float(value)


def _label(value: JsonValue) -> str | None:
    """A word, or the ``value`` of an object with scores."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) and value else None


def _longest(value: JsonValue) -> str | None:
    """The label that fills most of a timeline."""
    seconds: dict[str, float] = {}
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict) and isinstance(label := part.get("label"), str):
            start_s, end_s = part.get("start_s"), part.get("end_s")
            if isinstance(start_s, int | float) and isinstance(end_s, int | float):
                seconds[label] = seconds.get(label, 0.0) + end_s - start_s
    return max(seconds, key=lambda label: (seconds[label], label)) if seconds else None


def derive(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Write the summaries of all regions of these sounds anew, and their words."""
    for some in chunks(list(sound_ids), 2_000):
        rows = derived_rows(connection, some)
        connection.execute(sa.delete(summaries).where(summaries.c.sound_id.in_(some)))
        if rows:
            connection.execute(sa.insert(summaries), rows)
        fulltext.refresh(connection, some)


def derived_rows(connection: Connection, sound_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What table ``summaries`` has to hold for these sounds."""
    spans = connection.execute(
        sa.select(regions.c.id, regions.c.sound_id, regions.c.number, regions.c.start_s, regions.c.end_s)
        .where(regions.c.sound_id.in_(sound_ids))
        .order_by(regions.c.sound_id, regions.c.number)
    ).all()
    statements = load(connection, [span.id for span in spans], SUMMARISED)
    described = _descriptions(connection, sound_ids)
    wholes = {span.sound_id: span.id for span in spans if span.number == 0}
    return [
        {
            "region_id": span.id,
            "sound_id": span.sound_id,
            "whole_id": wholes[span.sound_id],
            "number": span.number,
            # A sound that was never decoded has no known length.
            "duration_s": span.end_s - span.start_s if span.end_s > span.start_s else None,
            **described[span.sound_id],
            **summary_of(believe(statements[span.id], end_s=span.end_s), span.end_s - span.start_s),
        }
        for span in spans
    ]


def refresh_places(connection: Connection, sound_ids: Sequence[int]) -> None:
    """Write what titles, artists, albums, paths and status say of these sounds anew, and their words."""
    for some in chunks(list(sound_ids), 2_000):
        described = _descriptions(connection, some)
        if described:
            statement = sa.update(summaries).where(summaries.c.sound_id == sa.bindparam("of_sound"))
            connection.execute(statement, [{"of_sound": each} | values for each, values in described.items()])
        fulltext.refresh(connection, some)


def _descriptions(connection: Connection, sound_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Per sound the columns that do not come from observations."""
    described: dict[int, dict[str, Any]] = {}
    columns = (
        sounds.c.id, sounds.c.content_hash, sounds.c.status, sounds.c.added_at, sounds.c.title, sounds.c.artist,
        sounds.c.album,
    )  # fmt: skip
    for row in connection.execute(sa.select(*columns).where(sounds.c.id.in_(sound_ids))):
        described[row.id] = {
            "status": row.status,
            # Until a file of it is met below that is there.
            "is_missing": not row.content_hash.startswith(MELODY_HASH_PREFIX),
            "added_at": row.added_at,
            "title": row.title,
            "artist": row.artist,
            "album": row.album,
            "title_key": _sort_key(row.title),
            "artist_key": _sort_key(row.artist),
            "album_key": _sort_key(row.album),
            "path": None,
            "path_key": None,
        }
    places = (
        sa.select(
            locations.c.sound_id,
            locations.c.missing_since,
            roots.c.display_path.label("above"),
            locations.c.display_path,
        )
        .join(roots, roots.c.id == locations.c.root_id)
        .where(locations.c.sound_id.in_(sound_ids))
        .order_by(locations.c.missing_since.is_not(None), locations.c.id)
    )
    for place in connection.execute(places):
        if place.missing_since is None:
            described[place.sound_id]["is_missing"] = False
        if described[place.sound_id]["path"] is None:
            path = f"{place.above.rstrip('/')}/{place.display_path}"
            described[place.sound_id] |= {"path": path, "path_key": _sort_key(path)}
    return described


def _sort_key(text: str | None) -> str | None:
    # PostgreSQL's index rows end at 2,700 bytes; nobody sorts by the 300th letter.
    return None if text is None else fold(text)[:300]


def rebuild(connection: Connection) -> int:
    """Derive all summaries; returns how many sounds there are."""
    ids = list(connection.execute(sa.select(sounds.c.id).order_by(sounds.c.id)).scalars())
    derive(connection, ids)
    return len(ids)
