"""Which drum loop or break has the rhythm that somebody taps or beatboxes in a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sonoteca.catalogue.heard.same_recording import recordings_of_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset, page_of
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.search.distinct import copies_by_region
from sonoteca.search.hum.hear_query import hear_taps, open_query_listener
from sonoteca.search.hum.library_rhythms import rhythm_index
from sonoteca.search.hum.tap_verdict import TapVerdict, advice, chance_of_first, verdict_of
from sonoteca.search.result_row import ResultRow, region_facts
from sonoteca.search.selection import allowed_regions

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener

MODE = "tap"


class TapRequest(Request):
    """Which recording holds the rhythm, and which sounds may answer: fields as in ``HumRequest``."""

    file: Path
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0


@dataclass(frozen=True, slots=True, repr=False)
class TapAnswer(Rows):
    """Rows best first; ``message`` says what a person can do, "" when the rhythm is found.

    ``confidence`` 0..1 is the calibrated chance that the first is the rhythm that was meant, ``verdict`` what that means.
    ``next_offset`` is where the next page begins, None where nothing follows.
    """

    request: TapRequest
    rows: tuple[ResultRow, ...]
    n_taps: int
    verdict: TapVerdict
    confidence: float
    message: str = ""
    next_offset: int | None = None

    def sentences(self) -> list[str]:
        """The verdict, and what a person can do where it is not found."""
        verdict = f"{self.verdict.replace('_', ' ')} ({self.confidence:.0%} sure)"
        return [verdict, self.message] if self.message else [verdict]

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "mode": MODE,
            "verdict": str(self.verdict),
            "confidence": round(self.confidence, 4),
            "n_taps": self.n_taps,
            "message": self.message,
        }
        # Only rhythms that come near are looked at: how many fit at all is not known.
        found |= {"total": None, "next_offset": self.next_offset}
        return {"query": {**self.request.as_json(), **found}, "results": self.as_rows()}


def find_rhythm(library: Library, request: TapRequest, *, listener: Listener | None = None) -> TapAnswer:
    """Find drum loops and breaks whose onsets are those tapped, at any tempo; copies of one recording answer once.

    Parameters
    ----------
    listener : Listener, optional
        Its workers hear the recording; without one, a worker is started for it.

    Raises
    ------
    AudioError, WorkerError
        The recording cannot be heard.
    RequestError
        The library has no rhythm; QuerySyntaxError if the filter cannot be read.
    """
    (answer,) = find_rhythms(library, [request], listener=listener)
    return answer


def find_rhythms(
    library: Library, requests: Sequence[TapRequest], *, listener: Listener | None = None
) -> Iterator[TapAnswer]:
    """Answer several recordings in order, each as ``find_rhythm`` does; one worker hears them all without a listener."""
    with open_query_listener(listener) as query_listener:
        # A worker starts and hears while the rhythms are opened here.
        heard = hear_taps(query_listener, [request.file for request in requests])
        if not len(rhythm_index(library)):
            raise RequestError("The library has no drum loop or break to search.", "Add a folder of drum loops.")
        for request, taps_s in zip(requests, heard, strict=True):
            if isinstance(taps_s, SonotecaError):
                raise taps_s
            yield _answer(library, request, taps_s)


def _answer(library: Library, request: TapRequest, taps_s: NDArray[np.float32]) -> TapAnswer:
    where = allowed_regions(library, request.filter)
    # As many again for copies, which answer once.
    wanted = request.offset + request.k + 1
    proposed = rhythm_index(library).search(taps_s, 2 * wanted, where=where)
    with library.read() as connection:
        known = recordings_of_regions(connection, [match.key for match in proposed])
        matches = [match for match in proposed if not known.is_copy(match.key)]
        page = page_of(matches, request.k, request.offset, is_all=False)
        facts = region_facts(connection, [match.key for match in page.rows])
        copies = copies_by_region(connection, known, [match.key for match in page.rows])
    rows = tuple(
        ResultRow.of(
            fact,
            start_s=fact.start_s + match.start_s,
            end_s=fact.start_s + match.end_s,
            score=match.score,
            mode=MODE,
            parts={"rhythm": match.score},
            reasons=(f"onsets fit, tapped at {1 / match.scale:.2f} of its tempo",),
        ).standing_for(copies[match.key])
        for match in page.rows
        if (fact := facts.get(match.key)) is not None
    )
    chance = chance_of_first([match.score for match in matches], len(taps_s))
    verdict = verdict_of(chance)
    message = advice(verdict, len(taps_s))
    return TapAnswer(request, rows, len(taps_s), verdict, chance, message, page.next_offset)
