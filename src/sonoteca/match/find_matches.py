"""A match says what goes with a sound, in which role, at which stretch and shift, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Role
from sonoteca.match.asked_region import asked_region, hummed_region
from sonoteca.match.library_weights import weights_in_use
from sonoteca.match.rank import MatchRow, Mode, rank_matches
from sonoteca.match.weights import GivenWeights
from sonoteca.search.selection import allowed_regions

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


class MatchRequest(Request):
    """A question: what goes with this sound, in which role.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``; or a file, where a listener is at hand. A hum is
        always a file.
    mode : "loop" or "hum"
        Whether ``sound`` is a loop or stem, or a hummed tune, of which only notes and key are compared.
    role : Role or None
        What the answers shall play; each is judged in its most probable role without.
    strict : bool
        Reject what a flag would only cap.
    filter : str or None
        Only sounds that this query finds.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    region : int >= 0
        The region of ``sound`` that is matched; 0 is the whole sound.
    weights : mapping or None
        Numbers of ``match.weights`` that replace the shipped ones for this question; the library's own weights
        hold without. A text is read too: TOML, or ``role.bass.key=2,caps.noisy=1``.
    """

    sound: str
    mode: Mode = "loop"
    role: Role | None = None
    strict: bool = False
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0
    region: int = Field(default=0, ge=0)
    weights: GivenWeights = None


@dataclass(frozen=True, slots=True, repr=False)
class MatchAnswer(Rows):
    """The regions that go with a sound, best first.

    Attributes
    ----------
    request : MatchRequest
    rows : tuple of MatchRow
    rejected : mapping of str to int
        How many regions were not ranked, each by one reason; where ``total`` is known, the two are all that may answer.
    weights_version : str
        Of the weights that were used.
    total, next_offset : int or None
        How many there are in all, and where the next page begins; see ``domain.page``.
    """

    request: MatchRequest
    rows: tuple[MatchRow, ...]
    rejected: Mapping[str, int]
    weights_version: str
    total: int | None = None
    next_offset: int | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"weights_version": self.weights_version, "rejected": dict(self.rejected)}
        page = {"total": self.total, "next_offset": self.next_offset}
        return {"query": {**self.request.as_json(), **found, **page}, "results": self.as_rows()}


def find_matches(library: Library, request: MatchRequest, *, listener: Listener | None = None) -> MatchAnswer:
    """Rank the regions of a library by how well they go with a sound.

    Parameters
    ----------
    listener : Listener, optional
        Hears a file that is no sound of the library, and every hum.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    AudioError, WorkerError
        The file cannot be heard.
    RequestError
        There is no such region, it is silent, or too little was hummed.
    """
    weights = weights_in_use(library, request.weights)
    if request.mode == "hum":
        query = hummed_region(request.sound, listener)
    else:
        query = asked_region(library, request.sound, request.region, listener)
    ranking = rank_matches(
        library,
        query,
        weights,
        role=request.role,
        mode=request.mode,
        strict=request.strict,
        where=allowed_regions(library, request.filter),
        k=request.k,
        offset=request.offset,
    )
    return MatchAnswer(request, ranking.rows, ranking.rejected, weights.version, ranking.total, ranking.next_offset)
