"""Humming against a library: its melodies as an index that keeps up with the catalogue, and result rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonoteca.catalogue.made.melodies import melodies_of_regions, melody_stamp
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.possible_notes import PossibleNotes
from sonoteca.errors import LibraryDamaged, LibraryUnwritable, RequestError
from sonoteca.search.hum.answer import HumAnswer
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.melody_index import MelodyIndex
from sonoteca.search.hum.query_pitch import QueryNotes
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts

MODE = "hum"
# Fewer notes are found everywhere.
FEWEST_NOTES = 5
_INDEX_FILE = "melodies.idx"
_STAMP_FILE = "melodies.stamp"


@dataclass(frozen=True, slots=True)
class TuneAnswer:
    """Rows best first; ``ranking`` names the sounds, an imported melody by its own id."""

    answer: HumAnswer
    rows: tuple[ResultRow, ...]
    ranking: tuple[str, ...]

    def sentences(self) -> list[str]:
        """The verdict, and what a person can do where it is not found."""
        verdict = f"{self.answer.verdict.replace('_', ' ')} ({self.answer.confidence:.0%} sure)"
        return [verdict, self.answer.message] if self.answer.message else [verdict]

    def as_json(self, query: dict[str, Any]) -> dict[str, Any]:
        asked = {
            **query,
            "mode": MODE,
            "verdict": str(self.answer.verdict),
            "confidence": round(self.answer.confidence, 4),
            "message": self.answer.message,
            "n_notes": self.answer.n_notes,
        }
        return {"query": asked, "ranking": list(self.ranking), "results": [row.as_json() for row in self.rows]}


def open_melody_index(library: Library) -> MelodyIndex:
    """The melodies of a library, from the kept index if nothing changed since, else built from the catalogue."""
    with library.read() as connection:
        stamp = melody_stamp(connection)
    folder = None if library.data_dir is None else library.data_dir / "melodies"
    if folder is not None and _read(folder / _STAMP_FILE) == stamp:
        try:
            return MelodyIndex.load(folder / _INDEX_FILE)
        except (LibraryDamaged, OSError):
            # The catalogue is the truth: what cannot be read is built again below.
            folder.joinpath(_STAMP_FILE).unlink(missing_ok=True)
    with library.read() as connection:
        stored = ((region_id, melody_of(region_id, value)) for region_id, value in melodies_of_regions(connection))
        melodies = [melody for _, melody in stored if len(melody) >= FEWEST_NOTES]
    index = MelodyIndex.build(melodies)
    _keep(library, index, stamp)
    return index


def melody_of(region_id: int, value: list[dict[str, float]] | dict[str, Any]) -> Melody:
    """A stored melody: possible notes that were heard, or the plain notes of a score, a person, an older analysis."""
    if isinstance(value, dict):
        return Melody.of_possible_notes(region_id, PossibleNotes.of_json(value))
    return Melody.from_notes(region_id, value)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _keep(library: Library, index: MelodyIndex, stamp: str) -> None:
    """Save for the next process; a library that cannot be written answers all the same."""
    if library.data_dir is None:
        return
    try:
        folder = library.data_folder("melodies")
        folder.joinpath(_STAMP_FILE).unlink(missing_ok=True)
        index.save(folder / _INDEX_FILE)
        folder.joinpath(_STAMP_FILE).write_text(stamp)
    except (LibraryUnwritable, OSError):
        return


def find_tune_in_library(
    library: Library, index: MelodyIndex, query: QueryNotes, k: int = 10, *, where: Sequence[int] | None = None
) -> TuneAnswer:
    """Where in the library the hummed tune is.

    Parameters
    ----------
    where : sequence of region row numbers, optional
        Only these may answer.

    Raises
    ------
    RequestError
        The library has no melodies.
    """
    if not len(index):
        raise RequestError(
            "The library has no melodies to search.", "Add sounds with melodies, or `sonoteca import melodies FILE`."
        )
    answer = index.search(query, k, where=where)
    with library.read() as connection:
        facts = region_facts(connection, [match.key for match in answer.matches])
    rows, ranking = [], []
    for match in answer.matches:
        fact = facts.get(match.key)
        if fact is None:
            continue
        name = _name(fact)
        if name not in ranking:
            ranking.append(name)
        rows.append(
            ResultRow.of(
                fact,
                start_s=match.start_s,
                end_s=match.end_s,
                score=match.score,
                mode=MODE,
                parts={"melody": match.score},
                reasons=match.reasons,
            )
        )
    return TuneAnswer(answer, tuple(rows), tuple(ranking))


def _name(fact: RegionFacts) -> str:
    """An imported melody is known by its own id, a sound of the library by ours."""
    return fact.external_id if fact.path is None and fact.external_id is not None else fact.id
