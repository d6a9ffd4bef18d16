"""Loops that sound like a loop, each with how well it goes with it: what a shop shows beside what a customer plays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from sonoteca.catalogue.heard.embeddings import StoredSpace
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import SoundNotFound, about
from sonoteca.index.filter import Filter
from sonoteca.index.open_index import open_index
from sonoteca.match.asked_region import asked_region
from sonoteca.match.file_regions import regions_of_file
from sonoteca.match.library_weights import weights_in_use
from sonoteca.match.rank import MatchRow, fit_of_regions
from sonoteca.match.region_table import RegionTable
from sonoteca.match.weights import GivenWeights
from sonoteca.search.examples import example_from_library
from sonoteca.search.likeness import MODE, Example, rank_by_likeness
from sonoteca.search.result_row import ResultRow
from sonoteca.search.selection import region_selection
from sonoteca.search.similar import aspect_weights, example_from_analysis, read_aspects, space_that_answers

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

_LOOPS = "kind:loop"


class SimilarLoopsRequest(Request):
    """Which loops sound like this one, and how well does each go with it.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``; or a file, where a listener is at hand.
    role : Role or None
        The role that each is judged in; its most probable one without.
    strict : bool
        Call rejected what a flag would only cap.
    aspects : mapping of str to float >= 0, or None
        Weight of each aspect of the likeness, as of ``SimilarRequest``.
    filter : str or None
        Only loops that this query finds.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    weights : mapping or None
        As of ``MatchRequest``.
    """

    sound: str
    role: Role | None = None
    strict: bool = False
    aspects: Annotated[dict[str, float] | None, BeforeValidator(read_aspects)] = None
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0
    weights: GivenWeights = None


@dataclass(frozen=True, slots=True)
class SimilarLoop:
    """A loop that sounds like the one asked for (``row``), and how it goes with it (``fit``)."""

    row: ResultRow
    fit: MatchRow

    def as_json(self) -> dict[str, Any]:
        """The keys of a row of ``match``; score, parts and reasons are those of the likeness."""
        return self.fit.as_json() | self.row.as_json()


@dataclass(frozen=True, slots=True, repr=False)
class SimilarLoopsAnswer(Rows):
    """Loops, the likest first; ``total`` and ``next_offset`` are told by ``domain.page``."""

    request: SimilarLoopsRequest
    rows: tuple[SimilarLoop, ...]
    weights_version: str
    total: int | None = None
    next_offset: int | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"weights_version": self.weights_version, "total": self.total, "next_offset": self.next_offset}
        return {"query": {"mode": MODE, **self.request.as_json(), **found}, "results": self.as_rows()}


def find_similar_loops(
    library: Library, request: SimilarLoopsRequest, *, listener: Listener | None = None
) -> SimilarLoopsAnswer:
    """Rank the loops of a library by how much they sound like a sound, and say of each how well it goes with it.

    Likeness alone ranks; what the gate of a match would reject is there too, and its ``gating_status`` says so.

    Parameters
    ----------
    listener : Listener, optional
        Hears a file that is no sound of the library, once.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    AudioError, WorkerError
        The file cannot be heard.
    RequestError
        The sound is silent, or an aspect is none.
    SpaceMismatch
        Nothing was embedded yet, or not by today's embedder.
    """
    weights = weights_in_use(library, request.weights)
    with library.read() as connection:
        space = space_that_answers(connection)
    aspects = None if request.aspects is None else aspect_weights(request.aspects, space.space)
    with about("sound"):
        example, query = _asked(library, space, request.sound, listener)
    with library.read() as connection:
        with about("filter"):
            only = _LOOPS if not request.filter else f"{_LOOPS} ({request.filter})"
            where = Filter.of_regions(region_selection(connection, only))
        likeness = rank_by_likeness(
            connection,
            space,
            open_index(library, space, connection),
            [example],
            k=request.k,
            offset=request.offset,
            aspects=aspects,
            where=where,
        )
    ids = likeness.region_ids
    fits = fit_of_regions(library, query, weights, ids, role=request.role, strict=request.strict)
    rows = [SimilarLoop(row, fits[each]) for row, each in zip(likeness.rows, ids, strict=True) if each in fits]
    return SimilarLoopsAnswer(request, tuple(rows), weights.version, likeness.total, likeness.next_offset)


def _asked(library: Library, space: StoredSpace, name: str, listener: Listener | None) -> tuple[Example, RegionTable]:
    """What is compared, and what is fitted to: of a sound of the library, else of a file, which is heard once."""
    try:
        with library.read() as connection:
            example = example_from_library(connection, space, name)
        return example, asked_region(library, name, 0, None)
    except SoundNotFound:
        if listener is None or not Path(name).is_file():
            raise
    heard = listener.analyze_file(name)
    regions = regions_of_file(heard, space_id=space.space.id)
    return example_from_analysis(space, name, heard), regions.take(regions.numbers == 0)
