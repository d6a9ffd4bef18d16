"""People say which matches they like; a library remembers it, and learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.asked_region import asked_region, region_numbered
from sonoteca.match.choices import Choice, judge, record_choice
from sonoteca.match.library_weights import library_weights
from sonoteca.match.load_regions import regions_of_sound

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


class ChoiceRequest(Request):
    """A candidate that somebody took for a query, or turned down.

    Attributes
    ----------
    query : str
        The sound that was matched, by any of its names; or a file, where a listener is at hand.
    candidate : str
        The sound of the library that was offered for it.
    candidate_region : int >= 0
        Which of its regions was offered; 0 is the whole.
    liked : bool
    role : Role or None
        What was asked for.
    """

    query: str
    candidate: str
    candidate_region: int = Field(default=0, ge=0)
    liked: bool
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class ChoiceAnswer:
    """A choice as it was kept: public ids, and what the match says of the pair."""

    request: ChoiceRequest
    choice: Choice

    def as_json(self) -> dict[str, Any]:
        judged = self.choice.judged
        return {
            "query": self.choice.query,
            "candidate": self.choice.candidate,
            "candidate_region": self.choice.candidate_region,
            "liked": self.choice.liked,
            "axes": {} if judged is None else dict(judged.axes),
        }


def choose_match(library: Library, request: ChoiceRequest, *, listener: Listener | None = None) -> ChoiceAnswer:
    """Remember that a candidate was taken or turned down.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the names.
    RequestError
        The candidate was not analysed, or has no such region.
    """
    one = asked_region(library, request.query, 0, listener)
    with library.read() as connection:
        taken = resolve_sound(connection, request.candidate)
    other = regions_of_sound(library, taken.id)
    if not len(other):
        raise RequestError(f"{request.candidate} was not analysed yet.", "Add its folder again.", field="candidate")
    offered = region_numbered(other, request.candidate_region, request.candidate, field="candidate_region")
    weights = library_weights(library)
    judged = judge(one, offered, weights, role=request.role)
    choice = Choice(one.ids[0], taken.public_id, request.liked, request.role, judged, request.candidate_region)
    with library.write() as connection:
        record_choice(connection, choice, weights_version=weights.version)
    return ChoiceAnswer(request, choice)
