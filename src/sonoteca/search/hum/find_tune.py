"""Where in the library is the tune that somebody hums, sings or whistles in a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.catalogue.heard.same_recording import Recordings, recordings_of_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset, page_of
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.search.distinct import copies_by_region
from sonoteca.search.hum.answer import TuneRanking
from sonoteca.search.hum.hear_query import hear_queries, open_query_listener
from sonoteca.search.hum.library_tunes import open_melody_index
from sonoteca.search.hum.query_notes import QueryNotes
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts
from sonoteca.search.selection import allowed_regions

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener

MODE = "hum"
# Places of a ranking that are worth aligning; pages end there.
_MOST_LOOKED_AT = 2_000


class HumRequest(Request):
    """Which recording holds the tune, and which sounds may answer.

    Attributes
    ----------
    file : Path
        A recording of one voice; its first minute is heard.
    filter : str or None
        Only sounds that this query finds.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    """

    file: Path
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0


@dataclass(frozen=True, slots=True, repr=False)
class HumAnswer(Rows):
    """Rows best first, and how far the first can be trusted.

    Attributes
    ----------
    request : HumRequest
    answer : TuneRanking
        The verdict: found, maybe one of these, or please hum again.
    rows : tuple of ResultRow
    ranking : tuple of str
        Names of the sounds, best first; an imported melody by its own id.
    next_offset : int or None
        Where the next page begins; None where nothing follows.
    """

    request: HumRequest
    answer: TuneRanking
    rows: tuple[ResultRow, ...]
    ranking: tuple[str, ...]
    next_offset: int | None = None

    def sentences(self) -> list[str]:
        """The verdict, and what a person can do where it is not found."""
        verdict = f"{self.answer.verdict.replace('_', ' ')} ({self.answer.confidence:.0%} sure)"
        return [verdict, self.answer.message] if self.answer.message else [verdict]

    def as_json(self) -> dict[str, Any]:
        found = {
            "mode": MODE,
            "verdict": str(self.answer.verdict),
            "confidence": round(self.answer.confidence, 4),
            "message": self.answer.message,
            "n_notes": self.answer.n_notes,
            # Only melodies that come near are looked at: how many hold something of the tune is not known.
            "total": None,
            "next_offset": self.next_offset,
        }
        query = {**self.request.as_json(), **found}
        return {"query": query, "ranking": list(self.ranking), "results": self.as_rows()}


def find_tune(library: Library, request: HumRequest, *, listener: Listener | None = None) -> HumAnswer:
    """Find the loop, the track, the moment where a hummed tune is.

    Copies of one recording answer once, and how sure the first is does not depend on them.

    Parameters
    ----------
    listener : Listener, optional
        Its workers hear the recording; without one, a worker is started for it.

    Raises
    ------
    AudioError, WorkerError
        The recording cannot be heard.
    RequestError
        The library has no melodies; QuerySyntaxError if the filter cannot be read.
    """
    (answer,) = find_tunes(library, [request], listener=listener)
    return answer


def find_tunes(
    library: Library, requests: Sequence[HumRequest], *, listener: Listener | None = None
) -> Iterator[HumAnswer]:
    """Answer several recordings in order, each as ``find_tune`` does; without a listener one worker hears them all."""
    with open_query_listener(listener) as query_listener:
        # A worker starts and hears while the melodies are opened here.
        heard = hear_queries(query_listener, [request.file for request in requests])
        if not len(open_melody_index(library)):
            raise RequestError(
                "The library has no melodies to search.", "Add sounds with melodies, or import a list of melodies."
            )
        for request, notes in zip(requests, heard, strict=True):
            if isinstance(notes, SonotecaError):
                raise notes
            yield _answer(library, request, notes)


def _answer(library: Library, request: HumRequest, notes: QueryNotes) -> HumAnswer:
    where = allowed_regions(library, request.filter)
    with library.read() as connection:
        known = Recordings({}, {})

        def recordings(region_ids: Sequence[int]) -> Recordings:
            nonlocal known
            known = recordings_of_regions(connection, region_ids)
            return known

        wanted = min(request.offset + request.k + 1, _MOST_LOOKED_AT)
        answer = open_melody_index(library).search(notes, wanted, where=where, recordings=recordings)
        page = page_of(answer.matches, request.k, request.offset, is_all=False)
        facts = region_facts(connection, [match.key for match in page.rows])
        copies = copies_by_region(connection, known, [match.key for match in page.rows])
    found = [(facts[match.key], match) for match in page.rows if match.key in facts]
    rows = tuple(
        ResultRow.of(
            fact,
            start_s=match.start_s,
            end_s=match.end_s,
            score=match.score,
            mode=MODE,
            parts={"melody": match.score},
            reasons=match.reasons,
        ).standing_for(copies[match.key])
        for fact, match in found
    )
    ranking = tuple(dict.fromkeys(_name(fact) for fact, _ in found))
    return HumAnswer(request, answer, rows, ranking, page.next_offset)


def _name(fact: RegionFacts) -> str:
    """An imported melody is known by its own id, a sound of the library by ours."""
    return fact.external_id if fact.path is None and fact.external_id is not None else fact.id
