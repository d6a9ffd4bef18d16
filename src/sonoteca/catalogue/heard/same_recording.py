"""Which sounds of a library are one recording: encoded again, or another edit of it (``domain.same_recording``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space, unpack_all
from sonoteca.catalogue.heard.observations import load
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import embeddings_table, regions, sounds, summaries
from sonoteca.domain.audio_info import is_lossless
from sonoteca.domain.descriptor import ONSETS
from sonoteca.domain.precedence import winning
from sonoteca.domain.same_recording import (
    EDIT_OCTAVES,
    LENGTH_AGREES_S,
    LONG_S,
    SAME_TEMPO,
    Heard,
    is_music_again,
    may_be_encoded_again,
    onsets_agree,
)

# Sounds that are compared each with each; of a longer list the first ones, which are those that are answered.
MOST_COMPARED = 2_000
# Rows of a table of pairs that is made at once.
_COMPARED_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class HeardSounds:
    """What tells sounds apart, read already: ``heard`` in the order of ``sound_ids``, vectors of ``space``."""

    space: StoredSpace | None
    sound_ids: list[int]
    heard: Heard

    @classmethod
    def of(
        cls,
        space: StoredSpace | None,
        sound_ids: list[int],
        duration_s: NDArray[np.float32],
        tempo_bpm: NDArray[np.float32],
        vectors: NDArray[np.float32],
    ) -> HeardSounds:
        """From the columns of whole sounds, NaN or zeros where something is not known."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        whole = np.where(lengths > 1e-3, vectors / np.maximum(lengths, 1e-3), np.float32(0.0))
        return cls(space, sound_ids, Heard(duration_s, np.log2(tempo_bpm), whole))

    def joined(self, other: HeardSounds) -> HeardSounds:
        return HeardSounds(self.space, self.sound_ids + other.sound_ids, self.heard.joined(other.heard))


def first_copies(
    connection: Connection, sound_ids: Sequence[int], *, known: HeardSounds | None = None
) -> dict[int, int]:
    """Per sound, in the order given, the first one before it that is the same recording; left out where none is.

    Parameters
    ----------
    sound_ids : sequence of int
        Row numbers, best first: of the copies of one recording the first stands for the others.
    known : HeardSounds, optional
        What is known of some of them and need not be read.
    """
    ordered = list(dict.fromkeys(sound_ids))[:MOST_COMPARED]
    found: dict[int, int] = {}
    if len(ordered) < 2:
        return found
    if known is None:
        known = _heard(connection, answering_space(connection), sound_ids=ordered)
    elif missing := sorted({*ordered}.difference(known.sound_ids)):
        known = known.joined(_heard(connection, known.space, sound_ids=missing))
    # Row numbers in the order given; what has no summary has nothing to compare.
    at = {sound_id: place for place, sound_id in enumerate(known.sound_ids)}
    ordered = [sound_id for sound_id in ordered if sound_id in at]
    heard = known.heard.take([at[sound_id] for sound_id in ordered])
    same = _same(connection, ordered, heard, ordered, heard)
    # Place by place, and of the earlier ones the first that is no copy itself.
    for place, other in np.argwhere(np.tril(same, -1)).tolist():
        if ordered[other] not in found:
            found.setdefault(ordered[place], ordered[other])
    return found


def best_copy(connection: Connection, sound_ids: Sequence[int]) -> int | None:
    """The sound that stands for the others where all of these are one recording; None where they are not.

    One whose file is there comes before one that is missing, then one without loss, then the longest, then the first known.
    """
    ordered = _best_first(connection, sound_ids)
    first = first_copies(connection, ordered)
    return ordered[0] if ordered and all(first.get(each) == ordered[0] for each in ordered[1:]) else None


def _best_first(connection: Connection, sound_ids: Sequence[int]) -> list[int]:
    """Sounds in the order in which they stand for each other, see ``best_copy``."""
    columns = (summaries.c.sound_id, summaries.c.is_missing, sounds.c.codec, sounds.c.duration_s)
    query = sa.select(*columns).join(sounds, sounds.c.id == summaries.c.sound_id)
    rows: list[sa.Row[Any]] = []
    for some in chunks(list(sound_ids)):
        rows += connection.execute(query.where(summaries.c.number == 0, summaries.c.sound_id.in_(some)))
    best_first = sorted(
        rows, key=lambda row: (row.is_missing, not is_lossless(row.codec), -(row.duration_s or 0.0), row.sound_id)
    )
    return [row.sound_id for row in best_first]


