"""What an index proposed, held column by column, and how like a target each of it is."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, unpack_all
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import embeddings_table, sounds, summaries
from sonoteca.domain.columns import Columns
from sonoteca.domain.embedding import Space

# A part of a vector with a shorter square is none: the sound lacks that aspect.
_LACKING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Candidates(Columns):
    """``n`` embeddings that may answer: whose they are, which moment, and their vectors.

    Attributes
    ----------
    embedding_ids, region_ids, sound_ids : int64 (n,)
        Row numbers.
    start_s, end_s : float64 (n,)
    is_window : bool (n,)
    is_sound : bool (n,)
        Whether it is the one vector that stands for the whole sound.
    public_ids : str (n,)
        Of the sounds.
    artists : tuple of str or None
    duration_s, tempo_bpm : float32 (n,)
        Of the regions; NaN where it is not known.
    vectors : float32 (n, dimensions)
    """

    embedding_ids: NDArray[np.int64]
    region_ids: NDArray[np.int64]
    sound_ids: NDArray[np.int64]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    is_window: NDArray[np.bool_]
    is_sound: NDArray[np.bool_]
    public_ids: NDArray[np.str_]
    artists: tuple[str | None, ...]
    duration_s: NDArray[np.float32]
    tempo_bpm: NDArray[np.float32]
    vectors: NDArray[np.float32]


def candidates_of(connection: Connection, space: StoredSpace, embedding_ids: Sequence[int]) -> Candidates:
    """The embeddings of these row numbers that are (still) there, in any order."""
    query = _query(space.number)
    rows: list[sa.Row[Any]] = []
    for some in chunks(list(embedding_ids)):
        rows += connection.execute(query, {"ids": some}).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(query.selected_columns)
    ids, region_ids, sound_ids, numbers, starts, ends, windows, names, artists, durations, tempi, vectors = columns
    is_window = np.array(windows, bool)
    return Candidates(
        embedding_ids=np.array(ids, np.int64),
        region_ids=np.array(region_ids, np.int64),
        sound_ids=np.array(sound_ids, np.int64),
        start_s=np.array(starts, np.float64),
        end_s=np.array(ends, np.float64),
        is_window=is_window,
        is_sound=(np.array(numbers, np.int64) == 0) & ~is_window,
        public_ids=np.array(names, np.str_),
        artists=tuple(artists),
        duration_s=np.array(durations, np.float32),
        tempo_bpm=np.array(tempi, np.float32),
        vectors=unpack_all(vectors, space.space.dimensions),
    )


@functools.cache
def _query(space_number: int) -> sa.Select[Any]:
    """Made once per space: building it takes longer than answering it for twenty embeddings."""
    table = embeddings_table(space_number)
    return (
        sa.select(
            table.c.id,
            table.c.region_id,
            summaries.c.sound_id,
            summaries.c.number,
            table.c.start_s,
            table.c.end_s,
            table.c.is_window,
            sounds.c.public_id,
            summaries.c.artist,
            summaries.c.duration_s,
            summaries.c.tempo_bpm,
            table.c.vector,
        )
        .join(summaries, summaries.c.region_id == table.c.region_id)
        .join(sounds, sounds.c.id == summaries.c.sound_id)
        .where(table.c.id.in_(sa.bindparam("ids", expanding=True)))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Compared(Columns):
    """How like a target ``n`` vectors are.

    Attributes
    ----------
    score : float64 (n,) in 0..1
    parts : float64 (n, aspects) in 0..1
        In the order of ``Space.aspects``; NaN for an aspect that one of the two lacks.
    """

    score: NDArray[np.float64]
    parts: NDArray[np.float64]

    def parts_of(self, place: int, space: Space) -> dict[str, float | None]:
        """The parts of one vector by the names of the aspects; None for one that is lacking."""
        values = self.parts[place].tolist()
        return {part.name: value if value == value else None for part, value in zip(space.aspects, values, strict=True)}


def compare(
    target: NDArray[np.float32], vectors: NDArray[np.float32], weights: Mapping[str, float], space: Space
) -> Compared:
    """Weighted cosines 0..1 of a target with vectors (n, dimensions), and per aspect.

    A cosine is that of the vectors scaled per part by the root of its weight; negative is 0.
    """
    n_rows = len(vectors)
    product, norm = np.zeros(n_rows), np.zeros(n_rows)
    own_norm = 0.0
    parts = np.full((n_rows, len(space.aspects)), np.nan)
    for place, part in enumerate(space.aspects):
        own, others = target[part.start : part.stop], vectors[:, part.start : part.stop]
        # Row by row, so that equal vectors have equal scores wherever they stand.
        inner = np.vecdot(others, own).astype(np.float64)
        length = np.vecdot(others, others).astype(np.float64)
        own_length = float(own @ own)
        weight = weights[part.name]
        product += weight * inner
        norm += weight * length
        own_norm += weight * own_length
        if own_length > _LACKING:
            has_part = length > _LACKING
            cosine = inner[has_part] / np.sqrt(own_length * length[has_part])
            parts[has_part, place] = np.clip(cosine, 0.0, 1.0)
    score = np.zeros(n_rows)
    if own_norm > 0.0:
        has_any = norm > 0.0
        score[has_any] = np.clip(product[has_any] / np.sqrt(own_norm * norm[has_any]), 0.0, 1.0)
    return Compared(score, parts)
