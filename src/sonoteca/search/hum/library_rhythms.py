"""Tapping against a library: its drum loops and breaks by onset pattern, as result rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.heard.rhythms import StoredRhythm, rhythms_of_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError
from sonoteca.search.hum.tap import FEWEST_TAPS, Rhythm, RhythmIndex
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "tap"
FEWEST_ONSETS = 4


@dataclass(frozen=True, slots=True)
class RhythmAnswer:
    """Rows best first; ``message`` says what a person can do, "" when there is an answer."""

    rows: tuple[ResultRow, ...]
    n_taps: int
    message: str = ""

    def sentences(self) -> list[str]:
        """What a person can do, if there is something."""
        return [self.message] if self.message else []

    def as_json(self, query: dict[str, Any]) -> dict[str, Any]:
        asked = {**query, "mode": MODE, "n_taps": self.n_taps, "message": self.message}
        return {"query": asked, "results": [row.as_json() for row in self.rows]}


def rhythm_index(library: Library) -> RhythmIndex:
    """The rhythms of drum loops and full mixes, built from the catalogue."""
    with library.read() as connection:
        rhythms = [_rhythm(stored) for stored in rhythms_of_regions(connection)]
    return RhythmIndex([rhythm for rhythm in rhythms if len(rhythm.onsets_s) >= FEWEST_ONSETS])


def _rhythm(stored: StoredRhythm) -> Rhythm:
    onsets, first = np.unique(np.asarray(stored.onsets_s, np.float32), return_index=True)
    accents = None if stored.accents is None else np.asarray(stored.accents, np.float32)[first]
    return Rhythm(stored.region_id, onsets, stored.loop_s, accents)


def find_rhythm_in_library(
    library: Library,
    index: RhythmIndex,
    taps_s: NDArray[np.float32],
    k: int = 10,
    *,
    where: Sequence[int] | None = None,
) -> RhythmAnswer:
    """Drum loops and breaks whose onsets are those tapped, at any tempo.

    Raises
    ------
    RequestError
        The library has no rhythm.
    """
    if not len(index):
        raise RequestError("The library has no drum loop or break to search.", "Add some with `sonoteca add`.")
    matches = index.search(taps_s, k, where=where)
    with library.read() as connection:
        facts = region_facts(connection, [match.key for match in matches])
    rows = tuple(
        ResultRow.of(
            fact,
            start_s=fact.start_s + match.start_s,
            end_s=fact.start_s + match.end_s,
            score=match.score,
            mode=MODE,
            parts={"rhythm": match.score},
            reasons=(f"onsets fit, tapped at {1 / match.scale:.2f} of its tempo",),
        )
        for match in matches
        if (fact := facts.get(match.key)) is not None
    )
    message = "" if len(taps_s) >= FEWEST_TAPS else f"Only {len(taps_s)} taps were heard: tap at least two bars."
    return RhythmAnswer(rows, len(taps_s), message)