@dataclass(frozen=True, slots=True)
class Recordings:
    """Which of some regions, given best first, are of one recording.

    Attributes
    ----------
    sound_of : mapping of region to sound
        Row numbers.
    first : mapping of sound to sound
        From a copy to the sound before it that it is a copy of.
    """

    sound_of: Mapping[int, int]
    first: Mapping[int, int]

    def recording(self, region_id: int) -> int:
        """The recording that a region is of: equal for all regions of a sound and of its copies."""
        sound_id = self.sound_of.get(region_id, -region_id)
        return self.first.get(sound_id, sound_id)

    def is_copy(self, region_id: int) -> bool:
        """Whether a better region is of another encoding of this one's sound."""
        return self.sound_of.get(region_id) in self.first

    def copies(self, region_id: int) -> list[int]:
        """The sounds for which this region's sound stands."""
        return [copy for copy, first in self.first.items() if first == self.sound_of.get(region_id)]


def recordings_of_regions(
    connection: Connection, region_ids: Sequence[int], *, before: Sequence[int] = ()
) -> Recordings:
    """Which of these regions, best first, are of one recording; ``before`` are sounds that were answered already."""
    sound_of: dict[int, int] = {}
    for some in chunks(list(region_ids)):
        query = sa.select(regions.c.id, regions.c.sound_id).where(regions.c.id.in_(some))
        sound_of.update((row.id, row.sound_id) for row in connection.execute(query))
    ordered = {region_id: sound_of[region_id] for region_id in region_ids if region_id in sound_of}
    return recordings_of(connection, ordered, before=before)


def recordings_of(
    connection: Connection,
    sound_of: Mapping[int, int],
    *,
    before: Sequence[int] = (),
    known: HeardSounds | None = None,
) -> Recordings:
    """The same for regions whose sounds are known: ``sound_of`` has the sound of each, in their order."""
    return Recordings(sound_of, first_copies(connection, [*before, *sound_of.values()], known=known))


def copies_of(connection: Connection, sound_id: int) -> dict[int, float]:
    """All other sounds of the library that are the same recording, with the cosine of their vectors, most alike first."""
    space = answering_space(connection)
    own = _heard(connection, space, sound_ids=[sound_id])
    heard = own.heard
    if not own.sound_ids or np.isnan(heard.duration_s[0]):
        return {}
    length, octave = float(heard.duration_s[0]), 2.0**EDIT_OCTAVES
    low_bpm, high_bpm = np.exp2(heard.tempo[0] + np.array([-SAME_TEMPO, SAME_TEMPO])).tolist()
    lengths: list[sa.ColumnElement[bool]] = [
        summaries.c.duration_s.between(length - LENGTH_AGREES_S, length + LENGTH_AGREES_S)
    ]
    if length >= LONG_S and not np.isnan(heard.tempo[0]):
        is_edit = summaries.c.duration_s.between(length / octave, length * octave)
        lengths.append(is_edit & summaries.c.tempo_bpm.between(low_bpm, high_bpm))
    others = _heard(connection, space, (summaries.c.sound_id != sound_id) & sa.or_(*lengths))
    (same,) = _same(connection, own.sound_ids, heard, others.sound_ids, others.heard)
    cosines = others.heard.whole @ heard.whole[0]
    found = {others.sound_ids[place]: float(cosines[place]) for place in np.flatnonzero(same)}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def all_copies(connection: Connection) -> list[dict[int, float]]:
    """Every recording of which the library has several sounds, as ``copies_of`` would tell of each.

    Returns
    -------
    list of mapping
        Of each recording its sounds with the cosine of their vectors to the first, which stands for the others (see
        ``best_copy``). Those of most sounds come first.

    Notes
    -----
    Only sounds that may be one recording are compared: by length those that agree, and long music of one tempo.
    """
    known = _heard(connection, answering_space(connection), sa.true())
    ids, heard = known.sound_ids, known.heard
    # A sound, and one that it is a copy of, up to the one that is none.
    above = list(range(len(ids)))

    def top(place: int) -> int:
        while above[place] != place:
            above[place] = place = above[above[place]]
        return place

    def compare(values: NDArray[np.float32], reach: float, is_asked: NDArray[np.bool_]) -> None:
        """Join those that are one recording among sounds whose ``values`` are no further apart than ``reach``."""
        order = np.flatnonzero(is_asked & ~np.isnan(values))
        order = order[np.argsort(values[order], kind="stable")]
        ends = np.searchsorted(values[order], values[order] + np.float32(reach), side="right")
        for start in range(0, len(order), _COMPARED_AT_ONCE):
            some = order[start : start + _COMPARED_AT_ONCE]
            others = order[start : ends[start + len(some) - 1]]
            if len(others) < 2:
                continue
            same = _same(
                connection,
                [ids[place] for place in some],
                heard.take(some),
                [ids[place] for place in others],
                heard.take(others),
            )
            for one, other in np.argwhere(same).tolist():
                above[top(int(some[one]))] = top(int(others[other]))

    compare(heard.duration_s, LENGTH_AGREES_S, np.ones(len(ids), np.bool_))
    compare(heard.tempo, SAME_TEMPO, heard.duration_s >= LONG_S)
    together: dict[int, list[int]] = {}
    for place in range(len(ids)):
        together.setdefault(top(place), []).append(place)
    groups = [group for group in together.values() if len(group) > 1]
    at = {sound_id: place for place, sound_id in enumerate(ids)}
    rank = {sound_id: n for n, sound_id in enumerate(_best_first(connection, [ids[p] for g in groups for p in g]))}
    recordings = [sorted((ids[place] for place in group), key=rank.__getitem__) for group in groups]
    recordings.sort(key=lambda recording: (-len(recording), recording[0]))
    return [
        {sound_id: float(heard.whole[at[sound_id]] @ heard.whole[at[recording[0]]]) for sound_id in recording}
        for recording in recordings
    ]


