"""The rhythms of a library's drum loops and breaks as an index that keeps up: what taps are looked for in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.rhythms import StoredRhythm, rhythms_of_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.derived.catalogue_state import region_marks, regions_stamp
from sonoteca.derived.derivation import Derivation
from sonoteca.derived.row_changes import RowMarks, find_changes
from sonoteca.search.hum.tap import Rhythm, RhythmIndex

FEWEST_ONSETS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rhythms:
    """The rhythms of drum loops and full mixes that are worth searching, and what was looked at to find them."""

    rhythms: tuple[Rhythm, ...]
    marks: RowMarks
    index: RhythmIndex

    @classmethod
    def of(cls, rhythms: Iterable[Rhythm], marks: RowMarks) -> Rhythms:
        ordered = tuple(sorted(rhythms, key=lambda rhythm: rhythm.key))
        return cls(ordered, marks, RhythmIndex(ordered))


def rhythm_index(library: Library) -> RhythmIndex:
    """The rhythms of a library as it is now."""
    return RHYTHMS.current(library).index


def _make(connection: Connection, former: Rhythms | None) -> Rhythms:
    """All rhythms; of the former ones those of sounds that changed are read anew."""
    marks = region_marks(connection)
    if former is None:
        return Rhythms.of(_read(connection, None), marks)
    changes = find_changes(former.marks, marks)
    kept = set(former.marks.ids[changes.kept].tolist())
    taken_over = [rhythm for rhythm in former.rhythms if rhythm.key in kept]
    return Rhythms.of([*taken_over, *_read(connection, changes.fresh.tolist())], marks)


def _read(connection: Connection, region_ids: Sequence[int] | None) -> list[Rhythm]:
    rhythms = [_rhythm(stored) for stored in rhythms_of_regions(connection, region_ids)]
    return [rhythm for rhythm in rhythms if len(rhythm.onsets_s) >= FEWEST_ONSETS]


def _to_arrays(made: Rhythms) -> dict[str, NDArray[Any]]:
    """Rhythms end to end; an accent or a loop's length that is not known is NaN."""
    empty = [np.zeros(0, np.float32)]
    unknown = [np.full(len(rhythm.onsets_s), np.nan, np.float32) for rhythm in made.rhythms]
    accents = [
        none if rhythm.accents is None else rhythm.accents for rhythm, none in zip(made.rhythms, unknown, strict=True)
    ]
    return {
        "marks.ids": made.marks.ids,
        "marks.marks": made.marks.marks,
        "keys": np.array([rhythm.key for rhythm in made.rhythms], np.int64),
        "lengths": np.array([len(rhythm.onsets_s) for rhythm in made.rhythms], np.int64),
        "loop_s": np.array([np.nan if each.loop_s is None else each.loop_s for each in made.rhythms], np.float64),
        "onsets_s": np.concatenate(empty + [rhythm.onsets_s for rhythm in made.rhythms]),
        "accents": np.concatenate(empty + accents),
    }


def _from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Rhythms:
    ends = np.cumsum(arrays["lengths"])
    if len(ends) and ends[-1] != len(arrays["onsets_s"]):
        raise ValueError(f"{len(arrays['onsets_s'])} onsets are not those of rhythms of {ends[-1]}")
    onsets, accents = np.split(arrays["onsets_s"], ends[:-1]), np.split(arrays["accents"], ends[:-1])
    rhythms = [
        Rhythm(key, some, None if np.isnan(loop_s) else loop_s, None if np.isnan(strengths).all() else strengths)
        for key, some, loop_s, strengths in zip(
            arrays["keys"].tolist(),
            onsets if len(ends) else [],
            arrays["loop_s"].tolist(),
            accents if len(ends) else [],
            strict=True,
        )
    ]
    return Rhythms.of(rhythms, RowMarks(arrays["marks.ids"], arrays["marks.marks"]))


RHYTHMS: Final = Derivation(
    name="rhythms",
    version=1,
    stamp=regions_stamp,
    make=_make,
    to_arrays=_to_arrays,
    from_arrays=_from_arrays,
)


def _rhythm(stored: StoredRhythm) -> Rhythm:
    onsets, first = np.unique(np.asarray(stored.onsets_s, np.float32), return_index=True)
    accents = None if stored.accents is None else np.asarray(stored.accents, np.float32)[first]
    return Rhythm(stored.region_id, onsets, stored.loop_s, accents)
