"""The melodies of a library as an index that keeps up with the catalogue: what hums are looked for in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made.melodies import melodies_of_regions, melody_marks, melody_stamp
from sonoteca.catalogue.store.library import Library
from sonoteca.derived.derivation import Derivation
from sonoteca.derived.row_changes import RowMarks, find_changes
from sonoteca.domain.possible_notes import PossibleNotes
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.melody_index import MelodyIndex

# Fewer notes are found everywhere.
FEWEST_NOTES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Tunes:
    """The melodies of a library: the index of those worth searching, and of which statements all were made."""

    index: MelodyIndex
    marks: RowMarks


def open_melody_index(library: Library) -> MelodyIndex:
    """The melodies of a library as it is now. Whoever searches it leaves it as it is: others hold it too."""
    return TUNES.current(library).index


def _make(connection: Connection, former: Tunes | None) -> Tunes:
    """All melodies; of the former ones those that were stated anew are replaced."""
    marks = RowMarks(*melody_marks(connection))
    if former is None:
        return Tunes(MelodyIndex.build(_melodies(connection, None)), marks)
    changes = find_changes(former.marks, marks)
    index = former.index.copy()
    index.remove(former.marks.ids[~changes.kept].tolist())
    index.add(_melodies(connection, changes.fresh.tolist()))
    return Tunes(index, marks)


def _melodies(connection: Connection, region_ids: Sequence[int] | None) -> list[Melody]:
    stored = (melody_of(region_id, value) for region_id, value in melodies_of_regions(connection, region_ids))
    return [melody for melody in stored if len(melody) >= FEWEST_NOTES]


def _to_arrays(tunes: Tunes) -> dict[str, NDArray[Any]]:
    return {"marks.ids": tunes.marks.ids, "marks.marks": tunes.marks.marks} | tunes.index.to_arrays()


def _from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Tunes:
    marks = RowMarks(arrays["marks.ids"], arrays["marks.marks"])
    rest = {name: array for name, array in arrays.items() if not name.startswith("marks.")}
    return Tunes(MelodyIndex.from_arrays(rest), marks)


TUNES: Final = Derivation(
    name="tunes",
    version=1,
    stamp=melody_stamp,
    make=_make,
    to_arrays=_to_arrays,
    from_arrays=_from_arrays,
    formerly=("melodies/melodies.idx", "melodies/melodies.stamp"),
)


def melody_of(region_id: int, value: list[dict[str, float]] | dict[str, Any]) -> Melody:
    """A stored melody: possible notes that were heard, or the plain notes of a score, a person, an older analysis."""
    if isinstance(value, dict):
        return Melody.of_possible_notes(region_id, PossibleNotes.of_json(value))
    return Melody.from_notes(region_id, value)