def _heard(
    connection: Connection,
    space: StoredSpace | None,
    wanted: sa.ColumnElement[bool] | None = None,
    *,
    sound_ids: Sequence[int] = (),
) -> HeardSounds:
    """What tells sounds apart: those of ``sound_ids``, or those that ``wanted`` is true of.

    Those that were not embedded have no vector.
    """
    dimensions, number = (0, None) if space is None else (space.space.dimensions, space.number)
    if wanted is None:
        rows = connection.execute(_of_sounds(number), {"sound_ids": list(sound_ids)}).all()
    else:
        rows = connection.execute(_of_all(number).where(wanted)).all()
    ids, durations_s, tempi_bpm, vectors = zip(*rows, strict=True) if rows else ((), (), (), ())
    none = bytes(2 * dimensions)
    return HeardSounds.of(
        space,
        list(ids),
        np.array(durations_s, np.float32),
        np.array(tempi_bpm, np.float32),
        unpack_all([none if vector is None else vector for vector in vectors], dimensions),
    )


# Made once per space: building them takes longer than answering them for twenty sounds.
@functools.cache
def _of_all(space_number: int | None) -> sa.Select[Any]:
    columns = [summaries.c.sound_id, summaries.c.duration_s, summaries.c.tempo_bpm]
    query = sa.select(*columns, sa.null().label("vector"))
    if space_number is not None:
        table = embeddings_table(space_number)
        is_whole = (table.c.region_id == summaries.c.region_id) & table.c.is_window.is_(False)
        query = sa.select(*columns, table.c.vector).join(table, is_whole, isouter=True)
    return query.where(summaries.c.number == 0)


@functools.cache
def _of_sounds(space_number: int | None) -> sa.Select[Any]:
    return _of_all(space_number).where(summaries.c.sound_id.in_(sa.bindparam("sound_ids", expanding=True)))


def _same(
    connection: Connection, ids: Sequence[int], heard: Heard, other_ids: Sequence[int], others: Heard
) -> NDArray[np.bool_]:
    """Which pairs (m, n) are one recording; onsets are read of those only that are alike so far."""
    same = is_music_again(heard, others)
    open_pairs = np.argwhere(may_be_encoded_again(heard, others) & ~same).tolist()
    pairs = [(one, other) for one, other in open_pairs if ids[one] != other_ids[other]]
    onsets = _onsets(connection, [*(ids[one] for one, _ in pairs), *(other_ids[other] for _, other in pairs)])
    for one, other in pairs:
        cosine = float(heard.whole[one] @ others.whole[other])
        same[one, other] = onsets_agree(onsets[ids[one]], onsets[other_ids[other]], cosine)
    return same


def _onsets(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[float]]:
    """Onset times per sound, none where they are not known."""
    found: dict[int, list[float]] = {sound_id: [] for sound_id in sound_ids}
    whole: dict[int, int] = {}
    for some in chunks(list(found)):
        query = sa.select(summaries.c.region_id, summaries.c.sound_id)
        rows = connection.execute(query.where(summaries.c.number == 0, summaries.c.sound_id.in_(some)))
        whole.update((row.region_id, row.sound_id) for row in rows)
    for region_id, statements in load(connection, list(whole), [ONSETS.name]).items():
        for each in winning(statements).values():
            if isinstance(each.value, list):
                found[whole[region_id]] = [float(str(at)) for at in each.value]
    return found
