"""Tracks from the catalogue: summaries for what is known of the whole, edges for where it is mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds, summaries
from sonoteca.sequence.edge_columns import END, START, WHOLE, EdgeColumns, edge_columns
from sonoteca.sequence.edges import energy_at
from sonoteca.sequence.tracks import NO_ARTIST, NO_KEY, FloatColumn, Tracks, level_of, unit_rows

# A person's tempo this far from everything heard is another opinion about all of the track.
_SAME_TEMPO = 1.06

_COLUMNS = (
    summaries.c.region_id,
    summaries.c.sound_id,
    sounds.c.public_id,
    sounds.c.content_hash,
    sounds.c.analysed_at,
    summaries.c.duration_s,
    summaries.c.artist_key,
    summaries.c.tempo_bpm,
    summaries.c.key_number,
    summaries.c.key_confidence,
    summaries.c.tuning_cents,
    summaries.c.energy_level,
    summaries.c.beats_per_bar,
    summaries.c.onset_density,
)
_NAMES = tuple(column.name for column in _COLUMNS)


def load_tracks(
    library: Library,
    connection: Connection,
    where: sa.Select[Any] | None = None,
    *,
    also_sounds: Sequence[int] = (),
) -> Tracks:
    """Whole sounds as columns, in order of their public ids.

    Parameters
    ----------
    where : Select of region row numbers, optional
        Which sounds (``search.selection.region_selection``); all analysed ones by default.
    also_sounds : sequence of int
        Row numbers of sounds that are wanted whatever ``where`` says.
    """
    query = sa.select(*_COLUMNS).join(sounds, sounds.c.id == summaries.c.sound_id).where(summaries.c.number == 0)
    query = query.order_by(sounds.c.public_id)
    wanted = sounds.c.status == "analysed"
    if where is not None:
        wanted &= summaries.c.region_id.in_(where)
    rows = connection.execute(query.where(wanted)).all()
    if also_sounds:
        known = {row.region_id for row in rows}
        also = [
            row
            for some in chunks(list(also_sounds))
            for row in connection.execute(query.where(summaries.c.sound_id.in_(some)))
            if row.region_id not in known
        ]
        rows = sorted([*rows, *dict.fromkeys(also)], key=lambda row: str(row.public_id))
    columns = dict(zip(_NAMES, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(_NAMES, ())
    space = answering_space(connection)
    region_ids = np.array(columns["region_id"], np.int64)
    analysed_at = np.array([moment or "" for moment in columns["analysed_at"]], "S24")
    return _tracks(columns, edge_columns(library, connection, space, region_ids, analysed_at), space)


def _tracks(columns: Mapping[str, Sequence[Any]], edges: EdgeColumns, space: StoredSpace | None) -> Tracks:
    tempo = np.log2(_floats(columns["tempo_bpm"]))
    key = np.array([NO_KEY if number is None else number for number in columns["key_number"]], np.int8)
    level = _floats(columns["energy_level"])
    confidence = _floats(columns["key_confidence"])
    tempo_start, tempo_end = _tempo_at_edges(tempo, edges)
    key_start, key_end = _key_at_edges(key, edges)
    timbre, rhythm = _parts(space)
    return Tracks(
        region_ids=edges.region_ids,
        sound_ids=np.array(columns["sound_id"], np.int64),
        ids=np.array(columns["public_id"], np.str_),
        content_hashes=np.array(columns["content_hash"], np.str_),
        duration_s=_floats(columns["duration_s"]),
        artist=_artist_numbers(columns["artist_key"]),
        tempo_start=tempo_start,
        tempo_end=tempo_end,
        key_start=key_start,
        key_end=key_end,
        # What a person or an import states has no confidence: it holds.
        key_confidence=np.where(np.isnan(confidence), np.float32(1.0), confidence),
        tuning_cents=_floats(columns["tuning_cents"]),
        level=level_of(level.astype(np.float64)),
        energy_start=_energy(level, edges.loudness_start),
        energy_end=_energy(level, edges.loudness_end),
        beats_per_bar=_floats(columns["beats_per_bar"]),
        onset_density=_floats(columns["onset_density"]),
        timbre_start=unit_rows(edges.vectors[:, START, timbre].astype(np.float32)),
        timbre_end=unit_rows(edges.vectors[:, END, timbre].astype(np.float32)),
        rhythm_start=unit_rows(edges.vectors[:, START, rhythm].astype(np.float32)),
        rhythm_end=unit_rows(edges.vectors[:, END, rhythm].astype(np.float32)),
        whole=unit_rows(edges.vectors[:, WHOLE].astype(np.float32)),
    )


def _floats(values: Sequence[float | None]) -> FloatColumn:
    """None becomes NaN."""
    return np.array(values, np.float32)


def _artist_numbers(names: Sequence[str | None]) -> NDArray[np.int32]:
    numbers: dict[str, int] = {}
    return np.array(
        [NO_ARTIST if not name else numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int32
    )


def _tempo_at_edges(tempo: FloatColumn, edges: EdgeColumns) -> tuple[FloatColumn, FloatColumn]:
    """The drifting tempo where it is about the tempo that is believed, else that tempo throughout.

    At half or double what was heard the drift is that which was heard, at the other level.
    """
    start, end = np.log2(edges.tempo_start), np.log2(edges.tempo_end)
    octaves = np.rint(tempo - (start + end) / 2.0)
    start, end = start + octaves, end + octaves
    # NaN compares false: what did not drift, or has no tempo, keeps what it has.
    is_same = np.abs((start + end) / 2.0 - tempo) < np.log2(_SAME_TEMPO)
    return np.where(is_same, start, tempo).astype(np.float32), np.where(is_same, end, tempo).astype(np.float32)


def _key_at_edges(key: NDArray[np.int8], edges: EdgeColumns) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Keys of the segments where the key that is believed is one of them, else that key throughout.

    Without a key for the whole (a person may have taken it away) there is none at the edges.
    """
    is_heard = (key >= 0) & ((edges.keys_heard >> np.maximum(key, 0)) & 1 == 1)
    return np.where(is_heard, edges.key_start, key), np.where(is_heard, edges.key_end, key)


def _energy(level: FloatColumn, loudness: FloatColumn) -> FloatColumn:
    """Energy at an edge; the level of the whole where no curve is known."""
    return energy_at(level, np.where(np.isnan(loudness), np.float32(1.0), loudness))


def _parts(space: StoredSpace | None) -> tuple[slice, slice]:
    """Where timbre and rhythm stand in a vector; a space without such parts is all timbre."""
    named = {part.name: slice(part.start, part.stop) for part in space.space.parts} if space is not None else {}
    return named.get("timbre", slice(None)), named.get("rhythm", slice(0, 0))
