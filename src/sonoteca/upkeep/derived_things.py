"""Everything that is derived from a library: what there is, how it stands to the catalogue, and making it anew.

Vector indexes and the things of ``derived`` follow the catalogue by themselves; here they are
checked and rebuilt together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sonoteca.catalogue.heard import summaries
from sonoteca.catalogue.made.knowledge import rebuild_words
from sonoteca.catalogue.store.library import Library
from sonoteca.derived.derivation import DerivedState, DerivedThing
from sonoteca.match.load_regions import MATCH_TABLE
from sonoteca.search.hum.library_rhythms import RHYTHMS
from sonoteca.search.hum.library_tunes import TUNES
from sonoteca.search.indexing import SpaceReport, check_indexes, rebuild_indexes
from sonoteca.search.map.sound_map import MapPlaces
from sonoteca.sequence.edge_columns import TrackEdges


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """The vector index of each space against the catalogue, and each other derived thing."""

    spaces: tuple[SpaceReport, ...]
    derived: tuple[DerivedState, ...]

    @property
    def is_whole(self) -> bool:
        """Nothing is missing, too much or damaged; what is out of date is brought up to date when it is needed."""
        return all(report.is_whole for report in self.spaces) and all(state.whole for state in self.derived)

    def as_json(self) -> dict[str, Any]:
        return {
            "spaces": [report.as_json() for report in self.spaces],
            "derived": [state.as_json() for state in self.derived],
            "ok": self.is_whole,
        }


def derived_things() -> tuple[DerivedThing, ...]:
    """All that is derived beside the vector indexes, in the order in which it is checked."""
    return (TUNES, RHYTHMS, MATCH_TABLE, TrackEdges(), MapPlaces())


def look_at_derived(library: Library) -> tuple[DerivedState, ...]:
    """How each derived thing stands to the catalogue; reads all that is kept, changes nothing."""
    return tuple(thing.look(library) for thing in derived_things())


def check_index(library: Library, *, n_queries: int = 50) -> IndexAnswer:
    """Read all that is derived from a library and compare it with the catalogue; changes nothing.

    Parameters
    ----------
    n_queries : int >= 1
        With how many stored vectors recall is measured.
    """
    return IndexAnswer(tuple(check_indexes(library, n_queries=n_queries)), look_at_derived(library))


def rebuild_summaries(library: Library) -> int:
    """Derive the winning values and the words of all sounds, and those of advice, anew; returns how many sounds there are."""
    with library.write() as connection:
        rebuild_words(connection)
        return summaries.rebuild(connection)


def rebuild_index(library: Library, *, progress: Callable[[str], None] | None = None) -> IndexAnswer:
    """Make all that is derived from a library anew, and check it.

    A map keeps its places, as long as what placed them can be read; a library without a map gets none.

    Parameters
    ----------
    progress : function of a name, optional
        Told what is made next.
    """
    tell = progress or (lambda name: None)
    tell("vectors")
    rebuild_indexes(library)
    for thing in derived_things():
        tell(thing.name)
        thing.rebuild(library)
    return check_index(library)
